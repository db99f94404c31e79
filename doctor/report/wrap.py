"""Breaking prose into lines without breaking what a reader may want to copy."""

import re

_PIECES = re.compile(r"""(?:`[^`]*`|"[^"]*"|(?<!\w)'[^']*'|\S)+""")
"""A word; spaces inside quotes or backticks belong to it."""


def wrap(text: str, width: int) -> list[str]:
    """The lines of ``text``: broken at spaces outside quotes and backticks, so that paths and commands stay whole.

    Args:
        text: One line.
        width: Most characters per line; a longer word gets a line of its own.
    """
    if len(text) <= width:
        return [text]
    lines: list[str] = []
    line = ""
    for word in _PIECES.findall(text):
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line] if line else lines
