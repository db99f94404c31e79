"""A comparison as text for people: the verdict, each change with its reason, and texts word by word."""

from collections.abc import Iterator

from doctor.model.comparison import Change, Comparison, Verdict
from doctor.report.compare_words import CompareWords
from doctor.report.paint import paint
from doctor.report.style import PLAIN, Style
from doctor.report.visible import middle_cut, visible_lines
from doctor.report.word_diff import Piece, word_diff

_KIND = {Verdict.LOOSER: "error", Verdict.DIFFERENT: "warning", Verdict.STRICTER: "ok", Verdict.EQUAL: "ok"}
_SIGN = {"removed": ("[-", "-]", "error"), "added": ("{+", "+}", "ok")}
LONGEST_VALUE = 400
"""Characters of a value that is no text."""


def render(comparison: Comparison, style: Style = PLAIN) -> str:
    """The comparison, a paragraph for each change; what may not pass comes first."""
    words = CompareWords(comparison)
    kind = _KIND[comparison.verdict]
    lines = [
        f"{words.side(comparison.base)} {style.arrow} {words.side(comparison.head)}",
        paint(words.heading, kind, color=style.color),
    ]
    ordered = sorted(comparison.changes, key=lambda change: (not change.denied, -change.verdict.rank))
    for change in ordered:
        lines += ["", *_change(change, words, style)]
    for finding in comparison.findings:
        severity = paint(str(finding.severity), str(finding.severity), color=style.color)
        lines += ["", f"{severity} {words.text(finding.subject)}: {words.text(finding.message)}"]
        lines += [f"  {style.arrow} {words.text(finding.remedy)}"] if finding.remedy else []
        lines += [f"  {words.location(finding.location)}"] if finding.location else []
    approvals = words.approvals()
    lines += ["", *approvals] if approvals else []
    lines += ["", words.counts] if words.counts else []
    return "\n".join(lines) + "\n"


def _change(change: Change, words: CompareWords, style: Style) -> Iterator[str]:
    verdict = paint(str(change.verdict), _KIND[change.verdict], color=style.color)
    state = words.state(change)
    marked = f" [{paint(state, 'error' if change.denied else 'ok', color=style.color)}]" if state else ""
    name = paint(f"{words.text(change.subject)} {words.text(change.field)}", "bold", color=style.color)
    yield f"{verdict}{marked} {name}: {words.text(change.reason)}"
    if change.text:
        yield from _difference(change, words, style)
    else:
        before, after = (_value(value, words) for value in (change.before, change.after))
        yield f"  {before} {style.arrow} {after}"
    place = words.place(change)
    fingerprint = paint(change.fingerprint, "dim", color=style.color)
    yield f"  {place}{style.separator if place else ''}{fingerprint}"


def _value(value: str | None, words: CompareWords) -> str:
    return middle_cut(words.text(value), LONGEST_VALUE) if value else "(none)"


def _difference(change: Change, words: CompareWords, style: Style) -> Iterator[str]:
    """The texts' difference: what is gone in ``[-...-]``, what is new in ``{+...+}``, in colour where there is one."""
    before, after = (words.clean(value or "") for value in (change.before, change.after))
    shown = "".join(_piece(piece, style) for piece in word_diff(before, after))
    for line in shown.split("\n"):
        if line.strip():
            yield f"  {line}"


def _piece(piece: Piece, style: Style) -> str:
    if piece.kind == "left out":
        return f"{style.ellipsis}\n"
    text = "\n".join(visible_lines(piece.text))
    # Trailing space between words is kept: the lines' ends are cut when they are printed.
    text += " " * (len(piece.text) - len(piece.text.rstrip(" "))) if not piece.text.endswith("\n") else ""
    if piece.kind == "same":
        return text
    opening, closing, kind = _SIGN[piece.kind]
    return paint(f"{opening}{text}{closing}", kind, color=style.color)
