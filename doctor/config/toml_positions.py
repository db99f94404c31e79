"""Where each value and key of a TOML text stands; ``tomllib`` tells values only."""

import re
from contextlib import suppress
from functools import lru_cache

from doctor.config.positions import Node, Positions

MOST_KEY_PARTS = 32
"""Parts of one dotted key; ``tomllib`` takes quadratic time over longer ones."""

DEEPEST = 1000
"""Levels of nesting followed; the parser gives up earlier."""

Path = tuple[str | int, ...]

_BASIC = r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"'
_LITERAL = r"'[^'\n]*+'"
_KEY = re.compile(rf"[ \t]*+({_BASIC}|{_LITERAL}|[A-Za-z0-9_-]++)[ \t]*+")
_BLANK = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*")
# A group that leaves something to try again may not be possessive: before 3.11.5, Python then matches wrongly.
_SCALAR = re.compile(
    r'"""[^"\\]*+(?:(?:\\.|"{1,2}(?!"))[^"\\]*+)*"{3,5}'
    r"|'''[^']*+(?:'{1,2}(?!')[^']*+)*'{3,5}"
    rf"|{_BASIC}|{_LITERAL}"
    r"|\d{4}-\d\d-\d\d [\d:.+Zz-]++"
    r"|[^\s,\[\]{}#=\"']++",
    re.DOTALL,
)
_MANY_PARTS = re.compile(
    rf"(?<![A-Za-z0-9_-])(?:(?:{_BASIC}|{_LITERAL}|[A-Za-z0-9_-]++)[ \t]*+\.[ \t]*+){{{MOST_KEY_PARTS}}}"
)


class _LostError(Exception):
    """The text is not valid here; what was found before stands."""


class _TomlScan:
    """One walk over a text. It keeps its own stack because arrays may nest deeply."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._root = self._table = Node(is_object=True)
        self._table_path: Path = ()
        self._declared: set[int] = set()
        self.positions = Positions(0, self._root)
        self.long_key: int | None = None
        self.mentions: list[tuple[Path, int]] = []

    def run(self) -> None:
        """Walk to the end, or to where the text stops being valid."""
        offset = self._skip(0)
        while offset < len(self._text):
            step = self._header if self._text[offset] == "[" else self._pair
            offset = self._skip(step(offset))

    def _skip(self, offset: int) -> int:
        return self._match(_BLANK, offset).end()

    def _match(self, pattern: re.Pattern[str], offset: int) -> re.Match[str]:
        match = pattern.match(self._text, offset)
        if match is None:
            raise _LostError
        return match

    def _expect(self, mark: str, offset: int) -> int:
        if not self._text.startswith(mark, offset):
            raise _LostError
        return offset + len(mark)

    def _parts(self, offset: int) -> tuple[list[tuple[str, int]], int]:
        """The parts of a dotted key with their offsets, and where it ends."""
        parts: list[tuple[str, int]] = []
        while True:
            match = self._match(_KEY, offset)
            parts.append((_unquoted(match[1]), match.start(1)))
            if len(parts) > MOST_KEY_PARTS:
                self.long_key = parts[0][1]
                raise _LostError
            offset = match.end()
            if not self._text.startswith(".", offset):
                return parts, offset
            offset += 1

    def _pair(self, offset: int) -> int:
        offset, node, slot, path = self._key(self._table, offset, self._table_path)
        return self._value(offset, node, slot, path)

    def _key(self, node: Node, offset: int, path: Path) -> tuple[int, Node, int, Path]:
        """Place a dotted key in ``node``; returns where its value starts, and the value's node, slot and path."""
        parts, end = self._parts(offset)
        end = self._expect("=", end)
        node, path = self._descend(node, parts[:-1], path)
        name, start = parts[-1]
        path = (*path, name)
        self.mentions.append((path, start))
        if node.names is not None and name in node.names:
            self.positions.duplicates.append((path, start))
        return end, node, node.add_key(name, start), path

    def _descend(self, node: Node, parts: list[tuple[str, int]], path: Path) -> tuple[Node, Path]:
        """The table at a dotted path below ``node``, made where it is not there yet; of a list its last item."""
        for name, start in parts:
            slot = node.slot(name)
            if slot is None:
                child: Node | None = node.adopt(node.add_key(name, start), is_object=True)
            else:
                child = node.child(slot)
            path = (*path, name)
            self.mentions.append((path, start))
            if child is None:
                self.positions.duplicates.append((path, start))
                raise _LostError
            if child.names is None:
                last = len(child.values) - 1
                child, path = child.child(last), (*path, last)
            if child is None:
                raise _LostError
            node = child
        return node, path

    def _header(self, offset: int) -> int:
        is_array = self._text.startswith("[[", offset)
        parts, end = self._parts(offset + (2 if is_array else 1))
        end = self._expect("]]" if is_array else "]", end)
        node, path = self._descend(self._root, parts[:-1], ())
        name, start = parts[-1]
        self.mentions.append(((*path, name), start))
        declare = self._declare_item if is_array else self._declare_table
        self._table, self._table_path = declare(node, name, start, (*path, name))
        return end

    def _declare_item(self, node: Node, name: str, start: int, path: Path) -> tuple[Node, Path]:
        slot = node.slot(name)
        items = node.adopt(node.add_key(name, start), is_object=False) if slot is None else node.child(slot)
        if items is None or items.names is not None:
            self.positions.duplicates.append((path, start))
            raise _LostError
        item = items.add_item(start)
        return items.adopt(item, is_object=True), (*path, item)

    def _declare_table(self, node: Node, name: str, start: int, path: Path) -> tuple[Node, Path]:
        slot = node.slot(name)
        if slot is None:
            slot = node.add_key(name, start)
            node.adopt(slot, is_object=True)
        table = node.child(slot)
        if table is None or table.names is None or id(table) in self._declared:
            self.positions.duplicates.append((path, start))
            raise _LostError
        self._declared.add(id(table))
        node.move(slot, start)
        return table, path

    def _value(self, offset: int, node: Node, slot: int, path: Path) -> int:
        """Walk over one value, however deep; returns where it ends."""
        opened: list[tuple[Node, Path]] = []
        while True:
            offset = self._skip(offset)
            node.values[slot] = offset
            if self._text[offset : offset + 1] in ("[", "{"):
                opened.append((node.adopt(slot, is_object=self._text[offset] == "{"), path))
                offset += 1
                if len(opened) > DEEPEST:
                    raise _LostError
            else:
                offset = self._match(_SCALAR, offset).end()
            offset = self._close(offset, opened)
            if not opened:
                return offset
            node, path = opened[-1]
            if node.names is None:
                slot = node.add_item(offset)
                path = (*path, slot)
            else:
                offset, node, slot, path = self._key(node, offset, path)

    def _close(self, offset: int, opened: list[tuple[Node, Path]]) -> int:
        """Walk over commas and closing brackets up to the next value or key inside of ``opened``."""
        while opened:
            offset = self._skip(offset)
            mark = self._text[offset : offset + 1]
            if mark in ("]", "}"):
                opened.pop()
            elif mark != ",":
                break
            offset += 1
        return offset


