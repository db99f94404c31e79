"""What nex says: the model's text on standard output, everything else on standard error."""

import re
from typing import TextIO

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What could move the cursor, write to the clipboard or turn the order of letters around."""


def visible(text: str) -> str:
    """``text`` with every character that a terminal would obey written out; tabs and line ends stay."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text.replace("\r\n", "\n"))


class Voice:
    """Writes to the two streams.

    Args:
        out: Where the model's text goes; made harmless only where it is a terminal.
        err: Where the rest goes.
        secret: Never written to ``err``; ``None`` when there is none.
    """

    def __init__(self, *, out: TextIO, err: TextIO, secret: str | None = None) -> None:
        self._out = out
        self._err = err
        self._secret = secret
        self._terminal = out.isatty()
        self._open_line = False

    def text(self, piece: str) -> None:
        """A piece of the model's text, written at once."""
        if piece:
            self._out.write(visible(piece) if self._terminal else piece)
            self._out.flush()
            self._open_line = not piece.endswith("\n")

    def end_line(self) -> None:
        """End the line that the model's text left open."""
        if self._open_line:
            self._out.write("\n")
            self._out.flush()
            self._open_line = False

    def say(self, line: str) -> None:
        """A line of nex's own."""
        self.end_line()
        if self._secret:
            line = line.replace(self._secret, "[redacted]")
        self._err.write(f"{visible(line)}\n")
        self._err.flush()
