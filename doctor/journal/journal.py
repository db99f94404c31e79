"""The journal: every change of a process's state together with the event that records it."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Any, Self, TypeVar

from doctor.journal import events, rows
from doctor.journal.database import is_there, open_for_writing, read
from doctor.journal.errors import IllegalTransition, explained
from doctor.journal.projection import OF_JOURNAL, OF_PROCESS, ProcessRow, apply, outcome_to, project
from doctor.journal.replay import Replay, replayed
from doctor.journal.transaction import transaction
from doctor.model.event import AGENT_PROCESS, ControlDirective, Event, Spawn, Verb
from doctor.model.process import Outcome, State

Answer = TypeVar("Answer")

PATIENCE = 10.0
"""Seconds that a locked database is waited for."""

SPAWN_KEY = "spawn"
END_KEY = "end"
"""Idempotency keys: a process begins once and ends once, and the database itself holds it to that."""

NOT_JOURNALLED = frozenset({"argv", "command", "env", "environment"})
"""Keys that ``extra`` must not have: what they hold may be secret."""

IN_EVERY_EVENT = (
    "stage",
    "runtime_id",
    "harness_version",
    "spec_id",
    "policy_sha256",
    "intent",
    "run_id",
    "attempt",
)
"""What ``extra`` says of the process in each of its events, beside its ``lifecycle_status``."""


class Journal:
    """What happened, in one SQLite file.

    It is opened when something is first asked of it, and made when something is first written. Reading writes nothing
    and makes no file; no file reads as an empty journal. Several programs, and threads, may use the same one.

    Args:
        path: The database.
        patience: Seconds to wait while another program writes.

    Every method raises ``JournalError`` when the database cannot be used; what was recorded before stays. Times
    (``at``) are seconds since the epoch. Texts must have been redacted.
    """

    def __init__(self, path: Path, *, patience: float = PATIENCE) -> None:
        self.path = path
        self._patience = patience
        self._connection: sqlite3.Connection | None = None
        self._guard = RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database; it is opened again when it is needed."""
        with self._guard:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def prepare(self) -> None:
        """Make sure, before anything is started, that what happens can be recorded: write, and change nothing."""
        self._write(_write_version_again)

    def spawn(self, spawn: Spawn, *, at: float) -> bool:
        """Record that a process is launched; ``False`` when its id was used before, and nothing is recorded."""
        return self.spawn_all([spawn], at=at)[0]

    def spawn_all(self, spawns: Sequence[Spawn], *, at: float) -> tuple[bool, ...]:
        """``spawn`` for each, in one transaction."""
        return self._write(lambda connection: tuple(_spawn(connection, spawn, at) for spawn in spawns))

    def transition(
        self,
        process_id: str,
        verb: Verb,
        *,
        reason: str,
        at: float,
        extra: Mapping[str, Any] | None = None,
        outcome: Outcome | None = None,
        idempotency_key: str | None = None,
    ) -> bool:
        """Change a process's state and record the event, both or neither, if its state still allows it.

        Args:
            process_id: The process.
            verb: Anything but ``spawn``.
            reason: Why; stands in the event behind the process's intent.
            at: When it happened.
            extra: More to keep, as JSON: none of the keys that the journal fills in itself, no argv, no environment.
            outcome: How it ended.
            idempotency_key: The same key is recorded once for a process. The end of a process has one of its own.

        Returns:
            ``False`` when nothing was recorded: the state does not allow it (any more), or the key is there already.

        Raises:
            IllegalTransition: The journal knows no such process.
            ValueError: ``extra`` has a key that it must not have, or a value that is no JSON.
        """
        more = _checked(extra or {})
        if outcome is not None:
            more["outcome"] = outcome_to(outcome)
        key = END_KEY if verb.leads_to.is_final else idempotency_key

        def change(connection: sqlite3.Connection) -> bool:
            row = rows.one(connection, process_id)
            if row is None or verb is Verb.SPAWN:
                raise IllegalTransition(process_id, verb, row.state if row else None)
            if row.state not in verb.starts_from or events.is_recorded(connection, AGENT_PROCESS, process_id, key):
                return False
            about = more | {name: getattr(row, name) for name in IN_EVERY_EVENT}
            _record(connection, row, _directive(process_id, verb, about=about, reason=reason, key=key), at=at)
            return True

        return self._write(change)

    def process(self, process_id: str) -> ProcessRow | None:
        """One process."""
        return self._read(lambda connection: rows.one(connection, process_id), empty=None)

    def processes(self, run_id: str | None = None, *, states: Sequence[State] = tuple(State)) -> tuple[ProcessRow, ...]:
        """The processes of a run, or all, that are in one of these states; in the order in which they began."""
        return self._read(lambda connection: rows.several(connection, run_id=run_id, states=states), empty=())

    def states(self, process_ids: Iterable[str]) -> dict[str, State]:
        """The states of those of these processes that the journal knows, by process id."""
        wanted = sorted(set(process_ids))
        return self._read(lambda connection: rows.states(connection, wanted), empty={})

    def events(self, process_id: str | None = None, *, after: int = 0) -> tuple[Event, ...]:
        """Events in their order: those of one process, or all; only those with a sequence greater than ``after``."""
        return self._read(lambda connection: events.select(connection, target_id=process_id, after=after), empty=())

    def replay(self, run_id: str | None = None) -> Replay:
        """Which harness ran which stage, from the events alone."""
        return replayed(self.events(), run_id=run_id)

    def rebuild(self) -> int:
        """Make the tables again from the events, and return how many processes there are."""
        if not is_there(self.path):
            return 0

        def make(connection: sqlite3.Connection) -> int:
            processes = project(events.select(connection)).processes
            rows.clear(connection)
            for row in processes.values():
                rows.put(connection, row)
            return len(processes)

        return self._write(make)

    def _read(self, query: Callable[[sqlite3.Connection], Answer], *, empty: Answer) -> Answer:
        return read(self.path, query, empty=empty, patience=self._patience)

    def _write(self, change: Callable[[sqlite3.Connection], Answer]) -> Answer:
        with self._guard:
            if self._connection is None:
                self._connection = open_for_writing(self.path, patience=self._patience)
            try:
                with transaction(self._connection):
                    return change(self._connection)
            except sqlite3.Error as error:
                self.close()
                raise explained(error, self.path, patience=self._patience) from error


