"""OpenAI's Chat Completions API."""

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
    "prompt_tokens": INPUT_TOKENS,
    "completion_tokens": OUTPUT_TOKENS,
    "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
}


def read(body: JsonObject) -> Conversation:
    """The request that ``body`` is."""
    functions = [tool["function"] for tool in objects(body.get("tools")) if tool.get("type") == "function"]
    return Conversation(
        model=str(body.get("model")),
        stream=body.get("stream") is True,
        turns=tuple(
            Turn(role=str(message.get("role")), text=text_of(message.get("content")))
            for message in objects(body.get("messages"))
        ),
        tools=tuple(Tool(name=each["name"], parameters=each.get("parameters") or {}) for each in functions),
    )


def plain(conversation: Conversation, answer: Answer, number: int) -> JsonObject:
    """The whole answer at once."""
    message: JsonObject = {"role": "assistant", "content": answer.text if isinstance(answer, Say) else None}
    if not isinstance(answer, Say):
        message["tool_calls"] = [_call(answer.tool, answer.arguments, number)]
    choice = {"index": 0, "message": message, "finish_reason": _reason(answer)}
    return {**_head("chat.completion", conversation, number), "choices": [choice], "usage": USAGE}


def events(conversation: Conversation, answer: Answer, number: int) -> Iterator[Event]:
    """The answer bit by bit; the usage comes last, in a chunk without choices."""
    head = _head("chat.completion.chunk", conversation, number)
    for delta in ({"role": "assistant", "content": ""}, *_deltas(answer, number)):
        yield None, {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield None, {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": _reason(answer)}]}
    yield None, {**head, "choices": [], "usage": USAGE}
    yield None, "[DONE]"


def _deltas(answer: Answer, number: int) -> Iterator[JsonObject]:
    if isinstance(answer, Say):
        for piece in answer.pieces:
            yield {"content": piece}
    else:
        yield {"tool_calls": [{"index": 0, **_call(answer.tool, answer.arguments, number)}]}


def _head(kind: str, conversation: Conversation, number: int) -> JsonObject:
    return {"id": f"chat_{number}", "object": kind, "created": number, "model": conversation.model}


def _reason(answer: Answer) -> str:
    return "stop" if isinstance(answer, Say) else "tool_calls"


def _call(tool: str, arguments: JsonObject, number: int) -> JsonObject:
    return {
        "id": f"call_{number}",
        "type": "function",
        "function": {"name": tool, "arguments": json.dumps(arguments)},
    }
