"""TAP version 14: a test point for each check, with YAML diagnostics."""

import json
from collections.abc import Iterator

from doctor.model.finding import Finding
from doctor.model.location import Location
from doctor.model.report import Report
from doctor.report.cases import Case, Verdict, cases
from doctor.report.places import below
from doctor.report.style import Style
from doctor.report.wording import Wording


def render(report: Report) -> Iterator[str]:
    """The report in the Test Anything Protocol: the plan first, then the points, then the summary as a comment."""
    say = Wording(report, Style(unicode=False))
    every = cases(report)
    yield "TAP version 14\n"
    yield f"1..{len(every)}\n" if every else "1..0 # SKIP no checks ran\n"
    for number, case in enumerate(every, start=1):
        yield from _point(number, case, say)
    yield f"# {_described(say.summary())}\n"


def _point(number: int, case: Case, say: Wording) -> Iterator[str]:
    ok = "not ok" if case.verdict in {Verdict.FAILED, Verdict.ERROR} else "ok"
    title = _described(say.titled(case.code))
    skip = f" # SKIP {_described(say.line(case.reason))}".rstrip() if case.verdict is Verdict.SKIPPED else ""
    yield f"{ok} {number} - {title}{skip}\n"
    diagnostics = [line for lines in (_reason(case, say), _lists(case, say)) for line in lines]
    if diagnostics:
        yield "  ---\n"
        yield from (f"  {line}\n" for line in diagnostics)
        yield "  ...\n"


def _described(text: str) -> str:
    """A text in a description, where ``#`` would begin a directive."""
    return text.replace("\\", "\\\\").replace("#", "\\#")


def _reason(case: Case, say: Wording) -> Iterator[str]:
    if case.verdict is Verdict.ERROR:
        yield f"reason: {_scalar(say.line(case.reason))}"


def _lists(case: Case, say: Wording) -> Iterator[str]:
    if case.failing or case.minor:
        yield "findings:"
        for finding in (*case.failing, *case.minor):
            yield from _item(_values(finding, say))
    if case.known:
        yield "known:"
        for finding in case.known:
            yield from _item(_values(finding, say))
    if case.ignored:
        yield "ignored:"
        for each in case.ignored:
            until = {"until": each.until} if each.until else {}
            yield from _item({**_values(each.finding, say), "reason": say.line(each.reason), **until})


def _values(finding: Finding, say: Wording) -> dict[str, str | int]:
    values: dict[str, str | int] = {
        "severity": str(finding.severity),
        "subject": say.line(finding.subject),
        "message": say.line(finding.message),
        "remedy": say.line(finding.remedy),
        "fingerprint": finding.fingerprint,
        **_place(finding.location, say),
    }
    return {name: value for name, value in values.items() if value != ""}


def _place(location: Location | None, say: Wording) -> dict[str, str | int]:
    if location is None:
        return {}
    file = say.text(below(location.path, say.report.base) or location.path)
    known = {"line": location.line, "column": location.column}
    return {"file": file, **{name: number for name, number in known.items() if number is not None}}


def _item(values: dict[str, str | int]) -> Iterator[str]:
    for number, (name, value) in enumerate(values.items()):
        yield f"  {' ' if number else '-'} {name}: {_scalar(value)}"


def _scalar(value: str | int) -> str:
    """A number, or a text in double quotes, which YAML reads as JSON does once nothing in it is a control character."""
    return json.dumps(value, ensure_ascii=False)
