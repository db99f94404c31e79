"""Changing values of a JSON text: the places of its members, and how new ones are written so that they fit in."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from doctor.config.documents import Document
from doctor.config.editing import Change, Edits, Parts, Span, json_text, refused
from doctor.config.positions import tokens

SHORT = 60
"""Characters of a list of plain values that is written on one line."""

_INDENT = re.compile(r"[ \t]*")


class Member(NamedTuple):
    """One member of an object, or item of a list, by offsets; of equal keys there is one for each."""

    name: str | None
    """``None`` for an item."""

    first: int
    """Of the key, or of an item."""

    key_end: int
    start: int
    """Of the value."""

    end: int


class Container(NamedTuple):
    """An object or a list."""

    start: int
    """Of the opening bracket."""

    end: int
    """Of the closing one."""

    members: tuple[Member, ...]

    def which(self, part: str | int) -> int:
        """Which member a part of a path means; of equal keys the last one."""
        if isinstance(part, int):
            return range(len(self.members))[part]
        names = [member.name for member in self.members]
        return len(names) - 1 - names[::-1].index(part)


def container_at(text: str, start: int) -> Container:
    """The object or list whose bracket stands at an offset of a valid text.

    Raises:
        ValueError: Something else stands there.
    """
    members: list[Member] = []
    own: list[tuple[int, str]] = []
    depth = 0
    for offset, mark in tokens(text, start):
        depth -= mark in "}]"
        if (depth == 1 and mark == ",") or (depth == 0 and mark in "}]"):
            members += [_member(own)] if own else []
            own = []
        elif depth:
            own.append((offset, mark))
        if depth == 0 and mark in "}]":
            return Container(start, offset, tuple(members))
        depth += mark in "{["
        if not depth:
            break
    raise ValueError(f"no object or list stands at {start}")


def _member(own: Sequence[tuple[int, str]]) -> Member:
    """The member that these tokens make up."""
    (first, mark), (last, end_mark) = own[0], own[-1]
    end = last + len(end_mark)
    if len(own) > 2 and own[1][1] == ":":  # noqa: PLR2004 - a key, a colon and a value
        return Member(json.loads(mark), first, first + len(mark), own[2][0], end)
    return Member(None, first, first, first, end)


class JsonEdits(Edits):
    """Changes to one JSON file."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._text = document.text
        self._containers: dict[int, Container] = {}
        self._repeated: dict[int, dict[str, bool]] = {}
        self._newline = "\r\n" if "\r\n" in self._text else "\n"
        colon = re.search(r'"[ \t]*:([ \t]*)', self._text)
        self._separators = (", ", ": ") if colon is None or colon[1] else (",", ":")
        self._unit = self._unit_of_root()

    def _parsed(self, text: str) -> Any:
        return json.loads(text)

    def _canonical(self, data: Any) -> str:
        return json.dumps(data, sort_keys=True)

    def _spans(self) -> list[Span]:
        spans: list[Span] = []
        gone: dict[int, set[int]] = {}
        for change in self.changes:
            if change.kind in {"remove", "keep_first"}:
                container = self._container(change.parts[:-1])
                which = self._equals(container, change.parts) if change.kind == "keep_first" else ()
                gone.setdefault(container.start, set()).update(which or (container.which(change.parts[-1]),))
            else:
                spans += _WRITERS[change.kind](self, change)
        spans += [span for start, which in gone.items() for span in _removals(self._containers[start], which)]
        return sorted(spans, key=lambda span: (span.start, span.end))

    def can_keep_first(self, parts: Parts) -> bool:
        """Whether there are several equal keys at a path, and their values are equal too."""
        try:
            container = self._container(parts[:-1])
        except (KeyError, ValueError):
            return False
        if container.start not in self._repeated:
            self._repeated[container.start] = {
                name: len({_strict(self._text[each.start : each.end]) for each in group}) == 1
                for name, group in _by_name(container).items()
                if len(group) > 1
            }
        return self._repeated[container.start].get(str(parts[-1]), False)

    def _equals(self, container: Container, parts: Parts) -> list[int]:
        """Every member of a name but the first."""
        if not self.can_keep_first(parts):
            raise refused(self.document, f"the values of the keys {parts[-1]!r} differ")
        return [index for index, member in enumerate(container.members) if member.name == parts[-1]][1:]

    def _set(self, change: Change) -> Iterator[Span]:
        container, member = self._container(change.parts[:-1]), self._member(change.parts)
        yield Span(member.start, member.end, self._written(change.value, container))

    def _rename(self, change: Change) -> Iterator[Span]:
        member = self._member(change.parts)
        yield Span(member.first, member.key_end, json_text(change.value))

    def _splice(self, change: Change) -> Iterator[Span]:
        container, member = self._container(change.parts[:-1]), self._member(change.parts)
        yield Span(member.start, member.end, self._joined(container, [("", value) for value in change.value]))

    def _append(self, change: Change) -> Iterator[Span]:
        yield self._extended(self._container(change.parts), [("", value) for value in change.value])

    def _add(self, change: Change) -> Iterator[Span]:
        container = self._container(change.parts[:-1])
        pair = (f"{json_text(change.parts[-1])}{self._separators[1]}", change.value)
        names = [member.name for member in container.members]
        if change.before not in names or change.before is None:
            yield self._extended(container, [pair])
            return
        place = container.members[names.index(change.before)].first
        yield Span(place, place, f"{self._joined(container, [pair])},{self._gap(container)}")

    def _extended(self, container: Container, pairs: Sequence[tuple[str, Any]]) -> Span:
        """A container with more at its end."""
        if container.members:
            end = container.members[-1].end
            return Span(end, end, f",{self._gap(container)}{self._joined(container, pairs)}")
        written = self._joined(container, pairs)
        if self._unit is not None:
            base = self._indent(container.start)
            written = f"{self._newline}{base}{self._unit}{written}{self._newline}{base}"
        return Span(container.start + 1, container.end, written)

    def _joined(self, container: Container, pairs: Sequence[tuple[str, Any]]) -> str:
        return f",{self._gap(container)}".join(f"{key}{self._written(value, container)}" for key, value in pairs)

    def _base(self, container: Container) -> str:
        """What the lines of a container's members begin with."""
        if container.members:
            return self._indent(container.members[0].first)
        return self._indent(container.start) + (self._unit or "")

    def _gap(self, container: Container) -> str:
        """What stands between the comma and the next member of a container."""
        if self._is_broken(container):
            return f"{self._newline}{self._base(container)}"
        return self._separators[0][1:]

    def _is_broken(self, container: Container) -> bool:
        """Whether the members of a container stand on lines of their own."""
        return self._stands_alone(container.members[0].first) if container.members else self._unit is not None

    def _written(self, value: Any, container: Container) -> str:
        """A value as a member of a container: on one line where those are, or where it is short and plain."""
        line = json_text(value, separators=self._separators)
        flat = isinstance(value, list) and len(line) <= SHORT and not any(isinstance(e, dict | list) for e in value)
        if flat or not isinstance(value, dict | list) or not self._is_broken(container):
            return line
        text = json_text(value, indent=self._unit, separators=self._separators)
        return text.replace("\n", f"{self._newline}{self._base(container)}")

    def _unit_of_root(self) -> str | None:
        """One level of indentation; ``None`` where the text is not broken into lines."""
        marks = tokens(self._text)
        if next(marks)[1] not in "{[":
            return None
        first = next(marks)[0]
        return self._indent(first) or None if self._stands_alone(first) else None

    def _indent(self, offset: int) -> str:
        """What the line of an offset begins with."""
        match = _INDENT.match(self._text, self._text.rfind("\n", 0, offset) + 1)
        return match[0] if match else ""

    def _stands_alone(self, offset: int) -> bool:
        """Whether nothing stands before an offset on its line."""
        return self._text.rfind("\n", 0, offset) + 1 + len(self._indent(offset)) == offset

    def _container(self, parts: Parts) -> Container:
        found = self.document.offsets(parts)
        if found is None:
            raise KeyError(parts)
        if found[0] not in self._containers:
            self._containers[found[0]] = container_at(self._text, found[0])
        return self._containers[found[0]]

    def _member(self, parts: Parts) -> Member:
        container = self._container(parts[:-1])
        return container.members[container.which(parts[-1])]


