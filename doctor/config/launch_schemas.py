"""The JSON Schemas of what the commands about processes print.

Written by hand like the report's, because they are a promise: fields are added here, and never removed or renamed
within a schema version.
"""

from doctor.config.report_schema import finding_definitions
from doctor.config.schema_words import (
    COUNT,
    NUMBER,
    NUMBER_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    TEXTS,
    Schema,
    document,
    list_of,
    object_of,
    one_of,
    published,
)
from doctor.model.failure import FailureKind
from doctor.model.process import Health, OutcomeKind, Receipt, State
from doctor.model.spec import SCHEMA_VERSION, Delivery, Mode
from doctor.model.stage import Stage

_COUNTS: Schema = {"type": "array", "items": COUNT}
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
    return published(made, schema_id=schema_id, dialect=dialect)


def _specs() -> tuple[str, Schema]:
    definitions = {"spec": _spec(), "secret": _secret(), "skill": _skill(), **finding_definitions()}
    properties = {"specs": list_of("spec"), "findings": list_of("finding")}
    return "Launch specs of harness-doctor", document("What would be started.", properties, definitions)


def _processes() -> tuple[str, Schema]:
    definitions = {
        "process": _process(),
        "outcome": _outcome(failure=_FAILURE),
        "refusal": _refusal(),
        **finding_definitions(),
    }
    properties = {"processes": list_of("process"), "refusals": list_of("refusal"), "findings": list_of("finding")}
    launched = document("Launched processes.", properties, definitions, optional=("refusals", "findings"))
    return "Processes of harness-doctor", launched


def _replay() -> tuple[str, Schema]:
    stages = {
        "description": "The harnesses of each stage that ran, by its name; null where an event names none.",
        "type": "object",
        "additionalProperties": {"type": "array", "items": TEXT_OR_NULL},
    }
    properties = {"stages": stages, "processes": list_of("process"), "unreadable": _COUNTS}
    told = document(
        "What the journal's events tell.",
        properties,
        {"process": _row(), "outcome": _outcome(failure=TEXT_OR_NULL)},
        optional=("unreadable",),
    )
    return "Replay of harness-doctor's journal", told


def _spec() -> Schema:
    added = {
        "schema_version": {"const": SCHEMA_VERSION},
        "profile": TEXT,
        "program": object_of(
            "What the program was when the spec was made.",
            {"real_path": TEXT, "size": COUNT, "mtime_ns": NUMBER, "sha256": _SHA256_OR_NULL},
        ),
        "policy_path": TEXT_OR_NULL,
        "model": TEXT_OR_NULL,
        "endpoint": TEXT_OR_NULL,
        "ticket": TEXT_OR_NULL,
        "notes": TEXTS,
        "grants": TEXTS,
    }
    return object_of(
        "Everything that is needed to start one process.",
        {
            "id": _SHA256,
            "agent": TEXT,
            "stage": one_of(Stage),
            "runtime_id": TEXT,
            "harness_version": TEXT_OR_NULL,
            "path": TEXT,
            "argv": {**TEXTS, "minItems": 1},
            "env": {
                "description": "Variables that are added; a secret is a reference to where it is looked up.",
                "type": "object",
                "additionalProperties": {"oneOf": [TEXT, {"$ref": "#/$defs/secret"}]},
            },
            "cwd": TEXT,
            "session": TEXT,
            "mode": one_of(Mode),
            "prompt": _prompt(),
            "skills": list_of("skill"),
            "policy_sha256": _SHA256_OR_NULL,
            "named_profile": TEXT_OR_NULL,
            **added,
        },
        optional=tuple(added),
    )


def _prompt() -> Schema:
    added = {"delivery": one_of(Delivery), "typed": TEXT_OR_NULL, "text": TEXT}
    return object_of("What the agent is told.", {"sha256": _SHA256, "path": TEXT, **added}, optional=tuple(added))


def _secret() -> Schema:
    return object_of(
        "Where a secret is looked up: `env:NAME`, `file:PATH`, or `command` with the command that prints it.",
        {"secret": {"type": "string", "pattern": "^(env:.+|file:.+|command)$"}, "command": TEXTS},
        optional=("command",),
    )


def _skill() -> Schema:
    return object_of("One skill.", {"name": TEXT, "path": TEXT, "source": TEXT, "sha256": _SHA256})


def _process() -> Schema:
    added = {
        "run_id": TEXT,
        "attempt": {"type": "integer", "minimum": 0},
        "executor": TEXT,
        "harness_version": TEXT_OR_NULL,
        "mode": one_of(Mode),
        "cwd": TEXT_OR_NULL,
        "last_output_at": _TIME_OR_NULL,
        "last_progress_at": _TIME_OR_NULL,
        "receipt": one_of(Receipt),
        "blocked": TEXT_OR_NULL,
        "evidence": TEXTS,
        "remedy": TEXT_OR_NULL,
        "survivors": _COUNTS,
        "log_path": TEXT_OR_NULL,
    }
    return object_of(
        "One launched process.",
        {
            "process_id": TEXT,
            "spec_id": TEXT,
            "session": TEXT,
            "agent": TEXT,
            "stage": one_of(Stage),
            "runtime_id": TEXT,
            "pid": NUMBER_OR_NULL,
            "state": one_of(State),
            "health": one_of(Health),
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
    added = {"remedy": TEXT_OR_NULL, "retry": {"type": ["boolean", "null"]}}
    return object_of(
        "How it ended, or that its terminal is lost.",
        {
            "kind": one_of(OutcomeKind),
            "code": NUMBER_OR_NULL,
            "signal": TEXT_OR_NULL,
            "failure": failure,
            "evidence": TEXTS,
            **added,
        },
        optional=tuple(added),
    )


def _refusal() -> Schema:
    return object_of(
        "One process that was not started at all.",
        {
            "process_id": TEXT,
            "problem": {"enum": [*(str(kind) for kind in FailureKind), None]},
            "detail": TEXT_OR_NULL,
            "remedy": TEXT_OR_NULL,
        },
    )


def _row() -> Schema:
    added = {
        "run_id": TEXT_OR_NULL,
        "attempt": NUMBER_OR_NULL,
        "executor": TEXT_OR_NULL,
        "harness_version": TEXT_OR_NULL,
        "mode": TEXT_OR_NULL,
        "cwd": TEXT_OR_NULL,
        "policy_sha256": TEXT_OR_NULL,
        "named_profile": TEXT_OR_NULL,
        "ticket": TEXT_OR_NULL,
        "directives": COUNT,
        "last_reason": TEXT,
    }
    return object_of(
        "One process as its events tell it; null: they do not say.",
        {
            "process_id": TEXT,
            "spec_id": TEXT_OR_NULL,
            "session": TEXT_OR_NULL,
            "agent": TEXT_OR_NULL,
            "stage": TEXT_OR_NULL,
            "runtime_id": TEXT_OR_NULL,
            "state": one_of(State),
            "started_at": _TIME_OR_NULL,
            "ended_at": _TIME_OR_NULL,
            "outcome": _OUTCOME_OR_NULL,
            **added,
        },
        optional=tuple(added),
    )
