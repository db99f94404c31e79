"""The terminal that a supervisor was started in, as long as it is there."""

import fcntl
import os
import struct
import termios
import tty
from contextlib import suppress
from typing import Any

_READ = 65536


class OuterTerminal:
    """A pane, seen from inside.

    Args:
        interactive: Whether what is typed there is the agent's: it is handed on key by key then.
    """

    def __init__(self, *, interactive: bool) -> None:
        self.is_there = os.isatty(0)
        self.attributes: list[Any] | None = None
        """How it was set up before."""
        if self.is_there:
            with suppress(termios.error):
                self.attributes = termios.tcgetattr(0)
                if interactive:
                    tty.setraw(0, termios.TCSANOW)
            os.set_blocking(0, False)

    def size(self) -> tuple[int, int] | None:
        """Rows and columns; ``None`` where it has none."""
        try:
            rows, columns, _, _ = struct.unpack("HHHH", fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8)))
        except OSError:
            return None
        return (rows, columns) if rows and columns else None

    def read(self) -> bytes:
        """What was typed; nothing, and ``is_there`` false, once it is gone."""
        try:
            data = os.read(0, _READ)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._look()
        return data

    def write(self, data: bytes) -> int:
        """Show as much as it takes now; returns how much that was."""
        try:
            return os.write(0, data)
        except BlockingIOError:
            return 0
        except OSError:
            self.is_there = False
            return len(data)

    def restore(self) -> None:
        """Leave it as it was found."""
        if self.is_there and self.attributes is not None:
            with suppress(termios.error):
                termios.tcsetattr(0, termios.TCSANOW, self.attributes)

    def _look(self) -> None:
        # A person's Ctrl-D reads like the end of the terminal, but only one that is gone has no attributes.
        try:
            termios.tcgetattr(0)
        except termios.error:
            self.is_there = False
