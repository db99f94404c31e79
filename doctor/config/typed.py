"""The typed reader: from parsed data to a configuration type, noting every problem on the way.

For each type one closure is built from its fields and their rules. A closure returns the value read, or ``BAD``
after noting why there is none; an object is still built around what was bad in it, so that rules over the whole
document can be applied to the rest.
"""

import dataclasses
from collections.abc import Callable, Mapping
from enum import Enum
from math import isfinite
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

from doctor.config.issues import Issues, Trail, parts_of
from doctor.config.leaves import LARGEST_NUMBER, Refused, Step, Vocabulary, key_steps, string_steps
from doctor.config.words import Kind, Unusable, an_object, found, listed, quoted

Read = Callable[[Any, Issues], Any]

DEEPEST_FREE: Final = 64
"""Levels of nesting accepted where a key takes any value."""


class _Bad:
    """The type of ``BAD``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "BAD"

    def __bool__(self) -> bool:
        return False


BAD: Any = _Bad()
"""Stands for a value that could not be read, in the field of an object, in a list or in a mapping.

In the data to be read it stands for a value about which a problem is noted already.
"""


@dataclasses.dataclass(frozen=True, slots=True)
class _Key:
    """One key of an object type."""

    attribute: str
    read: Read
    doc: str


class TypedReader:
    """Reads data of one file.

    Args:
        kind: The file's format, for the words of messages.
        words: What the rules may refer to.
    """

    def __init__(self, kind: Kind, words: Vocabulary) -> None:
        self._kind: Kind = kind
        self._words = words
        self._objects: dict[type, Read] = {}

    def read(self, type_: type, data: Any, issues: Issues) -> Any:
        """The value of ``type_`` that ``data`` means; it holds, or is, ``BAD`` where issues were noted."""
        return self._object(type_)(data, issues)

    def _reader(self, annotation: Any, rules: Mapping[str, Any]) -> Read:
        arguments = get_args(annotation)
        origin = get_origin(annotation)
        if origin in (Union, UnionType):
            inner = next(argument for argument in arguments if argument is not type(None))
            return self._optional(self._reader(inner, rules))
        if origin is tuple:
            return self._list(annotation, arguments[0], rules)
        if origin is not None:
            return self._mapping(annotation, arguments, rules)
        if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
            return self._with_shorthand(annotation, rules)
        return self._scalar(annotation, rules)

    def _describe(self, annotation: Any) -> str:
        """What a value of this type is called, as the rest of "expected ..."."""
        arguments = get_args(annotation)
        origin = get_origin(annotation)
        if origin in (Union, UnionType):
            inner = next(argument for argument in arguments if argument is not type(None))
            return f"{self._describe(inner)} or null" if self._kind == "json" else self._describe(inner)
        if origin is tuple:
            return f"a list of {_plural(self._describe(arguments[0]))}"
        if origin is not None:
            return f"{an_object(self._kind)} of {_plural(self._describe(arguments[1]))}"
        return {bool: "true or false", int: "a whole number", Any: "any value"}.get(
            annotation,
            "a string" if isinstance(annotation, type) and issubclass(annotation, str) else an_object(self._kind),
        )

    def _wrong(self, expected: str, value: Any, issues: Issues) -> Any:
        if value is not BAD and not issues.full():
            issues.add("type", f"expected {expected}, found {found(value, self._kind)}")
        return BAD

    def _scalar(self, annotation: Any, rules: Mapping[str, Any]) -> Read:
        if annotation is Any:
            return self._free
        if annotation is bool:
            return self._boolean
        if annotation is int:
            return self._integer(rules.get("minimum", -LARGEST_NUMBER))
        if issubclass(annotation, Enum):
            return self._member(annotation)
        return self._string(string_steps(rules, self._words))

    def _boolean(self, data: Any, issues: Issues) -> Any:
        return data if data is True or data is False else self._wrong("true or false", data, issues)

    def _integer(self, minimum: int) -> Read:
        def read(data: Any, issues: Issues) -> Any:
            if type(data) is not int:
                return self._wrong("a whole number", data, issues)
            if minimum <= data <= LARGEST_NUMBER:
                return data
            limit = f"{minimum} or more" if data < minimum else f"at most {LARGEST_NUMBER}"
            issues.add("value", f"expected a whole number of {limit}, found {found(data, self._kind)}")
            return BAD

        return read

    def _string(self, steps: tuple[Step, ...]) -> Read:
        def read(data: Any, issues: Issues) -> Any:
            if type(data) is not str:
                return self._wrong("a string", data, issues)
            try:
                for step in steps:
                    data = step(data)
            except Refused as refusal:
                issues.add(refusal.rule, refusal.message, remedy=refusal.remedy)
                return BAD
            return data

        return read

    def _member(self, members: type[Enum]) -> Read:
        known = {str(member.value): member for member in members}

        def read(data: Any, issues: Issues) -> Any:
            if type(data) is not str:
                return self._wrong("a string", data, issues)
            if data not in known:
                names = sorted(known)
                message = f"expected one of {listed(names)}, found the string {quoted(data)}"
                issues.add("value", message, remedy=self._words.remedy(data, known))
                return BAD
            return known[data]

        return read

    def _optional(self, inner: Read) -> Read:
        if self._kind == "toml":
            return inner

        def read(data: Any, issues: Issues) -> Any:
            if data is None:
                return None
            return inner(data, issues)

        return read

    def _list(self, annotation: Any, item: Any, rules: Mapping[str, Any]) -> Read:
        read_item = self._reader(item, rules)
        expected = self._describe(annotation)
        fewest = rules.get("min_items", 0)

        def read(data: Any, issues: Issues) -> Any:
            if type(data) is not list:
                return self._wrong(expected, data, issues)
            if len(data) < fewest:
                issues.add("value", f"expected at least {fewest} of them, found an empty list")
                return BAD
            items = []
            for index, value in enumerate(data):
                before = len(issues)
                items.append(read_item(value, issues))
                if len(issues) != before:
                    issues.lift(before, index)
            return tuple(items)

        return read

    def _mapping(self, annotation: Any, arguments: tuple[Any, ...], rules: Mapping[str, Any]) -> Read:
        of_values = {name: rule for name, rule in rules.items() if (name, rule) != ("harness", "key")}
        read_value = self._reader(arguments[1], of_values)
        read_key = self._key_reader(arguments[0], rules)
        expected = self._describe(annotation)

        def read(data: Any, issues: Issues) -> Any:
            if type(data) is not dict:
                return self._wrong(expected, data, issues)
            values: dict[Any, Any] = {}
            for key, value in data.items():
                before = len(issues)
                name = self._mapping_key(key, read_key, values, data, issues)
                values[name] = read_value(value, issues)
                if len(issues) != before:
                    issues.lift(before, key)
            values.pop(BAD, None)
            return values

        return read

    def _mapping_key(
        self, key: str, read_key: Step, values: Mapping[Any, Any], data: Mapping[str, Any], issues: Issues
    ) -> Any:
        try:
            name = read_key(key)
        except Refused as refusal:
            instead = refusal.instead if refusal.instead not in data else None
            issues.add(refusal.rule, refusal.message, remedy=refusal.remedy, at_key=True, instead=instead)
            return BAD
        if name in values:
            message = f"{quoted(key)} means {quoted(name)}, which stands here already"
            issues.add("duplicate-key", message, remedy="remove one of the two", at_key=True)
        return name

    def _key_reader(self, annotation: Any, rules: Mapping[str, Any]) -> Step:
        if annotation is str:
            steps = key_steps(rules, self._words)
            return lambda key: _applied(steps, key)
        known = {str(member.value): member for member in annotation}
        names = sorted(known)

        def read(key: str) -> Any:
            if key in known:
                return known[key]
            message = f"unknown key {quoted(key)}, expected one of {listed(names)}"
            instead = self._words.suggestions.only(key, known)
            raise Refused("unknown-key", message, self._words.remedy(key, known, kind="key"), instead=instead)

        return read

    def _with_shorthand(self, type_: type, rules: Mapping[str, Any]) -> Read:
        read_object = self._object(type_)
        short = rules.get("shorthand")
        if short is None:
            return read_object
        declared = next(member for member in dataclasses.fields(type_) if member.name == short)
        read_string = self._reader(str, declared.metadata)

        def read(data: Any, issues: Issues) -> Any:
            if type(data) is not str:
                return read_object(data, issues)
            value = read_string(data, issues)
            return BAD if value is BAD else type_(**{short: value})

        return read

    def _object(self, type_: type) -> Read:
        if type_ not in self._objects:
            self._objects[type_] = self._make_object(type_)
        return self._objects[type_]

    def _make_object(self, type_: type) -> Read:
        known: dict[str, _Key] = {}
        required: set[str] = set()
        for member in dataclasses.fields(type_):
            key = member.metadata.get("name", member.name)
            read_member = self._reader(member.type, member.metadata)
            known[key] = _Key(member.name, read_member, member.metadata["doc"])
            if member.default is dataclasses.MISSING and member.default_factory is dataclasses.MISSING:
                required.add(key)

        def read(data: Any, issues: Issues) -> Any:
            if type(data) is not dict:
                return self._wrong(an_object(self._kind), data, issues)
            values: dict[str, Any] = {}
            for key, value in data.items():
                entry = known.get(key)
                if entry is None:
                    self._unknown(key, known, data, issues)
                    continue
                before = len(issues)
                values[entry.attribute] = entry.read(value, issues)
                if len(issues) != before:
                    issues.lift(before, key)
            if not required <= data.keys():
                _missing(sorted(required - data.keys()), known, values, issues)
            return type_(**values)

        return read

    def _unknown(self, key: str, known: Mapping[str, _Key], data: Mapping[str, Any], issues: Issues) -> None:
        if issues.full():
            return
        remedy = self._words.remedy(key, known, kind="key")
        only = self._words.suggestions.only(key, known)
        instead = only if only is not None and only not in data else None
        issues.add("unknown-key", f"unknown key {quoted(key)}", key, remedy=remedy, at_key=True, instead=instead)

    def _free(self, data: Any, issues: Issues) -> Any:
        """Any value that a program can be handed: finite numbers, not too deeply nested."""
        waiting: list[tuple[int, Trail, Any]] = [(0, None, data)]
        before = len(issues)
        while waiting:
            depth, trail, value = waiting.pop()
            if depth > DEEPEST_FREE:
                issues.add("value", f"nested more than {DEEPEST_FREE} levels deep", *parts_of(trail))
            elif isinstance(value, Unusable) or (isinstance(value, float) and not isfinite(value)):
                issues.add("value", f"expected a value, found {found(value, self._kind)}", *parts_of(trail))
            elif isinstance(value, dict):
                waiting.extend((depth + 1, (trail, key), item) for key, item in value.items())
            elif isinstance(value, list):
                waiting.extend((depth + 1, (trail, index), item) for index, item in enumerate(value))
        return data if len(issues) == before else BAD


def _missing(keys: list[str], known: Mapping[str, _Key], values: dict[str, Any], issues: Issues) -> None:
    for key in keys:
        values[known[key].attribute] = BAD
        issues.add("value", f"the key {quoted(key)} is missing", remedy=f"add {quoted(key)}: {known[key].doc}")


def _applied(steps: tuple[Step, ...], value: str) -> str:
    for step in steps:
        value = step(value)
    return value


def _plural(words: str) -> str:
    """The plural of what ``_describe`` returns: "a string" -> "strings"."""
    return {"true or false": "booleans", "any value": "values"}.get(words) or words.removeprefix("an ").removeprefix(
        "a "
    ) + "s"
