"""Asking a coordinator for runs, one question at a time, and ending that without losing one.

A poll that nobody listens to any more goes on at the coordinator and claims the next run. So a poll is never dropped
where that can be helped: to leave, the runner is marked, and the open poll's answer is waited for.
"""

import threading
import time
from collections.abc import Callable

from doctor.runner.answers import NOT_FOUND, Answer
from doctor.runner.auth import AuthError
from doctor.runner.client import Coordinator, quoted
from doctor.runner.dialect import Said, read_poll
from doctor.runner.leaving import Departure, Pauses
from doctor.runner.registration import Registered, Registration, end_polls
from doctor.runner.runs import Runs
from doctor.runner.talk import Talk

MARGIN = 5.0
"""Seconds beyond the coordinator's own limit in which a poll has to be answered."""

QUICK = 0.1
"""Seconds. Polls that bring nothing and end sooner come at growing intervals."""

LEAVING_LIMIT = 1.5
"""Seconds in which the coordinator has to answer that the runner leaves."""

_MARKS = 3

_ROOM = 1.0


class Polling:
    """The one thread that claims.

    Args:
        coordinator: Whom to ask.
        registration: As whom.
        runs: Where runs and stops go.
        departure: When to stop asking.
        floor: The least number of seconds that an answer is waited for.
        once: Leave after the first run was taken.
        talk: Told of trouble.
    """

    def __init__(
        self,
        coordinator: Coordinator,
        registration: Registration,
        runs: Runs,
        departure: Departure,
        *,
        floor: float,
        once: bool,
        talk: Talk,
    ) -> None:
        self.dropped_at: float | None = None
        """When a poll, or its answer, was last lost, in monotonic seconds: a run may be claimed for nobody."""

        self._coordinator = coordinator
        self._registration = registration
        self._runs = runs
        self._departure = departure
        self._floor = floor
        self._once = once
        self._talk = talk
        self._line = coordinator.line()
        self._guard = threading.Lock()
        self._open = False
        self._deregistering = False
        self._marked = False
        self._is_heard = True
        self._pauses = Pauses()
        self._thread = threading.Thread(target=self._work, name="poll", daemon=True)

    @property
    def is_open(self) -> bool:
        """Whether a poll waits for its answer: then the coordinator's stops are heard."""
        return self._open

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def leave(self, give_up: Callable[[], None]) -> None:
        """Have the coordinator forget the runner, once nothing runs; returns when nothing can be claimed any more.

        With a poll open the runner is only marked, so that the poll is answered: with its end, or with one last run,
        which is refused. Without one it is removed at once: a mark would outlast that, and end its next poll.

        Args:
            give_up: Called where the poll is not answered: a hook of the coordinator may hold a claimed run back.
        """
        with self._guard:
            is_open, self._deregistering = self._open, True
            self._marked = is_open
        if is_open:
            if not self._end_open_poll():
                give_up()
        elif self._registration.is_known and not self._registration.is_borrowed and not self._is_haunted():
            self._delete("?self=true")
            self._registration.forget()
        if self._is_haunted() and self._is_heard and not self._registration.is_borrowed:
            self._end_lost_polls()
        self._line.cut()
        self._registration.forget()

    def _work(self) -> None:
        try:
            while self._may_go_on():
                with self._talk.guarding("polling"):
                    self._poll()
        finally:
            with self._guard:
                self._open = False
            self._line.close()

    def _may_go_on(self) -> bool:
        """Wait until a run could be started; whether to poll then. With it, a poll counts as open."""
        while True:
            with self._guard:
                if self._deregistering:
                    self._open = self._marked and self._registration.is_known
                    return self._open
                self._open = False
                if self._departure.asked.is_set():
                    return False
                if self._runs.has_room():
                    self._open = True
                    return True
            self._runs.wait_for_room(_ROOM)

    def _poll(self) -> None:
        seen, began = self._registration.now, time.monotonic()
        limit = max(seen.poll_timeout, self._floor) + MARGIN
        try:
            answer = self._ask(seen, limit)
        except (OSError, AuthError) as error:
            self.dropped_at = time.monotonic()
            self._trouble(f"the poll was lost: {error}")
            return
        if not answer.succeeded:
            self._refused(answer, seen)
            return
        said = read_poll(answer)
        self._heed(said)
        if said.problem is not None:
            self.dropped_at = time.monotonic()
            self._trouble(said.problem)
        elif said.run is not None or time.monotonic() - began >= QUICK:
            self._pauses.reset()
        elif not said.deregistered:
            self._pause()

    def _ask(self, seen: Registered, limit: float) -> Answer:
        path = f"/runner/runs?runner_id={quoted(seen.runner_id)}"
        return self._coordinator.request("GET", path, limit=limit, line=self._line)

    def _heed(self, said: Said) -> None:
        if said.run is not None:
            self._runs.take(said.run)
            if self._once:
                self._departure.begin()
        if said.stop_runs:
            self._runs.stop_runs(said.stop_runs)
        if said.stop_sessions:
            self._runs.stop_sessions(said.stop_sessions)
        if said.deregistered:
            if not self._departure.asked.is_set():
                self._talk.info("the coordinator removed this runner")
            self._registration.forget()
            self._departure.begin()

    def _refused(self, answer: Answer, seen: Registered) -> None:
        if answer.not_registered and self._departure.asked.is_set():
            self._registration.forget()
        elif answer.not_registered:
            with self._guard:
                self._open = False
            if not self._registration.renew(seen, until=self._departure.asked):
                self._pause()
        else:
            if not answer.is_definite:  # somebody in between may have lost what the coordinator gave
                self.dropped_at = time.monotonic()
            self._trouble(f"the coordinator answers a poll with {answer.in_words}")

    def _trouble(self, problem: str) -> None:
        if not self._deregistering:
            self._talk.warning(problem)
        self._pause()

    def _pause(self) -> None:
        with self._guard:
            if self._deregistering:
                self._registration.forget()
            self._open = False
        self._departure.asked.wait(self._pauses.next())

    def _is_haunted(self) -> bool:
        """Whether a poll that was lost may still be open at the coordinator."""
        return self.dropped_at is not None and time.monotonic() - self.dropped_at < self.longest_poll

    @property
    def longest_poll(self) -> float:
        """Seconds for which the coordinator keeps a poll open, at most."""
        return self._registration.now.poll_timeout + MARGIN

    def _end_open_poll(self) -> bool:
        """Mark the runner until the open poll has heard it: one that was lost may hear it first.

        Returns:
            Whether the poll has ended, or nobody can be asked.
        """
        for _ in range(_MARKS):
            if self._delete("") == NOT_FOUND:
                self._registration.again()
                self._delete("")
            self._thread.join(LEAVING_LIMIT)
            if not self._thread.is_alive() or not self._is_heard:
                return True
        self._talk.warning("the coordinator does not end the poll: it may give one more run to nobody")
        return False

    def _end_lost_polls(self) -> None:
        """End what may still be open at the coordinator and would claim one more run."""
        if not self._registration.is_known and not self._registration.again():
            return
        try:
            brought = end_polls(self._coordinator, self._registration.now.runner_id, limit=LEAVING_LIMIT)
        except (OSError, AuthError) as error:
            self._talk.warning(f"a poll that was lost could not be ended: {error}")
            return
        self._registration.forget()
        for run in brought:
            self._runs.take(run)
        if self._registration.is_known:  # to refuse, it had to be registered once more
            self._delete("?self=true")

    def _delete(self, query: str) -> int | None:
        runner_id = self._registration.now.runner_id
        try:
            path = f"/runners/{quoted(runner_id)}{query}"
            return self._coordinator.request("DELETE", path, limit=LEAVING_LIMIT).status
        except (OSError, AuthError) as error:
            self._talk.warning(f"not deregistered: {error}")
            self._is_heard = False
            self._line.cut()
            return None
