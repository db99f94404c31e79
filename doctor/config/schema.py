"""JSON Schemas (draft 2020-12) of the configuration files, from the same field rules that the reader enforces.

A schema never refuses what the reader accepts. It may accept more: rules over several values are beyond it.
"""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin

from doctor.config.attestation import Attestation
from doctor.config.baseline import BaselineFile
from doctor.config.compare_schemas import compare_schemas
from doctor.config.fix_schema import fix_schema
from doctor.config.gate_schemas import gate_schemas
from doctor.config.launch_schemas import launch_schemas
from doctor.config.leaves import LARGEST_NUMBER
from doctor.config.names import LONGEST_NAME
from doctor.config.report_schema import report_schema
from doctor.config.runners import RunnerNames
from doctor.config.settings_schemas import settings_schemas
from doctor.model.executor_profile import ExecutorProfileFile
from doctor.model.harness import AUTO, RunnerSpec
from doctor.model.lock import Lock
from doctor.model.machine import Machine, NamedProfile
from doctor.model.policy import Policy

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SPECIAL = frozenset(r".^$*+?()[]{}|\/")
"""What has to be escaped in a pattern; escaping more is an error in some validators."""

_NOT_BLANK = r"\S"
_NAME = r"^[^\s.\-/\\]([^/\\]*[^\s/\\])?$"


def schemas(runners: Sequence[RunnerSpec]) -> dict[str, dict[str, Any]]:
    """Every schema that is published, by file name.

    Args:
        runners: The harnesses whose names and options the schemas list.
    """
    types: tuple[tuple[str, type, str], ...] = (
        ("policy", Policy, "Policy of harness-doctor"),
        ("named-profile", NamedProfile, "Named profile of harness-doctor"),
        ("executor-profile", ExecutorProfileFile, "Executor profile of harness-doctor"),
        ("machine", Machine, "Machine settings of harness-doctor"),
        ("baseline", BaselineFile, "Baseline of harness-doctor"),
        ("lock", Lock, "Lock of harness-doctor"),
        ("attestation", Attestation, "Attestation of harness-doctor"),
    )
    made = {
        f"{name}.schema.json": json_schema(type_, title=title, schema_id=_id(name), runners=runners)
        for name, type_, title in types
    }
    printed = {"report": report_schema(schema_id=_id("report"), dialect=DIALECT)}
    printed |= launch_schemas(schema_id=_id(""), dialect=DIALECT)
    printed |= settings_schemas(schema_id=_id(""), dialect=DIALECT)
    printed |= compare_schemas(schema_id=_id(""), dialect=DIALECT)
    printed["fix"] = fix_schema(schema_id=_id("fix"), dialect=DIALECT)
    printed |= gate_schemas(schema_id=_id(""), dialect=DIALECT)
    return {**made, **{f"{name}.schema.json": schema for name, schema in printed.items()}}


