"""A report as test cases: one for each check, with everything that was found by it."""

from collections.abc import Iterable, Iterator
from enum import StrEnum

from doctor.model.finding import UNFINISHED, CheckResult, Finding, IgnoredFinding, Status
from doctor.model.report import Report
from doctor.records import dataclass
from doctor.report.wording import ENDINGS


class Verdict(StrEnum):
    """How a case ended. It fails exactly when it is a reason for the exit code not to be 0."""

    PASSED = "passed"
    FAILED = "failed"
    """It has findings at or above the threshold."""

    SKIPPED = "skipped"
    ERROR = "error"
    """The check timed out or crashed, or there is no check: the tool itself could not do its work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One check, and what it found."""

    code: str
    result: CheckResult | None
    """``None`` for a code that stands for the tool itself."""

    failing: tuple[Finding, ...]
    """At or above the threshold."""

    minor: tuple[Finding, ...]
    """Below it."""

    known: tuple[Finding, ...]
    ignored: tuple[IgnoredFinding, ...]

    @property
    def verdict(self) -> Verdict:
        """How it ended."""
        if self.result is None or self.result.status in UNFINISHED:
            return Verdict.ERROR
        if self.failing:
            return Verdict.FAILED
        return Verdict.SKIPPED if self.result.status is Status.SKIPPED else Verdict.PASSED

    @property
    def reason(self) -> str:
        """Why it was skipped or came to no end; empty for others."""
        if self.result is None:
            return self.failing[0].message if self.failing else ""
        ending = ENDINGS[self.result.status] if self.result.status in UNFINISHED else None
        return ": ".join(filter(None, (ending, self.result.reason)))

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.result.duration_ms / 1000 if self.result else 0.0


def cases(report: Report) -> list[Case]:
    """Every check in the order of the report, then every code that there are findings of but no check."""
    found = _grouped(report.findings)
    known = _grouped(report.known)
    ignored: dict[str, list[IgnoredFinding]] = {}
    for each in report.ignored:
        ignored.setdefault(each.finding.code, []).append(each)
    results = {result.code: result for result in report.checks}
    codes = dict.fromkeys((*results, *found))
    return [
        Case(
            code=code,
            result=results.get(code),
            failing=tuple(_where(found.get(code, ()), report, failing=True)),
            minor=tuple(_where(found.get(code, ()), report, failing=False)),
            known=tuple(known.get(code, ())),
            ignored=tuple(ignored.get(code, ())),
        )
        for code in codes
    ]


def _grouped(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.code, []).append(finding)
    return groups


def _where(findings: Iterable[Finding], report: Report, *, failing: bool) -> Iterator[Finding]:
    return (finding for finding in findings if (finding.severity.rank >= report.fail_on.rank) is failing)