def _write_version_again(connection: sqlite3.Connection) -> None:
    [version] = connection.execute("PRAGMA user_version").fetchone()
    connection.execute(f"PRAGMA user_version = {version:d}")


def _spawn(connection: sqlite3.Connection, spawn: Spawn, at: float) -> bool:
    if rows.one(connection, spawn.process_id) is not None:
        return False
    about = {name: getattr(spawn, name) for name in (*OF_PROCESS, "attempt")}
    directive = _directive(spawn.process_id, Verb.SPAWN, about=about, reason=spawn.reason, key=SPAWN_KEY)
    _record(connection, None, directive, at=at)
    return True


def _directive(
    process_id: str, verb: Verb, *, about: Mapping[str, Any], reason: str, key: str | None
) -> ControlDirective:
    if not reason.strip():
        raise ValueError("reason must not be blank")
    return ControlDirective(
        target_type=AGENT_PROCESS,
        target_id=process_id,
        emitted_by=AGENT_PROCESS,
        directive=verb.directive,
        reason=f"{about['intent'] or AGENT_PROCESS}: {reason.strip()}",
        idempotency_key=key,
        extra={**about, "lifecycle_status": str(verb.leads_to)},
    )


def _record(connection: sqlite3.Connection, row: ProcessRow | None, directive: ControlDirective, *, at: float) -> None:
    """Append the event, and put the row that follows from what was stored."""
    event = events.append(connection, directive, at=at)
    rows.put(connection, apply(row, event, ControlDirective.from_payload(event.payload)))


def _checked(extra: Mapping[str, Any]) -> dict[str, Any]:
    wrong = sorted({*OF_JOURNAL, *NOT_JOURNALLED} & set(extra))
    if wrong:
        raise ValueError(f"extra must not have {', '.join(wrong)}: the journal fills it in itself, or never keeps it")
    return dict(extra)
