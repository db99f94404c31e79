"""What a runner says while it works: one line each on stderr, without secrets."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

NAME = "agent-runner"
HIDDEN = "[redacted]"
_AFTER_A_DEFECT = 1.0
"""Seconds, so that one that comes back at once fills no disk."""

_LONGEST = 2000
"""Characters of one message; what a coordinator answers may be of any length."""


class Talk:
    """Writes ``YYYY-MM-DD HH:MM:SS [LEVEL] agent-runner: message``, in local time.

    Args:
        stream: Where to; ``None`` where there is no stderr.
        verbose: Whether messages for finding mistakes are written too.
    """

    def __init__(self, stream: TextIO | None, *, verbose: bool = False) -> None:
        self._stream = stream
        self._verbose = verbose
        self._guard = threading.Lock()
        self._secrets: tuple[str, ...] = ()
        self._said: set[str] = set()

    def hide(self, secrets: Iterable[str]) -> None:
        """Never write one of these values."""
        self._secrets = tuple(sorted({*self._secrets, *filter(None, secrets)}, key=len, reverse=True))

    def debug(self, message: str) -> None:
        """Something for whoever looks for a mistake."""
        if self._verbose:
            self._write("DEBUG", message)

    def info(self, message: str) -> None:
        """Something that happened as it should."""
        self._write("INFO", message)

    def warning(self, message: str) -> None:
        """Something that went wrong and is coped with."""
        self._write("WARNING", message)

    def error(self, message: str) -> None:
        """Something that is lost, or ends the runner."""
        self._write("ERROR", message)

    def once(self, message: str) -> None:
        """A warning that is not repeated before ``forget``."""
        with self._guard:
            if message in self._said:
                return
            self._said.add(message)
        self.warning(message)

    def forget(self) -> None:
        """What was wrong is over: it is said again if it comes back."""
        with self._guard:
            self._said.clear()

    @contextmanager
    def guarding(self, what: str) -> Iterator[None]:
        """Tell of a defect, and let whoever works go on: a thread that ended silently would be missed by nobody."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - see above
            self.error(f"internal error while {what}: {type(error).__name__}: {error}")
            time.sleep(_AFTER_A_DEFECT)

    def _write(self, level: str, message: str) -> None:
        if self._stream is None:
            return
        for secret in self._secrets:
            message = message.replace(secret, HIDDEN)
        text = " ".join(message.split())
        shown = "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in text[:_LONGEST])
        line = f"{time.strftime('%Y-%m-%d %H:%M:%S')} [{level}] {NAME}: {shown}\n"
        with self._guard, suppress(OSError, ValueError):
            self._stream.write(line.encode("utf-8", "backslashreplace").decode("utf-8"))
            self._stream.flush()
