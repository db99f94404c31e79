"""How a JSON text is laid out: where the members of its objects and lists stand, and how it is indented."""

import json
import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from doctor.config.documents import Document
from doctor.config.positions import tokens

_INDENT = re.compile(r"[ \t]*")
_COLON = re.compile(r'"[ \t]*:([ \t]*)')


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


class Layout:
    """The layout of one valid text. What was found once is kept.

    Args:
        document: The file as it was read.
    """

    def __init__(self, document: Document) -> None:
        self.text = document.text
        self._containers: dict[int, Container] = {}
        self._repeated: dict[int, dict[str, bool]] = {}
        self.newline = "\r\n" if "\r\n" in self.text else "\n"
        colon = _COLON.search(self.text)
        self.separators = (", ", ": ") if colon is None or colon[1] else (",", ":")

    @cached_property
    def unit(self) -> str | None:
        """One level of indentation; ``None`` where the text is not broken into lines."""
        marks = tokens(self.text)
        if next(marks)[1] not in "{[":
            return None
        first = next(marks)[0]
        return self.indent(first) or None if self.stands_alone(first) else None

    def container(self, start: int) -> Container:
        """The object or list whose bracket stands at an offset.

        Raises:
            ValueError: Something else stands there.
        """
        if start not in self._containers:
            self._containers[start] = container_at(self.text, start)
        return self._containers[start]

    def repeated(self, container: Container) -> dict[str, bool]:
        """The keys that an object has several times, and whether their values are equal."""
        if container.start not in self._repeated:
            self._repeated[container.start] = {
                name: len({_strict(self.text[each.start : each.end]) for each in group}) == 1
                for name, group in _by_name(container).items()
                if len(group) > 1
            }
        return self._repeated[container.start]

    def indent(self, offset: int) -> str:
        """What the line of an offset begins with."""
        match = _INDENT.match(self.text, self.text.rfind("\n", 0, offset) + 1)
        return match[0] if match else ""

    def stands_alone(self, offset: int) -> bool:
        """Whether nothing stands before an offset on its line."""
        return self.text.rfind("\n", 0, offset) + 1 + len(self.indent(offset)) == offset


@lru_cache(maxsize=2)
def layout(document: Document) -> Layout:
    """The layout of a document: worked out once, however many changes are planned for it one by one."""
    return Layout(document)


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


def _by_name(container: Container) -> dict[str, list[Member]]:
    groups: dict[str, list[Member]] = {}
    for member in container.members:
        if member.name is not None:
            groups.setdefault(member.name, []).append(member)
    return groups


def _strict(text: str) -> str:
    """A text that is the same for equal values only; within them, of equal keys every value counts once."""
    return repr(json.loads(text, object_pairs_hook=lambda pairs: ("object", sorted(set(map(repr, pairs))))))
