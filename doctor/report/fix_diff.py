"""The difference that a repair makes, as a unified diff without secrets."""

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from doctor.config.editing import applied
from doctor.config.positions import Lines
from doctor.model.fixing import FileChange
from doctor.report.masking import masked
from doctor.report.places import below
from doctor.report.redact import Redactor
from doctor.report.visible import visible

CONTEXT = 3
"""Lines shown around what changes."""

NO_NEWLINE = "\\ No newline at end of file"


class Line(NamedTuple):
    """One line of a diff."""

    kind: str
    """``head``, ``hunk``, ``added``, ``removed``, ``same`` or ``note``."""

    text: str
    """Safe to print."""


class _Block(NamedTuple):
    """Lines that change: from where to where, before and after."""

    start: int
    end: int
    new_start: int
    new_end: int


def diff(change: FileChange, project: str, clean: Redactor) -> list[Line]:
    """The diff of one file: text that changes line by line, everything else in a note.

    Args:
        change: What becomes of it.
        project: Root of the project; files in it are shown without it.
        clean: Hides secrets; those that stand under a key of a secret's name are hidden without it.
    """
    name = visible(clean(_name(change.path, project)))
    old = "/dev/null" if change.is_new else name
    lines = [Line("head", f"--- {old}"), Line("head", f"+++ {name}")]
    if change.is_new:
        lines += _new(change, clean)
    elif change.before is not None:
        lines += _edited(change, clean)
    if change.mode is not None:
        lines.append(Line("note", f"mode {change.mode:o}"))
    return lines


def _name(path: str, project: str) -> str:
    return below(path, project) or below(path, os.path.realpath(project)) or path


def _new(change: FileChange, clean: Redactor) -> Iterator[Line]:
    if change.copy_of is not None:
        yield Line("note", f"copy of {visible(clean(change.copy_of))}")
    elif change.is_secret:
        yield Line("note", "a key that only its owner can read; not shown")
    else:
        text = masked(change.content or "", change.path)
        lines = _lines(text)
        yield Line("hunk", f"@@ -0,0 +1,{len(lines)} @@")
        yield from _marked("added", "+", lines, clean)


def _edited(change: FileChange, clean: Redactor) -> Iterator[Line]:
    before = change.before or ""
    after = applied(before, change.edits)
    blocks = _blocks(change, before)
    shown, new_shown = _lines(masked(before, change.path)), _lines(masked(after, change.path))
    old_lines, new_lines = _lines(before), _lines(after)
    narrow = [_narrowed(block, old_lines, new_lines) for block in blocks]
    for hunk in _hunks([block for block in narrow if block.start < block.end or block.new_start < block.new_end]):
        yield from _hunk(hunk, shown, new_shown, clean)


def _lines(text: str) -> list[str]:
    """The lines of a text, each with its end."""
    lines = [f"{line}\n" for line in text.split("\n")]
    return lines[:-1] if text.endswith("\n") or not text else [*lines[:-1], lines[-1][:-1]]


def _blocks(change: FileChange, before: str) -> list[_Block]:
    """The lines that each edit touches; edits of the same line are one."""
    blocks: list[_Block] = []
    lines, moved = Lines(before), 0
    for edit in change.edits:
        start, end = lines.place(edit.start)[0] - 1, lines.place(edit.end)[0]
        grown = edit.text.count("\n") - (end - 1 - start)
        block = _Block(start, end, start + moved, end + moved + grown)
        if blocks and start < blocks[-1].end:
            block = _Block(blocks[-1].start, end, blocks[-1].new_start, block.new_end)
            blocks.pop()
        blocks.append(block)
        moved += grown
    return blocks


def _narrowed(block: _Block, old: Sequence[str], new: Sequence[str]) -> _Block:
    """A block without the lines at its ends that stay as they are."""
    start, end, new_start, new_end = block
    end, new_end = min(end, len(old)), min(new_end, len(new))
    while start < end and new_start < new_end and old[start] == new[new_start]:
        start, new_start = start + 1, new_start + 1
    while start < end and new_start < new_end and old[end - 1] == new[new_end - 1]:
        end, new_end = end - 1, new_end - 1
    return _Block(start, end, new_start, new_end)


def _hunks(blocks: Sequence[_Block]) -> Iterator[list[_Block]]:
    """Blocks together whose context would touch."""
    group: list[_Block] = []
    for block in blocks:
        if group and block.start - group[-1].end > 2 * CONTEXT:
            yield group
            group = []
        group.append(block)
    if group:
        yield group


def _hunk(blocks: Sequence[_Block], old: Sequence[str], new: Sequence[str], clean: Redactor) -> Iterator[Line]:
    first, last = blocks[0], blocks[-1]
    start, end = max(0, first.start - CONTEXT), min(len(old), last.end + CONTEXT)
    new_start, new_end = first.new_start - (first.start - start), last.new_end + (end - last.end)
    yield Line("hunk", f"@@ -{_range(start, end)} +{_range(new_start, new_end)} @@")
    at = start
    for block in blocks:
        yield from _marked("same", " ", old[at : block.start], clean)
        yield from _marked("removed", "-", old[block.start : block.end], clean)
        yield from _marked("added", "+", new[block.new_start : block.new_end], clean)
        at = block.end
    yield from _marked("same", " ", old[at:end], clean)


def _range(start: int, end: int) -> str:
    """Lines as a diff names them: an empty range by the line before it."""
    return f"{start + 1 if end > start else start},{end - start}"


def _marked(kind: str, mark: str, lines: Sequence[str], clean: Redactor) -> Iterator[Line]:
    for part in (clean(line) for line in lines):
        yield Line(kind, mark + visible(part.removesuffix("\n").removesuffix("\r").expandtabs(4)))
        if not part.endswith("\n"):
            yield Line("note", NO_NEWLINE)
