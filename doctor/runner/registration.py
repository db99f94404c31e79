"""Being known to a coordinator: registering, taking over what an earlier runner left there, and registering again."""

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from doctor.errors import DoctorError
from doctor.runner.answers import CONFLICT, NOT_FOUND, Answer
from doctor.runner.auth import AuthError
from doctor.runner.client import Coordinator, encoded, quoted
from doctor.runner.dialect import Malformed, Run, read_poll
from doctor.runner.leaving import Departure, Pauses
from doctor.runner.settings import DEFAULT_HEARTBEAT, DEFAULT_POLL_TIMEOUT
from doctor.runner.talk import Talk

_MOST_TAKEOVERS = 5
_MOST_POLLS = 50
HEARD = 0.8
"""Seconds after which an open poll has heard a mark: coordinators look every half second."""

_LOOK = 0.1
_AGAIN_LIMIT = 1.5
_TAKEOVER_LIMIT = 10.0
"""Seconds in which a poll has to end that a mark was set for; half a second is usual."""


class CannotRegister(DoctorError):  # noqa: N818 - named after what it says
    """The coordinator does not take this runner, and asking again would not change that."""


class Left(Exception):  # noqa: N818 - nothing is wrong
    """The runner was asked to leave before it was registered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a runner says of itself."""

    hostname: str
    project_dir: str
    executor_profile: str
    executor: Mapping[str, Any]
    """``type``, ``command`` and ``config``."""

    tags: tuple[str, ...] = ()
    require_matching_tags: bool = False

    def document(self) -> dict[str, Any]:
        """The body of a registration; nothing is said of tags where there are none."""
        said: dict[str, Any] = {
            "hostname": self.hostname,
            "project_dir": self.project_dir,
            "executor_profile": self.executor_profile,
            "executor": dict(self.executor),
        }
        if self.tags:
            said["tags"] = list(self.tags)
        if self.tags or self.require_matching_tags:
            said["require_matching_tags"] = self.require_matching_tags
        return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """One registration; another one follows when the coordinator has forgotten it."""

    runner_id: str
    poll_timeout: float = DEFAULT_POLL_TIMEOUT
    heartbeat_interval: float = DEFAULT_HEARTBEAT
    number: int = 0
    """The first is 1; 0 is no registration."""

    asked_at: float = 0.0
    """When it was asked for, by the clock that goes on while the machine sleeps."""


@dataclass(slots=True)
class Brought:
    """Runs that a coordinator gave away while a registration was taken over."""

    runs: list[Run | Malformed] = field(default_factory=list)


