"""A reply put together from the pieces in which it is streamed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """One call of a tool that the model asks for."""

    id: str
    name: str
    arguments: str
    """JSON as the model wrote it, which need not be valid."""

    def parsed(self) -> Mapping[str, Any] | None:
        """The arguments by name; ``None`` when they are no JSON object."""
        try:
            value = json.loads(self.arguments or "{}")
        except ValueError:
            return None
        return value if isinstance(value, dict) else None

    def message(self) -> dict[str, Any]:
        """The call as it is handed back to the endpoint, where some servers stumble over arguments that are no JSON."""
        arguments = "{}" if self.parsed() is None else self.arguments or "{}"
        return {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": arguments}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One whole reply of the model."""

    text: str
    calls: tuple[ToolCall, ...] = ()
    finish: str | None = None
    """Why it ended; ``None`` when it broke off."""

    def message(self) -> dict[str, Any]:
        """The reply as it stands in the conversation."""
        own: dict[str, Any] = {"role": "assistant", "content": self.text or None}
        return {**own, "tool_calls": [call.message() for call in self.calls]} if self.calls else own


@dataclass(slots=True, kw_only=True)
class _Call:
    index: object
    id: str = ""
    name: str = ""
    arguments: str = ""


class ReplyBuilder:
    """Takes chunks in order. What in a chunk is not shaped as it should be is passed over."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._calls: list[_Call] = []
        self._finish: str | None = None

    def feed(self, chunk: object) -> str:
        """Add one chunk, as plain mappings and sequences, and return the text that came with it."""
        match chunk:
            case {"choices": [{"delta": Mapping() as delta, **rest}, *_]}:
                pass
            case {"choices": [{**rest}, *_]}:
                delta = {}
            case _:
                return ""
        match rest:
            case {"finish_reason": str(reason)} if reason:
                self._finish = reason
        return self._feed_delta(delta)

    def reply(self) -> Reply:
        """What has come so far, as a reply."""
        calls = tuple(
            ToolCall(id=call.id or f"call_{number}", name=call.name, arguments=call.arguments)
            for number, call in enumerate(self._calls)
        )
        return Reply(text="".join(self._text), calls=calls, finish=self._finish)

    def _feed_delta(self, delta: Mapping[str, Any]) -> str:
        for each in _sequence(delta.get("tool_calls")):
            if isinstance(each, Mapping):
                self._feed_call(each)
        content = delta.get("content")
        if not isinstance(content, str):
            return ""
        self._text.append(content)
        return content

    def _feed_call(self, piece: Mapping[str, Any]) -> None:
        call = self._call_of(piece.get("index"), _text(piece.get("id")))
        function = piece.get("function")
        if isinstance(function, Mapping):
            call.name = call.name or _text(function.get("name"))
            call.arguments += _text(function.get("arguments"))

    def _call_of(self, index: object, identity: str) -> _Call:
        """The call that a piece belongs to.

        Some servers send no index, or the same one for every call; then a new id begins a new call.
        """
        last = self._calls[-1:]
        if index is None:
            known = last if not identity else [call for call in self._calls if call.id == identity]
        else:
            known = [call for call in self._calls if call.index == index][-1:]
        if known and (not identity or known[0].id in {"", identity}):
            known[0].id = known[0].id or identity
            return known[0]
        self._calls.append(_Call(index=index, id=identity))
        return self._calls[-1]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _sequence(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()
