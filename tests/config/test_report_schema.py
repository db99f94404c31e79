import copy
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from doctor.config.report_schema import report_schema
from doctor.config.schema import DIALECT

HASH = "a" * 64
FINDING = {
    "code": "SKL001",
    "severity": "error",
    "subject": "agent_profiles[0].skills[1]",
    "message": "m",
    "remedy": None,
    "docs": None,
    "location": {"path": "/p", "line": 12, "column": 18, "pointer": "/agent_profiles/0/skills/1"},
    "fixable": False,
    "fingerprint": "0123456789abcdef",
}
REPORT: dict[str, Any] = {
    "schema_version": 1,
    "tool": {"name": "harness-doctor", "version": "1"},
    "ok": True,
    "exit_code": 0,
    "policy": {"path": None, "sha256": None, "embedded_default": True},
    "profile": {"active": None, "path": None, "source": "none"},
    "harnesses": [
        {
            "runtime_id": "codex",
            "found": True,
            "path": "/x",
            "version": "0.169.0",
            "version_source": "probe",
            "auth": "unknown",
            "status": "ok",
        }
    ],
    "stages": [
        {
            "stage": "execute",
            "runtime_id": "opencode",
            "source": "env:DOCTOR_RUNTIME",
            "shadowed": [],
            "path": None,
            "version": None,
            "model": None,
            "model_source": "none",
            "endpoint": None,
            "ok": True,
        }
    ],
    "agents": [
        {
            "agent": "agent",
            "profile": "p",
            "runtime_id": "codex",
            "stage": "execute",
            "path": "/x",
            "version": "1",
            "model": None,
            "endpoint": None,
            "ok": True,
            "prompt_sha256": HASH,
            "skills": [{"name": "docmgr", "path": "/s", "source": "repo", "sha256": HASH}],
        }
    ],
    "findings": [FINDING, {**FINDING, "location": None}],
    "checks": [{"code": "SKL001", "status": "passed", "reason": None, "duration_ms": 1.2}],
    "summary": {"error": 0, "warning": 0, "info": 0},
}


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    return Draft202012Validator(report_schema(schema_id="urn:x", dialect=DIALECT))


def errors(schema: Draft202012Validator, report: Any) -> list[str]:
    return [error.json_path for error in schema.iter_errors(report)]


def test_a_report_with_only_the_promised_keys_is_valid(schema: Draft202012Validator) -> None:
    assert errors(schema, REPORT) == []


def test_a_report_with_every_added_key_is_valid(schema: Draft202012Validator) -> None:
    report = copy.deepcopy(REPORT)
    report["duration_ms"] = 3.5
    report["ignored"] = [{**FINDING, "reason": "known", "until": "2027-01-01"}]
    report["harnesses"][0] |= {
        "title": "Codex",
        "path_source": "PATH",
        "version_text": "codex-cli 0.169.0",
        "auth_detail": "d",
        "problem": "no-version",
        "candidates": [{"source": "PATH", "path": "codex", "problem": None}],
        "duration_ms": 1,
    }
    origins = {
        "endpoint_source": "none",
        "model_location": {"path": "/c/profiles/x.toml", "line": 5},
        "model_shadowed": ["profile:x=opus"],
        "model_unused": ["profile:x=nex:m"],
        "endpoint_location": None,
    }
    report["stages"][0] |= {**origins, "runtime_location": {"path": "/p/policy.json", "line": 3}}
    report["agents"][0] |= {
        "stage_source": "policy",
        "model_source": "profile:x",
        **origins,
        "source": "agent",
        "shadowed": ["config=codex"],
        "session": "agent-x",
        "argv": None,
        "notes": [],
        "grants": ["edits files without asking"],
    }
    assert errors(schema, report) == []


def objects(value: Any, path: str = "$") -> list[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict):
        inner = [found for key, item in value.items() for found in objects(item, f"{path}.{key}")]
        return [(path, value), *inner]
    if isinstance(value, list):
        return [found for index, item in enumerate(value) for found in objects(item, f"{path}[{index}]")]
    return []


def test_every_promised_key_is_required_and_no_other_is_allowed(schema: Draft202012Validator) -> None:
    for path, _ in objects(REPORT):
        report = copy.deepcopy(REPORT)
        target = dict(objects(report))[path]
        target["surplus"] = 1
        assert errors(schema, report), f"{path} takes a surplus key"
        del target["surplus"]
        for key in list(target):
            value = target.pop(key)
            assert errors(schema, report), f"{path} does without {key}"
            target[key] = value
    assert json.dumps(REPORT)
