"""The JSON Schemas of what the commands about processes print.

Written by hand like the report's, because they are a promise: fields are added here, and never removed or renamed
within a schema version.
"""

from typing import Any

from doctor.config.report_schema import finding_definitions
from doctor.exit_codes import ExitCode
from doctor.model.process import FailureKind, Health, OutcomeKind, Receipt, State
from doctor.model.spec import SCHEMA_VERSION, Delivery, Mode
from doctor.model.stage import Stage

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_NUMBER: Schema = {"type": "integer"}
_NUMBER_OR_NULL: Schema = {"type": ["integer", "null"]}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_COUNTS: Schema = {"type": "array", "items": _COUNT}
_SHA256: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_SHA256_OR_NULL: Schema = {"type": ["string", "null"], "pattern": "^[0-9a-f]{64}$"}
_TIME_OR_NULL: Schema = {"type": ["string", "null"], "format": "date-time"}


def launch_schemas(*, schema_id: str, dialect: str) -> dict[str, Schema]:
    """Every schema, by the name that its file starts with.

    Args:
        schema_id: What each ``$id`` starts with.
        dialect: Their ``$schema``.
    """
    made = {"launch-specs": _specs(), "processes": _processes(), "replay": _replay()}
    return {
        name: {"$schema": dialect, "$id": f"{schema_id}{name}", "title": title, **schema}
        for name, (title, schema) in made.items()
    }


def _specs() -> tuple[str, Schema]:
    definitions = {"spec": _spec(), "secret": _secret(), "skill": _skill(), **finding_definitions()}
    properties = {"specs": _list("spec"), "findings": _list("finding")}
    return "Launch specs of harness-doctor", _document("What would be started.", properties, definitions)


def _processes() -> tuple[str, Schema]:
    definitions = {
        "process": _process(),
        "outcome": _outcome(failure=_FAILURE),
        "refusal": _refusal(),
        **finding_definitions(),
    }
    properties = {"processes": _list("process"), "refusals": _list("refusal"), "findings": _list("finding")}
    document = _document("Launched processes.", properties, definitions, optional=("refusals", "findings"))
    return "Processes of harness-doctor", document


def _replay() -> tuple[str, Schema]:
    stages = {
        "description": "The harnesses of each stage that ran, by its name; null where an event names none.",
        "type": "object",
        "additionalProperties": {"type": "array", "items": _TEXT_OR_NULL},
    }
    properties = {"stages": stages, "processes": _list("process"), "unreadable": _COUNTS}
    document = _document(
        "What the journal's events tell.",
        properties,
        {"process": _row(), "outcome": _outcome(failure=_TEXT_OR_NULL)},
        optional=("unreadable",),
    )
    return "Replay of harness-doctor's journal", document


def _document(
    description: str, properties: dict[str, Schema], definitions: dict[str, Schema], *, optional: tuple[str, ...] = ()
) -> Schema:
    """A whole document: what was asked for, and how it went."""
    error: Schema = _object("Why there is no answer.", {"message": _TEXT, "remedy": _TEXT_OR_NULL})
    ending: dict[str, Schema] = {
        "ok": {"type": "boolean"},
        "exit_code": {"enum": [code.value for code in ExitCode]},
        "error": {"oneOf": [{"type": "null"}, error]},
    }
    whole: dict[str, Schema] = {"schema_version": {"const": SCHEMA_VERSION}, **properties, **ending}
    return {**_object(description, whole, optional=optional), "$defs": definitions}


def _spec() -> Schema:
    added = {
        "schema_version": {"const": SCHEMA_VERSION},
        "profile": _TEXT,
        "program": _object(
            "What the program was when the spec was made.",
            {"real_path": _TEXT, "size": _COUNT, "mtime_ns": _NUMBER, "sha256": _SHA256_OR_NULL},
        ),
        "policy_path": _TEXT_OR_NULL,
        "model": _TEXT_OR_NULL,
        "endpoint": _TEXT_OR_NULL,
        "ticket": _TEXT_OR_NULL,
        "notes": _TEXTS,
        "grants": _TEXTS,
    }
    return _object(
        "Everything that is needed to start one process.",
        {
            "id": _SHA256,
            "agent": _TEXT,
            "stage": _one_of(Stage),
            "runtime_id": _TEXT,
            "harness_version": _TEXT_OR_NULL,
            "path": _TEXT,
            "argv": {**_TEXTS, "minItems": 1},
            "env": {
                "description": "Variables that are added; a secret is a reference to where it is looked up.",
                "type": "object",
                "additionalProperties": {"oneOf": [_TEXT, {"$ref": "#/$defs/secret"}]},
            },
            "cwd": _TEXT,
            "session": _TEXT,
            "mode": _one_of(Mode),
            "prompt": _prompt(),
            "skills": _list("skill"),
            "policy_sha256": _SHA256_OR_NULL,
            "named_profile": _TEXT_OR_NULL,
            **added,
        },
        optional=tuple(added),
    )


