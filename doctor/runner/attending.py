"""What a poll alone does not tell: stops while nothing is polled, and runs that were claimed for a lost poll."""

import threading
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet

from doctor.runner.answers import NOT_FOUND, Answer
from doctor.runner.auth import AuthError
from doctor.runner.client import Coordinator, quoted
from doctor.runner.dialect import Malformed, Run, read_run
from doctor.runner.leaving import Departure
from doctor.runner.polling import SHUTTING_DOWN, Polling
from doctor.runner.recovering import Recovery
from doctor.runner.registration import Registration
from doctor.runner.reports import End
from doctor.runner.runs import Active, Runs
from doctor.runner.talk import Talk

EVERY = 1.0
"""Seconds between two looks."""

MOST_AT_ONCE = 20
"""Runs that are asked about in one look; the others have their turn in the next."""

ON_ITS_WAY = 0.5
"""Seconds in which the answer to a poll arrives; what was claimed and has not is lost."""

KILLED = "the runner that ran it was killed"


class Attendant:
    """Looks once a second at what has to be looked at, from a thread of its own.

    Args:
        coordinator: Whom to ask.
        registration: As whom.
        runs: What is in progress.
        polling: Whether stops are heard by a poll.
        departure: No lost run is taken any more once it is asked.
        talk: Told of what was found.
    """

    def __init__(
        self,
        *,
        coordinator: Coordinator,
        registration: Registration,
        runs: Runs,
        polling: Polling,
        departure: Departure,
        talk: Talk,
    ) -> None:
        self._coordinator = coordinator
        self._registration = registration
        self._runs = runs
        self._polling = polling
        self._departure = departure
        self._talk = talk
        self._recovery = Recovery(coordinator)
        self._unsettled: frozenset[str] = frozenset()
        self._search_until = 0.0
        self._not_mine: AbstractSet[str] = frozenset()
        self._next = 0
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
        """No look begins any more."""
        self._stopped.set()

    def give_up(self) -> None:
        """Fail what was claimed and does not arrive before the runner has left."""
        for run in self._listed("claimed") or ():
            if run.run_id not in self._not_mine:
                self._runs.refuse(run, SHUTTING_DOWN)

    def hear_missed_stop(self, active: Active) -> None:
        """Stop a run whose stop came between its claim and its start, when no poll was open to say so.

        The start takes the stop's place in what the coordinator says of the run. Its session says it still, until the
        executor binds it.
        """
        if self._polling.is_open:
            return
        answer = self._ask(f"/sessions/{quoted(active.run.session_id)}")
        session = answer.document.get("session") if answer is not None and answer.succeeded else None
        if isinstance(session, dict) and session.get("status") == "stopping":
            self._runs.stop_runs((active.run.run_id,))

    def _work(self) -> None:
        with self._talk.guarding("looking after what earlier runners left"):
            self._not_mine = self._first()
            self._find_lost(("claimed", "running", "stopping"))
        while not self._stopped.wait(EVERY):
            with self._talk.guarding("looking after runs"):
                self._look()

    def _look(self) -> None:
        if not self._polling.is_open:
            self._look_for_stops()
        dropped = self._polling.dropped_at
        until = max(self._search_until, 0.0 if dropped is None else dropped + self._polling.longest_poll)
        if time.monotonic() < until or self._unsettled:
            self._find_lost(("claimed", "stopping"))

    def _look_for_stops(self) -> None:
        active = self._runs.active()
        start = self._next if self._next < len(active) else 0
        self._next = start + MOST_AT_ONCE
        for each in active[start : self._next]:
            answer = self._ask(f"/runs/{quoted(each.run.run_id)}")
            if answer is None:
                return
            if answer.succeeded and answer.document.get("status") == "stopping":
                self._runs.stop_runs((each.run.run_id,))
            elif _is_not_told(answer) and not self._departure.asked.is_set():
                self._runs.hold_one()

    def _find_lost(self, states: tuple[str, ...]) -> None:
        """Take runs that the coordinator believes to be here; fail those that were started here by somebody before."""
        unsettled: set[str] = set()
        for state in states:
            listed = self._listed(state)
            if listed is None:
                return
            unknown = [run for run in listed if not self._runs.knows(run.run_id)]
            if unknown and state == "claimed":
                self._stopped.wait(ON_ITS_WAY)
            for run in unknown:
                if self._stopped.is_set() or self._runs.knows(run.run_id) or run.run_id in self._not_mine:
                    continue
                if state == "running":
                    self._runs.refuse(run, KILLED)
                elif state == "stopping":
                    self._runs.refuse(run, "it is to be stopped", End.stopped("SIGTERM"))
                elif self._departure.asked.is_set():
                    self._runs.refuse(run, SHUTTING_DOWN)
                elif not self._take(run):
                    unsettled.add(run.run_id)
        self._unsettled = frozenset(unsettled)

    def _take(self, run: Run | Malformed) -> bool:
        """Take a lost run with all that a poll would have brought; whether its coordinator has let go of it."""
        found = self._recovery.regained(run) if isinstance(run, Run) else run
        if found is None or self._runs.knows(run.run_id):
            return False
        if isinstance(found, Malformed):
            self._runs.refuse(found, found.problem)
        else:
            self._talk.warning(f"{run.run_id} was claimed for this runner and never arrived: taking it")
            self._runs.take(found)
        return True

    def _listed(self, state: str) -> list[Run | Malformed] | None:
        """The runs of this runner that are in a state; ``None`` where the coordinator does not tell."""
        runner_id = self._registration.now.runner_id
        answer = self._ask(f"/runs?status={state}")
        listed = answer.document.get("runs") if answer is not None and answer.succeeded else None
        if not isinstance(listed, list) or not runner_id:
            return None
        mine = {"runner_id": runner_id, "status": state}.items()
        runs = [read_run(each) for each in listed if isinstance(each, dict) and mine <= each.items()]
        return [run for run in runs if run is not None]

    def _ask(self, path: str) -> Answer | None:
        try:
            return self._coordinator.ask("GET", path)
        except (OSError, AuthError):
            return None


def _is_not_told(answer: Answer) -> bool:
    """Whether it is no answer to what became of a run, nor will the next one be."""
    about_a_run = answer.status == NOT_FOUND and "run" in str(answer.detail).lower()
    return answer.is_definite and "status" not in answer.document and not about_a_run
