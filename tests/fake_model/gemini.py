"""Google's Gemini API: ``generateContent`` and ``streamGenerateContent``."""

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
    "promptTokenCount": INPUT_TOKENS,
    "candidatesTokenCount": OUTPUT_TOKENS,
    "totalTokenCount": INPUT_TOKENS + OUTPUT_TOKENS,
}


def read(body: JsonObject, *, model: str, stream: bool) -> Conversation:
    """The request that ``body`` is; the address says which model it is for, and whether it streams."""
    declared = [each for tool in objects(body.get("tools")) for each in objects(tool.get("functionDeclarations"))]
    return Conversation(
        model=model,
        stream=stream,
        turns=tuple(map(_turn, objects(body.get("contents")))),
        tools=tuple(
            Tool(name=each["name"], parameters=each.get("parametersJsonSchema") or each.get("parameters") or {})
            for each in declared
        ),
    )


def _turn(content: JsonObject) -> Turn:
    parts = objects(content.get("parts"))
    results = [part["functionResponse"].get("response") for part in parts if "functionResponse" in part]
    if results:
        return Turn(role="tool", text=text_of(results))
    return Turn(role=str(content.get("role", "user")), text=text_of(parts))


def count(_body: JsonObject) -> JsonObject:
    """What counting the tokens of a request answers."""
    return {"totalTokens": INPUT_TOKENS}


def plain(conversation: Conversation, answer: Answer, number: int) -> JsonObject:
    """The whole answer at once."""
    if isinstance(answer, Say):
        return _chunk(conversation, {"text": answer.text}, number, ends=True)
    return _chunk(conversation, {"functionCall": {"name": answer.tool, "args": answer.arguments}}, number, ends=True)


def events(conversation: Conversation, answer: Answer, number: int) -> Iterator[Event]:
    """The answer bit by bit."""
    if isinstance(answer, Say):
        *first, last = answer.pieces or [""]
        for piece in first:
            yield None, _chunk(conversation, {"text": piece}, number, ends=False)
        yield None, _chunk(conversation, {"text": last}, number, ends=True)
    else:
        yield None, plain(conversation, answer, number)


def _chunk(conversation: Conversation, part: JsonObject, number: int, *, ends: bool) -> JsonObject:
    candidate: JsonObject = {"content": {"role": "model", "parts": [part]}, "index": 0}
    if ends:
        candidate["finishReason"] = "STOP"
    return {
        "candidates": [candidate],
        "usageMetadata": USAGE,
        "modelVersion": conversation.model,
        "responseId": f"response-{number}",
    }
