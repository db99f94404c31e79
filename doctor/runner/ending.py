"""Asking for the end of a run, from any thread, whether its child has started or not."""

import os
import threading
from contextlib import suppress
from enum import Enum


class Cause(Enum):
    """Why a child is ended before it has ended by itself."""

    STOPPED = "stopped"
    """The coordinator, or a person on this machine, asked for it."""

    TOO_LONG = "too long"
    LEAVING = "leaving"


class Ending:
    """The end of one run as it was asked for. To be closed by whoever made it."""

    def __init__(self) -> None:
        self.cause: Cause | None = None
        """The first cause counts."""

        self._guard = threading.Lock()
        self.wake, self._waker = os.pipe()
        """A descriptor that can be read from once the end was asked for."""

    def ask(self, cause: Cause) -> None:
        """Have the child ended; a second time does nothing."""
        with self._guard:
            if self.cause is None:
                self.cause = cause
                self._close_waker()

    def close(self) -> None:
        """Nobody waits for it any more."""
        with self._guard:
            self._close_waker()
            if self.wake >= 0:
                os.close(self.wake)
                self.wake = -1

    def _close_waker(self) -> None:
        # A pipe without a writer can be read from: that is the signal.
        if self._waker >= 0:
            with suppress(OSError):
                os.close(self._waker)
            self._waker = -1
