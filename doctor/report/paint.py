"""Colours of the lines that are printed as they are; only the eight that every terminal has."""

_CODES = {
    "bold": "1",
    "dim": "2",
    "ok": "32",
    "passed": "32",
    "info": "36",
    "warning": "33",
    "skipped": "2",
    "absent": "31",
    "running": "36",
    "paused": "33",
    "completed": "32",
    "cancelled": "2",
    "healthy": "32",
    "idle": "2",
    "stalled": "33",
    "blocked": "33",
}
_BAD = "31"

NAMES = {"32": "green", "33": "yellow", "36": "cyan", "31": "red", "2": "dim", "1": "bold"}
"""What rich calls them."""


def paint(text: str, kind: str, *, color: bool) -> str:
    """``text`` in the colour of a status or severity, or in ``bold`` or ``dim``; a kind not known is a bad one."""
    return f"\x1b[{_CODES.get(kind, _BAD)}m{text}\x1b[0m" if color and text else text


def color_name(kind: str) -> str:
    """What rich calls the colour of a status or severity."""
    return NAMES[_CODES.get(kind, _BAD)]
