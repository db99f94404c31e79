"""Running one check: what it yields, and how it ends."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from doctor.diagnosis.check import Check
from doctor.errors import ProbeTimeout, Unavailable
from doctor.model.finding import Finding, Severity, Status

REASON_LENGTH = 300
"""Longest reason in characters; the traceback has the rest."""


class Ending(NamedTuple):
    """How a check or a fact ended before its findings are judged."""

    status: Status
    reason: str | None = None
    detail: str | None = None
    error: BaseException | None = None


def execute(check: Check, facts: Mapping[str, Any], keep: Callable[[Finding], bool]) -> Ending:
    """Run ``check`` to its end, handing each finding to ``keep`` until that returns false.

    Nothing escapes: whatever ``run`` raises, ``SystemExit`` included, becomes the ending. A passed ending
    does not look at the findings.
    """
    try:
        for finding in findings_of(check, check.run(**facts)):
            if not keep(finding):
                break
    except BaseException as error:  # noqa: BLE001 - a plugin must not end the run, not even with sys.exit()
        return ending_of(error)
    return Ending(Status.PASSED)


def ending_of(error: BaseException) -> Ending:
    """What an exception of a check or a fact means for the check."""
    if isinstance(error, Unavailable):
        return Ending(Status.SKIPPED, one_line(error, name=False), error=error)
    if isinstance(error, ProbeTimeout):
        return Ending(Status.TIMEOUT, one_line(error, name=False), error=error)
    from traceback import format_exception  # noqa: PLC0415 - only a crash needs it

    frames = error.__traceback__
    detail = "".join(format_exception(type(error), error, frames.tb_next if frames else None))
    return Ending(Status.CRASHED, one_line(error), detail, error)


def findings_of(check: Check, returned: Iterable[Finding] | None) -> Iterator[Finding]:
    """What ``run`` returned, item by item.

    Raises:
        TypeError: It is no iterable, or holds something that is no finding of this check.
    """
    if returned is None:
        return
    if isinstance(returned, Finding) or not isinstance(returned, Iterable):
        raise TypeError(f"run returned {type(returned).__name__}, expected findings to iterate over")
    for item in returned:
        if not isinstance(item, Finding):
            raise TypeError(f"run yielded {type(item).__name__}, expected a finding")
        if item.code != check.code:
            raise TypeError(f"run yielded a finding of {item.code}, expected one of its own code {check.code}")
        yield item


def fails(finding: Finding) -> bool:
    """Whether ``finding``, unless it is ignored, makes its check fail: warnings and errors do."""
    return finding.severity is not Severity.INFO


def one_line(error: BaseException, *, name: bool = True) -> str:
    """What ``error`` says, on one line and cut at ``REASON_LENGTH``, after its type's name unless told otherwise."""
    try:
        said = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - an exception that cannot be printed is still reported by its type
        said = ""
    kind = type(error).__name__
    text = said or kind if not name else f"{kind}: {said}" if said else kind
    return text if len(text) <= REASON_LENGTH else text[: REASON_LENGTH - 1] + "…"
