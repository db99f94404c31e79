"""Changing values of a JSON or TOML file as spans of its text: whatever is not changed stays as it is written."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple

from doctor.config.documents import Document
from doctor.config.words import encodable
from doctor.errors import Unavailable
from doctor.model.fix import FileFix, TextEdit

Parts = tuple[str | int, ...]
"""Keys and indices that lead to a value, outermost first."""


class Span(NamedTuple):
    """A part of a text, by offsets, and what takes its place."""

    start: int
    end: int
    text: str


class Change(NamedTuple):
    """One thing that is to change."""

    kind: Literal["set", "add", "append", "splice", "remove", "rename", "keep_first"]
    parts: Parts
    value: Any = None
    before: str | None = None


class Edits(ABC):
    """Changes to the values of one file. Every path is one of the file as it is, whatever else is changed.

    Comments, order, indentation and line ends stay. Nothing is written: ``fix`` tells what would be.

    Args:
        document: The file as it was read.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.changes: list[Change] = []

    def set(self, parts: Parts, value: Any) -> None:
        """Put another value in the place of one."""
        self.changes.append(Change("set", parts, value))

    def rename(self, parts: Parts, name: str) -> None:
        """Give a key another name, in its place."""
        self.changes.append(Change("rename", parts, name))

    def remove(self, parts: Parts) -> None:
        """Remove a key with its value, or an item of a list."""
        self.changes.append(Change("remove", parts))

    def add(self, parts: Parts, value: Any, *, before: str | None = None) -> None:
        """Add a key to an object: in front of another one where the format allows that, else as its last one."""
        self.changes.append(Change("add", parts, value, before))

    def append(self, parts: Parts, values: Sequence[Any]) -> None:
        """Add items at the end of a list."""
        self.changes.append(Change("append", parts, tuple(values)))

    def splice(self, parts: Parts, values: Sequence[Any]) -> None:
        """Put several items, or none, in the place of one item of a list."""
        self.changes.append(Change("splice", parts, tuple(values)) if values else Change("remove", parts))

    def can_keep_first(self, parts: Parts) -> bool:  # noqa: ARG002 - only JSON may have equal keys
        """Whether there are several equal keys at a path, and their values are equal too."""
        return False

    def keep_first(self, parts: Parts) -> None:
        """Keep the first of several equal keys of one object, whose values have to be equal too."""
        self.changes.append(Change("keep_first", parts))

    def path(self, place: str) -> Parts:
        """The path that a pointer means in this file.

        Raises:
            Unavailable: It leads nowhere.
        """
        data, parts = self.document.data, []
        try:
            for written in place.split("/")[1:]:
                name = written.replace("~1", "/").replace("~0", "~")
                parts.append(int(name) if isinstance(data, list) else name)
                data = data[parts[-1]]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise refused(self.document, f"there is nothing at {place}") from error
        return tuple(parts)

    def fix(self, *, mode: int | None = None) -> FileFix:
        """What becomes of the file.

        Args:
            mode: Permission bits that it gets.

        Raises:
            Unavailable: Something is not there, or cannot be changed without changing more.
        """
        try:
            spans = tuple(self._spans())
            is_sound = self._does_only_this(spans)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise refused(self.document, "what is to be changed is not there, or has an unusual form") from error
        if not is_sound:
            raise refused(self.document, "another of its values would change too")
        return FileFix(
            path=self.document.path,
            sha256=self.document.sha256,
            edits=tuple(located(self.document, span) for span in spans),
            mode=mode,
        )

    @abstractmethod
    def _spans(self) -> Iterable[Span]:
        """What changes, in the order of the text."""

    @abstractmethod
    def _does_only_this(self, spans: Sequence[Span]) -> bool:
        """Whether the text with these spans says what is wanted, and else what it said before.

        Raises:
            KeyError, IndexError, TypeError, AttributeError: Something is not there.
            ValueError: It would be no such text any more.
        """


def edit(document: Document) -> Edits:
    """What changes values of a file that was read: ``loaded.document`` of a policy, a profile or ``machine.toml``."""
    if document.kind == "json":
        from doctor.config.json_editing import JsonEdits  # noqa: PLC0415 - only who plans a repair needs it

        return JsonEdits(document)
    from doctor.config.toml_editing import TomlEdits  # noqa: PLC0415 - see above

    return TomlEdits(document)


def refused(document: Document, why: str) -> Unavailable:
    """The error that says that a file has to be changed by hand."""
    return Unavailable(f"{encodable(document.path)} cannot be changed by this tool: {why}")


def carry_out(data: Any, changes: Iterable[Change], made: Callable[[Any], Any]) -> None:
    """Make changes to parsed data, the inner and later ones first, so that every path still holds.

    Args:
        data: Of dictionaries and lists, or what behaves like them.
        changes: Their paths are those of ``data`` as it is.
        made: Turns a plain value into what is put into ``data``.

    Raises:
        KeyError, IndexError, TypeError: Something is not there.
        ValueError: What is to be added is there already.
    """
    for change in sorted(changes, key=_order):
        holder, key = data, change.parts[-1]
        for part in change.parts[:-1]:
            holder = holder[part]
        if (key in holder) if change.kind == "add" else (isinstance(holder, dict) and key not in holder):
            raise ValueError(key)
        _carry_out(holder, key, change, made)


def _carry_out(holder: Any, key: Any, change: Change, made: Callable[[Any], Any]) -> None:
    if change.kind in {"set", "add"}:
        holder[key] = made(change.value)
    elif change.kind == "append":
        holder[key].extend(made(value) for value in change.value)
    elif change.kind == "splice":
        # tomlkit takes no slices.
        for value in reversed(change.value[1:]):
            holder.insert(key + 1, made(value))
        holder[key] = made(change.value[0])
    elif change.kind == "remove":
        del holder[key]
    elif change.kind == "rename":
        items = [(change.value if name == key else name, value) for name, value in holder.items()]
        if len(dict(items)) < len(items):
            raise ValueError(change.value)
        holder.clear()
        holder.update(items)


def _order(change: Change) -> tuple[bool, int, int]:
    """Values first; then what moves others, the inner and the later ones first."""
    last = change.parts[-1]
    moves = change.kind in {"splice", "remove", "rename"}
    return moves, -len(change.parts), -last if isinstance(last, int) else 0


def applied(text: str, spans: Iterable[Span | TextEdit]) -> str:
    """``text`` with these spans replaced, which stand in its order and do not overlap."""
    parts, done = [], 0
    for span in spans:
        parts += [text[done : span.start], span.text]
        done = span.end
    return "".join([*parts, text[done:]])


def located(document: Document, span: Span) -> TextEdit:
    """A span with the places of its ends."""
    begins, ends = document.place(span.start), document.place(span.end)
    return TextEdit(start=span.start, end=span.end, text=span.text, begins=begins, ends=ends)


def canonical(data: Any) -> str:
    """A text that is the same for equal data, whatever the order of keys; 1, 1.0 and true differ."""
    if isinstance(data, dict):
        return f"{{{', '.join(f'{key!r}: {canonical(data[key])}' for key in sorted(data))}}}"
    if isinstance(data, list):
        return f"[{', '.join(map(canonical, data))}]"
    return repr(data)


def json_text(value: Any, *, indent: str | None = None, separators: tuple[str, str] = (", ", ": ")) -> str:
    """A value as JSON: on one line, or with ``indent``; in ASCII only where nothing else can be encoded."""
    if indent is not None:
        separators = (",", separators[1])
    text = json.dumps(value, indent=indent, ensure_ascii=False, separators=separators)
    return text if encodable(text) == text else json.dumps(value, indent=indent, separators=separators)
