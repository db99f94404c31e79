"""OpenAI's Responses API."""

import json
from collections.abc import Iterator
from typing import Any

from tests.fake_model.conversation import (
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    Answer,
    Call,
    Conversation,
    Event,
    JsonObject,
    Say,
    Tool,
    Turn,
    objects,
    text_of,
)


def read(body: JsonObject) -> Conversation:
    """The request that ``body`` is."""
    given = body.get("input")
    turns = (Turn(role="user", text=given),) if isinstance(given, str) else tuple(map(_turn, objects(given)))
    tools = tuple(
        Tool(name=tool["name"], parameters=tool.get("parameters") or {})
        for tool in objects(body.get("tools"))
        if tool.get("type") == "function"
    )
    return Conversation(model=str(body.get("model")), stream=body.get("stream") is True, turns=turns, tools=tools)


def _turn(item: JsonObject) -> Turn:
    if str(item.get("type", "message")).endswith("_call_output"):
        return Turn(role="tool", text=text_of(item.get("output")))
    return Turn(role=str(item.get("role", "assistant")), text=text_of(item.get("content")))


def plain(conversation: Conversation, answer: Answer, number: int) -> JsonObject:
    """The whole answer at once."""
    usage = {
        "input_tokens": INPUT_TOKENS,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": OUTPUT_TOKENS,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
    }
    return {**_response(conversation, number), "status": "completed", "output": [_item(answer, number)], "usage": usage}


def events(conversation: Conversation, answer: Answer, number: int) -> Iterator[Event]:
    """The answer bit by bit."""
    for sequence, event in enumerate(_events(conversation, answer, number)):
        yield event["type"], {**event, "sequence_number": sequence}


def _events(conversation: Conversation, answer: Answer, number: int) -> Iterator[JsonObject]:
    item = _item(answer, number)
    place = {"item_id": item["id"], "output_index": 0}
    empty: JsonObject = {"arguments": ""} if isinstance(answer, Call) else {"content": []}
    begun = {**item, "status": "in_progress", **empty}
    response = {**_response(conversation, number), "status": "in_progress", "output": []}
    yield {"type": "response.created", "response": response}
    yield {"type": "response.output_item.added", "output_index": 0, "item": begun}
    if isinstance(answer, Say):
        yield from _text_events(answer, {**place, "content_index": 0})
    else:
        written = item["arguments"]
        yield {"type": "response.function_call_arguments.delta", **place, "delta": written}
        yield {"type": "response.function_call_arguments.done", **place, "arguments": written}
    yield {"type": "response.output_item.done", "output_index": 0, "item": item}
    yield {"type": "response.completed", "response": plain(conversation, answer, number)}


def _text_events(answer: Say, place: dict[str, Any]) -> Iterator[JsonObject]:
    yield {"type": "response.content_part.added", **place, "part": _part("")}
    for piece in answer.pieces:
        yield {"type": "response.output_text.delta", **place, "delta": piece}
    yield {"type": "response.output_text.done", **place, "text": answer.text}
    yield {"type": "response.content_part.done", **place, "part": _part(answer.text)}


def _response(conversation: Conversation, number: int) -> JsonObject:
    return {
        "id": f"resp_{number}",
        "object": "response",
        "created_at": number,
        "model": conversation.model,
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
    }


def _item(answer: Answer, number: int) -> JsonObject:
    if isinstance(answer, Say):
        own: JsonObject = {"type": "message", "role": "assistant", "content": [_part(answer.text)]}
    else:
        own = {
            "type": "function_call",
            "call_id": f"call_{number}",
            "name": answer.tool,
            "arguments": json.dumps(answer.arguments),
        }
    return {"id": f"item_{number}", "status": "completed", **own}


def _part(text: str) -> JsonObject:
    return {"type": "output_text", "text": text, "annotations": []}
