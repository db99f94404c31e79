"""Tables of configuration keys, from the dataclass fields that declare them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

WORDS = {str: "string", int: "integer", bool: "boolean", float: "number", Any: "any value"}

RULES = {
    "nonblank": "not blank",
    "as_name": "usable as a file, session and branch name",
    "url": "http or https URL with a host",
    "fold_case": "any case",
}
"""Rules without a value of their own, in words."""

HARNESS = {
    "name": "id or alias of a harness",
    "name-or-auto": "id or alias of a harness, or `auto`",
    "key": "keys are ids or aliases of harnesses",
    "model": "the prefix is an id or alias of a harness",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One key of a file."""

    path: str
    type: str
    default: str
    rules: str
    doc: str


def table(type_: type) -> str:
    """Every key below a configuration type as a Markdown table, in the order of the file."""
    lines = ["| key | type | default | rule | meaning |", "|---|---|---|---|---|"]
    lines += [f"| `{r.path}` | {r.type} | {r.default} | {r.rules} | {r.doc} |" for r in rows(type_, "")]
    return "\n".join(lines)


def rows(type_: type, prefix: str) -> Iterator[Row]:
    """A row for each key, the keys of an object right after it."""
    hints = get_type_hints(type_)
    for field in fields(type_):
        rules = field.metadata
        path = prefix + (rules.get("name") or field.name)
        yield Row(
            path=path,
            type=type_in_words(hints[field.name]),
            default=default_in_words(field),
            rules=escaped("; ".join(rules_in_words(rules))),
            doc=escaped(rules["doc"]),
        )
        yield from inner_rows(hints[field.name], path)


def inner_rows(hint: Any, path: str) -> Iterator[Row]:
    """The rows of the objects that a value holds."""
    if is_dataclass(hint) and isinstance(hint, type):
        yield from rows(hint, f"{path}.")
        return
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple:
        yield from inner_rows(arguments[0], f"{path}[]")
    elif is_mapping(origin):
        yield from inner_rows(arguments[1], f"{path}.*")
    elif origin in {Union, UnionType}:
        for argument in arguments:
            yield from inner_rows(argument, path)


def is_mapping(origin: Any) -> bool:
    """Whether a type's origin is a mapping."""
    return isinstance(origin, type) and issubclass(origin, Mapping)


def type_in_words(hint: Any) -> str:
    """A type as the file's author sees it."""
    if hint in WORDS:
        return WORDS[hint]
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return "one of " + ", ".join(f"`{member.value}`" for member in hint)
    if is_dataclass(hint):
        return "object"
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple:
        return f"list of {plural(type_in_words(arguments[0]))}"
    if is_mapping(origin):
        return f"object of {plural(type_in_words(arguments[1]))} by {mapping_key(arguments[0])}"
    if origin in {Union, UnionType}:
        words = [type_in_words(argument) for argument in arguments if argument is not NoneType]
        return " or ".join([*words, *(["null"] if NoneType in arguments else [])])
    raise TypeError(f"{hint!r} is no type of a configuration key")


def plural(word: str) -> str:
    """The plural of a type's word."""
    return word if word == "any value" or word.startswith("one of") else f"{word}s"


def mapping_key(hint: Any) -> str:
    """What a mapping's keys are."""
    return "stage" if isinstance(hint, type) and issubclass(hint, StrEnum) else "name"


def rules_in_words(rules: Mapping[str, Any]) -> Iterator[str]:
    """The rules of one key."""
    if choices := rules.get("choices"):
        yield "one of " + ", ".join(f"`{choice}`" for choice in choices)
    if "minimum" in rules:
        yield f"at least {rules['minimum']}"
    if "min_items" in rules:
        yield f"at least {rules['min_items']} of them"
    for pattern in ("pattern", "key_pattern"):
        if pattern in rules:
            whose = "keys match" if pattern == "key_pattern" else "matches"
            yield f"{whose} {literal(rules[pattern])}"
    if "harness" in rules:
        yield HARNESS[rules["harness"]]
    if "shorthand" in rules:
        yield f"a bare string stands for `{rules['shorthand']}`"
    yield from (words for rule, words in RULES.items() if rule in rules)


def default_in_words(field: Field[Any]) -> str:
    """The value of an absent key."""
    if field.default is not MISSING:
        return code(field.default)
    if field.default_factory is MISSING:
        return "required"
    value = field.default_factory()
    if isinstance(value, tuple):
        return ", ".join(f"`{getattr(item, 'name', item)}`" for item in value)
    return "" if is_dataclass(value) else code(value)


def code(value: Any) -> str:
    """A value as it would stand in JSON."""
    return literal(escaped(json.dumps(value)))


def literal(text: str) -> str:
    """Text as Markdown code, even where it holds a backtick."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def escaped(text: str) -> str:
    """Text that cannot end a cell of a table."""
    return text.replace("|", "\\|")
