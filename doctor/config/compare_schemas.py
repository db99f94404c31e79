"""The JSON Schema of what ``doctor compare`` prints.

Written by hand like the report's, because it is a promise: fields are added here, and never removed or renamed within
a schema version.
"""

from doctor.config.report_schema import finding_definitions
from doctor.config.schema_words import FLAG, TEXT, TEXT_OR_NULL, TEXTS, Schema, document, list_of, object_of, one_of
from doctor.model.comparison import ApprovalState, Verdict

_FINGERPRINT: Schema = {"type": "string", "pattern": "^[0-9a-f]{16}$"}
_PLACE: Schema = {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/location"}]}
_CLASSES = tuple(verdict for verdict in Verdict if verdict is not Verdict.EQUAL)


def compare_schemas(*, schema_id: str, dialect: str) -> dict[str, Schema]:
    """Every schema, by the name that its file starts with.

    Args:
        schema_id: What each ``$id`` starts with.
        dialect: Their ``$schema``.
    """
    properties: dict[str, Schema] = {
        "base": TEXT_OR_NULL,
        "head": TEXT_OR_NULL,
        "verdict": {"enum": [*(verdict.value for verdict in Verdict), None]},
        "changes": list_of("change"),
        "sides": object_of("What was compared.", {"base": {"$ref": "#/$defs/side"}, "head": {"$ref": "#/$defs/side"}}),
        "approvals": list_of("approval"),
        "findings": list_of("finding"),
        "notices": TEXTS,
    }
    definitions = {"side": _side(), "change": _change(), "approval": _approval(), **finding_definitions()}
    whole = document(
        "What changes in meaning from one side to the other; the verdict is null where there is no answer.",
        properties,
        definitions,
        optional=("sides", "notices"),
    )
    return {
        "comparison": {
            "$schema": dialect,
            "$id": f"{schema_id}comparison",
            "title": "Comparison of harness-doctor",
            **whole,
        }
    }


def _side() -> Schema:
    return object_of(
        "One side; `commit` is null unless it is a revision, `policy` where the embedded default counts.",
        {
            "name": TEXT,
            "kind": {"enum": ["revision", "directory", "file", "worktree"]},
            "commit": TEXT_OR_NULL,
            "policy": TEXT_OR_NULL,
        },
    )


def _change() -> Schema:
    return object_of(
        "One thing that is another than before; null: there was, or is, none. Paths are relative to `side`.",
        {
            "subject": TEXT,
            "field": TEXT,
            "before": TEXT_OR_NULL,
            "after": TEXT_OR_NULL,
            "class": one_of(_CLASSES),
            "reason": TEXT,
            "fingerprint": _FINGERPRINT,
            "location": _PLACE,
            "group": TEXT,
            "side": {"enum": ["base", "head"]},
            "denied": FLAG,
            "approved": FLAG,
        },
        optional=("group", "side", "denied", "approved"),
    )


def _approval() -> Schema:
    return object_of(
        "A recorded approval, and what it came to.",
        {
            "fingerprint": _FINGERPRINT,
            "who": TEXT,
            "why": TEXT,
            "until": TEXT,
            "state": one_of(ApprovalState),
            "location": _PLACE,
        },
    )
