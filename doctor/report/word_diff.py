"""Where two texts differ, word by word, with little around it."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

Kind = Literal["same", "removed", "added", "left out"]

CONTEXT = 1
"""Lines around a difference that are kept."""

MOST_LINES = 4_000
MOST_WORDS = 1_500
"""Beyond these a difference is told by whole lines, or not looked for: comparing is quadratic."""

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


class Piece(NamedTuple):
    """A part of the difference; put together, those that are not ``added`` give the text before."""

    kind: Kind
    text: str


def word_diff(before: str, after: str) -> list[Piece]:
    """The difference of two texts; what is the same far from it is one piece ``left out`` without its text."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if len(old) + len(new) > MOST_LINES:
        return [Piece("removed", before), Piece("added", after)]
    pieces: list[Piece] = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    operations = matcher.get_opcodes()
    for index, (tag, start, end, new_start, new_end) in enumerate(operations):
        if tag == "equal":
            pieces += _around(old[start:end], first=index == 0, last=index == len(operations) - 1)
        else:
            pieces += _words("".join(old[start:end]), "".join(new[new_start:new_end]))
    return [piece for piece in pieces if piece.text or piece.kind == "left out"]


def _around(lines: Sequence[str], *, first: bool, last: bool) -> Iterator[Piece]:
    """Equal lines: those next to a difference stay."""
    head = 0 if first else CONTEXT
    tail = 0 if last else CONTEXT
    if len(lines) <= head + tail + 1:
        yield Piece("same", "".join(lines))
        return
    yield Piece("same", "".join(lines[:head]))
    yield Piece("left out", "")
    yield Piece("same", "".join(lines[len(lines) - tail :]) if tail else "")


def _words(before: str, after: str) -> Iterator[Piece]:
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) + len(new) > MOST_WORDS:
        yield Piece("removed", before)
        yield Piece("added", after)
        return
    for tag, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(old[start:end]))
            continue
        yield Piece("removed", "".join(old[start:end]))
        yield Piece("added", "".join(new[new_start:new_end]))
