"""The tables, and every step that led to them. A step that was released is never changed: the next one is added."""

import sqlite3
from pathlib import Path

from doctor.journal.errors import JournalError, about
from doctor.journal.transaction import transaction

APPLICATION_ID = 0x68646A6C
"""In the file's header ("hdjl"), so that `file` and this tool know a journal from another program's database."""

_EVENTS = (
    # AUTOINCREMENT: the sequence of a recorded event is never given again, even if someone removed it by force.
    """
    CREATE TABLE events (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        event_id TEXT NOT NULL UNIQUE,
        event_type TEXT NOT NULL,
        target_type TEXT NOT NULL,
        target_id TEXT NOT NULL,
        occurred_at TEXT NOT NULL,
        idempotency_key TEXT,
        payload TEXT NOT NULL
    )
    """,
    "CREATE INDEX events_by_target ON events (target_type, target_id, sequence)",
    """
    CREATE UNIQUE INDEX events_once ON events (target_type, target_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL
    """,
    """
    CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END
    """,
    """
    CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END
    """,
    # REPLACE removes the row in its way without asking the trigger above.
    """
    CREATE TRIGGER events_are_not_replaced BEFORE INSERT ON events
    WHEN EXISTS (SELECT 1 FROM events WHERE sequence = NEW.sequence OR event_id = NEW.event_id)
      OR EXISTS (
        SELECT 1 FROM events
        WHERE target_type = NEW.target_type AND target_id = NEW.target_id AND idempotency_key = NEW.idempotency_key
      )
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END
    """,
)

_PROCESSES = (
    """
    CREATE TABLE processes (
        process_id TEXT PRIMARY KEY,
        run_id TEXT,
        spec_id TEXT,
        attempt INTEGER,
        agent TEXT,
        stage TEXT,
        runtime_id TEXT,
        harness_version TEXT,
        policy_sha256 TEXT,
        named_profile TEXT,
        session TEXT,
        executor TEXT,
        mode TEXT,
        cwd TEXT,
        ticket TEXT,
        intent TEXT,
        state TEXT NOT NULL,
        directive_count INTEGER NOT NULL,
        first_sequence INTEGER NOT NULL,
        last_sequence INTEGER NOT NULL,
        last_reason TEXT NOT NULL,
        spawned_at TEXT NOT NULL,
        changed_at TEXT NOT NULL,
        ended_at TEXT,
        outcome TEXT,
        extra TEXT NOT NULL
    )
    """,
    "CREATE INDEX processes_by_run ON processes (run_id)",
    "CREATE INDEX processes_by_state ON processes (state)",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = ((*_EVENTS, *_PROCESSES, f"PRAGMA application_id = {APPLICATION_ID}"),)
"""The statements of each step; step N leads to version N (``PRAGMA user_version``)."""

VERSION = len(MIGRATIONS)


def known_version(connection: sqlite3.Connection, path: Path) -> int:
    """The version of the database's tables; 0 for one without any.

    Raises:
        JournalError: It was made by a newer release, or by another program.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID and connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        raise _foreign(path)
    if not 0 <= version <= VERSION:
        raise about(
            path,
            f"has schema version {version}, expected at most {VERSION}",
            remedy="a newer harness-doctor wrote it: upgrade this one, or move the file away",
        )
    return int(version)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables to the newest version, each step in a transaction of its own.

    Whoever comes second finds the step done; a crash leaves the version that was there.

    Raises:
        JournalError: See ``known_version``.
        sqlite3.Error: A step failed and was undone.
    """
    while known_version(connection, path) < VERSION:
        with transaction(connection):
            _take_step(connection, known_version(connection, path))


def _take_step(connection: sqlite3.Connection, version: int) -> None:
    if version == VERSION:
        return
    for statement in MIGRATIONS[version]:
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {version + 1}")


def _foreign(path: Path) -> JournalError:
    return about(
        path, "holds the tables of another program", remedy="move the file away; a journal is made by the next launch"
    )
