"""What would repair findings, as their own checks say. Nothing is written here."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from doctor.diagnosis.check import Check
from doctor.diagnosis.collect import fix_parameters
from doctor.diagnosis.crew import Crew, Job
from doctor.diagnosis.execution import one_line
from doctor.diagnosis.fix_shape import shape_problem
from doctor.diagnosis.run import Examined
from doctor.errors import DoctorError
from doctor.model.finding import Finding
from doctor.model.fix import Fix

MOST_FIXES = 200
"""Repairs planned at once; it bounds time and memory, and a second run plans the others."""

Answer = tuple[Fix | None, str]
"""A repair, and why there is none where there is none."""


class Repairs(NamedTuple):
    """What can be done about some findings, by their fingerprints."""

    fixes: Mapping[str, Fix]
    reasons: Mapping[str, str]
    """Why a finding that is said to be fixable cannot be repaired here."""


def plan_fixes(examined: Examined, findings: Iterable[Finding] | None = None) -> Mapping[str, Fix]:
    """What would repair findings, by their fingerprints; reads, and changes nothing.

    Args:
        examined: The diagnosis that they are from.
        findings: Those to repair; ``None``: all of its report.
    """
    return plan_repairs(examined, findings).fixes


def plan_repairs(examined: Examined, findings: Iterable[Finding] | None = None) -> Repairs:
    """Like ``plan_fixes``, with the reasons why others cannot be repaired."""
    checks = {check.code: check for check in examined.prepared.plugins.checks}
    planner = _Planner(examined)
    fixes: dict[str, Fix] = {}
    reasons: dict[str, str] = {}
    for finding in examined.report.findings if findings is None else findings:
        check = checks.get(finding.code)
        if not finding.fixable or check is None or finding.fingerprint in fixes:
            continue
        if len(fixes) == MOST_FIXES:
            reasons[finding.fingerprint] = f"{MOST_FIXES} others come first; run it again"
            continue
        fix, reason = planner.planned(check, finding)
        if fix is not None:
            fixes[finding.fingerprint] = fix
        else:
            reasons[finding.fingerprint] = reason
    return Repairs(fixes, reasons)


class _Planner:
    """Asks checks for repairs, one after the other, each within the limit of its check."""

    def __init__(self, examined: Examined) -> None:
        self._examined = examined
        self._crew = Crew(1)
        self._silent: set[str] = set()
        """Codes of checks that gave no answer, and are not asked again: they may have as many findings as they like."""

    def planned(self, check: Check, finding: Finding) -> Answer:
        """A repair, or why there is none. A check that fails at it is a check that cannot do it."""
        if type(check).fix is Check.fix:
            return None, "its check has no repair"
        limit = self._examined.prepared.options.timeout or check.timeout
        overdue = f"gave no answer within {limit:g} s"
        if check.code in self._silent:
            return None, f"not planned, because another repair of {check.code} {overdue}"
        try:
            facts = {name: self._examined.fact(name) for name in fix_parameters(check)}
        except Exception as error:  # noqa: BLE001 - a plugin's fact; the diagnosis stands
            return None, _failed(error)
        answer = self._within(limit, lambda: _asked(check, finding, facts))
        if answer is None:
            self._silent.add(check.code)
            return None, f"planning it {overdue}"
        return answer

    def _within(self, limit: float, ask: Callable[[], Answer]) -> Answer | None:
        """What asking gives; ``None`` where it was given up, and whatever it gives later is ignored."""
        answers: list[Answer] = []
        ended: list[bool] = []

        def done(overdue: bool) -> None:
            ended.append(overdue)
            self._crew.wake()

        with self._crew.lock:
            self._crew.submit(Job(lambda: answers.append(ask()), done, limit=limit))
        self._crew.watch(lambda: bool(ended))
        return None if ended[0] else answers[0]


def _asked(check: Check, finding: Finding, facts: Mapping[str, Any]) -> Answer:
    try:
        fix = check.fix(finding, **facts)
    except BaseException as error:  # noqa: BLE001 - a plugin must not end the run, and no user interrupts its thread
        return None, _failed(error)
    problem = shape_problem(fix, check, finding) if fix is not None else None
    if problem is not None:
        return None, f"planning it failed: the repair {problem}"
    return fix, "its check has no repair for it"


def _failed(error: BaseException) -> str:
    return error.message if isinstance(error, DoctorError) else f"planning it failed: {one_line(error)}"
