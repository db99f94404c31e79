"""Hiding values in what a terminal program writes, wherever its pieces happen to be cut.

A value counts as shown when a reader sees its characters one after another: control sequences, ends of lines and the
like may stand between them. Those stay, the characters go.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable

from doctor.executor.secret_forms import forms_of

HIDDEN = b"[redacted]"

_MOST_HELD = 64 * 1024
"""Bytes kept back at most, beside a whole value: for one that repeats itself, or is followed by control sequences,
without end."""

_HELD_FROM = 3
"""Characters. Fewer at the end of a line, or before a control sequence, are not kept back, though a value may begin
with them: most lines would be. The others are hidden when they follow."""

_UNUSUAL = (b"\x1b", b"\xc2", b"\\")
"""How those sequences begin that are more than one byte."""

_CONTROLS = bytes((*range(0x20), 0x7F))
_ONE_CONTROL = rb"|[\x00-\x1f\x7f]"
_STRING = rb"|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?"
_MARKS = rb"\x1b\[[0-?]*[ -/]*[@-~]{}|\x1b[ -/]*[0-~]|\xc2[\x80-\x9f]|\\\\*(?:u001[bB]|x1[bB]|033)\[[0-?]*[ -/]*[@-~]"
"""Also as they stand in a string of JSON or of a shell: harnesses print what their tools printed. Every branch begins
with a byte of its own, so that most of the data is skipped quickly."""

_STRING_BEGINS = re.compile(rb"\x1b[\]PX^_]")
_FINISHED = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[ -/]+[0-~]|[0-OQ-WYZ\\`-~])\Z")
"""One that ends with the data; its last byte may be a backslash, which begins nothing then."""

_UNFINISHED = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*|[ -/]*|[\]PX^_][^\x07\n]*)|\xc2"
    rb"|\\(?:u0{0,2}|u001(?:[bB](?:\[[0-?]*[ -/]*)?)?|x|x1(?:[bB](?:\[[0-?]*[ -/]*)?)?|03?|033(?:\[[0-?]*[ -/]*)?)?"
)

Spans = list[tuple[int, int]]


class Redactor:
    """Replaces every occurrence of some values by ``HIDDEN``; what could be the beginning of one is kept back.

    Values are also found as programs quote and encode them (``forms_of``).

    Args:
        values: Of any length; an empty one is ignored.
    """

    def __init__(self, values: Iterable[str]) -> None:
        forms = {form for value in values for form in forms_of(value)}
        self._shown = _View(_MARKS.replace(b"{}", _STRING), forms)
        self._strings: _View | None = None
        self._forms = forms
        self._most = _MOST_HELD + self._shown.longest
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Take the next piece; returns what is safe to keep."""
        return self._taken(self._held + data, last=False) if self._forms else data

    def finish(self) -> bytes:
        """What was kept back, once nothing follows."""
        return self._taken(self._held, last=True)

    def _taken(self, data: bytes, *, last: bool) -> bytes:
        whole = len(data) if last else _whole_length(data)
        views = self._views(data)
        found: Spans = []
        safe = whole
        for view in views:
            spans, begin = view.look(data, whole)
            found += spans
            safe = safe if last else min(safe, begin)
        covered = _merged(found)
        safe = next((begin for begin, end in covered if begin < safe < end), safe)
        remembered = _HELD_FROM - 1
        if len(data) - safe > self._most:
            # What one value, or several that overlap, cover is hidden; what is behind it stays back.
            safe = next((end for begin, end in covered if begin == safe), len(data))
            remembered = self._shown.longest - 1
        for view in views:
            view.forget(data, safe, remembered)
        self._held = data[safe:]
        return self._replaced(data[:safe], covered)

    def _views(self, data: bytes) -> list["_View"]:
        """How to look at it; what stands in strings is only looked at once there are any."""
        if self._strings is None and b"\x1b" in data and _STRING_BEGINS.search(data):
            self._strings = _View(_MARKS.replace(b"{}", b""), self._forms, before=self._shown.before)
        return [self._shown] if self._strings is None else [self._shown, self._strings]

    def _replaced(self, data: bytes, covered: Spans) -> bytes:
        kept, at = [], 0
        for begin, end in covered:
            if begin >= len(data):
                break
            kept += [data[at:begin], HIDDEN, *self._shown.sequences_in(data[begin:end])]
            at = end
        return b"".join((*kept, data[at:]))


