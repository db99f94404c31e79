"""Ending an agent step by step: asked first, killed in the end."""

import math
import signal
import time
from collections.abc import Sequence

from doctor.executor import family

PATIENCE = 5.0
"""Seconds between two steps, where whoever asked for the end did not say."""

_LONGEST_PATIENCE = 3600.0


class StepsToEnd:
    """Signals that an agent gets one after the other, until it has ended.

    Args:
        agent: Its number; it leads a process group.
        process_id: The mark of everything that it started.
    """

    def __init__(self, agent: int, process_id: str) -> None:
        self.patience = PATIENCE
        self._agent = agent
        self._marks = frozenset({process_id})
        self._steps: list[tuple[float, int]] = []

    def begin(self, numbers: Sequence[int], *, patience: float) -> None:
        """Take the first step now and the others after ``patience`` seconds each; SIGKILL ends all that it started."""
        now = time.monotonic()
        self.patience = patience
        self._steps = [(now + patience * step, number) for step, number in enumerate(numbers)]
        self.tick()

    @property
    def wakes_at(self) -> float:
        """Monotonic seconds of the next step."""
        return self._steps[0][0] if self._steps else math.inf

    def tick(self) -> None:
        """Take the steps whose time has come."""
        while self._steps and time.monotonic() >= self._steps[0][0]:
            _, number = self._steps.pop(0)
            self._take(number)

    def hand_on(self, number: int) -> None:
        """Give the agent a signal that the terminal meant for it."""
        family.send_to_group(self._agent, number)

    def end_the_rest(self, *, patience: float) -> None:
        """End what the agent started, once it has ended itself and was not collected yet."""
        family.end(self.look, patience=patience)

    def look(self) -> family.Family:
        """What the agent started and what still runs."""
        return family.carriers(self._marks) | family.session_members(self._agent) | family.descendants()

    def _take(self, number: int) -> None:
        family.send_to_group(self._agent, number)
        if number == signal.SIGKILL:
            family.send(self.look(), number)
            return
        family.send(family.carriers(self._marks), number)
        family.send_to_group(self._agent, signal.SIGCONT)  # one that is stopped cannot hear the request


def patience_in(path: str) -> float:
    """The seconds of patience that a file holds, or the usual ones."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib costs the start of every agent
            seconds = float(file.read(64))
    except (OSError, ValueError):
        return PATIENCE
    return min(max(seconds, 0.0), _LONGEST_PATIENCE) if math.isfinite(seconds) else PATIENCE