def schema_text(schema: Mapping[str, Any]) -> str:
    """The text of a published schema's file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _id(name: str) -> str:
    return f"urn:harness-doctor:schema:{name}"


def json_schema(type_: type, *, title: str, schema_id: str, runners: Sequence[RunnerSpec] = ()) -> dict[str, Any]:
    """The schema of one configuration type.

    Args:
        type_: A dataclass whose fields are made with ``doctor.model.fields.key``.
        title: Its title.
        schema_id: Its ``$id``.
        runners: The harnesses it may name; without any, harness names are plain strings.
    """
    writer = _Writer(RunnerNames(runners))
    root = writer.object(type_)
    head = {"$schema": DIALECT, "$id": schema_id, "title": title}
    return {**head, **root, **({"$defs": dict(sorted(writer.definitions.items()))} if writer.definitions else {})}


class _Writer:
    """Writes one schema; object types become definitions and are referred to."""

    def __init__(self, runners: RunnerNames) -> None:
        self._runners = runners
        self.definitions: dict[str, dict[str, Any]] = {}

    def object(self, type_: type) -> dict[str, Any]:
        """The schema of an object type, in full."""
        members = dataclasses.fields(type_)
        properties = {_key(member): self._property(member) for member in members}
        required = [_key(member) for member in members if _is_required(member)]
        return {
            "description": (type_.__doc__ or "").split("\n", 1)[0],
            "type": "object",
            "properties": properties,
            **({"required": required} if required else {}),
            "additionalProperties": False,
        }

    def _property(self, member: "dataclasses.Field[Any]") -> dict[str, Any]:
        schema = self._of(member.type, member.metadata)
        default = _json_default(member)
        return {
            "description": member.metadata["doc"],
            **schema,
            **({"default": default[0]} if default else {}),
        }

    def _of(self, annotation: Any, rules: Mapping[str, Any]) -> dict[str, Any]:
        arguments = get_args(annotation)
        origin = get_origin(annotation)
        if origin in (Union, UnionType):
            return self._optional(next(each for each in arguments if each is not type(None)), rules)
        if origin is tuple:
            fewest = {"minItems": rules["min_items"]} if "min_items" in rules else {}
            return {"type": "array", "items": self._of(arguments[0], rules), **fewest}
        if origin is not None:
            return self._mapping(arguments, rules)
        if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
            return self._reference(annotation)
        return self._scalar(annotation, rules)

    def _optional(self, inner: Any, rules: Mapping[str, Any]) -> dict[str, Any]:
        choices = [{"type": "null"}]
        if "shorthand" in rules:
            short = next(each for each in dataclasses.fields(inner) if each.name == rules["shorthand"])
            choices.append(self._of(str, short.metadata))
        schema = self._of(inner, rules)
        return {"oneOf": [*choices, schema]} if "type" not in schema or len(choices) > 1 else _nullable(schema)

    def _reference(self, type_: type) -> dict[str, Any]:
        name = type_.__name__
        if name not in self.definitions:
            self.definitions[name] = {}
            self.definitions[name] = self.object(type_)
        return {"$ref": f"#/$defs/{name}"}

    def _mapping(self, arguments: tuple[Any, ...], rules: Mapping[str, Any]) -> dict[str, Any]:
        of_values = {name: rule for name, rule in rules.items() if (name, rule) != ("harness", "key")}
        values = self._of(arguments[1], of_values)
        if issubclass(arguments[0], Enum):
            members = sorted(str(member.value) for member in arguments[0])
            properties = dict.fromkeys(members, values)
            return {"type": "object", "properties": properties, "additionalProperties": False}
        keys: dict[str, Any] = {"pattern": _NOT_BLANK}
        if "key_pattern" in rules:
            keys = {"pattern": f"^(?:{rules['key_pattern']})$"}
        if rules.get("harness") == "key":
            keys = self._harness(())
        return {"type": "object", "propertyNames": keys, "additionalProperties": values}

    def _scalar(self, annotation: Any, rules: Mapping[str, Any]) -> dict[str, Any]:
        if annotation is Any:
            return {}
        if annotation is bool:
            return {"type": "boolean"}
        if annotation is int:
            return {"type": "integer", "minimum": rules.get("minimum", -LARGEST_NUMBER), "maximum": LARGEST_NUMBER}
        if issubclass(annotation, Enum):
            return {"type": "string", "enum": [str(member.value) for member in annotation]}
        return {"type": "string", **self._string(rules)}

    def _string(self, rules: Mapping[str, Any]) -> dict[str, Any]:
        if "choices" in rules:
            choices = rules["choices"]
            return _spellings(choices, r"^(?:{})$") if "fold_case" in rules else {"enum": list(choices)}
        if rules.get("harness") in ("name", "name-or-auto"):
            return self._harness((AUTO,) if rules["harness"] == "name-or-auto" else ())
        if "as_name" in rules:
            return {"minLength": 1, "maxLength": LONGEST_NAME, "pattern": _NAME}
        if "pattern" in rules:
            return {"pattern": f"^(?:{rules['pattern']})$"}
        if "url" in rules:
            return {"format": "uri", "pattern": "^[hH][tT][tT][pP][sS]?://"}
        return {"minLength": 1, "pattern": _NOT_BLANK} if "nonblank" in rules else {}

    def _harness(self, more: tuple[str, ...]) -> dict[str, Any]:
        names = self._runners.spellings
        return (
            _spellings((*names, *more), r"^\s*(?:{})\s*$", dashes=True)
            if names
            else {"minLength": 1, "pattern": _NOT_BLANK}
        )


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    nullable = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        nullable["enum"] = [*schema["enum"], None]
    return nullable


def _spellings(words: Iterable[str], frame: str, *, dashes: bool = False) -> dict[str, Any]:
    """The words as editors offer them, or in any other case; with ``dashes``, also with ``-`` for ``_``."""
    every = list(words)
    patterns = [
        "".join("[-_]" if dashes and letter in "-_" else _any_case(letter) for letter in word) for word in every
    ]
    pattern = "|".join(dict.fromkeys(patterns))
    return {"anyOf": [{"enum": every}, {"pattern": frame.format(pattern)}]}


def _any_case(character: str) -> str:
    if character.isalpha():
        return f"[{character.upper()}{character.lower()}]"
    return f"\\{character}" if character in SPECIAL else character


def _key(member: "dataclasses.Field[Any]") -> str:
    return str(member.metadata.get("name", member.name))


def _is_required(member: "dataclasses.Field[Any]") -> bool:
    return member.default is dataclasses.MISSING and member.default_factory is dataclasses.MISSING


def _json_default(member: "dataclasses.Field[Any]") -> tuple[Any] | None:
    """The default in a tuple of one, when it is worth showing: a plain value, or a list of them."""
    if isinstance(member.default, str | int) and not isinstance(member.default, Enum):
        return (member.default,)
    if isinstance(member.default, tuple):
        return (list(member.default),)
    return None
