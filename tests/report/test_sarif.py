"""SARIF, valid by the published schema, and what code scanning makes of it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doctor.exit_codes import ExitCode
from doctor.model.fix import FileFix, Fix
from doctor.model.report import Report
from doctor.report.sarif import render
from doctor.report.visible import visible_lines
from tests.report.sample import BASE, HOSTILE, REPORT, SECRET, saying

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft4Validator(SCHEMA)


def log(report: Report) -> dict[str, Any]:
    """The one run of a valid log."""
    document = json.loads("".join(render(report)))
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    assert document["$schema"] == SCHEMA["id"]
    (run,) = document["runs"]
    return dict(run)


def result(report: Report, code: str) -> dict[str, Any]:
    (found,) = (each for each in log(report)["results"] if each["ruleId"] == code)
    return dict(found)


def file_of(run: dict[str, Any], artifact: dict[str, str]) -> str:
    base = run["originalUriBaseIds"][artifact["uriBaseId"]]["uri"] if "uriBaseId" in artifact else ""
    split = urlsplit(urljoin(base, artifact["uri"]))
    assert (split.scheme, split.netloc, split.query, split.fragment) == ("file", "", "", "")
    return unquote(split.path, errors="surrogatepass")


def test_the_tool_says_what_it_is() -> None:
    driver = log(REPORT)["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("harness-doctor", "1.2.3")


def test_a_version_that_is_not_semantic_is_not_called_so() -> None:
    driver = log(replace(REPORT, version="1.2.3.dev4"))["tool"]["driver"]
    assert driver["version"] == "1.2.3.dev4"
    assert "semanticVersion" not in driver


def test_a_rule_explains_its_check() -> None:
    rules = {rule["id"]: rule for rule in log(REPORT)["tool"]["driver"]["rules"]}
    assert rules["POL003"] == {
        "id": "POL003",
        "name": "EveryKeyOfThePolicyIsKnown",
        "shortDescription": {"text": "Every key of the policy is known."},
        "fullDescription": {"text": "A misspelt key is a setting that is silently not used."},
        "help": {
            "text": "Every key of the policy is known.\n\nA misspelt key is a setting that is silently not used.\n\n"
            "Fails for each key that no table names.\n\ndoctor explain POL003"
        },
        "helpUri": "https://example.org/POL003",
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["POL"]},
    }


def test_every_result_names_its_rule() -> None:
    run = log(REPORT)
    rules = run["tool"]["driver"]["rules"]
    assert [rules[each["ruleIndex"]]["id"] for each in run["results"]] == [each["ruleId"] for each in run["results"]]


def test_a_result_says_what_and_where() -> None:
    found = result(REPORT, "POL003")
    del found["fixes"]
    assert found == {
        "ruleId": "POL003",
        "ruleIndex": 7,
        "level": "error",
        "message": {"text": 'unknown key "skils"\ndid you mean "skills"?'},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": ".metawsm/policy.json", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 4, "startColumn": 55, "endLine": 4, "endColumn": 62},
                },
                "logicalLocations": [{"fullyQualifiedName": "agent_profiles[0].skils"}],
            }
        ],
        "partialFingerprints": {"harnessDoctor/v1": REPORT.findings[4].fingerprint},
        "baselineState": "new",
    }


def test_columns_count_characters_and_paths_are_relative_to_the_repository() -> None:
    run = log(REPORT)
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["originalUriBaseIds"] == {"%SRCROOT%": {"uri": "file:///home/u/p/"}}


def test_paths_are_percent_encoded() -> None:
    run = log(REPORT)
    files = {
        each["ruleId"]: file_of(run, each["locations"][0]["physicalLocation"]["artifactLocation"])
        for each in run["results"]
    }
    assert files["POL006"] == f"{BASE}/a b:c,d%e#f?g/ü\n::error::x.json"
    assert files["END003"] == "/home/u/.config/harness-doctor/machine.toml"


def test_a_finding_without_a_place_is_shown_at_the_policy() -> None:
    location = result(REPORT, "HRN001")["locations"][0]["physicalLocation"]
    assert location == {"artifactLocation": {"uri": ".metawsm/policy.json", "uriBaseId": "%SRCROOT%"}}


def test_levels_are_those_of_the_findings() -> None:
    levels = {each["ruleId"]: each["level"] for each in log(REPORT)["results"]}
    assert {levels["POL003"], levels["HRN001"], levels["ENV005"]} == {"error", "warning", "note"}


def test_known_and_ignored_findings_are_suppressed() -> None:
    known, ignored = result(REPORT, "SKL001"), result(REPORT, "ENV003")
    assert known["baselineState"] == "unchanged"
    assert [each["kind"] for each in known["suppressions"]] == ["external"]
    assert ignored["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "ours is patched | see #7",
            "properties": {"until": "2027-01-01"},
        }
    ]


def test_without_a_baseline_nothing_is_new() -> None:
    assert not any("baselineState" in each for each in log(replace(REPORT, known=()))["results"])


def test_a_planned_repair_is_a_fix() -> None:
    (fix,) = result(REPORT, "POL003")["fixes"]
    region = {"startLine": 4, "startColumn": 55, "endLine": 4, "endColumn": 62}
    begin = {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}
    assert fix == {
        "description": {"text": 'rename "skils" to "skills"'},
        "artifactChanges": [
            {
                "artifactLocation": {"uri": ".metawsm/policy.json", "uriBaseId": "%SRCROOT%"},
                "replacements": [{"deletedRegion": region, "insertedContent": {"text": '"skills"'}}],
            },
            {
                "artifactLocation": {"uri": ".gitignore", "uriBaseId": "%SRCROOT%"},
                "replacements": [{"deletedRegion": begin, "insertedContent": {"text": ".metawsm/metawsm.db\n"}}],
            },
        ],
    }


@pytest.mark.parametrize(
    "file",
    [
        FileFix(path=f"{BASE}/k", sha256=None, content=f"API_KEY={SECRET}\n"),
        FileFix(path=f"{BASE}/k", sha256="a" * 64, mode=0o600),
    ],
    ids=["secret", "mode"],
)
def test_a_repair_that_cannot_be_told_as_it_is_is_no_fix(file: FileFix) -> None:
    finding = REPORT.findings[4]
    fix = Fix(code=finding.code, fingerprint=finding.fingerprint, title="t", files=(file,))
    assert "fixes" not in result(replace(REPORT, fixes={finding.fingerprint: fix}), "POL003")


@pytest.mark.parametrize(
    ("code", "successful"),
    [(ExitCode.OK, True), (ExitCode.FINDINGS, True), (ExitCode.USAGE, False), (ExitCode.INCOMPLETE, False)],
)
def test_the_invocation_says_how_it_ended(code: ExitCode, *, successful: bool) -> None:
    (invocation,) = log(replace(REPORT, exit_code=code))["invocations"]
    assert (invocation["exitCode"], invocation["executionSuccessful"]) == (int(code), successful)


def test_checks_that_came_to_no_end_are_notifications() -> None:
    (invocation,) = log(REPORT)["invocations"]
    said = [note["message"]["text"] for note in invocation["toolExecutionNotifications"]]
    assert said == ["HRN005 timed out: no answer in 10 s", "HRN009 crashed: KeyError: '\\x1b[31m'"]


def test_an_empty_report_is_valid() -> None:
    run = log(replace(REPORT, checks=(), findings=(), known=(), ignored=(), base=None))
    assert run["results"] == []


def test_without_any_policy_a_result_still_has_a_place() -> None:
    bare = replace(REPORT, policy=replace(REPORT.policy, path=None), base=None)
    artifact = result(bare, "HRN001")["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": ".metawsm/policy.json"}


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_characters="/"), min_size=1).filter(lambda text: text not in {".", ".."}))
def test_whatever_is_said_comes_back(text: str) -> None:
    run = log(saying(text))
    said = "\n".join(visible_lines(text)).replace("](", "] (")
    finding = run["results"][0]
    assert finding["message"]["text"] == (f"{said}\n{said}" if said else "ABC001")
    artifact = finding["locations"][0]["physicalLocation"]["artifactLocation"]
    assert file_of(run, artifact) == f"{BASE}/{text}"
    assert finding["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"] == text


def test_hostile_text_is_only_text() -> None:
    finding = log(saying(HOSTILE))["results"][0]
    assert finding["level"] == "error"
    assert "[link] (http://example.org)" in finding["message"]["text"]  # with no space between, a viewer makes a link
