"""Files as parsed text in which every value and key has a place."""

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from doctor.config.files import FileProblem, read_bytes
from doctor.config.issues import MOST_ISSUES, Issues, Trail, parts_of
from doctor.config.json_text import Parsed, TextError, parse_json
from doctor.config.positions import JsonScan, Lines, Positions, token_end
from doctor.config.problems import ConfigProblem, Rule
from doctor.config.words import Kind, encodable, path_words
from doctor.model.location import Location, pointer

LARGEST_DOCUMENT = 8 * 1024 * 1024
"""Bytes. 10,000 agents with a profile and a prompt of a few hundred characters each fit in."""

_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "UTF-8 with a byte order mark"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_SUSPECT_ESCAPE = re.compile(r"\\(?:u(?:0000|[dD][89a-fA-F])|U0000(?:0000|[dD][89a-fA-F])|x00)")


@dataclass(slots=True, kw_only=True, eq=False)
class Document:
    """One parsed file. Places are worked out when the first one is asked for."""

    path: str
    """Absolute."""

    kind: Kind
    text: str = field(repr=False)
    sha256: str
    """Of the file's bytes, in hex digits."""

    data: Any = field(repr=False)
    _scan: JsonScan | Positions | None = field(default=None, init=False, repr=False)
    _lines: Lines | None = field(default=None, init=False, repr=False)
    _guard: Lock = field(default_factory=Lock, init=False, repr=False)

    @property
    def name(self) -> str:
        """The file's name, for messages about the whole file."""
        return encodable(os.path.basename(self.path))  # noqa: PTH119 - a string is what is at hand

    def at(self, place: str) -> Location:
        """Where the value at an RFC 6901 pointer starts; of a value that is not there, its nearest ancestor."""
        return self._location(place, at_key=False)

    def at_key(self, place: str) -> Location:
        """Where the key that leads to the value at a pointer starts; an item of a list is its own key."""
        return self._location(place, at_key=True)

    def offsets(self, parts: Sequence[str | int]) -> tuple[int, int] | None:
        """Where in the text the value at a path starts, and where its key does; ``None`` for what is not there."""
        with self._guard:
            depth, value, key = self._places().find([str(part) for part in parts])
        return (value, key) if depth == len(parts) else None

    def place(self, offset: int, place: str | None = None) -> Location:
        """Line and column of an offset of the text."""
        with self._guard:
            line, column = self._known_lines().place(offset)
        return Location(path=self.path, line=line, column=column, pointer=place)

    def _location(self, place: str, *, at_key: bool) -> Location:
        parts = [part.replace("~1", "/").replace("~0", "~") for part in place.split("/")[1:]]
        with self._guard:
            depth, value, key = self._places().find(parts)
            start = key if at_key else value
            line, column = self._known_lines().place(start)
            end = self._end(start)
        return Location(path=self.path, line=line, column=column, pointer=encodable(pointer(*parts[:depth])), end=end)

    def _end(self, start: int) -> tuple[int, int] | None:
        if self.kind == "json":
            offset = token_end(self.text, start)
        else:
            from doctor.config import toml_positions  # noqa: PLC0415 - as below

            offset = toml_positions.token_end(self.text, start)
        return self._known_lines().place(offset) if offset is not None else None

    def _places(self) -> JsonScan | Positions:
        if self._scan is None:
            if self.kind == "json":
                self._scan = JsonScan(self.text)
            else:
                from doctor.config.toml_positions import scan_toml  # noqa: PLC0415 - most policies are JSON

                self._scan = scan_toml(self.text)
        return self._scan

    def _known_lines(self) -> Lines:
        if self._lines is None:
            self._lines = Lines(self.text)
        return self._lines

    def duplicates(self) -> tuple[ConfigProblem, ...]:
        """A problem for every key that its object already has."""
        places = self._places()
        positions = places.finish() if isinstance(places, JsonScan) else places
        return _duplicates(self.path, positions, self._known_lines())


class _UnreadError(Exception):
    """Carries the problems that end reading."""

    def __init__(self, *problems: ConfigProblem) -> None:
        super().__init__()
        self.problems = problems


def read_document(
    path: Path, kind: Kind, *, may_be_blank: bool = False
) -> tuple[Document | None, tuple[ConfigProblem, ...]]:
    """Read and parse a file in bounded time and memory.

    Args:
        path: Any path at all: directories, pipes, devices, binary and huge files each give one problem.
        kind: What it must contain.
        may_be_blank: Whether a file without any text is accepted, as TOML would.

    Returns:
        The document, or ``None`` when there is none; and what is wrong below the level of types: it cannot be
        read, is no text, does not parse, has a key twice, or has text that no program could be given.
    """
    try:
        content = _content(path, os.path.abspath(path))  # noqa: PTH100 - symlinks stay as the user wrote them
    except _UnreadError as error:
        return None, error.problems
    return parse_document(content, path, kind, may_be_blank=may_be_blank)


