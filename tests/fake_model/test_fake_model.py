"""The model server that other tests ask is a tool of its own, and has to be right."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fake_model.conversation import text_of
from tests.fake_model.directives import DEFAULT_REPLY
from tests.fake_model.server import FakeModel

Body = dict[str, Any]
COMMAND = {"type": "object", "properties": {"command": {"type": "string"}, "why": {}}, "required": ["command", "why"]}


def responses(prompt: str, **more: Any) -> tuple[str, Body]:
    tool = {"type": "function", "name": "shell", "parameters": COMMAND}
    turn = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": prompt}]}
    return "/v1/responses", {"model": "m", "input": [turn], "tools": [tool], **more}


def chat(prompt: str, **more: Any) -> tuple[str, Body]:
    tool = {"type": "function", "function": {"name": "bash", "parameters": COMMAND}}
    message = {"role": "user", "content": prompt}
    return "/v1/chat/completions", {"model": "m", "messages": [message], "tools": [tool], **more}


def messages(prompt: str, **more: Any) -> tuple[str, Body]:
    tool = {"name": "Bash", "input_schema": COMMAND}
    message = {"role": "user", "content": [{"type": "text", "text": prompt}]}
    return "/v1/messages", {"model": "m", "messages": [message], "tools": [tool], **more}


def gemini(prompt: str, **more: Any) -> tuple[str, Body]:
    method = "streamGenerateContent?alt=sse" if more.get("stream") else "generateContent"
    tool = {"functionDeclarations": [{"name": "run_shell_command", "parametersJsonSchema": COMMAND}]}
    turn = {"role": "user", "parts": [{"text": prompt}]}
    return f"/v1beta/models/m:{method}", {"contents": [turn], "tools": [tool]}


ASK: dict[str, Callable[..., tuple[str, Body]]] = {
    "responses": responses,
    "chat": chat,
    "messages": messages,
    "gemini": gemini,
}

TEXT: dict[str, Callable[[Any], Any]] = {
    "responses": lambda answer: answer["output"][0]["content"][0]["text"],
    "chat": lambda answer: answer["choices"][0]["message"]["content"],
    "messages": lambda answer: answer["content"][0]["text"],
    "gemini": lambda answer: answer["candidates"][0]["content"]["parts"][0]["text"],
}
"""Where an answer's text stands."""

CALL: dict[str, Callable[[Any], Any]] = {
    "responses": lambda answer: json.loads(answer["output"][0]["arguments"]),
    "chat": lambda answer: json.loads(answer["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]),
    "messages": lambda answer: answer["content"][0]["input"],
    "gemini": lambda answer: answer["candidates"][0]["content"]["parts"][0]["functionCall"]["args"],
}
"""Where the arguments of a tool call stand."""


def post(fake_model: FakeModel, path: str, body: Body, **headers: str) -> str:
    data, head = json.dumps(body).encode(), {"content-type": "application/json", **headers}
    request = urllib.request.Request(f"{fake_model.url}{path}", data=data, headers=head)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.read().decode())


def streamed(text: str) -> list[Any]:
    """The data of every event, ``[DONE]`` left out."""
    lines = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def deltas(event: Any) -> str:
    """The text that one event of any of the APIs brings."""
    match event:
        case {"type": "response.output_text.delta", "delta": str(text)} | {"delta": {"text": str(text)}}:
            return text
        case {"choices": [{"delta": {"content": str(text)}}]}:
            return text
        case {"candidates": [{"content": {"parts": [{"text": str(text)}]}}]}:
            return text
    return ""


@pytest.mark.parametrize("api", ASK)
def test_a_prompt_without_a_directive_gets_the_default_reply(fake_model: FakeModel, api: str) -> None:
    path, body = ASK[api]("hello")
    assert TEXT[api](json.loads(post(fake_model, path, body))) == DEFAULT_REPLY


@pytest.mark.parametrize("api", ASK)
def test_a_streamed_answer_joins_to_the_text_that_was_asked_for(fake_model: FakeModel, api: str) -> None:
    path, body = ASK[api]("{{say: two  words}}", stream=True)
    assert "".join(map(deltas, streamed(post(fake_model, path, body)))) == "two  words"


@pytest.mark.parametrize("api", ASK)
def test_a_joined_answer_stands_nowhere_in_the_prompt(fake_model: FakeModel, api: str) -> None:
    path, body = ASK[api]("{{join: PONG 17}}")
    assert TEXT[api](json.loads(post(fake_model, path, body))) == "PONG17"


@pytest.mark.parametrize("api", ASK)
def test_a_command_becomes_a_whole_call_of_the_shell_tool(fake_model: FakeModel, api: str) -> None:
    path, body = ASK[api]("{{run: echo $HOME}}")
    assert CALL[api](json.loads(post(fake_model, path, body))) == {
        "command": "echo $HOME",
        "why": "asked for by a test",
    }


@pytest.mark.parametrize(
    ("api", "key", "result"),
    [
        ("responses", "input", [{"type": "function_call_output", "call_id": "c", "output": "made it"}]),
        ("chat", "messages", [{"role": "tool", "tool_call_id": "c", "content": "made it"}]),
        (
            "messages",
            "messages",
            [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "made it"}]}],
        ),
        (
            "gemini",
            "contents",
            [{"role": "user", "parts": [{"functionResponse": {"name": "c", "response": {"output": "made it"}}}]}],
        ),
    ],
)
def test_the_result_of_a_tool_call_comes_back_in_words(
    fake_model: FakeModel, api: str, key: str, result: list[Body]
) -> None:
    path, body = ASK[api]("{{run: make it}}")
    body[key] += result
    assert TEXT[api](json.loads(post(fake_model, path, body))) == "tool said: made it"


