"""What harnesses say, line by line, as they were seen to print it."""

import json
from typing import Any

import pytest

from doctor.runner.executors.speech import Failed, Recovered, Said, Session, Words, speech_of


def heard(runtime_id: str, *events: Any) -> list[Said]:
    speech = speech_of(runtime_id)
    lines = [event if isinstance(event, str) else json.dumps(event) for event in events]
    return [said for line in lines for said in speech.hear(line)] + list(speech.end())


def test_claude_code_names_its_session_and_says_one_message_after_the_other() -> None:
    assert heard(
        "claude_code",
        {"type": "system", "subtype": "init", "session_id": "11"},
        {"type": "assistant", "message": {"content": [{"type": "text", "text": "One."}, {"type": "tool_use"}]}},
        {"type": "user", "message": {"content": [{"type": "tool_result", "content": "x"}]}},
        {"type": "assistant", "message": {"content": [{"type": "tool_use", "id": "t"}]}},
        {
            "type": "assistant",
            "parent_tool_use_id": "t",
            "message": {"content": [{"type": "text", "text": "A helper."}]},
        },
        {"type": "assistant", "message": {"content": [{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]}},
        {"type": "result", "subtype": "success", "is_error": False, "result": "A\n\nB"},
    ) == [Session("11"), Words("One."), Words("A\n\nB"), Recovered()]


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ({"result": "Not logged in"}, "Not logged in"),
        ({"subtype": "error_max_turns"}, "error_max_turns"),
        ({}, "it failed"),
    ],
)
def test_claude_code_says_why_it_failed(result: dict[str, str], reason: str) -> None:
    assert heard("claude_code", {"type": "result", "is_error": True, **result}) == [Failed(reason)]


def test_codex_names_its_thread_and_says_messages() -> None:
    assert heard(
        "codex",
        {"type": "thread.started", "thread_id": "01"},
        {"type": "turn.started"},
        {"type": "item.completed", "item": {"id": "0", "type": "reasoning", "text": "Hm."}},
        {"type": "item.completed", "item": {"id": "1", "type": "agent_message", "text": "Done."}},
        {"type": "turn.completed", "usage": {}},
    ) == [Session("01"), Words("Done."), Recovered()]


def test_codex_says_why_a_turn_failed() -> None:
    assert heard(
        "codex", {"type": "error", "message": "reconnecting"}, {"type": "turn.failed", "error": {"message": "401"}}
    ) == [Failed("reconnecting"), Failed("401")]


def test_a_trouble_that_codex_got_over_is_none() -> None:
    assert heard("codex", {"type": "error", "message": "reconnecting"}, {"type": "turn.completed", "usage": {}}) == [
        Failed("reconnecting"),
        Recovered(),
    ]


def test_opencode_has_the_session_in_every_line() -> None:
    assert heard(
        "opencode",
        {"type": "step_start", "sessionID": "ses_1", "part": {}},
        {"type": "text", "sessionID": "ses_1", "part": {"type": "text", "text": "Done."}},
        {"type": "text", "sessionID": "ses_1", "part": {"type": "text", "text": " "}},
    ) == [Session("ses_1"), Session("ses_1"), Words("Done."), Session("ses_1")]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"name": "APIError", "data": {"message": "401"}}, "401"),
        ({"name": "Unknown"}, "Unknown"),
        ("plain", "plain"),
        ({"odd": 1}, "it failed"),
    ],
)
def test_opencode_says_why_it_failed(error: Any, reason: str) -> None:
    assert heard("opencode", {"type": "error", "error": error}) == [Failed(reason)]


@pytest.mark.parametrize("runtime_id", ["claude_code", "codex", "opencode"])
@pytest.mark.parametrize(
    "line", ["", "not JSON", "[]", "null", "5", "{}", '{"type": []}', '{"type": "assistant"}', "[" * 100_000]
)
def test_other_lines_mean_nothing(runtime_id: str, line: str) -> None:
    assert heard(runtime_id, line) == []


def test_a_harness_without_a_form_of_its_own_says_all_that_it_prints() -> None:
    assert heard("hermes", "", "\x1b[1mHello\x1b[0m", "there.", "") == [Words("Hello\nthere.")]


def test_a_harness_that_prints_nothing_says_nothing() -> None:
    assert heard("hermes", " ", "") == []


@pytest.mark.parametrize(
    ("runtime_id", "new", "again"),
    [
        (
            "claude_code",
            ("--output-format", "stream-json", "--verbose", "--session-id", "s"),
            ("--output-format", "stream-json", "--verbose", "--resume", "s"),
        ),
        ("codex", ("--json",), ("--json",)),
        ("opencode", ("--format", "json"), ("--format", "json", "--session", "s")),
        ("hermes", (), ()),
    ],
)
def test_each_is_asked_to_speak_in_its_own_way(runtime_id: str, new: tuple[str, ...], again: tuple[str, ...]) -> None:
    speech = speech_of(runtime_id)
    assert (speech.arguments("s", resume=False), speech.arguments("s", resume=True)) == (new, again)


def test_going_on_is_a_command_of_codex() -> None:
    argv = ("codex", "exec", "--json", "-")
    assert speech_of("codex").ordered(argv, "s", resume=True) == ("codex", "exec", "--json", "resume", "s", "-")
    assert speech_of("codex").ordered(argv, None, resume=False) == argv
