"""Where each value and key of a document stands: offsets by path, and lines and columns by offset."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

_TOKEN = re.compile(r'[ \t\n\r]*+("[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\]:,]|[^\s{}\[\]:,"]++)', re.DOTALL)

STRIDE = 500
"""Tokens seen at once while a place is looked for."""


class Node:
    """The places of the members of one object or list.

    Slots number the members; an object's ``names`` say which key has which slot.
    """

    __slots__ = ("_children", "keys", "names", "values")

    def __init__(self, *, is_object: bool) -> None:
        self.names: dict[str, int] | None = {} if is_object else None
        self.keys: list[int] | None = [] if is_object else None
        """Offset of each member's key."""

        self.values: list[int] = []
        """Offset of each member's value."""

        self._children: dict[int, Node] | None = None

    def child(self, slot: int) -> "Node | None":
        """The object or list that a member is; ``None`` for a plain value."""
        return self._children.get(slot) if self._children is not None else None

    def adopt(self, slot: int, *, is_object: bool) -> "Node":
        """Make a member an object or list without members yet."""
        if self._children is None:
            self._children = {}
        made = self._children[slot] = Node(is_object=is_object)
        return made

    def slot(self, part: str) -> int | None:
        """The slot of a key, or of an index written in digits; ``None`` when there is none."""
        if self.names is not None:
            return self.names.get(part)
        if part.isascii() and part.isdigit() and len(part) < 10:  # noqa: PLR2004 - longer than any list
            return int(part) if int(part) < len(self.values) else None
        return None

    def add_item(self, offset: int) -> int:
        """Append to a list."""
        self.values.append(offset)
        return len(self.values) - 1

    def add_key(self, name: str, offset: int) -> int:
        """Add or overwrite a member of an object; its value is taken to stand at the key until it is known."""
        if self.names is None or self.keys is None:
            raise TypeError("a list has no keys")
        slot = self.names.setdefault(name, len(self.values))
        if slot == len(self.values):
            self.keys.append(offset)
            self.values.append(offset)
        else:
            self.move(slot, offset)
            if self._children is not None:
                self._children.pop(slot, None)
        return slot

    def move(self, slot: int, offset: int) -> None:
        """Say that a member's key and value stand elsewhere."""
        self.values[slot] = offset
        if self.keys is not None:
            self.keys[slot] = offset


class Positions:
    """The places of everything in one document."""

    __slots__ = ("duplicates", "root", "start")

    def __init__(self, start: int, root: Node | None) -> None:
        self.start = start
        """Offset of the whole value."""

        self.root = root
        """``None`` when the document is a bare string, number or the like."""

        self.duplicates: list[tuple[tuple[str | int, ...], int]] = []
        """Path and key offset of every key that its object already had."""

    def find(self, parts: Sequence[str]) -> tuple[int, int, int]:
        """How many leading ``parts`` exist, and the offsets of the value and of the key there."""
        value = key = self.start
        node = self.root
        for depth, part in enumerate(parts):
            slot = node.slot(part) if node is not None else None
            if node is None or slot is None:
                return depth, value, key
            value = node.values[slot]
            key = node.keys[slot] if node.keys else value
            node = node.child(slot)
        return len(parts), value, key


class Lines:
    """Turns offsets into lines and columns."""

    __slots__ = ("_starts",)

    def __init__(self, text: str) -> None:
        self._starts = [0]
        self._starts.extend(match.end() for match in re.finditer("\n", text))

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both 1-based, columns in characters."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def tokens(text: str, start: int = 0) -> Iterator[tuple[int, str]]:
    """Offset and text of every token of valid JSON, from the one at ``start`` on."""
    return ((match.start(1), match[1]) for match in _TOKEN.finditer(text, start))


def token_end(text: str, offset: int) -> int | None:
    """Where a key or plain value of valid JSON ends that starts at ``offset``; ``None`` for an object or list."""
    match = _TOKEN.match(text, offset)
    return match.end() if match and match.start(1) == offset and match[1] not in "{[" else None


def too_deep(text: str, limit: int) -> int:
    """Offset of the bracket that opens level ``limit + 1`` of a JSON text, or 0 when none does."""
    depth = 0
    for offset, mark in tokens(text):
        if mark in "{[":
            depth += 1
            if depth > limit:
                return offset
        elif mark in "}]":
            depth -= 1
    return 0


class JsonScan:
    """A walk over the tokens of valid JSON that goes on only as far as a place is asked for.

    It keeps its own stack because a file may nest deeply. Of equal keys the last one seen counts.
    """

    def __init__(self, text: str) -> None:
        self.positions = Positions(0, None)
        self._tokens = tokens(text)
        self._open: list[Node] = []
        self._path: list[str | int] = []
        self._slot = 0
        self._wants_key = False

    def find(self, parts: Sequence[str]) -> tuple[int, int, int]:
        """Like ``Positions.find``, having walked on until ``parts`` exist or the text ends."""
        if self.positions.root is None:
            self._walk()
        found = self.positions.find(parts)
        while found[0] < len(parts) and self._walk():
            found = self.positions.find(parts)
        return found

    def finish(self) -> Positions:
        """The places of everything."""
        while self._walk():
            pass
        return self.positions

    def _walk(self) -> bool:
        """See some more tokens, up to one after which every known place is final; false when there were none."""
        seen = 0
        for offset, mark in self._tokens:
            self._see(offset, mark)
            seen += 1
            if seen > STRIDE and mark == ",":
                break
        return bool(seen)

    def _see(self, offset: int, mark: str) -> None:
        if mark == ",":
            self._wants_key = self._open[-1].names is not None
        elif mark in "}]":
            self._close()
        elif self._wants_key:
            self._key(offset, mark)
        elif mark != ":":
            self._value(offset, mark)

    def _key(self, offset: int, mark: str) -> None:
        name = json.loads(mark) if "\\" in mark else mark[1:-1]
        node = self._open[-1]
        if node.names is not None and name in node.names:
            self.positions.duplicates.append(((*self._path, name), offset))
        self._slot = node.add_key(name, offset)
        self._part: str | int = name
        self._wants_key = False

    def _value(self, offset: int, mark: str) -> None:
        parent = self._open[-1] if self._open else None
        if parent is None:
            self.positions.start = offset
        elif parent.names is None:
            self._slot = self._part = parent.add_item(offset)
        else:
            parent.values[self._slot] = offset
        if mark in "{[":
            self._descend(parent, is_object=mark == "{")

    def _descend(self, parent: Node | None, *, is_object: bool) -> None:
        if parent is None:
            node = self.positions.root = Node(is_object=is_object)
        else:
            node = parent.adopt(self._slot, is_object=is_object)
            self._path.append(self._part)
        self._open.append(node)
        self._wants_key = is_object

    def _close(self) -> None:
        self._open.pop()
        self._wants_key = False
        if self._path:
            self._path.pop()