def parse_document(
    content: bytes, path: Path, kind: Kind, *, may_be_blank: bool = False
) -> tuple[Document | None, tuple[ConfigProblem, ...]]:
    """Like ``read_document``, of what is, or would be, the content of the file at ``path``."""
    absolute = os.path.abspath(path)  # noqa: PTH100 - as above
    try:
        text = _text(content, absolute)
        if not may_be_blank:
            _refuse_blank(text, absolute)
        parsed = _parsed(text, kind, absolute)
    except _UnreadError as error:
        return None, error.problems
    document = Document(
        path=absolute, kind=kind, text=text, sha256=hashlib.sha256(content).hexdigest(), data=parsed.data
    )
    problems = document.duplicates() if parsed.duplicates else ()
    issues = Issues()
    if _SUSPECT_ESCAPE.search(text):
        _note_unusable_text(parsed.data, issues)
    return document, problems + issues.problems(document)


def whole_file(
    path: str, rule: Rule, message: str, remedy: str | None, *, line: int | None = None, column: int | None = None
) -> ConfigProblem:
    """A problem of a file that has no document."""
    location = Location(path=encodable(path), line=line, column=column, pointer="" if line else None)
    name = encodable(os.path.basename(path) or path)  # noqa: PTH119 - a string is what is at hand
    return ConfigProblem(rule=rule, subject=name, message=message, remedy=remedy, location=location)


def _content(path: Path, absolute: str) -> bytes:
    try:
        return read_bytes(path, limit=LARGEST_DOCUMENT)
    except FileProblem as problem:
        message = f"the file {problem.message}"
        raise _UnreadError(whole_file(absolute, "unreadable", message, problem.remedy, line=1, column=1)) from problem


def _text(content: bytes, path: str) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            raise _bad_text(path, content, 0, f"the file is {encoding}", "save it as UTF-8 without a byte order mark")
    zero = content.find(b"\0")
    if zero >= 0:
        raise _bad_text(path, content, zero, "the file is binary: it holds a NUL byte", "name a text file")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"the file is not UTF-8: byte 0x{content[error.start]:02x} fits no character"
        raise _bad_text(path, content, error.start, message, "save it as UTF-8") from error


def _refuse_blank(text: str, path: str) -> None:
    if not text.strip():
        remedy = "write a document, or remove the file"
        raise _UnreadError(whole_file(path, "syntax", "the file is empty", remedy, line=1, column=1))


def _bad_text(path: str, content: bytes, offset: int, message: str, remedy: str) -> _UnreadError:
    before = content[:offset]
    line_start = before.rfind(b"\n") + 1
    column = len(before[line_start:].decode("utf-8", "replace")) + 1
    line = before.count(b"\n") + 1
    return _UnreadError(whole_file(path, "unreadable", message, remedy, line=line, column=column))


def _parsed(text: str, kind: Kind, path: str) -> Parsed:
    try:
        return parse_json(text) if kind == "json" else _parsed_toml(text, path)
    except TextError as error:
        line, column = Lines(text).place(error.offset)
        raise _UnreadError(whole_file(path, "syntax", error.message, error.remedy, line=line, column=column)) from error


def _parsed_toml(text: str, path: str) -> Parsed:
    from doctor.config.toml_text import TwiceError, parse_toml  # noqa: PLC0415 - most policies are JSON

    try:
        return parse_toml(text)
    except TwiceError as error:
        raise _UnreadError(*_defined_twice(text, path, error)) from error


def _defined_twice(text: str, path: str, error: TextError) -> tuple[ConfigProblem, ...]:
    """One problem for each key or table that is there already; the parser itself stops after the first."""
    from doctor.config.toml_positions import scan_toml  # noqa: PLC0415 - loaded with the parser

    positions, lines = scan_toml(text), Lines(text)
    positions.duplicates = positions.duplicates or [((), error.offset)]
    return _duplicates(path, positions, lines)


def _duplicates(path: str, positions: Positions, lines: Lines) -> tuple[ConfigProblem, ...]:
    return tuple(_duplicate(path, parts, *lines.place(offset)) for parts, offset in positions.duplicates[:MOST_ISSUES])


def _duplicate(path: str, parts: tuple[str | int, ...], line: int, column: int) -> ConfigProblem:
    return ConfigProblem(
        rule="duplicate-key",
        subject=encodable(path_words(parts) or os.path.basename(path)),  # noqa: PTH119 - as in `name`
        message="this key is there already; one of the two would be lost",
        remedy="remove one of the two",
        location=Location(path=path, line=line, column=column, pointer=encodable(pointer(*parts))),
    )


def _note_unusable_text(data: Any, issues: Issues) -> None:
    for trail, text, is_key in _texts(data):
        what = "the key" if is_key else "the text"
        if "\0" in text:
            message, remedy = f"{what} holds a NUL character", "remove it"
        elif not text.isascii() and encodable(text) != text:
            message, remedy = f"{what} holds half of a surrogate pair, which is no character", "write the whole one"
        else:
            continue
        issues.add("value", message, *parts_of(trail), remedy=remedy, at_key=is_key)


def _texts(data: Any) -> Iterator[tuple[Trail, str, bool]]:
    """Every string of parsed data with its path and whether it is a key."""
    waiting: list[tuple[Trail, Any]] = [(None, data)]
    while waiting:
        trail, value = waiting.pop()
        if isinstance(value, str):
            yield trail, value, False
        elif isinstance(value, dict):
            yield from (((trail, key), key, True) for key in value)
            waiting.extend(((trail, key), item) for key, item in value.items())
        elif isinstance(value, list):
            waiting.extend(((trail, index), item) for index, item in enumerate(value))
