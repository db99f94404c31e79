"""What would repair findings, as their own checks say. Nothing is written here."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from doctor.diagnosis.check import Check
from doctor.diagnosis.collect import fix_parameters
from doctor.diagnosis.execution import one_line
from doctor.diagnosis.fix_shape import shape_problem
from doctor.diagnosis.run import Examined
from doctor.errors import DoctorError
from doctor.model.finding import Finding
from doctor.model.fix import Fix

MOST_FIXES = 200
"""Repairs planned at once; it bounds time and memory, and a second run plans the others."""


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
    fixes: dict[str, Fix] = {}
    reasons: dict[str, str] = {}
    for finding in examined.report.findings if findings is None else findings:
        check = checks.get(finding.code)
        if not finding.fixable or check is None or finding.fingerprint in fixes:
            continue
        if len(fixes) == MOST_FIXES:
            reasons[finding.fingerprint] = f"{MOST_FIXES} others come first; run it again"
            continue
        fix, reason = _planned(check, finding, examined)
        if fix is not None:
            fixes[finding.fingerprint] = fix
        else:
            reasons[finding.fingerprint] = reason
    return Repairs(fixes, reasons)


def _planned(check: Check, finding: Finding, examined: Examined) -> tuple[Fix | None, str]:
    """A repair, or why there is none. A check that fails at it is a check that cannot do it."""
    if type(check).fix is Check.fix:
        return None, "its check has no repair"
    try:
        fix = check.fix(finding, **{name: examined.fact(name) for name in fix_parameters(check)})
    except DoctorError as error:
        return None, error.message
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin's code; the diagnosis stands, and the user is told
        return None, f"planning it failed: {one_line(error)}"
    problem = shape_problem(fix, check, finding) if fix is not None else None
    if problem is not None:
        return None, f"planning it failed: the repair {problem}"
    return fix, "its check has no repair for it"
