"""The table of processes. Everything in it is derived from the events and can be made again from them."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from doctor.journal.projection import ProcessRow, outcome_from, outcome_to
from doctor.model.process import State

_NAMES = tuple(each.name for each in fields(ProcessRow))
_COLUMNS = ", ".join(_NAMES)
_PLACES = ", ".join("?" for _ in _NAMES)


def put(connection: sqlite3.Connection, row: ProcessRow) -> None:
    """Store the row in the place of the one that its process has."""
    values = {name: getattr(row, name) for name in _NAMES}
    values["state"] = str(row.state)
    values["outcome"] = None if row.outcome is None else json.dumps(outcome_to(row.outcome), sort_keys=True)
    values["extra"] = json.dumps(row.extra, sort_keys=True)
    connection.execute(
        f"INSERT OR REPLACE INTO processes ({_COLUMNS}) VALUES ({_PLACES})",  # noqa: S608 - names of columns only
        tuple(values.values()),
    )


def clear(connection: sqlite3.Connection) -> None:
    """Remove all rows."""
    connection.execute("DELETE FROM processes")


def one(connection: sqlite3.Connection, process_id: str) -> ProcessRow | None:
    """The row of a process."""
    found = _select(connection, "process_id = ?", (process_id,))
    return found[0] if found else None


def several(
    connection: sqlite3.Connection, *, run_id: str | None = None, states: Sequence[State] = tuple(State)
) -> tuple[ProcessRow, ...]:
    """The rows of a run, or of all, that are in one of these states; in the order in which their processes began."""
    places = ", ".join("?" for _ in states)
    return _select(connection, f"(? IS NULL OR run_id = ?) AND state IN ({places})", (run_id, run_id, *states))


def states(connection: sqlite3.Connection, process_ids: Sequence[str]) -> dict[str, State]:
    """The states of those of these processes that there are."""
    found: dict[str, State] = {}
    for process_id in process_ids:
        row = connection.execute("SELECT state FROM processes WHERE process_id = ?", (process_id,)).fetchone()
        if row is not None:
            found[process_id] = State(row[0])
    return found


def _select(connection: sqlite3.Connection, condition: str, values: tuple[Any, ...]) -> tuple[ProcessRow, ...]:
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM processes WHERE {condition} ORDER BY first_sequence",  # noqa: S608 - see above
        values,
    )
    return tuple(_row(row) for row in rows)


def _row(stored: tuple[Any, ...]) -> ProcessRow:
    values = dict(zip(_NAMES, stored, strict=True))
    values["state"] = State(values["state"])
    values["outcome"] = None if values["outcome"] is None else outcome_from(json.loads(values["outcome"]))
    values["extra"] = json.loads(values["extra"])
    return ProcessRow(**values)