def _prompt() -> Schema:
    added = {"delivery": _one_of(Delivery), "typed": _TEXT_OR_NULL, "text": _TEXT}
    return _object("What the agent is told.", {"sha256": _SHA256, "path": _TEXT, **added}, optional=tuple(added))


def _secret() -> Schema:
    return _object(
        "Where a secret is looked up: `env:NAME`, `file:PATH`, or `command` with the command that prints it.",
        {"secret": {"type": "string", "pattern": "^(env:.+|file:.+|command)$"}, "command": _TEXTS},
        optional=("command",),
    )


def _skill() -> Schema:
    return _object("One skill.", {"name": _TEXT, "path": _TEXT, "source": _TEXT, "sha256": _SHA256})


def _process() -> Schema:
    added = {
        "run_id": _TEXT,
        "attempt": {"type": "integer", "minimum": 0},
        "executor": _TEXT,
        "harness_version": _TEXT_OR_NULL,
        "mode": _one_of(Mode),
        "cwd": _TEXT_OR_NULL,
        "last_output_at": _TIME_OR_NULL,
        "last_progress_at": _TIME_OR_NULL,
        "receipt": _one_of(Receipt),
        "blocked": _TEXT_OR_NULL,
        "evidence": _TEXTS,
        "remedy": _TEXT_OR_NULL,
        "survivors": _COUNTS,
        "log_path": _TEXT_OR_NULL,
    }
    return _object(
        "One launched process.",
        {
            "process_id": _TEXT,
            "spec_id": _TEXT,
            "session": _TEXT,
            "agent": _TEXT,
            "stage": _one_of(Stage),
            "runtime_id": _TEXT,
            "pid": _NUMBER_OR_NULL,
            "state": _one_of(State),
            "health": _one_of(Health),
            "started_at": _TIME_OR_NULL,
            "ended_at": _TIME_OR_NULL,
            "outcome": _OUTCOME_OR_NULL,
            **added,
        },
        optional=tuple(added),
    )


_OUTCOME_OR_NULL: Schema = {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/outcome"}]}
_FAILURE: Schema = {
    "description": "What kind of failure it was; null for none.",
    "oneOf": [
        {"enum": [*(str(kind) for kind in FailureKind), None]},
        {"type": "string", "pattern": r"^(exited\(-?[0-9]+\)|killed\([A-Za-z0-9+-]*\))$"},
    ],
}


def _outcome(*, failure: Schema) -> Schema:
    added = {"remedy": _TEXT_OR_NULL, "retry": {"type": ["boolean", "null"]}}
    return _object(
        "How it ended, or that its terminal is lost.",
        {
            "kind": _one_of(OutcomeKind),
            "code": _NUMBER_OR_NULL,
            "signal": _TEXT_OR_NULL,
            "failure": failure,
            "evidence": _TEXTS,
            **added,
        },
        optional=tuple(added),
    )


def _refusal() -> Schema:
    return _object(
        "One process that was not started at all.",
        {
            "process_id": _TEXT,
            "problem": {"enum": [*(str(kind) for kind in FailureKind), None]},
            "detail": _TEXT_OR_NULL,
            "remedy": _TEXT_OR_NULL,
        },
    )


def _row() -> Schema:
    added = {
        "run_id": _TEXT_OR_NULL,
        "attempt": _NUMBER_OR_NULL,
        "executor": _TEXT_OR_NULL,
        "harness_version": _TEXT_OR_NULL,
        "mode": _TEXT_OR_NULL,
        "cwd": _TEXT_OR_NULL,
        "policy_sha256": _TEXT_OR_NULL,
        "named_profile": _TEXT_OR_NULL,
        "ticket": _TEXT_OR_NULL,
        "directives": _COUNT,
        "last_reason": _TEXT,
    }
    return _object(
        "One process as its events tell it; null: they do not say.",
        {
            "process_id": _TEXT,
            "spec_id": _TEXT_OR_NULL,
            "session": _TEXT_OR_NULL,
            "agent": _TEXT_OR_NULL,
            "stage": _TEXT_OR_NULL,
            "runtime_id": _TEXT_OR_NULL,
            "state": _one_of(State),
            "started_at": _TIME_OR_NULL,
            "ended_at": _TIME_OR_NULL,
            "outcome": _OUTCOME_OR_NULL,
            **added,
        },
        optional=tuple(added),
    )


def _object(description: str, properties: dict[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    return {
        "description": description,
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _list(definition: str) -> Schema:
    return {"type": "array", "items": {"$ref": f"#/$defs/{definition}"}}


def _one_of(words: Any) -> Schema:
    return {"enum": [str(word) for word in words]}