@pytest.mark.parametrize("api", ASK)
def test_a_failure_is_answered_with_its_status(fake_model: FakeModel, api: str) -> None:
    path, body = ASK[api]("{{fail: 429}}", stream=True)
    with pytest.raises(urllib.error.HTTPError) as failed:
        post(fake_model, path, body)
    with failed.value as answer:
        assert (answer.code, json.load(answer)["error"]["type"]) == (429, "rate_limit_error")


def test_only_the_newest_turn_with_a_directive_counts(fake_model: FakeModel) -> None:
    path, body = chat("{{say: old}}")
    body["messages"] += [{"role": "user", "content": "{{say: new}}"}, {"role": "user", "content": "no directive"}]
    assert TEXT["chat"](json.loads(post(fake_model, path, body))) == "new"


def test_a_waiting_request_is_let_go_when_the_server_ends() -> None:
    with FakeModel() as fake_model:
        path, body = chat("{{wait: 600}}")
        data = json.dumps(body).encode()
        request = urllib.request.Request(f"{fake_model.url}{path}", data=data)
        with pytest.raises(TimeoutError):
            urllib.request.urlopen(request, timeout=0.2)


@pytest.mark.parametrize("header", ["authorization", "x-api-key", "x-goog-api-key"])
def test_a_required_key_is_taken_from_any_client_and_never_remembered(header: str) -> None:
    with FakeModel(require_key="sesame") as fake_model:
        path, body = chat("hello")
        post(fake_model, path, body, **{header: f"{'Bearer ' if header == 'authorization' else ''}sesame"})
        [request] = fake_model.requests
    assert (request.headers[header], request.authorized) == ("<hidden>", True)
    assert "sesame" not in repr(fake_model.requests)


def test_whoever_has_no_key_where_one_is_required_is_refused() -> None:
    with FakeModel(require_key="sesame") as fake_model:
        with pytest.raises(urllib.error.HTTPError) as refused:
            post(fake_model, *chat("hello"))
        with refused.value as answer:
            assert answer.code == 401
        assert [request.authorized for request in fake_model.requests] == [False]


@pytest.mark.parametrize("path", ["/v1/models", "/models", "/v1beta/models"])
def test_it_lists_its_models(fake_model: FakeModel, path: str) -> None:
    with urllib.request.urlopen(f"{fake_model.url}{path}", timeout=30) as answer:
        assert "fake-model" in answer.read().decode()


@pytest.mark.parametrize("path", ["/v1/messages/count_tokens", "/v1beta/models/m:countTokens"])
def test_it_counts_tokens(fake_model: FakeModel, path: str) -> None:
    assert list(json.loads(post(fake_model, path, {})).values()) == [12]


def test_what_was_asked_is_remembered(fake_model: FakeModel) -> None:
    post(fake_model, *responses("one"))
    post(fake_model, *messages("two"))
    assert fake_model.prompts == ("one", "two")
    assert [request.path for request in fake_model.requests] == ["/v1/responses", "/v1/messages"]


def test_text_is_found_in_every_shape_of_content() -> None:
    nested = [{"type": "tool_result", "content": [{"type": "text", "text": "b"}]}]
    assert text_of(["a", *nested, {"output": "c"}, {"image": "d"}, None]) == "a\nb\nc"


def test_it_serves_by_hand() -> None:
    argv = [sys.executable, "-I", str(Path(__file__).parent), "--reply", "by hand"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as served:
        try:
            assert served.stdout is not None
            path, body = chat("hello")
            request = urllib.request.Request(served.stdout.readline().strip() + path, data=json.dumps(body).encode())
            with urllib.request.urlopen(request, timeout=30) as answer:
                assert TEXT["chat"](json.load(answer)) == "by hand"
        finally:
            served.terminate()
