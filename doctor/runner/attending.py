"""What a poll alone does not tell: stops while nothing is polled, and runs that were claimed for a lost poll."""

import threading
import time
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from doctor.runner.client import Coordinator
from doctor.runner.dialect import Malformed, Run, read_run
from doctor.runner.leaving import Departure
from doctor.runner.polling import LEAVING_LIMIT, Polling
from doctor.runner.recovering import Hook, Recovery
from doctor.runner.registration import Registration
from doctor.runner.reports import End, Reporter
from doctor.runner.runs import Active, Runs
from doctor.runner.talk import Talk

EVERY = 1.0
"""Seconds between two looks."""

ON_ITS_WAY = 0.5
"""Seconds in which the answer to a poll arrives; what was claimed and has not is lost."""

KILLED = "the runner that ran it was killed"


class Attendant:
    """Looks once a second at what has to be looked at, from a thread of its own. Where nothing has to, it asks nothing.

    Args:
        coordinator: Whom to ask.
        registration: As whom.
        runs: What is in progress.
        reporter: Knows of sessions that are to be stopped.
        polling: Whether stops are heard by a poll.
        departure: Lost runs are not looked into any more once it is asked.
        talk: Told of what was found.
    """

    def __init__(
        self,
        *,
        coordinator: Coordinator,
        registration: Registration,
        runs: Runs,
        reporter: Reporter,
        polling: Polling,
        departure: Departure,
        talk: Talk,
    ) -> None:
        self._coordinator = coordinator
        self._registration = registration
        self._runs = runs
        self._reporter = reporter
        self._polling = polling
        self._departure = departure
        self._talk = talk
        self._recovery = Recovery(coordinator)
        self._unsettled: dict[str, Hook] = {}
        self._search_until = 0.0
        self._not_mine: AbstractSet[str] = frozenset()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="attendant", daemon=True)

    def start(self, first: Callable[[], AbstractSet[str]], *, search: bool) -> None:
        """Begin.

        Args:
            first: What is done before the first look; tells which runs are somebody else's to end.
            search: Whether a poll of an earlier runner may be open still, so that runs are looked for, for a while.
        """
        if search:
            self._search_until = time.monotonic() + self._polling.longest_poll
        self._first = first
        self._thread.start()

    def stop(self) -> None:
        """No look begins any more; what could still be brought is not waited for."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(LEAVING_LIMIT)
        if self._unsettled:
            self.give_up()

    def give_up(self) -> None:
        """Fail what was claimed and does not arrive before the runner has left."""
        for run in self._lost(self._listed("claimed")):
            self._runs.take(run)

    def hear_missed_stop(self, active: Active) -> None:
        """Stop a run whose stop came between its claim and its start, when no poll was open to say so.

        The start takes the stop's place in what the coordinator says of the run. Its session says it still, until the
        executor binds it.
        """
        if not self._polling.is_open and self._reporter.is_stopping(active.run.session_id):
            self._runs.stop_runs((active.run.run_id,))

    def _work(self) -> None:
        with self._talk.guarding("looking after what earlier runners left"):
            self._not_mine = self._first()
            self._take_lost()
            for run in self._lost(self._listed("running")):
                self._runs.refuse(run, KILLED)
            self._heed_stops()
        while not self._stopped.wait(EVERY):
            with self._talk.guarding("looking after runs"):
                self._look()

    def _look(self) -> None:
        dropped = self._polling.dropped_at
        until = max(self._search_until, 0.0 if dropped is None else dropped + self._polling.longest_poll)
        searches = bool(self._unsettled) or time.monotonic() < until
        if searches:
            self._take_lost()
        if searches or not self._polling.is_open:
            self._heed_stops()

    def _heed_stops(self) -> None:
        """Stop what is to be stopped: no poll tells of it, or one did that was lost. What never came has stopped."""
        listed = self._listed("stopping")
        self._runs.stop_runs(tuple(str(each.get("run_id")) for each in listed or ()))
        for run in self._lost(listed):
            self._runs.refuse(run, "it is to be stopped", End.stopped("SIGTERM"))

    def _take_lost(self) -> None:
        """Take the runs that the coordinator believes to be here, though no poll brought them."""
        listed = self._listed("claimed")
        if listed is None:
            return
        lost = self._lost(listed)
        if lost:
            self._stopped.wait(ON_ITS_WAY)
        unsettled = {}
        for run in lost:
            hook = self._unsettled.get(run.run_id, Hook())
            if not self._runs.knows(run.run_id) and not self._settles(run, hook):
                unsettled[run.run_id] = hook
        self._unsettled = unsettled

    def _settles(self, run: Run | Malformed, hook: Hook) -> bool:
        """Take a lost run with all that a poll would have brought; whether its coordinator has let go of it."""
        found: Run | Malformed | None = run
        if isinstance(run, Run) and not self._departure.asked.is_set():
            found = self._recovery.regained(run, hook)
        if found is None:
            return False
        self._talk.warning(f"{run.run_id} was claimed for this runner and never arrived")
        self._runs.take(found)
        return True

    def _lost(self, listed: list[Mapping[str, Any]] | None) -> list[Run | Malformed]:
        """Those of the listed runs that are this runner's, and that it never got."""
        mine = self._registration.now.runner_id
        runs = [read_run(each) for each in listed or () if each.get("runner_id") == mine]
        known = self._runs.knows
        return [run for run in runs if run is not None and not known(run.run_id) and run.run_id not in self._not_mine]

    def _listed(self, state: str) -> list[Mapping[str, Any]] | None:
        """The runs in a state, of all runners; ``None`` where the coordinator does not tell.

        One that never tells can say by polls alone what is to be stopped.
        """
        answer = self._coordinator.look(f"/runs?status={state}")
        if answer is None:
            return None
        listed = answer.document.get("runs") if answer.succeeded else None
        if isinstance(listed, list):
            return [each for each in listed if isinstance(each, dict) and each.get("status") == state]
        if answer.is_definite:
            self._runs.hold_one()
        return None
