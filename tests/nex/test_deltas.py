from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.nex.deltas import Reply, ReplyBuilder, ToolCall


def chunk(delta: object, finish: object = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def call(index: object, identity: object = None, name: object = None, arguments: object = None) -> dict[str, Any]:
    return {"index": index, "id": identity, "function": {"name": name, "arguments": arguments}}


def built(*chunks: object) -> Reply:
    builder = ReplyBuilder()
    for each in chunks:
        builder.feed(each)
    return builder.reply()


def test_text_is_handed_on_as_it_comes_and_kept_whole() -> None:
    builder = ReplyBuilder()

    assert [builder.feed(chunk({"content": piece})) for piece in ("Hel", "", "lo")] == ["Hel", "", "lo"]
    assert builder.feed(chunk({}, "stop")) == ""
    assert builder.reply() == Reply(text="Hello", finish="stop")


def test_a_reply_without_its_end_has_no_reason() -> None:
    assert built(chunk({"content": "Hel"})) == Reply(text="Hel")


@given(st.text(), st.lists(st.integers(min_value=0), max_size=8))
def test_arguments_may_be_cut_anywhere(arguments: str, places: list[int]) -> None:
    cuts = sorted({0, *(place % (len(arguments) + 1) for place in places), len(arguments)})
    pieces = [arguments[start:end] for start, end in pairwise(cuts)]

    reply = built(
        chunk({"tool_calls": [call(0, "a", "bash", "")]}),
        *(chunk({"tool_calls": [call(0, arguments=piece)]}) for piece in pieces),
    )

    assert reply.calls == (ToolCall(id="a", name="bash", arguments=arguments),)


ONE = ToolCall(id="a", name="bash", arguments="{}")
TWO = ToolCall(id="b", name="bash", arguments="[]")


@pytest.mark.parametrize(
    "deltas",
    [
        pytest.param(
            [call(0, "a", "bash", "{"), call(1, "b", "bash", "["), call(0, arguments="}"), call(1, arguments="]")],
            id="index",
        ),
        pytest.param(
            [call(None, "a", "bash", "{"), call(None, arguments="}"), call(None, "b", "bash", "[]")], id="no index"
        ),
        pytest.param([call(0, "a", "bash", "{}"), call(0, "b", "bash", "[]")], id="one index for all"),
        pytest.param([call(0, "a", "bash", "{"), call(0, "a", "bash", "}"), call(1, "b", "bash", "[]")], id="repeated"),
        pytest.param([call(0, "a", "bash", "{"), call(0, "", None, "}"), call(1, "b", "bash", "[]")], id="blank id"),
    ],
)
def test_calls_are_told_apart_however_a_server_numbers_them(deltas: list[dict[str, Any]]) -> None:
    assert built(*(chunk({"tool_calls": [delta]}) for delta in deltas)).calls == (ONE, TWO)


def test_a_call_without_an_id_gets_one() -> None:
    assert built(chunk({"tool_calls": [call(0, None, "bash", "{}")]})).calls == (
        ToolCall(id="call_0", name="bash", arguments="{}"),
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "delta", "content", "tool_calls", "function", "index", "id", "finish_reason"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.lists(JSON, max_size=4))
def test_chunks_of_any_shape_do_no_harm(chunks: list[object]) -> None:
    assert isinstance(built(*chunks, *(chunk(each) for each in chunks)), Reply)


@pytest.mark.parametrize(
    ("arguments", "expected"), [('{"a": 1}', {"a": 1}), ("", {}), ("{", None), ("[]", None), ("null", None)]
)
def test_arguments_are_a_json_object_or_nothing(arguments: str, expected: object) -> None:
    assert ToolCall(id="a", name="bash", arguments=arguments).parsed() == expected


def test_a_reply_goes_back_with_arguments_that_a_server_can_read() -> None:
    reply = Reply(text="", calls=(ToolCall(id="a", name="bash", arguments="{broken"),))

    assert reply.message() == {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "a", "type": "function", "function": {"name": "bash", "arguments": "{}"}}],
    }
    assert Reply(text="hi").message() == {"role": "assistant", "content": "hi"}
