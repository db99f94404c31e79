"""That a runner is to leave: politely at first, at once when it is asked again."""

import threading
import time

LONGEST_PAUSE = 5.0
"""Seconds between two tries, at most, while a coordinator does not answer."""

_FIRST_PAUSE = 0.1


class Departure:
    """Asked of everything that works for a runner."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        """No run is claimed any more; what was claimed is finished."""

        self.at_once = threading.Event()
        """What runs is ended."""

        self.registered = threading.Event()
        """Leaving takes more than ending the process."""

        self._asked_at = 0.0
        self._times = 0

    def ask(self) -> None:
        """Leave; asked a second time: at once."""
        self._times += 1
        if self._times > 1:
            self.at_once.set()
        self.begin()

    def begin(self) -> None:
        """Leave, without counting how often that was asked."""
        if not self.asked.is_set():
            self._asked_at = time.monotonic()
            self.asked.set()

    def pause(self, seconds: float) -> None:
        """Wait before something is tried again; not for long once there is no time."""
        if self.at_once.is_set():
            time.sleep(min(seconds, _FIRST_PAUSE))
        else:
            self.at_once.wait(seconds)

    def lasts(self) -> float:
        """Seconds since it was asked; 0 before."""
        return time.monotonic() - self._asked_at if self.asked.is_set() else 0.0


class Pauses:
    """Pauses that grow, up to ``LONGEST_PAUSE``, with a little chance in each, so that many runners do not march."""

    def __init__(self) -> None:
        self._next = _FIRST_PAUSE

    def next(self) -> float:
        """How many seconds to wait now."""
        pause = self._next
        self._next = min(self._next * 2, LONGEST_PAUSE)
        return pause * (0.75 + time.perf_counter_ns() % 1000 / 4000)

    def rest(self) -> None:
        """Wait that long."""
        time.sleep(self.next())

    def reset(self) -> None:
        """Something worked: begin anew."""
        self._next = _FIRST_PAUSE
