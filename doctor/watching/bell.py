"""What wakes a watch up: something that may have changed, or somebody who asks."""

import threading


class Bell:
    """Rung from any thread, heard by one."""

    def __init__(self) -> None:
        self._rung = threading.Event()
        self._asked = threading.Event()

    def ring(self) -> None:
        """Something may have changed."""
        self._rung.set()

    def ask(self) -> None:
        """Look again, changed or not."""
        self._asked.set()
        self._rung.set()

    def listen(self, limit: float) -> None:
        """Wait until it is rung, but no longer than ``limit`` seconds."""
        if self._rung.wait(limit):
            self._rung.clear()

    def was_asked(self) -> bool:
        """Whether somebody asked since this was last called."""
        asked = self._asked.is_set()
        self._asked.clear()
        return asked
