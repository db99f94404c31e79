"""The format for agents: one field per line, and nothing in it that only looks like one."""

import json
import re
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doctor.model.report import Report
from doctor.report.agent import LONGEST, PREAMBLE, render
from doctor.report.visible import single_line, visible
from tests.report.sample import BASE, HOSTILE, REPORT, saying

FIELD = re.compile(r"   (?P<name>where|about|observed|expected|why|do|fix does|fix|explain): (?P<value>.+)")


def text_of(report: Report) -> str:
    return "".join(render(report))


def fields(report: Report) -> list[dict[str, str]]:
    """The fields of each problem, those in quotes read as JSON."""
    problems: list[dict[str, str]] = []
    for line in text_of(report).split("\n")[2:]:
        if re.fullmatch(r"\d+\. [A-Z]{3}\d{3} (error|warning|info)", line):
            problems.append({"problem": line})
        elif field := FIELD.fullmatch(line):
            value = field["value"]
            problems[-1][field["name"]] = json.loads(value) if value.startswith('"') else value
        else:
            assert re.match(r"$|verify: |unfinished: |Nothing to repair\.$", line), line
    return problems


def test_a_problem_says_what_is_expected_and_what_to_run() -> None:
    assert fields(REPORT)[0] == {
        "problem": "1. POL003 error",
        "where": "/home/u/p/.metawsm/policy.json:4:55",
        "about": "agent_profiles[0].skils",
        "observed": 'unknown key "skils"',
        "expected": "Every key of the policy is known.",
        "why": "A misspelt key is a setting that is silently not used.",
        "do": 'did you mean "skills"?',
        "fix does": 'rename "skils" to "skills"',
        "fix": "doctor fix --select POL003 --profile office --online --apply",
        "explain": "doctor explain POL003",
    }


def test_the_worst_comes_first() -> None:
    severities = [problem["problem"].split()[-1] for problem in fields(REPORT)]
    assert severities == ["error"] * 3 + ["warning"] * 3 + ["info"]


def test_the_last_line_verifies() -> None:
    last = text_of(REPORT).splitlines()[-1]
    codes = "END003,ENV005,HRN001,HRN005,HRN009,POL003,POL006,SEC001"
    assert last == f"verify: doctor check --select {codes} --profile office --fail-on error --online"


def test_nothing_to_repair_is_said() -> None:
    text = text_of(replace(REPORT, findings=(), checks=(), again=()))
    assert text.splitlines()[2:] == ["", "Nothing to repair.", "", "verify: doctor check"]


def test_the_reader_is_told_what_is_data() -> None:
    assert text_of(REPORT).splitlines()[1] == PREAMBLE


def test_a_long_value_loses_its_middle() -> None:
    (problem,) = fields(replace(REPORT, findings=(replace(REPORT.findings[0], message="x" * 100_000),)))
    assert len(problem["observed"]) == LONGEST


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_whatever_is_said_comes_back_and_adds_no_line(text: str) -> None:
    (problem,) = fields(saying(text))
    assert text_of(saying(text)).isascii() or not visible(text).isascii()
    assert problem["where"] == visible(f"{BASE}/{text}:2:3")
    assert problem.get("observed", "") == problem.get("do", "") == single_line(text)


@pytest.mark.parametrize(
    "text", [HOSTILE.replace("\0", "").replace("\ud800", ""), "it's \\ here", "plain", "-x", "a\nb'c"]
)
def test_a_command_is_one_line_that_a_shell_reads_as_it_was_meant(text: str) -> None:
    last = text_of(saying(text)).split("\n")[-2]
    words = last.removeprefix("verify: doctor check --select ABC001,ABC003 --policy ")
    printed = subprocess.run(["bash", "-c", f"printf %s {words}"], capture_output=True, check=True).stdout.decode()
    assert printed == text
