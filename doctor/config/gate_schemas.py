"""The JSON Schemas of what the commands print that hold a project to what was agreed.

Written by hand, because they are a promise: fields are added here, and never removed or renamed within a schema
version.
"""

from doctor.config.schema_words import (
    COUNT,
    FLAG,
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
from doctor.model.finding import Severity

_CHANGES: Schema = object_of(
    "One value that is not as the lock says; null: there was, or is, none.",
    {"subject": TEXT, "field": TEXT, "locked": TEXT_OR_NULL, "seen": TEXT_OR_NULL},
)
_ENTRY: Schema = object_of(
    "One entry of a baseline.",
    {"code": TEXT, "severity": one_of(Severity), "fingerprint": TEXT, "subject": TEXT, "count": COUNT},
)
_DIFFERENCE: Schema = object_of(
    "One section that is not as it was attested, its hashes, and what differs in it in words.",
    {"section": TEXT, "attested": TEXT, "seen": TEXT, "items": TEXTS},
)


def gate_schemas(*, schema_id: str, dialect: str) -> dict[str, Schema]:
    """Every schema, by the name that its file starts with.

    Args:
        schema_id: What each ``$id`` starts with.
        dialect: Their ``$schema``.
    """
    made = {
        "baseline-write": ("A baseline that was written", _baseline()),
        "lock-write": ("A lock that was written", _lock()),
        "verdict": ("What comparing with an attestation gave", _verdict()),
        "bug-report": ("Where the file for a bug report is", _report()),
    }
    return published(made, schema_id=schema_id, dialect=dialect)


def _baseline() -> Schema:
    properties = {
        "path": TEXT_OR_NULL,
        "written": FLAG,
        "added": list_of("entry"),
        "removed": list_of("entry"),
        "total": COUNT,
    }
    return document("What writing a baseline changed.", properties, {"entry": _ENTRY})


def _lock() -> Schema:
    properties = {"path": TEXT_OR_NULL, "written": FLAG, "changes": list_of("change")}
    return document("What writing a lock changed.", properties, {"change": _CHANGES})


def _verdict() -> Schema:
    properties = {"claim": TEXT_OR_NULL, "seen": TEXT_OR_NULL, "differences": list_of("difference")}
    return document("Whether everything is as it was attested.", properties, {"difference": _DIFFERENCE})


def _report() -> Schema:
    return document("The file that was written.", {"path": TEXT_OR_NULL}, {})
