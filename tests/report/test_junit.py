"""JUnit XML, as readers that know nothing of this tool see it."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped

from doctor.model.finding import Severity
from doctor.model.report import Report
from doctor.report.junit import render
from doctor.report.visible import single_line, visible_lines
from tests.report.sample import HOSTILE, REPORT, saying

SCHEMA = xmlschema.XMLSchema(Path(__file__).parent / "schemas" / "junit.xsd")


def text_of(report: Report) -> str:
    return "".join(render(report))


def cases_of(report: Report) -> dict[str, Any]:
    (suite,) = JUnitXml.fromstring(text_of(report).encode())
    return {case.name.split()[0]: case for case in suite}


def test_an_independent_reader_counts_what_is_there() -> None:
    (suite,) = JUnitXml.fromstring(text_of(REPORT).encode())
    cases = list(suite)
    results = [type(result) for case in cases for result in case.result]
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (12, 3, 2, 1)
    assert len(cases) == suite.tests
    assert [results.count(kind) for kind in (Failure, Error, Skipped)] == [3, 2, 1]
    assert suite.time == pytest.approx(10.417)


def test_a_case_tells_its_findings_with_their_places() -> None:
    (failure,) = cases_of(REPORT)["POL003"].result
    assert failure.message == 'agent_profiles[0].skils: unknown key "skils"'
    assert failure.text.splitlines() == [
        "error: agent_profiles[0].skils",
        ".metawsm/policy.json:4:55",
        'unknown key "skils"',
        '-> did you mean "skills"?',
    ]


def test_all_findings_of_a_check_stand_in_one_failure() -> None:
    first = next(finding for finding in REPORT.findings if finding.code == "POL003")
    second = replace(first, subject="agents[1].nme")
    (failure,) = cases_of(replace(REPORT, findings=(first, second)))["POL003"].result
    assert failure.message.endswith("(and 1 more)")
    assert "agents[1].nme" in failure.text


def test_a_case_fails_from_the_threshold_on() -> None:
    assert cases_of(REPORT)["HRN001"].result == []
    (failure,) = cases_of(replace(REPORT, fail_on=Severity.WARNING))["HRN001"].result
    assert isinstance(failure, Failure)


def test_timeouts_and_crashes_are_errors() -> None:
    cases = cases_of(REPORT)
    assert [cases[code].result[0].message for code in ("HRN005", "HRN009")] == [
        "timed out: no answer in 10 s",
        "crashed: KeyError: '\\x1b[31m'",
    ]


def test_what_does_not_fail_stands_in_the_output() -> None:
    cases = cases_of(REPORT)
    assert cases["SKL001"].system_out == 'known: agent_profiles[0].skills[1]: skill "diary" is missing\n'
    assert cases["ENV003"].system_out == "ignored: python: ours is patched | see #7\n"


def test_a_report_without_checks_is_valid_too() -> None:
    text = text_of(replace(REPORT, checks=(), findings=(), known=(), ignored=()))
    SCHEMA.validate(ET.fromstring(text.encode()))


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_whatever_is_said_comes_back(text: str) -> None:
    document = text_of(saying(text)).encode()
    SCHEMA.validate(ET.fromstring(document))
    (suite,) = JUnitXml.fromstring(document)
    failing, skipped, crashed = suite
    assert failing.name == f"ABC001 {single_line(text)}".rstrip()
    assert skipped.result[0].message == single_line(text)
    assert crashed.result[0].message == single_line(f"crashed: {text}" if text else "crashed")
    said = failing.result[0].text.split("\n")
    lines = visible_lines(text) if text else []
    assert any(said[start : start + len(lines)] == lines for start in range(len(said)))


def test_hostile_text_is_only_text() -> None:
    SCHEMA.validate(ET.fromstring(text_of(saying(HOSTILE)).encode()))
