"""The JSON Schema of what ``doctor fix`` prints.

Written by hand like the report's, because it is a promise: fields are added here, and never removed or renamed within a
schema version.
"""

from doctor.config.report_schema import finding_definitions
from doctor.config.schema_words import TEXT, TEXT_OR_NULL, TEXTS, Schema, document, list_of, object_of, one_of
from doctor.model.fixing import RepairState, UndoState

_ID: Schema = {"type": ["string", "null"], "description": "By which an application can be taken back."}
_MODE: Schema = {"type": ["string", "null"], "pattern": "^[0-7]{1,4}$"}


def fix_schema(*, schema_id: str, dialect: str) -> Schema:
    """The schema.

    Args:
        schema_id: Its ``$id``.
        dialect: Its ``$schema``.
    """
    properties: dict[str, Schema] = {
        "action": {"enum": ["plan", "apply", "undo", "list", None]},
        "id": _ID,
        "fixes": list_of("fix"),
        "files": list_of("file"),
        "applications": list_of("application"),
    }
    definitions = {"fix": _fix(), "file": _file(), "application": _application(), **finding_definitions()}
    whole = document("What would be repaired, what was, or what was taken back.", properties, definitions)
    return {"$schema": dialect, "$id": schema_id, "title": "Repairs of harness-doctor", **whole}


def _fix() -> Schema:
    return object_of(
        "One finding that can be repaired, and what becomes of it.",
        {
            "finding": {"$ref": "#/$defs/finding"},
            "title": TEXT_OR_NULL,
            "files": TEXTS,
            "state": one_of(RepairState),
            "reason": TEXT_OR_NULL,
        },
    )


def _file() -> Schema:
    return object_of(
        "One file. `diff`, without secrets, belongs to a plan; `state` and `reason` to what is taken back.",
        {
            "path": TEXT,
            "action": {"enum": ["edit", "make", "copy", "mode", "undo"]},
            "mode": _MODE,
            "diff": TEXT_OR_NULL,
            "state": {"enum": [*map(str, UndoState), None]},
            "reason": TEXT_OR_NULL,
        },
    )


def _application() -> Schema:
    return object_of(
        "One time that repairs were applied to this project; `begun` was ended before it was through.",
        {
            "id": TEXT,
            "time": {"type": "string", "format": "date-time"},
            "state": {"enum": ["begun", "applied", "undone"]},
            "titles": TEXTS,
            "files": TEXTS,
        },
    )