class Registration:
    """Registers one runner, as often as it has to be, by one thread at a time.

    Args:
        coordinator: Where.
        identity: Who.
        departure: Ends the waiting for a coordinator that does not answer.
        talk: Told of it.
    """

    def __init__(self, coordinator: Coordinator, identity: Identity, departure: Departure, talk: Talk) -> None:
        self.now = Registered(runner_id="")
        self.brought = Brought()
        self.took_over = False
        self.is_borrowed = False
        """Whether the id is that of a successor, under which what is left is reported; it is not to be removed."""

        self._coordinator = coordinator
        self._identity = identity
        self._departure = departure
        self._talk = talk
        self._guard = threading.Lock()

    @property
    def is_known(self) -> bool:
        """Whether the coordinator knows the runner, as far as is known here."""
        return bool(self.now.runner_id)

    def first(self) -> None:
        """Register; waits for a coordinator that does not answer.

        Raises:
            CannotRegister: It will not have this runner.
            AuthError: It does not take the credentials.
            Left: The runner is to leave.
        """
        with self._guard:
            self._register(self._departure.asked, refused_is_final=True)

    def renew(self, seen: Registered, *, until: threading.Event) -> bool:
        """Register again, unless another thread has done so since ``seen``.

        Args:
            seen: What the coordinator did not know.
            until: Ends the waiting for a coordinator that does not answer.

        Returns:
            Whether the runner is registered; not where it had to leave, or is not taken any more.
        """
        with self._guard:
            if self.now.number != seen.number and self.is_known:
                return True
            self._talk.warning("the coordinator does not know this runner any more: registering again")
            try:
                self._register(until, refused_is_final=False)
            except (CannotRegister, Left) as error:
                self._talk.error(f"not registered again: {error}")
                return False
            return True

    def again(self) -> bool:
        """Register once more, so that what is left at the coordinator can be ended; whether that could be done."""
        try:
            document, asked_at = encoded(self._identity.document()), time.time()
            answer = self._coordinator.request("POST", "/runner/register", document, limit=_AGAIN_LIMIT)
            if answer.succeeded:
                self._take(answer, asked_at)
        except (OSError, AuthError, CannotRegister):
            return False
        return answer.succeeded

    def remove(self) -> None:
        """Have the coordinator forget the runner, which polls nothing."""
        with suppress(OSError, AuthError):
            path = f"/runners/{quoted(self.now.runner_id)}?self=true"
            self._coordinator.request("DELETE", path, limit=_AGAIN_LIMIT)
        self.forget()

    def forget(self) -> None:
        """The coordinator has removed the runner."""
        self.now = replace(self.now, runner_id="")

    def _register(self, until: threading.Event, *, refused_is_final: bool) -> None:
        pauses, takeovers = Pauses(), 0
        while True:
            asked_at = time.time()
            try:
                answer = self._coordinator.ask("POST", "/runner/register", self._identity.document())
            except OSError as error:
                self._talk.once(f"the coordinator {self._coordinator.url} cannot be reached: {_reason(error)}")
            except AuthError as error:
                if refused_is_final:
                    raise
                self._talk.error(error.message)
            else:
                if answer.succeeded:
                    self._take(answer, asked_at)
                    return
                if answer.status == CONFLICT and self._departure.asked.is_set():
                    self._borrow(answer)
                    return
                if answer.status == CONFLICT and takeovers < _MOST_TAKEOVERS:
                    takeovers += 1
                    self._take_over(answer)
                    continue
                self._refuse(answer, final=refused_is_final)
            if until.wait(pauses.next()):
                raise Left

    def _take(self, answer: Answer, asked_at: float) -> None:
        said = answer.document
        runner_id = said.get("runner_id")
        if not isinstance(runner_id, str) or not runner_id:
            raise CannotRegister(
                f"{self._coordinator.url} answers a registration without a runner_id: {answer.in_words}",
                remedy="look whether an agent coordinator listens there",
            )
        self.now = Registered(
            runner_id=runner_id,
            poll_timeout=_seconds(said.get("poll_timeout_seconds"), DEFAULT_POLL_TIMEOUT),
            heartbeat_interval=_seconds(said.get("heartbeat_interval_seconds"), DEFAULT_HEARTBEAT),
            number=self.now.number + 1,
            asked_at=asked_at,
        )
        self._talk.forget()
        self._talk.info(f"registered as {runner_id} at {self._coordinator.url}")

    def _refuse(self, answer: Answer, *, final: bool) -> None:
        """Raise for what will not change; say it where it may."""
        if answer.about_credentials:
            problem: DoctorError = AuthError(
                f"authentication failed: {self._coordinator.url} answered {answer.in_words}",
                remedy="give a token with --token-env or --token-file, or set the AUTH0_ variables",
            )
        else:
            problem = CannotRegister(f"the coordinator refused to register this runner: {_refusal(answer)}")
        if final and (answer.about_credentials or answer.status < 500) and answer.status not in {408, 429}:  # noqa: PLR2004 - HTTP's
            raise problem
        self._talk.error(problem.message)

    def _take_over(self, answer: Answer) -> None:
        """End the registration that is in the way, and the poll that its runner may have left open.

        Only the answer to a poll ends a poll that is open at the coordinator: one that nobody listens to any more
        would go on to claim runs.
        """
        runner_id = self._in_the_way(answer)
        self._talk.warning(f"an earlier runner is still registered as {runner_id}: taking over")
        self.took_over = True
        try:
            self.brought.runs += end_polls(self._coordinator, runner_id)
        except (OSError, AuthError) as error:
            self._talk.warning(f"the earlier runner's registration could not be ended: {error}")

    def _borrow(self, answer: Answer) -> None:
        """Report as the one that came in this runner's place: whoever leaves takes nothing over."""
        self.now = replace(self.now, runner_id=self._in_the_way(answer), number=self.now.number + 1)
        self.is_borrowed = True

    def _in_the_way(self, answer: Answer) -> str:
        """The id under which a runner of the same host, project and profile is registered.

        Raises:
            CannotRegister: It is something else that is in the way.
        """
        detail = answer.detail
        said = detail if isinstance(detail, Mapping) else {}
        runner_id = said.get("runner_id")
        if said.get("error") != "duplicate_runner" or not isinstance(runner_id, str) or not runner_id:
            raise CannotRegister(f"the coordinator refused to register this runner: {_refusal(answer)}")
        own = self._identity.document()
        for name in ("hostname", "project_dir", "executor_profile"):
            if said.get(name, own[name]) != own[name]:
                raise CannotRegister(
                    f"{runner_id} is another runner's: its {name} is {said[name]!r}, this one's is {own[name]!r}"
                )
        return runner_id


def end_polls(coordinator: Coordinator, runner_id: str, *, limit: float = _TAKEOVER_LIMIT) -> list[Run | Malformed]:
    """End a registration together with a poll that may be open under it, whose runner does not listen any more.

    A mark ends the poll that hears it first. So it is left to the open one for as long as a coordinator takes to look,
    and only then heard by a poll of this process.

    Returns:
        The runs that came instead of the end.

    Raises:
        OSError: The coordinator does not answer.
        AuthError: It does not take the credentials.
    """
    ends = time.monotonic() + HEARD
    while time.monotonic() < ends:
        if coordinator.request("DELETE", f"/runners/{quoted(runner_id)}", limit=limit).status == NOT_FOUND:
            return []
        time.sleep(_LOOK)
    brought = []
    for _ in range(_MOST_POLLS):
        path = f"/runner/runs?runner_id={quoted(runner_id)}"
        answer = coordinator.request("GET", path, limit=limit)
        said = read_poll(answer)
        if said.run is not None:
            brought.append(said.run)
        if said.deregistered or not answer.succeeded:
            break
    return brought


def _refusal(answer: Answer) -> str:
    detail = answer.detail
    if isinstance(detail, Mapping) and detail.get("error") == "agent_name_collision":
        return f"the agent {detail.get('agent_name')!r} is offered by {detail.get('existing_runner_id')} already"
    return answer.in_words


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__


def _seconds(value: object, default: float) -> float:
    """What a coordinator announced, where it can be meant."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 86400:  # noqa: PLR2004 - a day
        return float(value)
    return default
