"""The runs that a runner has taken, from the claim to the report of their end, each in a thread of its own."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from doctor.runner.dialect import Malformed, Run
from doctor.runner.ending import Cause, Ending
from doctor.runner.leaving import Departure
from doctor.runner.reports import End, Reporter
from doctor.runner.talk import Talk

SHUTTING_DOWN = "runner is shutting down"

REMEMBERED = 2000
"""Ended runs that are known again if a coordinator gives one away a second time."""


@dataclass(slots=True, kw_only=True, eq=False)
class Active:
    """One run that was taken and has not been reported as ended."""

    run: Run
    ending: Ending = field(default_factory=Ending)


Carry = Callable[[Active], End]
"""Carries a run out and returns how it ended; reports nothing but its start, and raises nothing."""


class Runs:
    """Takes runs and ends them.

    Args:
        most: How many may run at once.
        carry: Carries one out, in a thread.
        reporter: Tells the coordinator.
        departure: Nothing is carried out any more once it is asked.
        talk: Told of what is odd.
    """

    def __init__(self, *, most: int, carry: Carry, reporter: Reporter, departure: Departure, talk: Talk) -> None:
        self._most = most
        self._carry = carry
        self._reporter = reporter
        self._departure = departure
        self._talk = talk
        self._changed = threading.Condition()
        self._active: dict[str, Active] = {}
        self._busy = 0
        self._ahead = 0
        self._telling = 0
        self._ended: OrderedDict[str, End] = OrderedDict()

    def active(self) -> tuple[Active, ...]:
        """Those that are in progress."""
        with self._changed:
            return tuple(self._active.values())

    def knows(self, run_id: str) -> bool:
        """Whether this runner has or had it."""
        with self._changed:
            return run_id in self._active or run_id in self._ended

    def has_room(self) -> bool:
        """Whether another one could start at once."""
        with self._changed:
            return self._has_room()

    def wait_for_room(self, seconds: float) -> bool:
        """Wait until another one could start, or time is over; whether it could."""
        with self._changed:
            return self._changed.wait_for(self._has_room, seconds)

    def hold_one(self) -> None:
        """From now on there is room for one run more, which waits here for its place.

        For a coordinator that tells of stops by polls alone: a runner that is full would not hear them.
        """
        with self._changed:
            self._ahead = 1
            self._changed.notify_all()

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until none is in progress, or time is over; whether none is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._active and not self._telling, seconds)

    def take(self, run: Run | Malformed) -> None:
        """Carry a run out, once a place is free; the coordinator hears of everything that becomes of it.

        One that is in progress already is left alone; of one that has ended the end is told again. While the runner
        leaves, it is refused.
        """
        with self._changed:
            # Asked under the guard: who waits for idleness after the departure waits for all that was begun before it.
            is_leaving = self._departure.asked.is_set()
            if not is_leaving:
                self._take(run)
        if is_leaving:
            self.refuse(run, SHUTTING_DOWN)

    def refuse(self, run: Run | Malformed, reason: str, end: End | None = None) -> None:
        """Report a run as failed, or as ``end``, that will not be carried out; returns once that was tried.

        One that is in progress, or has ended here, is told as what it is.
        """
        with self._changed:
            if run.run_id in self._active:
                return
            known = self._ended.get(run.run_id)
            end = known or end or End.failed(reason)
            self._remember(run.run_id, end)
        if known is not None:
            self._reporter.ended_before(run.run_id, end)
            return
        self._talk.warning(f"{run.run_id} is not carried out: {reason}")
        self._reporter.ended(run.run_id, end)

    def stop_runs(self, run_ids: tuple[str, ...]) -> None:
        """Stop runs; those that are not in progress are passed over."""
        for active in self.active():
            if active.run.run_id in run_ids:
                self._stop(active)

    def stop_sessions(self, session_ids: tuple[str, ...]) -> None:
        """Stop the runs of sessions; of one that has none here, nothing is left to stop, which is told."""
        idle = set(session_ids)
        for active in self.active():
            if active.run.session_id in session_ids:
                idle.discard(active.run.session_id)
                self._stop(active)
        for session_id in idle:
            _in_thread(self._reporter.session_stopped, session_id)

    def end_all(self) -> None:
        """End every run because the runner leaves."""
        for active in self.active():
            self._end(active, Cause.LEAVING)

    def _has_room(self) -> bool:
        return len(self._active) < self._most + self._ahead

    def _take(self, run: Run | Malformed) -> None:
        run_id = run.run_id
        if run_id in self._active:
            self._talk.warning(f"{run_id} was given to this runner a second time, and is in progress")
            return
        known = self._ended.get(run_id)
        if known is not None:
            tell, end = self._reporter.ended_before, known
        elif (problem := self._begin(run) if isinstance(run, Run) else run.problem) is not None:
            tell, end = self._reporter.ended, End.failed(problem)
        else:
            return
        self._remember(run_id, end)
        _in_thread(self._tell_apart, tell, run_id, end)
        self._telling += 1

    def _begin(self, run: Run) -> str | None:
        """Have a thread carry a run out; returns why that cannot be."""
        try:
            active = Active(run=run)
        except OSError as error:
            return f"the runner has no room for it: {error.strerror}"
        self._active[run.run_id] = active
        try:
            _in_thread(self._work, active)
        except RuntimeError as error:  # no more threads
            del self._active[run.run_id]
            active.ending.close()
            return f"the runner has no room for it: {error}"
        return None

    def _stop(self, active: Active) -> None:
        if active.ending.cause is None:
            self._talk.info(f"stopping {active.run.run_id}")
            self._end(active, Cause.STOPPED)

    def _end(self, active: Active, cause: Cause) -> None:
        active.ending.ask(cause)
        with self._changed:
            self._changed.notify_all()

    def _work(self, active: Active) -> None:
        run_id = active.run.run_id
        with self._changed:
            self._changed.wait_for(lambda: self._busy < self._most or active.ending.cause is not None)
            self._busy += 1
        try:
            end = self._carry(active)
        except Exception as error:  # noqa: BLE001 - a defect here must not leave a run claimed for ever
            self._talk.error(f"internal error while {run_id} was carried out: {type(error).__name__}: {error}")
            end = End.failed(f"the runner failed: {type(error).__name__}")
            self._reporter.ended(run_id, end)
        self._remember(run_id, end)
        with self._changed:
            self._busy -= 1
            del self._active[run_id]
            self._changed.notify_all()
        active.ending.close()

    def _tell_apart(self, tell: Callable[[str, End], object], run_id: str, end: End) -> None:
        try:
            tell(run_id, end)
        finally:
            with self._changed:
                self._telling -= 1
                self._changed.notify_all()

    def _remember(self, run_id: str, end: End) -> None:
        with self._changed:
            self._ended[run_id] = end
            while len(self._ended) > REMEMBERED:
                self._ended.popitem(last=False)


def _in_thread(work: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=work, args=arguments, name="run", daemon=True).start()
