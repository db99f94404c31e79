"""The document on an executor's standard input."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import doctor.runner
from doctor.runner import ExecutorInvocation
from doctor.runner.invocation import InvocationError

START = {"schema_version": "2.1", "mode": "start", "session_id": "ses_1", "prompt": "Work."}
WITH_PARAMETERS = {"schema_version": "2.2", "mode": "start", "session_id": "ses_1", "parameters": {"prompt": "Work."}}

TEXT = st.text()
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
OBJECT = st.none() | st.dictionaries(TEXT, VALUE, min_size=1, max_size=4)
COMMON = {
    "mode": st.sampled_from(["start", "resume"]),
    "session_id": TEXT.filter(lambda text: bool(text.strip())),
    "project_dir": st.none() | TEXT.filter(bool),
    "executor_config": OBJECT,
    "agent_blueprint": OBJECT,
    "metadata": OBJECT,
}
INVOCATIONS = st.builds(ExecutorInvocation, schema_version=st.just("2.1"), prompt=TEXT, **COMMON) | st.builds(
    ExecutorInvocation,
    schema_version=st.just("2.2"),
    parameters=st.dictionaries(TEXT, VALUE, max_size=3),
    agent_name=st.none() | TEXT.filter(bool),
    **COMMON,
)


def changed(document: dict[str, Any], **changes: Any) -> bytes:
    """The document with some keys changed; ``...`` removes one."""
    return json.dumps({key: value for key, value in {**document, **changes}.items() if value is not ...}).encode()


@given(INVOCATIONS)
def test_what_is_written_is_read_back(invocation: ExecutorInvocation) -> None:
    assert ExecutorInvocation.from_json(invocation.to_json()) == invocation


@given(INVOCATIONS)
def test_a_document_is_one_line_of_ascii_without_its_end(invocation: ExecutorInvocation) -> None:
    text = invocation.to_json()
    assert text.isascii()
    assert b"\n" not in text


def test_keys_stand_in_the_order_of_the_protocol() -> None:
    invocation = ExecutorInvocation(
        schema_version="2.1",
        mode="start",
        session_id="ses_1",
        prompt="Work.",
        metadata={"m": 1},
        agent_blueprint={"b": 1},
        executor_config={"c": 1},
        project_dir="/p",
    )
    assert invocation.to_json() == (
        b'{"schema_version": "2.1", "mode": "start", "session_id": "ses_1", "prompt": "Work.", "project_dir": "/p", '
        b'"executor_config": {"c": 1}, "agent_blueprint": {"b": 1}, "metadata": {"m": 1}}'
    )


def test_optional_values_that_are_empty_are_left_out() -> None:
    invocation = ExecutorInvocation(
        "2.1", "resume", "ses_1", "", project_dir="", executor_config={}, agent_blueprint={}, metadata={}
    )
    assert json.loads(invocation.to_json()) == {**START, "mode": "resume", "prompt": ""}


def test_the_later_version_has_parameters_and_an_agents_name() -> None:
    invocation = ExecutorInvocation(
        "2.2", "start", "ses_1", parameters={}, agent_name="writer", prompt="is not written", project_dir="/p"
    )
    assert invocation.to_json() == (
        b'{"schema_version": "2.2", "mode": "start", "session_id": "ses_1", "parameters": {}, '
        b'"agent_name": "writer", "project_dir": "/p"}'
    )


@pytest.mark.parametrize("document", [START, WITH_PARAMETERS])
def test_the_prompt_is_had_from_either_version(document: dict[str, Any]) -> None:
    assert ExecutorInvocation.from_json(json.dumps(document)).text == "Work."


def test_parameters_without_a_text_have_no_prompt() -> None:
    assert ExecutorInvocation("2.2", "start", "ses_1", parameters={"prompt": 5}).text is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no input on stdin"),
        (b" \n\t", "no input on stdin"),
        (b"{", "invalid JSON: "),
        (b"\xff", "invalid JSON: the input is not UTF-8, at byte 0"),
        (b"\xef\xbb\xbf{}", "invalid JSON: "),
        (b'{"a": NaN}', "invalid JSON: NaN, which JSON does not have"),
        (b"[" * 100_000, "invalid JSON: "),
        (b"null", "expected a JSON object, found null"),
        (b"5", "expected a JSON object, found the number 5"),
        (b"[]", "expected a JSON object, found a list"),
        (b'"x"', 'expected a JSON object, found "x"'),
        (b"{}", "missing required field: schema_version"),
        (b'{"schema_version": "9"}', "missing required field: mode"),
        (b'{"schema_version": "2.1", "mode": "x"}', "missing required field: session_id"),
        (changed(START, prompt=...), "missing required field: prompt"),
        (changed(START, prompt=None), "missing required field: prompt"),
        (changed(WITH_PARAMETERS, parameters=...), "missing required field: parameters"),
        (changed(START, schema_version="2.0"), 'unsupported schema version: "2.0" (supported: 2.1, 2.2)'),
        (changed(START, schema_version=2.1), "unsupported schema version: the number 2.1 (supported: 2.1, 2.2)"),
        (changed(START, schema_version=["2.1"]), "unsupported schema version: a list (supported: 2.1, 2.2)"),
        (changed(START, schema_version="2.0", mode="x"), "unsupported schema version: "),
        (changed(START, mode="restart"), 'invalid mode: "restart" (expected start or resume)'),
        (changed(START, mode=["start"]), "invalid mode: a list (expected start or resume)"),
        (changed(START, session_id=""), "session_id: expected text, found none"),
        (changed(START, session_id=7), "session_id: expected a string, found the number 7"),
        (changed(START, prompt=["x"]), "prompt: expected a string, found a list"),
        (changed(START, prompt="\ud800"), "prompt: half a surrogate pair, at character 0, is no text"),
        (changed(START, executor_config=["a"]), "executor_config: expected an object, found a list"),
        (changed(START, agent_blueprint="b"), 'agent_blueprint: expected an object, found "b"'),
        (changed(START, metadata=True), "metadata: expected an object, found true"),
        (changed(START, project_dir=10**200), "project_dir: expected a string, found a huge number"),
        (changed(WITH_PARAMETERS, agent_name={}), "agent_name: expected a string, found an object"),
    ],
)
def test_the_first_thing_that_is_wrong_is_said(content: bytes, message: str) -> None:
    with pytest.raises(InvocationError) as error:
        ExecutorInvocation.from_json(content)
    assert error.value.message.startswith(message)
    assert isinstance(error.value, ValueError)


def test_what_is_ignored_is_told() -> None:
    told: list[str] = []
    document = changed(START, mode="resume", project_dir="/p", parameters={}, turbo=1)
    read = ExecutorInvocation.from_json(document, warn=told.append)
    assert told == [
        'unknown key "parameters" is ignored',
        'unknown key "turbo" is ignored',
        "project_dir is ignored when a session is resumed",
    ]
    assert read == ExecutorInvocation("2.1", "resume", "ses_1", "Work.", project_dir="/p")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"bytes"])
def test_what_json_cannot_say_is_not_written(value: Any) -> None:
    invocation = ExecutorInvocation("2.1", "start", "ses_1", "Work.", executor_config={"a": value})
    with pytest.raises(InvocationError, match="cannot be written as JSON"):
        invocation.to_json()


def test_an_incomplete_invocation_is_not_written() -> None:
    with pytest.raises(InvocationError, match="missing required field: prompt"):
        ExecutorInvocation("2.1", "start", "ses_1").to_json()


def test_the_public_names_are_those_that_are_promised() -> None:
    assert {name: getattr(doctor.runner, name) for name in doctor.runner.__all__ if name.isupper()} == {
        "DEFAULT_EXECUTOR_PATH": "executors/claude-code/ao-claude-code-exec",
        "DEFAULT_EXECUTOR_TYPE": "claude-code",
        "SCHEMA_VERSION": "2.1",
    }
    assert sorted(doctor.runner.__all__) == dir(doctor.runner)
    assert doctor.runner.ExecutorProfile("n", "t", "c", {}).config == {}
