"""JSON: everything, by the published contract."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doctor.config.report_schema import report_schema
from doctor.model.binding import Choice
from doctor.model.finding import Finding, Severity
from doctor.model.location import Location
from doctor.model.report import Report
from doctor.model.stage import Stage
from doctor.report.json_format import render, to_dict

CODEX_PATH = "/home/u/.local/share/npm/a/long/prefix/that/fits/no/column/node_modules/.bin/codex"


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = report_schema(schema_id="urn:x", dialect="https://json-schema.org/draft/2020-12/schema")
    return jsonschema.Draft202012Validator(schema)


def test_the_document_holds_everything_that_the_report_says(report: Report) -> None:
    assert to_dict(report) == {
        "schema_version": 1,
        "tool": {"name": "harness-doctor", "version": "1.2.3"},
        "ok": False,
        "exit_code": 1,
        "policy": {"path": "/home/u/p/.metawsm/policy.json", "sha256": "a" * 64, "embedded_default": False},
        "profile": {"active": "codex", "path": "/c/profiles/codex.toml", "source": "flag"},
        "harnesses": [
            {
                "runtime_id": "codex",
                "title": "Codex CLI",
                "found": True,
                "path": CODEX_PATH,
                "path_source": "PATH",
                "version": "0.169.0",
                "version_text": "codex-cli 0.169.0",
                "version_source": "probe",
                "auth": "yes",
                "auth_detail": "codex login status says so",
                "status": "warning",
                "problem": None,
                "candidates": [
                    {"source": "env:DOCTOR_CODEX_PATH", "path": "/gone/codex", "problem": "does not exist"},
                    {"source": "PATH", "path": CODEX_PATH, "problem": None},
                ],
                "duration_ms": 12.346,
            },
            absent("hermes", "Hermes"),
            absent("amp", "Amp"),
        ],
        "stages": [
            {
                "stage": "execute",
                "runtime_id": "codex",
                "source": "agent",
                "shadowed": [],
                "path": CODEX_PATH,
                "version": "0.169.0",
                "model": None,
                "model_source": "none",
                "endpoint": None,
                "endpoint_source": "none",
                "ok": True,
                "runtime_location": None,
                "model_location": None,
                "model_shadowed": [],
                "model_unused": [],
                "endpoint_location": None,
            },
            {
                "stage": "reflect",
                "runtime_id": "hermes",
                "source": "stage",
                "shadowed": ["agent=codex"],
                "path": None,
                "version": None,
                "model": None,
                "model_source": "none",
                "endpoint": None,
                "endpoint_source": "none",
                "ok": False,
                "runtime_location": None,
                "model_location": None,
                "model_shadowed": [],
                "model_unused": [],
                "endpoint_location": None,
            },
        ],
        "agents": [
            {
                "agent": "agent",
                "profile": "codex-default",
                "stage": "execute",
                "runtime_id": "codex",
                "source": "agent",
                "shadowed": [],
                "path": CODEX_PATH,
                "version": "0.169.0",
                "model": "gpt-5",
                "model_source": "policy",
                "endpoint": None,
                "endpoint_source": "none",
                "ok": False,
                "session": "agent-p",
                "prompt_sha256": "0" * 64,
                "skills": [
                    {
                        "name": "docmgr",
                        "path": "/home/u/.codex/skills/docmgr/SKILL.md",
                        "source": "home",
                        "sha256": "b" * 64,
                    },
                    {"name": "diary", "path": None, "source": None, "sha256": None},
                ],
                "argv": [CODEX_PATH, "exec", "{prompt}"],
                "notes": ["full_auto is --sandbox workspace-write"],
                "grants": ["write files in the workspace"],
                "model_location": None,
                "model_shadowed": [],
                "model_unused": [],
                "endpoint_location": None,
            }
        ],
        "findings": [
            {
                "code": "SKL001",
                "severity": "error",
                "subject": "agent_profiles[0].skills[1]",
                "message": report.findings[0].message,
                "remedy": report.findings[0].remedy,
                "docs": "doctor explain SKL001",
                "location": {
                    "path": "/home/u/p/.metawsm/policy.json",
                    "line": 12,
                    "column": 18,
                    "pointer": "/agent_profiles/0/skills/1",
                },
                "fixable": False,
                "fingerprint": report.findings[0].fingerprint,
            },
            placeless("HRN002", "warning", "harness codex", report.findings[1]),
            placeless("STG002", "error", "stage reflect", report.findings[2]),
        ],
        "ignored": [
            {
                **placeless("ENV003", "info", "tmux", report.ignored[0].finding),
                "reason": "ours is patched",
                "until": "2027-01-01",
            }
        ],
        "known": [],
        "checks": [
            {"code": "ENV001", "status": "passed", "reason": None, "duration_ms": 0.25},
            {"code": "SKL001", "status": "failed", "reason": None, "duration_ms": 1.5},
            {"code": "SKL002", "status": "skipped", "reason": "SKL001 failed", "duration_ms": 0.0},
            {"code": "HRN009", "status": "crashed", "reason": "KeyError: 'x'", "duration_ms": 0.0},
        ],
        "summary": {"error": 2, "warning": 1, "info": 0},
        "duration_ms": 417.25,
    }


def absent(runtime_id: str, title: str) -> dict[str, Any]:
    return {
        "runtime_id": runtime_id,
        "title": title,
        "found": False,
        "path": None,
        "path_source": None,
        "version": None,
        "version_text": None,
        "version_source": None,
        "auth": "unknown",
        "auth_detail": None,
        "status": "absent",
        "problem": None,
        "candidates": [],
        "duration_ms": 0.0,
    }


def placeless(code: str, severity: str, subject: str, finding: Finding) -> dict[str, Any]:
    return {
        "code": code,
        "severity": severity,
        "subject": subject,
        "message": finding.message,
        "remedy": finding.remedy,
        "docs": None,
        "location": None,
        "fixable": False,
        "fingerprint": finding.fingerprint,
    }


def test_the_text_is_the_document_and_one_line_per_record(report: Report) -> None:
    text = render(report)
    assert json.loads(text) == to_dict(report)
    assert text.endswith("}\n")
    assert sum('"severity"' in line for line in text.splitlines()) == 4


def test_the_document_meets_the_published_schema(report: Report, validator: jsonschema.Draft202012Validator) -> None:
    validator.validate(json.loads(render(report)))


def strings(value: Any) -> Iterator[str]:
    """Every string in a JSON value."""
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(item)


def test_no_value_of_a_secret_variable_leaves(report: Report) -> None:
    told = replace(report.findings[0], message="it said hunter2-hunter2", remedy="unset hunter2-hunter2 twice")
    document = to_dict(replace(report, findings=(told,)))
    assert not [text for text in strings(document) if "hunter2" in text]
    assert document["findings"][0]["message"] == "it said [redacted]"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(alphabet=st.characters()))
def test_any_text_even_a_lone_surrogate_makes_a_valid_ascii_document(report: Report, text: str) -> None:
    finding = Finding(code="ABC001", severity=Severity.INFO, subject="s", message=f"{text}\ud800")
    rendered = render(replace(report, findings=(finding,)))
    assert rendered.isascii()
    assert json.loads(rendered)["findings"][0]["message"].endswith("\ud800")


class EveryLine:
    """Knows a line for everything."""

    def runtime(self, source: str, stage: Stage, profile_index: int) -> Location | None:
        return Location(path=f"/{source}", line=1)

    def model(self, source: str, stage: Stage, profile_index: int) -> Location | None:
        return Location(path="/sk-live-0123456789abcdef", line=2, column=3)

    def endpoint(self, choice: Choice, stage: Stage) -> Location | None:
        return None


def test_every_value_says_its_file_and_line(report: Report) -> None:
    shown = to_dict(replace(report, origins=EveryLine()))
    for row in shown["stages"]:
        assert row["runtime_location"] == {"path": f"/{row['source']}", "line": 1}
    for row in (*shown["stages"], *shown["agents"]):
        assert row["model_location"] == {"path": "/[redacted]", "line": 2}
        assert row["endpoint_location"] is None


def test_what_a_model_hides_is_told(report: Report) -> None:
    model = Choice(value="gpt-5", source="policy", shadowed=("profile:x=gpt-4",))
    [agent] = to_dict(
        replace(report, agents=(replace(report.agents[0], model=model, unused_models=("env:M=nex:q",)),))
    )["agents"]
    assert (agent["model_shadowed"], agent["model_unused"]) == (["profile:x=gpt-4"], ["env:M=nex:q"])
