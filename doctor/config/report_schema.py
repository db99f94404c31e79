"""The JSON Schema of the report that ``--format json`` prints.

Written by hand, because it is a promise: fields are added here, and never removed or renamed within a schema version.
"""

from typing import Any

from doctor.exit_codes import ExitCode
from doctor.model.finding import Severity, Status
from doctor.model.harness import Auth, Problem, SkillSource
from doctor.model.stage import Stage

SCHEMA_VERSION = 1

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_FLAG = {"type": "boolean"}
_TEXTS = {"type": "array", "items": _TEXT}
_SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_SHA256_OR_NULL = {"type": ["string", "null"], "pattern": "^[0-9a-f]{64}$"}
_MILLISECONDS = {"type": "number", "minimum": 0}
_COUNT = {"type": "integer", "minimum": 0}
_PLACE = {"type": ["integer", "null"], "minimum": 1}
_CODE = {"type": "string", "pattern": "^[A-Z]{3}[0-9]{3}$"}


def report_schema(*, schema_id: str, dialect: str) -> dict[str, Any]:
    """The schema of the whole report.

    Args:
        schema_id: Its ``$id``.
        dialect: Its ``$schema``.
    """
    root = _object(
        "What one diagnosis found.",
        {
            "schema_version": {"const": SCHEMA_VERSION},
            "tool": _object("Who wrote this.", {"name": {"const": "harness-doctor"}, "version": _TEXT}),
            "ok": _FLAG,
            "exit_code": {"enum": [code.value for code in ExitCode]},
            "policy": {"$ref": "#/$defs/policy"},
            "profile": {"$ref": "#/$defs/profile"},
            "harnesses": _list("harness"),
            "stages": _list("stage"),
            "agents": _list("agent"),
            "findings": _list("finding"),
            "ignored": _list("ignored"),
            "known": _list("finding"),
            "checks": _list("check"),
            "summary": _object("Findings that are not ignored.", {each.value: _COUNT for each in Severity}),
            "duration_ms": _MILLISECONDS,
        },
        optional=("ignored", "known", "duration_ms"),
    )
    head = {"$schema": dialect, "$id": schema_id, "title": "Report of harness-doctor"}
    return {**head, **root, "$defs": _definitions()}


