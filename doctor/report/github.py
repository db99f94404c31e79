"""GitHub workflow commands: an annotation at the file, line and column of each finding."""

from collections import Counter
from collections.abc import Iterator

from doctor.model.finding import Finding, Severity
from doctor.model.location import Location
from doctor.model.report import Report
from doctor.report.places import below
from doctor.report.style import Style
from doctor.report.wording import Wording

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}

MOST_SHOWN = 10
"""Annotations of one kind that GitHub shows for one step; the log has all."""

LONGEST = 4096
"""Characters of a message; the runner cuts off what is longer."""

_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def render(report: Report) -> Iterator[str]:
    """The report as workflow commands, one line each, and a last line for whoever reads the log.

    Paths are relative to the workspace. A finding in a file outside of it has no place on GitHub, so its message says
    where it is. A check that came to no end is an error, since then the answer is not whole.
    """
    say = Wording(report, Style(unicode=False))
    kinds: Counter[str] = Counter()
    for finding in report.findings:
        kinds[COMMANDS[finding.severity]] += 1
        yield _finding(finding, say)
    for result, ending in say.unfinished():
        kinds["error"] += 1
        yield _command("error", {"title": f"{result.code} {ending}"}, say.line(result.reason) or ending)
    yield f"harness-doctor: {say.summary()}{_unseen(kinds)}\n"


def _finding(finding: Finding, say: Wording) -> str:
    properties = _place(finding.location, say.report)
    lines = [f"{say.line(finding.subject)}:", *say.lines(finding.message)]
    if finding.location and not properties:
        lines.append(f"in {say.near(finding.location)}")
    lines += [f"-> {line}" for line in say.lines(finding.remedy)]
    said = {name: say.text(value) for name, value in properties.items()} | {"title": say.titled(finding.code)}
    return _command(COMMANDS[finding.severity], said, "\n".join(lines))


def _place(location: Location | None, report: Report) -> dict[str, str]:
    if location is None:
        return {}
    root = report.workspace if below(location.path, report.workspace) else report.base
    file = below(location.path, root)
    if file is None:
        return {}
    numbers = {"line": location.line, "col": location.column}
    if location.end and location.end[0] == location.line:  # GitHub takes columns only where they are of one line
        numbers |= {"endLine": location.end[0], "endColumn": location.end[1]}
    return {"file": file, **{name: str(number) for name, number in numbers.items() if number is not None}}


def _command(name: str, properties: dict[str, str], message: str) -> str:
    if len(message) > LONGEST:
        message = f"{message[: LONGEST - len('...')]}..."
    given = ",".join(f"{key}={value.translate(_PROPERTY)}" for key, value in properties.items())
    return f"::{name} {given}::{message.translate(_DATA)}\n"


def _unseen(kinds: Counter[str]) -> str:
    """How many annotations GitHub leaves out, in words."""
    left = {kind: number - MOST_SHOWN for kind, number in kinds.items() if number > MOST_SHOWN}
    if not left:
        return ""
    counted = ", ".join(f"{number} more {kind}{'' if number == 1 else 's'}" for kind, number in left.items())
    return f"; {counted} in this log only, since GitHub shows {MOST_SHOWN} of a kind for each step"
