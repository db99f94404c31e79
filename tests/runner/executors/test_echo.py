"""The executor that answers with what it was asked."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from tests.runner.executors.conftest import SESSION, Execute, Told, argv_of

ODD = 'Grüße "quoted" \\ \n\t\u2028 \U0001f600'


def test_what_was_asked_is_answered(execute: Execute, told: Told, invocation: dict[str, Any]) -> None:
    done = execute("test", {**invocation, "prompt": ODD})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    [(_, bound, binding), *_] = told.asked
    assert bound == "/bind"
    assert binding["project_dir"] == invocation["project_dir"]
    assert binding["executor_session_id"].startswith("echo-")
    assert told.events == [
        {"event_type": "message", "role": "user", "content": [{"type": "text", "text": ODD}]},
        {"event_type": "message", "role": "assistant", "content": [{"type": "text", "text": ODD}]},
        {"event_type": "session_stop", "exit_code": 0, "reason": "completed"},
    ]


def test_every_event_says_when_and_of_which_session(execute: Execute, told: Told, invocation: dict[str, Any]) -> None:
    execute("test", invocation)
    events = [document for _, path, document in told.asked if path == "/events"]
    assert {each["session_id"] for each in events} == {SESSION}
    assert all(each["timestamp"].endswith("Z") for each in events)


@pytest.mark.parametrize("mode", ["start", "resume"])
def test_events_are_in_order_by_the_times_that_they_say(
    execute: Execute, told: Told, invocation: dict[str, Any], mode: str
) -> None:
    execute("test", {**invocation, "mode": mode})
    times = [document["timestamp"] for _, path, document in told.asked if path == "/events"]
    assert times == sorted(set(times))  # a coordinator keeps them by these texts, and takes the last for the result


def test_a_current_coordinator_is_told_the_result(execute: Execute, told: Told, invocation: dict[str, Any]) -> None:
    execute("test", invocation, AGENT_RUNNER_DIALECT="current")
    assert told.events[-1] == {"event_type": "result", "result_text": "Say hello, please."}


def test_parameters_are_read_too(execute: Execute, told: Told, invocation: dict[str, Any]) -> None:
    del invocation["prompt"]
    execute("test", {**invocation, "schema_version": "2.2", "parameters": {"prompt": "hi", "more": 1}})
    assert told.spoken == [("user", "hi"), ("assistant", "hi")]


def test_a_session_that_goes_on_says_so(execute: Execute, told: Told, invocation: dict[str, Any]) -> None:
    del invocation["project_dir"]
    assert execute("test", {**invocation, "mode": "resume"}).returncode == 0
    assert [(method, path) for method, path, _ in told.asked[:3]] == [
        ("POST", "/bind"),
        ("PATCH", "/metadata"),
        ("POST", "/events"),
    ]
    assert list(told.asked[1][2]) == ["last_resumed_at"]
    assert told.events[0] == {"event_type": "session_start"}


def test_a_current_coordinator_knows_that_a_session_goes_on(
    execute: Execute, told: Told, invocation: dict[str, Any]
) -> None:
    execute("test", {**invocation, "mode": "resume"}, AGENT_RUNNER_DIALECT="current")
    assert [path for _, path, _ in told.asked] == ["/bind", "/events", "/events", "/events"]


def test_a_prompt_of_a_mebibyte_comes_back_whole(execute: Execute, told: Told, invocation: dict[str, Any]) -> None:
    prompt = "ü" * 2**20
    assert execute("test", {**invocation, "prompt": prompt}).returncode == 0
    assert told.spoken[1] == ("assistant", prompt)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("", "Error: no input on stdin\n"),
        ("{", "Error: invalid JSON: "),
        ("[]", "Error: expected a JSON object, found a list\n"),
        ("{} {}", "Error: invalid JSON: "),
        ({"session_id": ""}, "Error: session_id: expected text, found none\n"),
        ({"mode": "restart"}, 'Error: invalid mode: "restart" (expected start or resume)\n'),
        ({"schema_version": "2.0"}, 'Error: unsupported schema version: "2.0" (supported: 2.1, 2.2)\n'),
        ({"schema_version": "2.2", "parameters": {}}, "Error: parameters hold no prompt\n"),
        ({"project_dir": 5}, "Error: project_dir: expected a string, found the number 5\n"),
    ],
)
def test_what_is_wrong_with_an_invocation_is_explained(
    execute: Execute, told: Told, invocation: dict[str, Any], change: Any, message: str
) -> None:
    done = execute("test", change if isinstance(change, str) else invocation | change)
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert told.asked == []


def test_a_coordinator_that_refuses_ends_the_run(execute: Execute, told: Told, invocation: dict[str, Any]) -> None:
    told.refuse = "/bind"
    done = execute("test", invocation)
    assert done.returncode == 1
    assert done.stderr == 'Error: POST /bind was answered with 422: {"detail":"not wanted"}\n'
    assert len(told.asked) == 1


@pytest.mark.parametrize("url", ["", "https://127.0.0.1:1/x", "http://127.0.0.1", "http://127.0.0.1:1"])
def test_without_a_gateway_it_fails_in_one_line(execute: Execute, invocation: dict[str, Any], url: str) -> None:
    done = execute("test", invocation, AGENT_ORCHESTRATOR_API_URL=url)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("executor", ["test", "claude_code", "codex", "opencode", "nex"])
def test_every_executor_says_what_it_reads(execute: Execute, executor: str, invocation: dict[str, Any]) -> None:
    assert execute(executor, "", "--version").stdout == "2.1, 2.2\n"
    schema = json.loads(execute(executor, "", "--schema").stdout)
    Draft7Validator.check_schema(schema)
    validator = Draft7Validator(schema)
    assert list(validator.iter_errors(invocation)) == []
    assert list(validator.iter_errors({**invocation, "session_id": ""}))
    assert list(validator.iter_errors({**invocation, "schema_version": "2.2"}))


@pytest.mark.parametrize("executor", ["test", "codex"])
def test_another_option_is_a_mistake(execute: Execute, executor: str) -> None:
    done = execute(executor, "", "--help-me")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: expected --schema, --version")


def test_it_loads_next_to_nothing(tmp_path: Path) -> None:
    """A runner's throughput is bounded by what each child costs."""
    code = f"import sys; sys.argv = ['x']; sys.path.append({argv_of('test')[-1]!r}); import echo; "
    code += "print(*sorted(set(sys.modules) & {'json', 're', 'typing', 'socket', 'http', 'os', 'collections'}))"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
