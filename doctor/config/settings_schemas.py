"""The JSON Schemas of what the commands about settings print.

Written by hand like the report's, because they are a promise: fields are added here, and never removed or renamed
within a schema version.
"""

from doctor.config.schema_words import (
    FLAG,
    NUMBER,
    TEXT,
    TEXT_OR_NULL,
    TEXTS,
    Schema,
    document,
    list_of,
    object_of,
    published,
)
from doctor.model.machine import ENDPOINT_KINDS

_SOURCES = ("profile", "machine", "policy", "env", "flag", "default", "project", "pointer", "starter")
_TEXT_BY_KEY: Schema = {"type": "object", "additionalProperties": TEXT}
_LINE_OR_NULL: Schema = {"type": ["integer", "null"], "minimum": 1}


def settings_schemas(*, schema_id: str, dialect: str) -> dict[str, Schema]:
    """Every schema, by the name that its file starts with.

    Args:
        schema_id: What each ``$id`` starts with.
        dialect: Their ``$schema``.
    """
    made = {
        "profile-list": ("Named profiles of harness-doctor", _profiles()),
        "profile-show": ("Values of harness-doctor", _shown()),
        "profile-diff": ("Difference of two named profiles", _difference()),
        "profile-use": ("Switch to a named profile", _used()),
        "setting": ("A profile or an endpoint that was written", _one_written()),
        "settings": ("Profiles that were written", _several_written()),
        "profile-import": ("Profiles that were taken over", _imports()),
        "endpoint-list": ("Endpoints of harness-doctor", _endpoints()),
        "endpoint-test": ("What asking endpoints gave", _verdicts()),
        "init": ("What setting up wrote", _init()),
    }
    return published(made, schema_id=schema_id, dialect=dialect)


def _profiles() -> Schema:
    profile = object_of(
        "One profile; `path` is null for a starter that was not used yet.",
        {
            "name": TEXT,
            "kind": {"enum": ["user", "starter"]},
            "active": FLAG,
            "description": TEXT,
            "path": TEXT_OR_NULL,
            "ok": FLAG,
            "problem": TEXT_OR_NULL,
        },
        optional=("problem",),
    )
    properties = {"active": TEXT_OR_NULL, "profiles": list_of("profile")}
    return document("The named profiles.", properties, {"profile": profile})


def _shown() -> Schema:
    properties = {"name": TEXT_OR_NULL, "values": list_of("value")}
    return document("The values of a profile, or those in effect.", properties, _VALUES)


def _difference() -> Schema:
    # Without an answer there are no names.
    properties = {"a": TEXT_OR_NULL, "b": TEXT_OR_NULL, "changes": list_of("change")}
    return document("How two profiles differ in what they mean.", properties, {"change": _CHANGE})


def _used() -> Schema:
    properties = {
        "previous": TEXT_OR_NULL,
        "active": TEXT_OR_NULL,
        "changes": list_of("change"),
        "shadowed": list_of("value"),
        "daemons": list_of("daemon"),
        "scope": {"enum": ["machine", "project"]},
    }
    definitions = {"change": _CHANGE, "daemon": _DAEMON, **_VALUES}
    return document("A switch to another profile, or to none.", properties, definitions, optional=("scope",))


def _one_written() -> Schema:
    return document(
        "What was made, changed or removed.",
        {"name": TEXT_OR_NULL, "path": TEXT_OR_NULL, "changes": list_of("change"), "daemons": list_of("daemon")},
        {"change": _CHANGE, "daemon": _DAEMON},
    )


def _several_written() -> Schema:
    written = object_of(
        "One of them.", {"name": TEXT, "path": TEXT, "changes": list_of("change"), "daemons": list_of("daemon")}
    )
    definitions = {"written": written, "change": _CHANGE, "daemon": _DAEMON}
    return document("What was made.", {"profiles": list_of("written")}, definitions)


def _imports() -> Schema:
    profile = object_of(
        "One file that was looked at; `path` is the profile made from it, null where `problem` says why there is none.",
        {"name": TEXT, "source": TEXT, "path": TEXT_OR_NULL, "problem": TEXT_OR_NULL},
    )
    note = object_of(
        "What is to be known about a key, or about a whole file.",
        {"key": TEXT, "message": TEXT, "path": TEXT, "line": _LINE_OR_NULL},
    )
    properties = {"profiles": list_of("profile"), "notes": list_of("note")}
    return document("What was taken over.", properties, {"profile": profile, "note": note})


def _endpoints() -> Schema:
    endpoint = object_of(
        "One endpoint; `key` says where its key is, null where it has none.",
        {
            "name": TEXT,
            "url": TEXT,
            "kind": {"enum": list(ENDPOINT_KINDS)},
            "key": TEXT_OR_NULL,
            "default": FLAG,
            "source": {"$ref": "#/$defs/source"},
            "ok": FLAG,
            "problem": TEXT_OR_NULL,
        },
    )
    return document("The model servers.", {"endpoints": list_of("endpoint")}, {"endpoint": endpoint, "source": _SOURCE})


def _verdicts() -> Schema:
    verdict = object_of(
        "What asking one endpoint gave.",
        {
            "name": TEXT,
            "url": TEXT,
            "reachable": FLAG,
            "auth": {"enum": ["yes", "no", "unknown", "none"]},
            "model": {"enum": ["present", "absent", "unknown"]},
            "detail": TEXT,
            "duration_ms": {"type": "number", "minimum": 0},
        },
    )
    return document("What asking gave.", {"endpoints": list_of("verdict")}, {"verdict": verdict})


def _init() -> Schema:
    file = object_of(
        "One file; one that was there already is left as it is.",
        {"path": TEXT, "what": TEXT, "exists": FLAG, "written": FLAG},
    )
    return document(
        "The files of a first setup, and what is left to do.",
        {"route": TEXT_OR_NULL, "files": list_of("file"), "found": TEXT, "steps": TEXTS},
        {"file": file},
        optional=("found", "steps"),
    )


_SOURCE: Schema = object_of(
    "Where a value comes from; the line counts from 1.",
    {"kind": {"enum": list(_SOURCES)}, "path": TEXT_OR_NULL, "line": _LINE_OR_NULL},
)
_SHADOW: Schema = object_of("A value that is hidden.", {"value": TEXT, "source": {"$ref": "#/$defs/source"}})
_VALUE: Schema = object_of(
    "One value, and what it hides, the strongest first.",
    {"key": TEXT, "value": TEXT, "source": {"$ref": "#/$defs/source"}, "shadows": list_of("shadow")},
)
_VALUES = {"value": _VALUE, "shadow": _SHADOW, "source": _SOURCE}
_CHANGE: Schema = object_of(
    "One value that is another than before; null: there was, or is, none.",
    {"key": TEXT, "before": TEXT_OR_NULL, "after": TEXT_OR_NULL},
)
_DAEMON: Schema = object_of(
    "A running process that was told, and its values now.",
    {"pid": NUMBER, "ok": FLAG, "error": TEXT_OR_NULL, "values": _TEXT_BY_KEY},
    optional=("values",),
)
