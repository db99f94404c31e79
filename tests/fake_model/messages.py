"""Anthropic's Messages API."""

import json
from collections.abc import Iterator

from tests.fake_model.conversation import (
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    Answer,
    Conversation,
    Event,
    JsonObject,
    Say,
    Tool,
    Turn,
    objects,
    text_of,
)

USAGE = {
    "input_tokens": INPUT_TOKENS,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 0,
    "output_tokens": OUTPUT_TOKENS,
}


def read(body: JsonObject) -> Conversation:
    """The request that ``body`` is."""
    tools = (tool for tool in objects(body.get("tools")) if "input_schema" in tool)
    return Conversation(
        model=str(body.get("model")),
        stream=body.get("stream") is True,
        turns=tuple(map(_turn, objects(body.get("messages")))),
        tools=tuple(Tool(name=tool["name"], parameters=tool["input_schema"]) for tool in tools),
    )


def _turn(message: JsonObject) -> Turn:
    content = message.get("content")
    results = [part for part in objects(content) if part.get("type") == "tool_result"]
    if results:
        return Turn(role="tool", text=text_of(results))
    return Turn(role=str(message.get("role")), text=text_of(content))


def count(_body: JsonObject) -> JsonObject:
    """What counting the tokens of a request answers."""
    return {"input_tokens": INPUT_TOKENS}


def plain(conversation: Conversation, answer: Answer, number: int) -> JsonObject:
    """The whole answer at once."""
    stop = {"stop_reason": _reason(answer), "stop_sequence": None}
    return {**_message(conversation, number), **stop, "content": [_block(answer, number)], "usage": USAGE}


def events(conversation: Conversation, answer: Answer, number: int) -> Iterator[Event]:
    """The answer bit by bit."""
    for event in _events(conversation, answer, number):
        yield event["type"], event


def _events(conversation: Conversation, answer: Answer, number: int) -> Iterator[JsonObject]:
    unfinished = {"stop_reason": None, "stop_sequence": None, "usage": {**USAGE, "output_tokens": 0}}
    yield {"type": "message_start", "message": {**_message(conversation, number), "content": [], **unfinished}}
    empty: JsonObject = {"text": ""} if isinstance(answer, Say) else {"input": {}}
    yield {"type": "content_block_start", "index": 0, "content_block": {**_block(answer, number), **empty}}
    for delta in _deltas(answer):
        yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    stop = {"stop_reason": _reason(answer), "stop_sequence": None}
    yield {"type": "message_delta", "delta": stop, "usage": {"output_tokens": OUTPUT_TOKENS}}
    yield {"type": "message_stop"}


def _deltas(answer: Answer) -> Iterator[JsonObject]:
    if isinstance(answer, Say):
        for piece in answer.pieces:
            yield {"type": "text_delta", "text": piece}
    else:
        yield {"type": "input_json_delta", "partial_json": json.dumps(answer.arguments)}


def _message(conversation: Conversation, number: int) -> JsonObject:
    return {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": conversation.model}


def _block(answer: Answer, number: int) -> JsonObject:
    if isinstance(answer, Say):
        return {"type": "text", "text": answer.text}
    return {"type": "tool_use", "id": f"toolu_{number}", "name": answer.tool, "input": answer.arguments}


def _reason(answer: Answer) -> str:
    return "end_turn" if isinstance(answer, Say) else "tool_use"
