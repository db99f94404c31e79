"""Agents in tmux sessions, one each, on the project's own socket."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from doctor.executor import ending, handover
from doctor.executor.base import Offer, Place, Probe, Submission, Submitted
from doctor.executor.directories import ProcessDirectory, chosen, socket_of
from doctor.executor.records import observe
from doctor.executor.tmux import Session, Tmux, TmuxError, session_problem, session_target
from doctor.executor.tmux_sessions import Refused, Wanted, close_sessions, make_sessions, screens_of, sessions_of
from doctor.model.failure import FailureKind
from doctor.model.process import Observation, OutcomeKind
from doctor.model.spec import Mode

NAME = "tmux"
NO_TMUX = Refused("tmux was not found on PATH", "install it: apt install tmux, dnf install tmux or brew install tmux")
_GLANCE = 0.4
"""Seconds for which one listing serves all who wait for their handover."""


class _Held(NamedTuple):
    """A session, and the server that holds it."""

    tmux: Tmux
    session: Session


class TmuxExecutor:
    """Runs agents in tmux sessions.

    Args:
        place: The project.
    """

    name = NAME

    def __init__(self, place: Place) -> None:
        self.place = place
        self.tmux = Tmux(place.socket, place.environment)
        self._others: dict[str, Tmux] = {}

    def offers(self) -> Offer:
        """Both modes, where there is a tmux."""
        modes = (Mode.HEADLESS, Mode.INTERACTIVE)
        if self.tmux.program is None:
            return Offer(modes=modes, problem=NO_TMUX.detail, remedy=NO_TMUX.remedy)
        return Offer(modes=modes)

    def submit(self, submissions: Sequence[Submission]) -> tuple[Submitted, ...]:
        """Start each in a session of its own; see ``Executor.submit``."""
        outcomes: dict[int, ProcessDirectory | Refused | Submitted] = {}
        for index, submission in enumerate(submissions):
            refused = self._refused_at_once(submission)
            if refused is not None:
                outcomes[index] = refused
        wanted = [index for index in range(len(submissions)) if index not in outcomes]
        if wanted:
            leases = handover.prepare(self.place, [submissions[index] for index in wanted], NAME)
            outcomes |= zip(wanted, leases, strict=True)
        prepared = {lease: index for index, lease in outcomes.items() if isinstance(lease, ProcessDirectory)}
        failed = self._start({directory: submissions[index] for directory, index in prepared.items()})
        outcomes |= {prepared[directory]: refused for directory, refused in failed.items()}
        return tuple(_submitted(submission, outcomes[index]) for index, submission in enumerate(submissions))

    def poll(self, process_ids: Sequence[str] | None = None) -> tuple[Observation, ...]:
        """What is to be seen, with one question to tmux for any number of processes; see ``Executor.poll``."""
        directories = chosen(self.place, process_ids, executor=NAME)
        running = {each for each in directories if not each.exit.exists()}
        # Who is on record before tmux is asked had a session then: without one in the answer, it has lost it.
        recorded = {each for each in running if each.live.exists()}
        try:
            sessions = self._sessions(running)
        except TmuxError as error:
            return tuple(_unseen(observe(each, terminals=None), error) for each in directories)
        now = time.time()
        found = []
        for directory in directories:
            held = sessions.get(directory.process_id)
            seen = observe(directory, terminals=frozenset({held.session.name} if held else ()))
            found.append(_with_loss(seen, now) if directory in recorded else seen)
        return tuple(found)

    def cancel(self, process_ids: Sequence[str], *, patience: float) -> tuple[Observation, ...]:
        """End these processes, then their sessions; see ``Executor.cancel``."""
        directories = chosen(self.place, process_ids, executor=NAME)
        ending.cancel(directories, patience=patience)
        for tmux in self._servers(directories):
            close_sessions(tmux, {each.process_id for each in directories})
        return self.poll(process_ids)

    def adopt(self) -> tuple[Observation, ...]:
        """Record the ends that nobody is left to record, and close what is left of their sessions."""
        directories = chosen(self.place, None, executor=NAME)
        ending.adopt(directories)
        for tmux in self._servers(directories):
            close_sessions(tmux, {each.process_id for each in directories if each.exit.exists()}, only_dead=True)
        return self.poll()

    def probe(self, *, programs: Sequence[str], cwd: str) -> Probe:
        """Look from a pane that is made exactly as an agent's."""
        from doctor.executor.tmux_probe import probe  # noqa: PLC0415 - no start needs it

        return probe(self.tmux, programs=programs, cwd=cwd)

    def attach(self, process_id: str) -> tuple[str, ...] | None:
        """The command that shows its session, also to somebody who sits in another tmux."""
        try:
            held = self._sessions(chosen(self.place, [process_id], executor=NAME)).get(process_id)
        except TmuxError:
            return None
        if held is None:
            return None
        argv = held.tmux.argv(("attach-session", "-t", session_target(held.session.name)))
        return ("/usr/bin/env", "-u", "TMUX", *argv) if "TMUX" in self.place.environment else argv

    def screen(self, process_ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """What each session shows, with two questions for any number of them on one socket."""
        directories = chosen(self.place, process_ids, executor=NAME)
        try:
            sessions = self._sessions(directories)
        except TmuxError:
            return {}
        shown: dict[str, tuple[str, ...]] = {}
        for tmux in self._servers(directories):
            names = {each: held.session.name for each, held in sessions.items() if held.tmux is tmux}
            screens = screens_of(tmux, list(names.values()))
            shown |= {each: screens[name] for each, name in names.items() if name in screens}
        return shown

    def _servers(self, directories: Iterable[ProcessDirectory]) -> tuple[Tmux, ...]:
        """The server of each socket that these processes were started on; the policy's may be another one by now."""
        sockets = {socket_of(each) or self.place.socket for each in directories}
        return tuple(map(self._at, sorted(sockets)))

    def _at(self, socket: str) -> Tmux:
        if socket == self.place.socket:
            return self.tmux
        return self._others.setdefault(socket, Tmux(socket, self.place.environment))

    def _sessions(self, directories: Collection[ProcessDirectory]) -> dict[str, _Held]:
        """The sessions of these processes that are there, with one question to each server.

        Raises:
            TmuxError: There was no answer.
        """
        wanted = {each.process_id for each in directories}
        return {
            process_id: _Held(tmux, session)
            for tmux in self._servers(directories)
            for process_id, session in sessions_of(tmux).items()
            if process_id in wanted
        }

    def _refused_at_once(self, submission: Submission) -> Refused | None:
        name = submission.spec.session
        if problem := session_problem(name):
            return Refused(f"the session name {name!r} {problem}", "change tmux.session_pattern in the policy")
        return NO_TMUX if self.tmux.program is None else None

    def _start(self, prepared: Mapping[ProcessDirectory, Submission]) -> dict[ProcessDirectory, Refused]:
        """Make the sessions and hand over; why, for each that was not started in the end."""
        if not prepared:
            return {}
        wanted = [Wanted(submission.spec.session, directory) for directory, submission in prepared.items()]
        failed = make_sessions(self.tmux, self.place, wanted)
        payloads = {each: handover.payload(submission) for each, submission in prepared.items() if each not in failed}
        for directory, reason in handover.deliver(payloads, is_gone=self._glance()).items():
            failed[directory] = Refused(
                f"its session {prepared[directory].spec.session} was made, and {reason}",
                "doctor check --in-pane looks from inside of such a session",
            )
        given_up = {each for each, refused in failed.items() if ending.give_up(each, refused.detail)}
        if given_up:
            close_sessions(self.tmux, {each.process_id for each in given_up})
        # Whoever could not be given up has its handover and starts after all, unless somebody else called it off.
        return {each: refused for each, refused in failed.items() if each in given_up or each.exit.exists()}

    def _glance(self) -> Callable[[ProcessDirectory], bool]:
        """Tells whose session is gone, asking tmux once for many."""
        seen: list[frozenset[str]] = []
        looked_at = float("-inf")

        def is_gone(directory: ProcessDirectory) -> bool:
            nonlocal looked_at
            now = time.monotonic()
            if now - looked_at > _GLANCE:
                looked_at = now
                try:
                    seen[:] = [frozenset(sessions_of(self.tmux))]
                except TmuxError:
                    seen.clear()
            return bool(seen) and directory.process_id not in seen[0]

        return is_gone


def _submitted(submission: Submission, outcome: ProcessDirectory | Refused | Submitted) -> Submitted:
    match outcome:
        case Submitted():
            return outcome
        case Refused(detail, remedy):
            problem = FailureKind.UNKNOWN
            return Submitted(process_id=submission.process_id, problem=problem, detail=detail, remedy=remedy)
    return Submitted(process_id=submission.process_id)


def _unseen(seen: Observation, error: TmuxError) -> Observation:
    return seen if seen.ended else replace(seen, detail=(*seen.detail, f"its terminal cannot be looked at: {error}"))


def _with_loss(seen: Observation, now: float) -> Observation:
    """The same, with the loss of a terminal that the supervisor has not noticed yet."""
    if seen.terminal or seen.ended or not seen.supervisor_alive or seen.terminal_lost_at is not None:
        return seen
    return replace(seen, kind=OutcomeKind.TERMINAL_LOST, terminal_lost_at=now)