_WRITERS: dict[str, Callable[[JsonEdits, Change], Iterator[Span]]] = {
    "set": JsonEdits._set,  # noqa: SLF001 - a table of its own methods
    "rename": JsonEdits._rename,  # noqa: SLF001
    "splice": JsonEdits._splice,  # noqa: SLF001
    "append": JsonEdits._append,  # noqa: SLF001
    "add": JsonEdits._add,  # noqa: SLF001
}


def _by_name(container: Container) -> dict[str, list[Member]]:
    groups: dict[str, list[Member]] = {}
    for member in container.members:
        if member.name is not None:
            groups.setdefault(member.name, []).append(member)
    return groups


def _removals(container: Container, gone: set[int]) -> Iterator[Span]:
    """The spans of members with their commas: the comma before each, or the one behind where there is none before."""
    members = container.members
    if len(gone) == len(members):
        yield Span(container.start + 1, container.end, "")
        return
    index = 0
    while index < len(members):
        last = index
        while last in gone:
            last += 1
        if last > index:
            if index:
                yield Span(members[index - 1].end, members[last - 1].end, "")
            else:
                yield Span(members[0].first, members[last].first, "")
        index = last + 1


def _strict(text: str) -> str:
    """A text that is the same for equal values only, equal keys within them included."""
    return repr(json.loads(text, object_pairs_hook=lambda pairs: ("object", sorted(pairs, key=repr))))
