"""The append-only table of events."""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from doctor.model.event import DIRECTIVE_EMITTED, ControlDirective, Event, utc_text

_COLUMNS = "sequence, event_id, event_type, target_type, target_id, occurred_at, payload"


def append(connection: sqlite3.Connection, directive: ControlDirective, *, at: float) -> Event:
    """Add a directive as the newest event, and return it as it will be read; must be called in a transaction.

    Raises:
        ValueError: Something in ``extra`` has no place in JSON.
        TypeError: See above.
        sqlite3.Error: It cannot be written, or one with its idempotency key is there.
    """
    payload = json.dumps(directive.to_payload(), allow_nan=False, sort_keys=True)
    event_id, occurred_at = uuid4().hex, utc_text(at)
    cursor = connection.execute(
        "INSERT INTO events (event_id, event_type, target_type, target_id, occurred_at, idempotency_key, payload)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            event_id,
            DIRECTIVE_EMITTED,
            directive.target_type,
            directive.target_id,
            occurred_at,
            directive.idempotency_key,
            payload,
        ),
    )
    return Event(
        sequence=int(cursor.lastrowid or 0),
        event_id=event_id,
        event_type=DIRECTIVE_EMITTED,
        target_type=directive.target_type,
        target_id=directive.target_id,
        occurred_at=occurred_at,
        payload=json.loads(payload),
    )


def is_recorded(connection: sqlite3.Connection, target_type: str, target_id: str, key: str | None) -> bool:
    """Whether the target has an event with this idempotency key; never without a key."""
    found = connection.execute(
        "SELECT 1 FROM events WHERE target_type = ? AND target_id = ? AND idempotency_key = ?",
        (target_type, target_id, key),
    )
    return found.fetchone() is not None


def select(connection: sqlite3.Connection, *, target_id: str | None = None, after: int = 0) -> tuple[Event, ...]:
    """Events in their order.

    Args:
        connection: The database.
        target_id: Only those about this target.
        after: Only those with a greater sequence.
    """
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM events WHERE sequence > ? AND (? IS NULL OR target_id = ?) ORDER BY sequence",  # noqa: S608 - names of columns only
        (after, target_id, target_id),
    )
    return tuple(_event(row) for row in rows)


def _event(row: tuple[Any, ...]) -> Event:
    sequence, event_id, event_type, target_type, target_id, occurred_at, payload = row
    return Event(
        sequence=sequence,
        event_id=event_id,
        event_type=event_type,
        target_type=target_type,
        target_id=target_id,
        occurred_at=occurred_at,
        payload=_payload(payload),
    )


def _payload(text: Any) -> Mapping[str, Any]:
    """The JSON object; an empty one where another program left none, which no reader takes for a directive."""
    try:
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
