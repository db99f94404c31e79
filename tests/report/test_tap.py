"""TAP version 14, read by the rules of its specification."""

import re
from dataclasses import replace
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from doctor.model.report import Report
from doctor.report.tap import render
from doctor.report.visible import single_line, visible
from tests.report.sample import BASE, REPORT, saying

POINT = re.compile(r"(?P<ok>ok|not ok) (?P<id>\d+) - (?P<description>(?:\\.|[^\\#])*)(?: ?# SKIP(?P<reason>.*))?")


def read(report: Report) -> list[tuple[bool, str, str | None, Any]]:
    """Test points: whether it is ok, its description, why it was skipped, and its diagnostics."""
    lines = "".join(render(report)).split("\n")
    assert lines[:1] + lines[-1:] == ["TAP version 14", ""]
    (count,) = re.findall(r"^1\.\.(\d+)", lines[1])
    points: list[tuple[bool, str, str | None, Any]] = []
    rest = iter(lines[2:-2])
    for line in rest:
        if line == "  ---":
            block = []
            while (inside := next(rest)) != "  ...":
                assert inside.startswith("  ")
                block.append(inside)
            points[-1] = (*points[-1][:3], yaml.safe_load("\n".join(block)))
            continue
        point = POINT.fullmatch(line)
        assert point, line
        reason = point["reason"]
        points.append((point["ok"] == "ok", _plain(point["description"]), reason and _plain(reason).strip(), None))
    assert lines[-2].startswith("# ")
    assert len(points) == int(count)
    return points


def _plain(text: str) -> str:
    return re.sub(r"\\([\\#])", r"\1", text).rstrip()


def test_a_point_is_not_ok_where_the_check_makes_the_run_fail() -> None:
    ended = {title.split()[0]: ok for ok, title, _, _ in read(REPORT)}
    assert [code for code, ok in ended.items() if not ok] == ["HRN005", "HRN009", "POL003", "POL006", "SEC001"]


def test_what_was_skipped_says_why() -> None:
    assert read(REPORT)[-1] == (True, "SKL002", "SKL001 failed # why", None)


def test_diagnostics_say_what_and_where() -> None:
    (diagnostics,) = (each for _, title, _, each in read(REPORT) if title.startswith("POL003"))
    assert diagnostics == {
        "findings": [
            {
                "severity": "error",
                "subject": "agent_profiles[0].skils",
                "message": 'unknown key "skils"',
                "remedy": 'did you mean "skills"?',
                "fingerprint": REPORT.findings[4].fingerprint,
                "file": ".metawsm/policy.json",
                "line": 4,
                "column": 55,
            }
        ]
    }


def test_a_title_may_hold_what_begins_a_directive() -> None:
    assert read(REPORT)[1][1] == "ENV001 tmux is there # and new enough \\o/."


def test_no_checks_are_a_plan_of_none() -> None:
    text = "".join(render(replace(REPORT, checks=(), findings=(), known=(), ignored=())))
    assert text.splitlines()[1] == "1..0 # SKIP no checks ran"


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=1))
def test_whatever_is_said_comes_back(text: str) -> None:
    failing, skipped, crashed = read(saying(text))
    line = single_line(text)
    assert failing[1] == f"ABC001 {line}".rstrip()
    assert skipped[2] == line
    assert crashed[3] == {"reason": single_line(f"crashed: {text}")}
    (finding,) = failing[3]["findings"]
    assert (finding["file"], finding.get("message", "")) == (visible(text.lstrip("/") or f"{BASE}/{text}"), line)
    assert failing[3]["ignored"][0]["reason"] == line
