"""A comparison as Markdown, for a comment on a pull request: the verdict first, then a table, then details."""

import re
from collections.abc import Iterator
from html import escape

from doctor.model.comparison import Change, Comparison, Verdict
from doctor.report.compare_words import CompareWords
from doctor.report.visible import middle_cut, visible_lines
from doctor.report.word_diff import word_diff

LONGEST = 60_000
"""Characters. Places that take such comments take 65,536."""

LONGEST_CELL = 160
LONGEST_DETAIL = 6_000
_MARK = {Verdict.LOOSER: "🔴", Verdict.DIFFERENT: "🟡", Verdict.STRICTER: "🟢", Verdict.EQUAL: "⚪"}
_SPECIAL = re.compile(r"([\\`*\[\]#|~$>]|(?<!\w)_|_(?!\w))")
_MENTION = re.compile(r"(?<=[@#])|(?<=://)|(?<=\bwww\.)")
_ENTITIES = {"&": "&amp;", "<": "&lt;"}
_INVISIBLE = "\u200b"


def render(comparison: Comparison) -> str:
    """The comparison in at most ``LONGEST`` characters."""
    words = CompareWords(comparison)
    head = [
        f"### {_MARK[comparison.verdict]} doctor compare: {escaped(words.heading)}",
        "",
        f"{escaped(words.side(comparison.base))} → {escaped(words.side(comparison.head))}",
    ]
    if words.counts:
        head += ["", f"**{escaped(words.counts)}**"]
    room = LONGEST - sum(len(line) + 1 for line in head) - 400
    body: list[str] = []
    for block in _blocks(comparison, words):
        if len(block) + 1 > room:
            body += ["", "_More is left out; `doctor compare` prints all of it._"]
            break
        body.append(block)
        room -= len(block) + 1
    return "\n".join([*head, *body]).rstrip("\n") + "\n"


def _blocks(comparison: Comparison, words: CompareWords) -> Iterator[str]:
    """Lines of the table and whole details, each of which may be the last that has room."""
    ordered = sorted(comparison.changes, key=lambda change: (not change.denied, -change.verdict.rank))
    for finding in comparison.findings:
        text = f"**{finding.severity}** {escaped(words.text(finding.subject))}: {escaped(words.text(finding.message))}"
        yield f"\n- {text}"
    if ordered:
        yield "\n| | what | before | after | why | fingerprint |\n|---|---|---|---|---|---|"
    for change in ordered:
        yield _row(change, words)
    for line in words.approvals():
        yield f"\n✅ {escaped(line)}"
    for change in ordered:
        if change.text:
            yield _details(change, words)


def _row(change: Change, words: CompareWords) -> str:
    state = words.state(change)
    verdict = f"{_MARK[change.verdict]} {change.verdict}" + (f" **{state}**" if state else "")
    place = words.place(change)
    what = f"{_cell(f'{words.text(change.subject)} {words.text(change.field)}')}"
    what += f"<br>{_cell(place)}" if place else ""
    before, after = ("_see below_" if change.text else _value(value, words) for value in (change.before, change.after))
    return f"| {verdict} | {what} | {before} | {after} | {_cell(words.text(change.reason))} | `{change.fingerprint}` |"


def _value(value: str | None, words: CompareWords) -> str:
    return _cell(words.text(value)) if value else "_none_"


def _cell(text: str) -> str:
    return escaped(middle_cut(text, LONGEST_CELL))


def escaped(text: str) -> str:
    """A text as Markdown that shows exactly it: no markup, no HTML, no mention of anybody and no link of its own."""
    safe = "".join(_ENTITIES.get(character, character) for character in _SPECIAL.sub(r"\\\1", text))
    return _MENTION.sub(_INVISIBLE, safe)


def _details(change: Change, words: CompareWords) -> str:
    """The texts' difference, folded away."""
    title = escape(f"{words.text(change.subject)} {words.text(change.field)}")
    before, after = (words.clean(value or "") for value in (change.before, change.after))
    signs = {"removed": ("[-", "-]"), "added": ("{+", "+}"), "same": ("", "")}
    text = ""
    for piece in word_diff(before, after):
        if piece.kind == "left out":
            text += "…\n"
            continue
        opening, closing = signs[piece.kind]
        text += f"{opening}{piece.text}{closing}"
    shown = "\n".join(visible_lines(text))
    if len(shown) > LONGEST_DETAIL:
        shown = f"{shown[:LONGEST_DETAIL]}\n…"
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", shown)), default=0))
    return f"\n<details><summary>{title}</summary>\n\n{fence}text\n{shown.rstrip()}\n{fence}\n\n</details>"
