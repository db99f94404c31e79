"""For tests of checks: one line runs a check over facts of your own making."""

from typing import Any, NamedTuple

from doctor.diagnosis.check import Check
from doctor.diagnosis.collect import check_problems, make_checks, run_parameters
from doctor.diagnosis.execution import execute, fails
from doctor.errors import RegistrationError
from doctor.model.finding import Finding, Status

__all__ = ["CheckOutcome", "run_check"]


class CheckOutcome(NamedTuple):
    """How one check ended."""

    status: Status
    findings: tuple[Finding, ...]
    """In the order yielded. A finding made with ``pointer=`` has a location with that pointer and no path."""

    reason: str | None = None
    """Why it was skipped, timed out or crashed."""


def run_check(check: type[Check], /, *, reraise: bool = True, **facts: Any) -> CheckOutcome:
    """Run one check over the given facts, in the calling thread and without a limit.

    ::

        def test_the_on_call_file_is_missed(tmp_path):
            outcome = run_check(ACM001, project=SimpleNamespace(root=tmp_path))
            assert outcome.status == "failed"

    Args:
        check: The class.
        reraise: Let whatever the check raises escape, so that a test shows it; else the outcome is ``crashed``.
        facts: Every fact that ``run`` asks for, by name.

    Raises:
        RegistrationError: The class is no well-formed check.
        TypeError: A fact is missing, or given and not asked for.
    """
    problems = check_problems(check)
    if problems:
        raise RegistrationError("\n".join(problems))
    _refuse_mismatch(check, facts)
    findings: list[Finding] = []

    def keep(finding: Finding) -> bool:
        findings.append(finding)
        return True

    (instance,) = make_checks([("test", check)])
    ending = execute(instance, facts, keep)
    if ending.status is Status.CRASHED and reraise and ending.error is not None:
        raise ending.error
    status = Status.FAILED if ending.status is Status.PASSED and any(map(fails, findings)) else ending.status
    return CheckOutcome(status, tuple(findings), ending.reason)


def _refuse_mismatch(check: type[Check], facts: dict[str, Any]) -> None:
    asked = run_parameters(check)
    missing = [name for name in asked if name not in facts]
    unasked = [name for name in facts if name not in asked]
    wrong = [
        f"{what} {', '.join(names)}" for what, names in (("misses", missing), ("does not ask for", unasked)) if names
    ]
    if wrong:
        raise TypeError(f"{check.__name__} {' and '.join(wrong)}; it asks for {', '.join(asked) or 'no facts'}")
