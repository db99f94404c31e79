"""Hiding values in a stream of bytes, wherever its pieces happen to be cut."""

from collections.abc import Iterable

HIDDEN = b"[redacted]"

_MOST_HELD = 64 * 1024
"""Bytes kept back at most, for the case of a value that repeats itself without end."""


class Redactor:
    """Replaces every occurrence of some values by ``HIDDEN``; what could be the beginning of one is kept back.

    Args:
        values: Of any length; an empty one is ignored. A value of several lines is hidden line by line too, because
            terminals and programs change the ends of lines.
    """

    def __init__(self, values: Iterable[str]) -> None:
        found = {form for value in values for form in _forms(value)}
        self._values = sorted(found, key=len, reverse=True)
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Take the next piece; returns what is safe to keep."""
        if not self._values:
            return data
        data = self._held + data
        covered = self._covered(data)
        safe = self._safe_length(data, covered)
        if len(data) - safe > _MOST_HELD:
            # One run of values that overlap each other: its end is still kept back.
            keep = len(data) - len(self._values[0]) + 1
            self._held = data[keep:]
            return _replaced(data[:safe], covered) + HIDDEN
        self._held = data[safe:]
        return _replaced(data[:safe], covered)

    def finish(self) -> bytes:
        """What was kept back, once nothing follows."""
        data, self._held = self._held, b""
        return _replaced(data, self._covered(data))

    def _covered(self, data: bytes) -> list[tuple[int, int]]:
        """Where values stand, overlapping ones as one."""
        merged: list[tuple[int, int]] = []
        for begin, end in sorted(self._occurrences(data)):
            if merged and begin < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((begin, end))
        return merged

    def _occurrences(self, data: bytes) -> Iterable[tuple[int, int]]:
        for value in self._values:
            at = data.find(value)
            while at >= 0:
                yield at, at + len(value)
                at = data.find(value, at + 1)

    def _safe_length(self, data: bytes, covered: list[tuple[int, int]]) -> int:
        """How much of it no continuation can make part of a value."""
        safe = len(data)
        for value in self._values:
            for length in range(min(len(value) - 1, len(data)), len(data) - safe, -1):
                if data.endswith(value[:length]):
                    safe = len(data) - length
                    break
        return next((begin for begin, end in covered if begin < safe < end), safe)


def _forms(value: str) -> Iterable[bytes]:
    whole = value.encode("utf-8", "surrogateescape")
    if whole:
        yield whole
    lines = [line.strip() for line in whole.splitlines()]
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= _SHORTEST_LINE)


_SHORTEST_LINE = 8


def _replaced(data: bytes, covered: list[tuple[int, int]]) -> bytes:
    kept, at = [], 0
    for begin, end in covered:
        if begin >= len(data):
            break
        kept += [data[at:begin], HIDDEN]
        at = end
    return b"".join((*kept, data[at:]))
