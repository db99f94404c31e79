"""GitHub workflow commands, read as the runner reads them."""

from dataclasses import replace
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doctor.model.finding import Finding, Severity
from doctor.model.location import Location
from doctor.model.report import Report
from doctor.report.github import LONGEST, render
from doctor.report.visible import single_line, visible, visible_lines
from tests.report.sample import BASE, HOSTILE, REPORT, saying

DATA = {"%0D": "\r", "%0A": "\n", "%25": "%"}
PROPERTY = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}


class Command(NamedTuple):
    name: str
    properties: dict[str, str]
    message: str


def read(report: Report) -> tuple[list[Command], str]:
    """Every command, and the last line. Any other line that begins like a command would be one."""
    *lines, last, end = "".join(render(report)).split("\n")
    assert end == ""
    assert not last.startswith("::")
    return [_command(line) for line in lines], last


def _command(line: str) -> Command:
    empty, head, message = line.split("::", 2)
    assert empty == ""
    name, _, rest = head.partition(" ")
    properties = dict(pair.split("=", 1) for pair in rest.split(","))
    return Command(
        name,
        {key: _unescaped(value, PROPERTY) for key, value in properties.items()},
        _unescaped(message, DATA),
    )


def _unescaped(text: str, escapes: dict[str, str]) -> str:
    for escape, character in escapes.items():
        text = text.replace(escape, character)
    return text


def test_each_severity_has_its_command() -> None:
    commands, _ = read(REPORT)
    assert [command.name for command in commands] == ["notice", *["warning"] * 3, *["error"] * 5]


def test_a_finding_is_shown_where_it_stands() -> None:
    commands, _ = read(REPORT)
    assert commands[4] == Command(
        "error",
        {
            "file": ".metawsm/policy.json",
            "line": "4",
            "col": "55",
            "endLine": "4",
            "endColumn": "62",
            "title": "POL003 Every key of the policy is known.",
        },
        'agent_profiles[0].skils:\nunknown key "skils"\n-> did you mean "skills"?',
    )


@pytest.mark.parametrize(
    ("workspace", "file"),
    [
        ("/home/u", "p/.metawsm/policy.json"),
        ("/home/u/", "p/.metawsm/policy.json"),
        ("/elsewhere", ".metawsm/policy.json"),
        ("/home/u/p/.meta", ".metawsm/policy.json"),
        (None, ".metawsm/policy.json"),
    ],
)
def test_paths_are_relative_to_the_workspace(workspace: str | None, file: str) -> None:
    commands, _ = read(replace(REPORT, workspace=workspace))
    assert commands[4].properties["file"] == file


def test_what_lies_outside_says_where_in_its_message() -> None:
    commands, _ = read(REPORT)
    assert commands[1].properties == {"title": "END003"}
    assert commands[1].message.endswith("\nin /home/u/.config/harness-doctor/machine.toml:3:7")


def test_a_value_of_several_lines_has_no_end() -> None:
    location = Location(path=f"{BASE}/p.toml", line=3, column=5, end=(7, 4))
    commands, _ = read(replace(REPORT, findings=(replace(REPORT.findings[4], location=location),)))
    assert set(commands[0].properties) == {"file", "line", "col", "title"}


def test_the_last_line_counts_what_github_leaves_out() -> None:
    def some(severity: Severity, number: int) -> list[Finding]:
        return [Finding(code="ABC001", severity=severity, subject=str(each), message="m") for each in range(number)]

    findings = [*some(Severity.ERROR, 12), *some(Severity.WARNING, 10), *some(Severity.INFO, 11)]
    commands, last = read(replace(REPORT, findings=tuple(findings), checks=()))
    assert len(commands) == 33
    assert last.endswith(
        "; 2 more errors, 1 more notice in this log only, since GitHub shows 10 of a kind for each step"
    )


def test_a_long_message_is_cut_where_the_runner_would() -> None:
    finding = replace(REPORT.findings[0], message="x" * 100_000)
    commands, _ = read(replace(REPORT, findings=(finding,)))
    assert len(commands[0].message) == LONGEST


def test_a_hostile_message_is_one_command() -> None:
    commands, _ = read(saying(HOSTILE))
    assert [command.name for command in commands] == ["error", "error"]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_whatever_is_said_comes_back(text: str) -> None:
    commands, _ = read(saying(text))
    finding, crash = commands
    line, lines = single_line(text), visible_lines(text) if text else []
    assert finding.properties["title"] == f"ABC001 {line}".rstrip()
    file = visible(text.lstrip("/"))
    assert finding.properties.get("file") == (file or None)
    outside = [] if file else [f"in {BASE}/{text}:2:3"]
    assert finding.message == "\n".join([f"{line}:", *lines, *outside, *(f"-> {each}" for each in lines)])
    assert crash.message == (line or "crashed")
