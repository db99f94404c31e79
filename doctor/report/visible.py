"""Making text that others wrote safe to print: nothing in it moves the cursor, hides text or reverses it."""

import re
from functools import cache

ESCAPED = (
    "\x00-\x1f\x7f-\x9f"  # control characters, escape sequences among them
    "\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # direction, invisible, line separators
    "\ud800-\udfff"  # halves of a pair, which no encoding takes
    "\ufffe\uffff"  # no characters, and refused by XML and YAML
    "\U000e0000-\U000e007f"  # tags, which print as nothing
)
"""Character ranges that are shown as escapes, in the form of a regular expression's class."""


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(f"[{ESCAPED}]")


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def visible(text: str) -> str:
    r"""``text`` on one line, with everything escaped that a terminal would act on: ``\x1b``, ``\n``, ``\u202e``."""
    if text.isascii() and text.isprintable():
        return text
    return _pattern().sub(_escape, text)


def visible_lines(text: str) -> list[str]:
    """The lines of a text that may have several, each made visible; tabs become spaces."""
    return [visible(line.rstrip()) for line in text.expandtabs(4).replace("\r\n", "\n").split("\n")]


def single_line(text: str) -> str:
    """A text that may have several lines on one: line breaks and the indentation after them become one space."""
    return " ".join(line.strip() for line in visible_lines(text) if line.strip())


def middle_cut(text: str, width: int, ellipsis: str = "…") -> str:
    """``text`` with its middle left out when it is longer than ``width`` characters; the end is kept longer."""
    if len(text) <= width:
        return text
    room = max(1, width - len(ellipsis))
    head = room // 3
    return f"{text[:head]}{ellipsis}{text[len(text) - (room - head) :]}"


def home_relative(path: str, home: str | None) -> str:
    """``path`` with ``~`` for the home directory it lies in."""
    if home and home != "/" and (path == home or path.startswith(f"{home.rstrip('/')}/")):
        return f"~{path[len(home.rstrip('/')) :]}"
    return path
