"""Configuration files as strangers may see them: what they are made of stays, what is nobody's business goes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, NamedTuple, get_args

from doctor.config.documents import Document, read_document
from doctor.config.files import FileProblem, is_there, read_bytes
from doctor.config.problems import ConfigProblem
from doctor.config.words import Kind, Unusable
from doctor.harness.registry import builtin_harnesses
from doctor.model.machine import Machine, NamedProfile
from doctor.model.policy import Policy
from doctor.report.redact import HIDDEN, Redactor, is_secret_name

LARGEST = 256 * 1024
"""Bytes of a file that is shown."""

PROSE = frozenset({"base_prompt", "description"})
"""Keys whose texts are the project's own business; how long they are is enough."""

VALUES = frozenset({"env", "headers"})
"""Keys of objects in which every value may be a secret; a header's is the name of a variable, as it should be."""

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")

_WORD = re.compile(r"\w+")
_DEEPEST = 64


class Shown(NamedTuple):
    """A file that is to be shown."""

    path: Path
    document: Document | None = None
    problems: tuple[ConfigProblem, ...] = ()


def read_shown(path: Path, kind: Kind) -> Shown:
    """A file as it is, if it is there."""
    return Shown(path, *read_document(path, kind, may_be_blank=True)) if is_there(path) else Shown(path)


def masked_file(shown: Shown, clean: Redactor) -> dict[str, Any]:
    """A file as plain values: its content with secrets hidden, or what can be said of one that cannot be parsed."""
    path, document, problems = shown
    if not is_there(path):
        return {"path": clean(str(path)), "there": False}
    said: dict[str, Any] = {"path": clean(str(path)), "there": True, **_status(path)}
    if problems:
        said["problems"] = [clean(f"{each.location}: {each.message}") for each in problems[:20]]
    if document is not None:
        said["content"] = _masked(document.data, clean) if len(document.text) <= LARGEST else "too large to be shown"
    elif (text := _text(path)) is not None:
        said["skeleton"] = skeleton(text).splitlines()
    return said


def hidden_values(document: Document | None) -> tuple[str, ...]:
    """The values of a file that are hidden by their keys: wherever else they stand, they are secrets too."""
    return tuple(_hidden(document.data, hide=False, depth=0)) if document is not None else ()


def _hidden(value: Any, *, hide: bool, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(value, str) and hide:
        yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _hidden(item, hide=hide or is_secret_name(str(name)), depth=depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _hidden(item, hide=hide, depth=depth + 1)


def _masked(value: Any, clean: Redactor, *, depth: int = 0) -> Any:
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {clean(str(name)): _entry(str(name), item, clean, depth) for name, item in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(item, str) for item in value):
            return clean.argv(value)
        return [_masked(item, clean, depth=depth + 1) for item in value]
    if isinstance(value, (bool, int, float, NoneType)):
        return value
    return clean(value.text if isinstance(value, Unusable) else str(value))


def _entry(name: str, item: Any, clean: Redactor, depth: int) -> Any:
    if name in PROSE and isinstance(item, str):
        return f"[{len(item)} characters]"
    if is_secret_name(name):
        return _hidden_whole(item, clean, depth)
    if name in VALUES and isinstance(item, Mapping):
        return {clean(str(own)): _variable(each) if name == "headers" else HIDDEN for own, each in item.items()}
    return _masked(item, clean, depth=depth + 1)


def _hidden_whole(value: Any, clean: Redactor, depth: int) -> Any:
    """A value of which only the names in it may be shown."""
    if isinstance(value, Mapping) and depth <= _DEEPEST:
        return {clean(str(name)): _hidden_whole(item, clean, depth + 1) for name, item in value.items()}
    return HIDDEN


def _variable(value: Any) -> str:
    return value if isinstance(value, str) and _VARIABLE.fullmatch(value) else HIDDEN


def skeleton(text: str) -> str:
    """A text that does not parse with everything masked but its signs and the words that every policy may have."""
    known = _known_words()
    return _WORD.sub(lambda match: match[0] if match[0] in known else "x" * len(match[0]), text[:LARGEST])


@cache
def _known_words() -> frozenset[str]:
    words = {"true", "false", "null", "version", "schema"}
    for harness in builtin_harnesses():
        words |= {harness.id, *harness.aliases}
    for type_ in (Policy, Machine, NamedProfile):
        words |= set(_keys(type_))
    return frozenset(words)


def _keys(type_: Any) -> Iterator[str]:
    """Every key of a configuration type, those of the types in it too."""
    if is_dataclass(type_):
        for field in fields(type_):
            yield field.name
            yield from _keys(field.type)
    else:
        for argument in get_args(type_):
            yield from _keys(argument)


def _status(path: Path) -> dict[str, Any]:
    try:
        status = path.stat()
    except OSError as error:
        return {"problem": type(error).__name__}
    return {"mode": f"{status.st_mode & 0o7777:04o}", "bytes": status.st_size}


def _text(path: Path) -> str | None:
    try:
        return read_bytes(path, limit=LARGEST).decode("utf-8", "replace")
    except FileProblem:
        return None
