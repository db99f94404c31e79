"""Telling a coordinator what became of runs: each once, in order, until it has answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from doctor.runner.auth import AuthError
from doctor.runner.client import Coordinator, quoted
from doctor.runner.leaving import Departure, Pauses
from doctor.runner.registration import Registered, Registration
from doctor.runner.talk import Talk

POLITE = 30.0
"""Seconds for which a report is tried again once the runner is to leave; what was not told is told by the next one."""

HASTY = 3.0
"""The same, once it is to leave at once."""


ENDS = frozenset({"completed", "failed", "stopped"})
"""How a run can end, in the words of reports and of coordinators."""


class Told(Enum):
    """What became of a report."""

    TAKEN = "taken"
    REFUSED = "refused"
    """The coordinator does not know the run, or does not want to hear of it."""

    NOT_YET = "not yet"
    """The runner leaves before the coordinator could be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trouble:
    """Why a report has no answer that counts."""

    problem: str
    in_doubt: bool = False
    """Whether it may have arrived all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a run ended, as it is reported."""

    what: str
    """``completed``, ``failed`` or ``stopped``."""

    body: Mapping[str, Any]
    """What is said beside the runner's id."""

    @classmethod
    def completed(cls, *, session_status: str | None = None) -> "End":
        """It did what it was for; the session's status is only for coordinators that speak of one."""
        more = {"session_status": session_status} if session_status else {}
        return cls(what="completed", body={"status": "success", **more})

    @classmethod
    def failed(cls, error: str) -> "End":
        """It did not; never without a reason."""
        return cls(what="failed", body={"error": error or "the run failed"})

    @classmethod
    def stopped(cls, signal: str) -> "End":
        """Somebody stopped it."""
        return cls(what="stopped", body={"signal": signal})


class Reporter:
    """Reports for any number of threads.

    Args:
        coordinator: Whom to tell.
        registration: As whom; renewed where the coordinator has forgotten it.
        departure: How long there is time.
        talk: Told of what does not arrive.
    """

    def __init__(self, coordinator: Coordinator, registration: Registration, departure: Departure, talk: Talk) -> None:
        self._coordinator = coordinator
        self._registration = registration
        self._departure = departure
        self._talk = talk

    def started(self, run_id: str) -> Told:
        """A run is about to begin; returns once the coordinator has answered."""
        return self._tell(run_id, "started", {})

    def ended(self, run_id: str, end: End) -> Told:
        """A run has ended; as ``started``."""
        return self._tell(run_id, end.what, end.body)

    def ended_before(self, run_id: str, end: End) -> Told:
        """A run ended under a runner that is gone, which may have told so: the coordinator is asked first."""
        if self._asked(f"/runs/{quoted(run_id)}").get("status") in ENDS:
            return Told.TAKEN
        return self._tell(run_id, end.what, end.body)

    def session_stopped(self, session_id: str) -> None:
        """A session is to be stopped of which nothing is here, such as one that waits for its next run.

        The coordinator is asked first: a run of it may have ended just now.
        """
        if not self.is_stopping(session_id):
            return
        document = {"runner_id": self._registration.now.runner_id, "status": "stopped"}
        try:
            self._coordinator.ask("POST", f"/runner/sessions/{quoted(session_id)}/status", document)
        except (OSError, AuthError) as error:
            self._talk.warning(f"not reported that the session {session_id} is stopped: {error}")

    def is_stopping(self, session_id: str) -> bool:
        """Whether the coordinator says that a session is to be stopped."""
        session = self._asked(f"/sessions/{quoted(session_id)}").get("session")
        return isinstance(session, Mapping) and session.get("status") == "stopping"

    def _tell(self, run_id: str, what: str, body: Mapping[str, Any]) -> Told:
        pauses, trouble = Pauses(), None
        while True:
            if trouble is not None and trouble.in_doubt and self._was_taken(run_id, what):
                return Told.TAKEN
            before = trouble
            trouble = self._try(run_id, what, body)
            if isinstance(trouble, Told):
                return trouble
            if before is None:
                self._talk.warning(f"not reported yet that {run_id} {what}: {trouble.problem}")
            self._departure.pause(pauses.next())
            if self._gives_up():
                self._talk.error(f"not reported that {run_id} {what}; the next runner here does it")
                return Told.NOT_YET

    def _try(self, run_id: str, what: str, body: Mapping[str, Any]) -> Told | _Trouble:
        seen = self._registered()
        document = {"runner_id": seen.runner_id, **body}
        try:
            answer = self._coordinator.ask("POST", f"/runner/runs/{quoted(run_id)}/{what}", document)
            if answer.not_registered and self._renewed(seen):
                document["runner_id"] = self._registration.now.runner_id
                answer = self._coordinator.ask("POST", f"/runner/runs/{quoted(run_id)}/{what}", document)
        except ConnectionRefusedError as error:
            return _Trouble(problem=str(error))
        except OSError as error:
            return _Trouble(problem=str(error) or type(error).__name__, in_doubt=True)
        except AuthError as error:
            return _Trouble(problem=error.message)
        if answer.succeeded:
            return Told.TAKEN
        if not answer.is_definite or answer.not_registered or answer.about_credentials:
            return _Trouble(problem=answer.in_words, in_doubt=not answer.is_definite)
        self._talk.error(f"the coordinator does not take that {run_id} {what}: {answer.in_words}")
        return Told.REFUSED

    def _registered(self) -> Registered:
        """The present registration, or another one where the coordinator has removed it."""
        seen = self._registration.now
        if not seen.runner_id:
            self._renewed(seen)
        return self._registration.now

    def _was_taken(self, run_id: str, what: str) -> bool:
        """Whether a report took effect whose answer was lost; a second one would count as another."""
        said = self._asked(f"/runs/{quoted(run_id)}")
        if what == "started":
            return bool(said.get("started_at")) or said.get("status") in {"running", *ENDS}
        return said.get("status") == what

    def _asked(self, path: str) -> Mapping[str, Any]:
        """What the coordinator says of something; nothing where it does not."""
        answer = self._coordinator.look(path)
        return answer.document if answer is not None and answer.succeeded else {}

    def _renewed(self, seen: Registered) -> bool:
        """Whether the runner could be registered again: also while it leaves, for what is to be told still."""
        return self._registration.renew(seen, until=self._departure.at_once)

    def _gives_up(self) -> bool:
        limit = HASTY if self._departure.at_once.is_set() else POLITE
        return self._departure.lasts() > limit
