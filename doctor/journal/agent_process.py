"""One agent process, as whoever works with it sees it: verbs, and a journal that remembers them."""

from collections.abc import Mapping
from typing import Any

from doctor.journal.errors import IllegalTransition
from doctor.journal.journal import Journal
from doctor.journal.projection import project
from doctor.model.event import AGENT_PROCESS, Spawn, Verb
from doctor.model.process import Outcome, State


class AgentProcess:
    """A process by its id.

    It keeps no state of its own, so any number of programs may hold the same process. A verb is journalled and nothing
    more: whoever runs the process acts on it.

    Args:
        journal: Where it is recorded.
        process_id: The process; it need not be there yet.

    Every verb returns whether it was recorded now: ``False`` is a repeated delivery of the same idempotency key.
    A verb that the state does not allow raises ``IllegalTransition``, and the journal's own trouble ``JournalError``.
    """

    def __init__(self, journal: Journal, process_id: str) -> None:
        self.process_id = process_id
        self._journal = journal

    @property
    def state(self) -> State | None:
        """Where it is in its life; ``None`` before it was spawned."""
        row = self._journal.process(self.process_id)
        return row.state if row else None

    def spawn(self, spawn: Spawn, *, at: float) -> None:
        """Record that it is launched.

        Raises:
            IllegalTransition: It was spawned before.
            ValueError: The spawn is about another process.
        """
        if spawn.process_id != self.process_id:
            raise ValueError(f"a spawn of {spawn.process_id}, expected one of {self.process_id}")
        if not self._journal.spawn(spawn, at=at):
            raise IllegalTransition(self.process_id, Verb.SPAWN, self.state)

    def pause(self, *, reason: str, at: float, idempotency_key: str | None = None) -> bool:
        """It waits."""
        return self._do(Verb.PAUSE, reason=reason, at=at, idempotency_key=idempotency_key)

    def resume(self, *, reason: str, at: float, idempotency_key: str | None = None) -> bool:
        """It goes on."""
        return self._do(Verb.RESUME, reason=reason, at=at, idempotency_key=idempotency_key)

    def cancel(
        self, *, reason: str, at: float, outcome: Outcome | None = None, extra: Mapping[str, Any] | None = None
    ) -> bool:
        """Someone ended it."""
        return self._do(Verb.CANCEL, reason=reason, at=at, outcome=outcome, extra=extra)

    def complete(
        self, *, reason: str, at: float, outcome: Outcome | None = None, extra: Mapping[str, Any] | None = None
    ) -> bool:
        """It did what it was for."""
        return self._do(Verb.COMPLETE, reason=reason, at=at, outcome=outcome, extra=extra)

    def fail(
        self, *, reason: str, at: float, outcome: Outcome | None = None, extra: Mapping[str, Any] | None = None
    ) -> bool:
        """It ended without that."""
        return self._do(Verb.FAIL, reason=reason, at=at, outcome=outcome, extra=extra)

    def replay(self) -> State | None:
        """Its state as its events alone tell it."""
        row = project(self._journal.events(self.process_id)).processes.get(self.process_id)
        return row.state if row else None

    def _do(
        self,
        verb: Verb,
        *,
        reason: str,
        at: float,
        extra: Mapping[str, Any] | None = None,
        outcome: Outcome | None = None,
        idempotency_key: str | None = None,
    ) -> bool:
        recorded = self._journal.transition(
            self.process_id,
            verb,
            reason=reason,
            at=at,
            extra=extra,
            outcome=outcome,
            idempotency_key=idempotency_key,
        )
        if not recorded and not self._has(idempotency_key):
            raise IllegalTransition(self.process_id, verb, self.state)
        return recorded

    def _has(self, idempotency_key: str | None) -> bool:
        if idempotency_key is None:
            return False
        mine = self._journal.events(self.process_id)
        return any(
            event.target_type == AGENT_PROCESS and event.payload.get("idempotency_key") == idempotency_key
            for event in mine
        )
