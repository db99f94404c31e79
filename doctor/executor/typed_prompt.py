"""Typing one line into a harness that takes its prompt no other way, once it is ready to read it."""

import re
import time
from collections.abc import Sequence

_WINDOW = 32 * 1024
"""Bytes of the newest output that are looked at."""

_ECHO_SECONDS = 5.0
"""How long the typed line may take to appear before it is sent all the same."""

_CONTROL = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]"  # a control sequence
    rb"|\x1b[\]PX^_].*?(?:\x07|\x1b\\)"  # a title, a link and other strings
    rb"|\x1b[ -/]*[0-~]"
    rb"|[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]",
    re.DOTALL,
)
_PASTE_MODE = re.compile(rb"\x1b\[\?(?:\d+;)*2004(?:;\d+)*([hl])")
_LONGEST_MODE = 64


class Typist:
    """Types one line when its time has come.

    Args:
        ready: Regular expressions, any of which is found in the output without white space and control sequences
            once the harness is ready.
        text: The line, without its end.
    """

    def __init__(self, ready: Sequence[str], text: str) -> None:
        self.receipt = "unconfirmed"
        """A ``Receipt``: delivered once the harness showed the line."""
        self._ready = [re.compile(each) for each in ready]
        self._text = text
        self._seen = b""
        self._mode_seen = b""
        self._pastes = False
        self._typed_at: float | None = None
        self._sent = False

    def feed(self, output: bytes) -> bytes:
        """Take what the harness wrote; returns what to type now."""
        if self._sent:
            return b""
        self._mode_seen = (self._mode_seen + output)[-_WINDOW:]
        for mode in _PASTE_MODE.finditer(self._mode_seen):
            self._pastes = mode[1] == b"h"
        self._mode_seen = self._mode_seen[-_LONGEST_MODE:]
        self._seen = (self._seen + output)[-_WINDOW:]
        if self._typed_at is not None:
            return self._send_if_shown()
        shown = _squeezed(self._seen)
        if any(each.search(shown) for each in self._ready):
            return self._type()
        return b""

    def tick(self) -> bytes:
        """What to type now because of the time that passed."""
        if self._sent or self._typed_at is None or time.monotonic() < self._typed_at + _ECHO_SECONDS:
            return b""
        self._sent = True
        return b"\r"

    @property
    def wakes_at(self) -> float | None:
        """Monotonic seconds at which ``tick`` has something to do."""
        return None if self._sent or self._typed_at is None else self._typed_at + _ECHO_SECONDS

    def finish(self) -> str:
        """The receipt, once the harness has ended."""
        return "not-delivered" if self._typed_at is None else self.receipt

    def _type(self) -> bytes:
        self._typed_at = time.monotonic()
        self._seen = b""
        line = self._text.encode("utf-8", "surrogateescape")
        return b"\x1b[200~" + line + b"\x1b[201~" if self._pastes else line

    def _send_if_shown(self) -> bytes:
        if not self._is_shown():
            return b""
        self.receipt = "delivered"
        self._sent = True
        # Apart from the line: one that arrives with it is taken for a part of what was pasted.
        return b"\r"

    def _is_shown(self) -> bool:
        wanted, shown = "".join(self._text.split()), _squeezed(self._seen)
        # A long line is broken by whatever frames the input, so its beginning and its end count.
        return wanted in shown or (wanted[:_PIECE] in shown and wanted[-_PIECE:] in shown)


_PIECE = 16


def _squeezed(output: bytes) -> str:
    return "".join(_CONTROL.sub(b"", output).decode("utf-8", "replace").split())