class _View:
    """The visible characters of a stream, one after another.

    Args:
        sequences: Regular expression for what is not visible, beside control characters.
        forms: What is looked for.
        before: Visible characters that were let pass and may belong to a value.
    """

    def __init__(self, sequences: bytes, forms: Iterable[bytes], *, before: bytes = b"") -> None:
        self.before = before
        self._sequences = re.compile(sequences)
        self._hidden = re.compile(sequences + _ONE_CONTROL)
        self._forms = sorted({self._visible(form) for form in forms if self._is_enough(form)}, key=len, reverse=True)
        self._beginnings = {form[:length] for form in self._forms for length in range(1, min(_HELD_FROM, len(form)))}
        self._text, self._whole = b"", 0
        self.longest = max(map(len, self._forms), default=1)

    def look(self, data: bytes, whole: int) -> tuple[Spans, int]:
        """Where in ``data[:whole]`` values stand, and from where on it must be kept back."""
        text = self._text = self.before + self._visible(data[:whole])
        self._whole = whole
        spans = self._occurrences(text)
        start = self._start_of_a_value(text)
        if not spans and start == len(text):
            return [], whole
        places = _Places(self._hidden, data, whole, shift=len(self.before))
        new = len(self.before)
        found = [(places[max(begin, new)], places[end - 1] + 1) for begin, end in spans if end > new]
        if start == len(text) or (len(text) - start < _HELD_FROM and places[len(text) - 1] + 1 < len(data)):
            return found, whole
        return found, places[start]

    def forget(self, data: bytes, length: int, remembered: int) -> None:
        """Go on behind ``data[:length]``, the last ``remembered`` characters of which may belong to a value."""
        if length:
            tail = self._text if length == self._whole else self.before + self._visible(data[:length])
            self.before = tail[max(0, len(tail) - remembered) :]

    def sequences_in(self, data: bytes) -> list[bytes]:
        """What is not visible, without strings: a value may stand in one."""
        return [each for each in self._hidden.findall(data) if not _STRING_BEGINS.match(each)]

    def _visible(self, data: bytes) -> bytes:
        if any(each in data for each in _UNUSUAL):
            data = self._sequences.sub(b"", data)
        return data.translate(None, _CONTROLS)

    def _is_enough(self, form: bytes) -> bool:
        left = len(self._visible(form))
        return left == len(form) or left > _HELD_FROM

    def _occurrences(self, text: bytes) -> Spans:
        spans = []
        for form in self._forms:
            at = text.find(form)
            while at >= 0:
                spans.append((at, at + len(form)))
                at = text.find(form, at + 1)
        return spans

    def _start_of_a_value(self, text: bytes) -> int:
        """Where a value begins that goes on behind ``text``; its length when none does."""
        start = len(text)
        for form in self._forms:
            head = form[:_HELD_FROM]
            at = text.find(head, max(0, len(text) - len(form) + 1), start + len(head) - 1)
            while at >= 0:
                if form.startswith(text[at:]):
                    start = at
                    break
                at = text.find(head, at + 1, start + len(head) - 1)
        if start == len(text):
            short = (length for length in range(_HELD_FROM - 1, 0, -1) if text[-length:] in self._beginnings)
            start -= next(short, 0)
        return start


class _Places:
    """By the number of a visible character: where it stands. One that stands before the data is at its beginning."""

    def __init__(self, hidden: re.Pattern[bytes], data: bytes, whole: int, *, shift: int) -> None:
        self._numbers = [0]
        self._places = [-shift]
        number, place = shift, 0
        for match in hidden.finditer(data, 0, whole):
            number += match.start() - place
            place = match.end()
            self._numbers.append(number)
            self._places.append(place)

    def __getitem__(self, number: int) -> int:
        at = bisect_right(self._numbers, number) - 1
        return max(0, self._places[at] + number - self._numbers[at])


def _whole_length(data: bytes) -> int:
    """How much of it is not the beginning of a control sequence."""
    if _FINISHED.match(data, max(0, data.rfind(b"\x1b"))):
        return len(data)
    begins = (data.rfind(each) for each in _UNUSUAL)
    return min((at for at in begins if at >= 0 and _UNFINISHED.fullmatch(data, at)), default=len(data))


def _merged(spans: Spans) -> Spans:
    """Overlapping ones as one, in their order."""
    merged: Spans = []
    for begin, end in sorted(spans):
        if merged and begin < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged
