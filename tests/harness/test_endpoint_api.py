"""What endpoints are asked and how their answers are read; the requests themselves are tested with the checks."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.harness.endpoint_api import (
    endpoint_url_problem,
    in_the_clear,
    key_headers,
    listed_models,
    one_token,
    serves,
)


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("openai", {"data": [{"id": "a"}, {"id": "b"}]}, ("a", "b")),
        ("anthropic", {"data": [{"id": "a", "type": "model"}]}, ("a",)),
        ("gemini", {"models": [{"name": "models/a"}]}, ("a",)),
        ("openai", {"data": [3, {"id": 4}, {"name": "c"}]}, ()),
        ("openai", {"models": []}, None),
        ("openai", [], None),
    ],
)
def test_a_list_of_models_is_read(kind: str, content: object, expected: tuple[str, ...] | None) -> None:
    assert listed_models(kind, json.dumps(content).encode()) == expected


@given(st.binary() | st.just(b"[" * 100_000))
def test_any_answer_at_all_can_be_read(content: bytes) -> None:
    listed_models("openai", content)


@pytest.mark.parametrize(
    ("wanted", "served"),
    [
        ("llama3", True),
        ("llama3:latest", True),
        ("llama", False),
        ("sonnet-4", True),
        ("sonnet", False),
        ("models/sonnet-4-20250514", True),
        ("", False),
    ],
)
def test_a_model_is_served_also_under_its_name_without_a_version(wanted: str, served: bool) -> None:
    assert serves(("llama3:latest", "sonnet-4-20250514"), wanted) is served


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("openai", "/chat/completions"),
        ("anthropic", "/v1/messages"),
        ("gemini", "/v1beta/models/a%2F..%2Fb:generateContent"),
    ],
)
def test_a_model_s_name_cannot_lead_to_another_place(kind: str, path: str) -> None:
    assert one_token(kind, "a/../b")[0] == path


def test_no_key_is_no_header() -> None:
    assert [key_headers(kind, "") for kind in ("openai", "anthropic", "gemini")] == [{}, {}, {}]


@pytest.mark.parametrize(
    ("url", "clear"),
    [("http://box.lan", True), ("HTTP://box.lan", True), ("https://box.lan", False), ("http://127.0.0.1:1", False)],
)
def test_what_others_can_read_on_the_way(url: str, clear: bool) -> None:
    assert in_the_clear(url) is clear


@given(st.text(), st.sampled_from(["openai", "anthropic", "gemini"]))
def test_any_text_at_all_can_be_judged_as_a_url(url: str, kind: str) -> None:
    problem = endpoint_url_problem(f"https://{url}", kind)
    assert problem is None or all(problem)
