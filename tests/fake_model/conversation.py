"""What the four APIs have in common: turns, tools, and the answer to them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

JsonObject = dict[str, Any]
Event = tuple[str | None, JsonObject | str]
"""A server-sent event: its name, where it has one, and its data."""

INPUT_TOKENS, OUTPUT_TOKENS = 12, 6
"""The usage that every answer reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message."""

    role: str
    """``user``, ``tool`` for the result of a tool call, or any other word for the rest."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool that the client offers."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """JSON Schema of its arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A request, whatever API it came by; oldest turn first."""

    model: str
    stream: bool
    turns: tuple[Turn, ...]
    tools: tuple[Tool, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """An answer in words."""

    text: str

    @property
    def pieces(self) -> list[str]:
        """The text as it is streamed; joined they give it back."""
        return [piece for piece in self.text.replace(" ", " \0").split("\0") if piece]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An answer that asks for one of the client's tools."""

    tool: str
    arguments: JsonObject


Answer = Say | Call


def text_of(content: object) -> str:
    """All text in a message's content, in order; parts stand on lines of their own."""
    return "\n".join(_texts(content))


def _texts(content: object) -> Iterator[str]:
    match content:
        case str():
            yield content
        case list():
            for part in content:
                yield from _texts(part)
        case {"text": str(text)}:
            yield text
        case {"content": inner} | {"output": inner} | {"response": inner}:
            yield from _texts(inner)


def objects(value: object) -> list[JsonObject]:
    """The objects in a list; nothing where it is none."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