def _unquoted(key: str) -> str:
    if key[0] == "'":
        return key[1:-1]
    if key[0] != '"':
        return key
    if "\\" not in key:
        return key[1:-1]
    import tomllib  # noqa: PLC0415 - loaded already when this text was parsed

    try:
        return next(iter(tomllib.loads(f"{key}=0")))
    except tomllib.TOMLDecodeError as error:
        raise _LostError from error


def token_end(text: str, offset: int) -> int | None:
    """Where a key or plain value of valid TOML ends that starts at ``offset``; ``None`` for a table or array."""
    match = _SCALAR.match(text, offset)
    return match.end() if match else None


def _scanned(text: str) -> _TomlScan:
    scan = _TomlScan(text)
    with suppress(_LostError):
        scan.run()
    return scan


def scan_toml(text: str) -> Positions:
    """The places of everything in a TOML text, in linear time; of invalid text, of what precedes the mistake."""
    return _scanned(text).positions


def long_key(text: str) -> int | None:
    """Offset of the first dotted key of more than ``MOST_KEY_PARTS`` parts."""
    return _scanned(text).long_key if _MANY_PARTS.search(text) else None


def key_spans(text: str, path: Path) -> tuple[tuple[int, int], ...]:
    """Start and end of the key at ``path`` wherever a valid text names it: in headers, and before dots too."""
    matches = (_KEY.match(text, start) for start in _mentions(text).get(path, ()))
    return tuple(match.span(1) for match in matches if match is not None)


@lru_cache(maxsize=1)
def _mentions(text: str) -> dict[Path, list[int]]:
    """Where a text names each key; scanned once for all changes of it."""
    found: dict[Path, list[int]] = {}
    for path, start in _scanned(text).mentions:
        found.setdefault(path, []).append(start)
    return found


def scalar_end(text: str, start: int) -> int | None:
    """Where the value that is neither array nor table and starts at ``start`` ends; ``None`` for another value."""
    match = _SCALAR.match(text, start)
    return match.end() if match is not None else None
