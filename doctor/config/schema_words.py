"""What JSON Schemas of printed documents are put together from."""

from collections.abc import Iterable, Mapping
from typing import Any

from doctor.exit_codes import ExitCode
from doctor.model.spec import SCHEMA_VERSION

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
TEXTS: Schema = {"type": "array", "items": TEXT}
FLAG: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "integer"}
NUMBER_OR_NULL: Schema = {"type": ["integer", "null"]}
COUNT: Schema = {"type": "integer", "minimum": 0}


def document(
    description: str, properties: dict[str, Schema], definitions: dict[str, Schema], *, optional: tuple[str, ...] = ()
) -> Schema:
    """A whole document: what was asked for, and how it went."""
    error: Schema = object_of("Why there is no answer.", {"message": TEXT, "remedy": TEXT_OR_NULL})
    ending: dict[str, Schema] = {
        "ok": {"type": "boolean"},
        "exit_code": {"enum": [code.value for code in ExitCode]},
        "error": {"oneOf": [{"type": "null"}, error]},
    }
    whole: dict[str, Schema] = {"schema_version": {"const": SCHEMA_VERSION}, **properties, **ending}
    return {**object_of(description, whole, optional=optional), "$defs": definitions}


def published(made: Mapping[str, tuple[str, Schema]], *, schema_id: str, dialect: str) -> dict[str, Schema]:
    """Whole schemas by the name that their file starts with.

    Args:
        made: Title and content of each, by that name.
        schema_id: What each ``$id`` starts with.
        dialect: Their ``$schema``.
    """
    return {
        name: {"$schema": dialect, "$id": f"{schema_id}{name}", "title": title, **schema}
        for name, (title, schema) in made.items()
    }


def object_of(description: str, properties: dict[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    """An object with these keys and no others."""
    return {
        "description": description,
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def list_of(definition: str) -> Schema:
    """A list of what ``definition`` says."""
    return {"type": "array", "items": {"$ref": f"#/$defs/{definition}"}}


def one_of(words: Iterable[object]) -> Schema:
    """One of these words."""
    return {"enum": [str(word) for word in words]}
