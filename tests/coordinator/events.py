"""Events as a coordinator keeps and shows them: what it knows of each, in the order of their timestamps."""

from typing import Any

from tests.coordinator.answers import Field
from tests.coordinator.settings import Dialect

SHAPE = {
    "event_type": Field("string", required=True),
    "session_id": Field("string", required=True),
    "timestamp": Field("string", required=True),
    "tool_name": Field("string"),
    "tool_input": Field("dict"),
    "error": Field("string"),
    "exit_code": Field("int"),
    "reason": Field("string"),
    "role": Field("string"),
    "content": Field("list of dict"),
}
"""A request's body; ``tool_output`` may be anything."""

RESULT = {"result_text": Field("string"), "result_data": Field("dict")}
"""The current dialect's alone."""

SHOWN = 100
"""Events that are told of a session: the first ones."""

_EMPTY_IS_NONE = frozenset({"tool_input", "tool_output", "content", "result_data"})


def shape(dialect: Dialect) -> dict[str, Field]:
    """What an event's request holds."""
    return {**SHAPE, **(RESULT if dialect == "current" else {})}


def kept(given: dict[str, Any], number: int, dialect: Dialect) -> dict[str, Any]:
    """An event as it is written down: what is not known is dropped."""
    found: dict[str, Any] = {"id": number}
    for name in (*shape(dialect), "tool_output"):
        value = given.get(name)
        found[name] = None if name in _EMPTY_IS_NONE and not value else value
    return found


def in_order(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By what their timestamps say, as text. Of those that say the same the last comes first, as an index has it."""
    return sorted(events, key=lambda event: (str(event["timestamp"]), -event["id"]))
