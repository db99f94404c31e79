"""Telling a person who waits what is being done, on stderr, and leaving no trace of it."""

import os
import sys
from threading import Lock, Timer
from types import TracebackType
from typing import Self, TextIO

from doctor.cli.streams import encodable
from doctor.report.visible import visible

PATIENCE = 0.5
"""Seconds before anything is shown; most runs are over by then."""

_START_OF_LINE = "\r\x1b[K"


class Progress:
    """A line on a terminal that says what is being done.

    Args:
        stream: A terminal, or ``None`` to show nothing.
        width: Columns; the line stays shorter.
        patience: Seconds before anything is shown.
    """

    def __init__(self, stream: TextIO | None, *, width: int = 80, patience: float = PATIENCE) -> None:
        self._stream = stream
        self._width = width
        self._patience = patience
        self._lock = Lock()
        self._text = ""
        self._timer: Timer | None = None
        self._shown = False

    def __enter__(self) -> Self:
        """Start waiting."""
        if self._stream is not None:
            self._timer = Timer(self._patience, self._show)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __call__(self, text: str) -> None:
        """Say what is being done now."""
        with self._lock:
            self._text = text
            if self._shown:
                self._write()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Remove the line."""
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._timer = None
            if self._shown and self._stream is not None:
                self._stream.write(_START_OF_LINE)
                self._stream.flush()
            self._shown = False

    def _show(self) -> None:
        with self._lock:
            if self._timer is not None and not self._shown:
                self._shown = True
                self._write()

    def _write(self) -> None:
        if self._stream is not None and self._text:
            line = encodable(visible(self._text), self._stream)[: max(1, self._width - 1)]
            self._stream.write(f"{_START_OF_LINE}{line}")
            self._stream.flush()


def progress_line(*, quiet: bool, width: int) -> Progress:
    """The line for this process, shown to a person who wants it."""
    stream = stream_for_progress(quiet=quiet, dumb=os.environ.get("TERM") == "dumb")
    return Progress(stream, width=width)


def stream_for_progress(*, quiet: bool, dumb: bool) -> TextIO | None:
    """Where to show progress: stderr, if a person sees both it and stdout and wants to; else ``None``."""
    from doctor.cli.streams import is_terminal  # noqa: PLC0415 - keeps this module's names short

    wanted = not quiet and not dumb and is_terminal(sys.stdout) and is_terminal(sys.stderr)
    return sys.stderr if wanted else None