def _object(description: str, properties: dict[str, Any], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "description": description,
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _list(definition: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/$defs/{definition}"}}


def _one_of(words: Any, *, null: bool = False) -> dict[str, Any]:
    return {"enum": [*(str(word) for word in words), *([None] if null else [])]}


def _definitions() -> dict[str, Any]:
    return {
        "policy": _object(
            "The policy that was read.",
            {"path": _TEXT_OR_NULL, "sha256": _SHA256_OR_NULL, "embedded_default": _FLAG},
        ),
        "profile": _object(
            "The active named profile.",
            {
                "active": _TEXT_OR_NULL,
                "path": _TEXT_OR_NULL,
                "source": _one_of(("pointer", "project", "flag", "env", "none")),
            },
        ),
        "harness": _harness(),
        "candidate": _object(
            "One place where a program was looked for.", {"source": _TEXT, "path": _TEXT, "problem": _TEXT_OR_NULL}
        ),
        "stage": _stage(),
        "agent": _agent(),
        "line": _object(
            "Where a value stands; no line is known of a file without text.", {"path": _TEXT, "line": _PLACE}
        ),
        "skill": _skill(),
        **finding_definitions(),
        "ignored": _object(
            "A finding that the policy sets aside.",
            {**_finding_properties(), "reason": _TEXT, "until": _TEXT_OR_NULL},
        ),
        "check": _object(
            "How one check ended.",
            {"code": _CODE, "status": _one_of(Status), "reason": _TEXT_OR_NULL, "duration_ms": _MILLISECONDS},
        ),
    }


def _harness() -> dict[str, Any]:
    return _object(
        "One harness on this machine.",
        {
            "runtime_id": _TEXT,
            "title": _TEXT,
            "found": _FLAG,
            "path": _TEXT_OR_NULL,
            "path_source": _TEXT_OR_NULL,
            "version": _TEXT_OR_NULL,
            "version_text": _TEXT_OR_NULL,
            "version_source": _one_of(("probe", "cache", "metadata"), null=True),
            "auth": _one_of(Auth),
            "auth_detail": _TEXT_OR_NULL,
            "status": _one_of(("ok", "warning", "error", "absent")),
            "problem": _one_of(Problem, null=True),
            "candidates": _list("candidate"),
            "duration_ms": _MILLISECONDS,
        },
        optional=("title", "path_source", "version_text", "auth_detail", "problem", "candidates", "duration_ms"),
    )


_SOURCE = {"type": "string", "pattern": "^(stage|default|env:.+|config|flag|agent|profile:.+|policy|none)$"}


_LINE = {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/line"}]}


def _origins() -> dict[str, Any]:
    return {
        "endpoint_source": _TEXT_OR_NULL,
        "model_location": _LINE,
        "model_shadowed": _TEXTS,
        "model_unused": _TEXTS,
        "endpoint_location": _LINE,
    }


def _stage() -> dict[str, Any]:
    added = {**_origins(), "runtime_location": _LINE}
    return _object(
        "The harness of one stage.",
        {
            "stage": _one_of(Stage),
            "runtime_id": _TEXT_OR_NULL,
            "source": _SOURCE,
            "shadowed": _TEXTS,
            "path": _TEXT_OR_NULL,
            "version": _TEXT_OR_NULL,
            "model": _TEXT_OR_NULL,
            "model_source": _TEXT_OR_NULL,
            "endpoint": _TEXT_OR_NULL,
            "ok": _FLAG,
            **added,
        },
        optional=tuple(added),
    )


def _agent() -> dict[str, Any]:
    added = {
        "stage_source": _TEXT,
        "model_source": _TEXT_OR_NULL,
        "source": _SOURCE,
        "shadowed": _TEXTS,
        "session": _TEXT,
        "argv": {"type": ["array", "null"], "items": _TEXT},
        "notes": _TEXTS,
        "grants": _TEXTS,
        **_origins(),
    }
    return _object(
        "One agent at its stage.",
        {
            "agent": _TEXT,
            "profile": _TEXT,
            "runtime_id": _TEXT_OR_NULL,
            "stage": _one_of(Stage),
            "path": _TEXT_OR_NULL,
            "version": _TEXT_OR_NULL,
            "model": _TEXT_OR_NULL,
            "endpoint": _TEXT_OR_NULL,
            "ok": _FLAG,
            "prompt_sha256": {"type": "string", "pattern": "^([0-9a-f]{64})?$"},
            "skills": _list("skill"),
            **added,
        },
        optional=tuple(added),
    )


def _skill() -> dict[str, Any]:
    return _object(
        "One skill of an agent.",
        {
            "name": _TEXT,
            "path": _TEXT_OR_NULL,
            "source": _one_of(SkillSource, null=True),
            "sha256": _SHA256_OR_NULL,
        },
    )


def finding_definitions() -> dict[str, Any]:
    """What a ``#/$defs/finding`` needs, for every document that has findings in it."""
    return {
        "finding": _object("One problem.", _finding_properties()),
        "location": _object(
            "A place in a file.", {"path": _TEXT, "line": _PLACE, "column": _PLACE, "pointer": _TEXT_OR_NULL}
        ),
    }


def _finding_properties() -> dict[str, Any]:
    return {
        "code": _CODE,
        "severity": _one_of(Severity),
        "subject": _TEXT,
        "message": _TEXT,
        "remedy": _TEXT_OR_NULL,
        "docs": _TEXT_OR_NULL,
        "location": {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/location"}]},
        "fixable": _FLAG,
        "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
    }
