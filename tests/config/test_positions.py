import json
import random
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.config.positions import JsonScan, Lines, token_end, too_deep
from doctor.model.location import pointer

KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | KEYS
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4))
BLANKS = st.text(" \t\r\n", max_size=3)


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, Any]:
    """A JSON text with odd white space and escapes, and its data."""
    value = draw(VALUES)
    return draw(BLANKS) + _written(value, draw) + draw(BLANKS), value


def _written(value: Any, draw: st.DrawFn) -> str:
    def gap() -> str:
        return draw(BLANKS)

    def text(string: str) -> str:
        return json.dumps(string, ensure_ascii=draw(st.booleans()))

    if isinstance(value, dict):
        members = [f"{gap()}{text(k)}{gap()}:{gap()}{_written(v, draw)}{gap()}" for k, v in value.items()]
        return "{" + (",".join(members) or gap()) + "}"
    if isinstance(value, list):
        return "[" + (",".join(f"{gap()}{_written(item, draw)}{gap()}" for item in value) or gap()) + "]"
    return text(value) if isinstance(value, str) else json.dumps(value)


def walk(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from walk(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from walk(item, (*path, str(index)))


@given(documents())
def test_every_value_and_key_of_a_json_text_is_found_where_it_starts(document: tuple[str, Any]) -> None:
    text, data = document
    positions = JsonScan(text).finish()
    for path, value in walk(data):
        depth, at_value, at_key = positions.find(path)
        assert depth == len(path)
        assert json.JSONDecoder().raw_decode(text, at_value)[0] == value
        if path and text[at_key] == '"' and at_key != at_value:
            assert json.JSONDecoder().raw_decode(text, at_key)[0] == path[-1]


@given(documents(), st.integers(0, 3), st.randoms(use_true_random=False))
def test_a_place_is_the_same_however_far_the_text_was_walked(
    document: tuple[str, Any], stride: int, shuffle: random.Random
) -> None:
    text, data = document
    paths = [path for path, _ in walk(data)]
    shuffle.shuffle(paths)
    whole, by_and_by = JsonScan(text).finish(), JsonScan(text)
    with mock.patch("doctor.config.positions.STRIDE", stride):
        assert [by_and_by.find(path) for path in paths] == [whole.find(path) for path in paths]


def test_what_is_not_there_is_answered_with_its_nearest_ancestor() -> None:
    positions = JsonScan('{"a": [1, {"b": 2}]}').finish()
    assert positions.find(["a", "1", "c"]) == (2, 10, 10)
    assert positions.find(["a", "7"]) == (1, 6, 1)
    assert positions.find(["a", "-1"]) == (1, 6, 1)
    assert positions.find(["x", "y"]) == (0, 0, 0)


def test_every_duplicate_key_is_reported_at_each_repetition() -> None:
    text = '{"a": 1, "b": {"c": 1, "\\u0063": 2}, "a": {}, "a": 3}'
    positions = JsonScan(text).finish()
    second = text.index('"a"', 5)
    assert positions.duplicates == [
        (("b", "c"), text.index('"\\u0063"')),
        (("a",), second),
        (("a",), text.index('"a"', second + 1)),
    ]
    assert positions.find(["a"])[1] == text.rindex("3")


def test_deep_nesting_is_walked_without_recursion() -> None:
    text = "[" * 50_000 + "]" * 50_000
    assert JsonScan(text).finish().find(["0"] * 49_999)[1] == 49_999
    assert too_deep(text, 64) == 64


def test_too_deep_is_0_for_flat_texts() -> None:
    assert too_deep("[[], [], {}]", 2) == 0


@pytest.mark.parametrize(
    ("offset", "place"), [(0, (1, 1)), (2, (1, 3)), (3, (2, 1)), (4, (3, 1)), (5, (3, 2)), (6, (3, 3))]
)
def test_lines_and_columns_count_characters_from_1(offset: int, place: tuple[int, int]) -> None:
    assert Lines("aé\n\n😀b").place(offset) == place


def test_pointers_escape_tildes_and_slashes() -> None:
    assert pointer("a/b", 0, "~") == "/a~1b/0/~0"


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ('{"a": "b\\"c", "d": 1}', '"a"'),
        ('"b\\"c", "d"', '"b\\"c"'),
        ("-1.5e3}", "-1.5e3"),
        ("true\n", "true"),
        ('"日本"', '"日本"'),
    ],
)
def test_a_key_or_plain_value_of_json_has_an_end(text: str, token: str) -> None:
    start = text.index(token)
    assert token_end(text, start) == start + len(token)


@pytest.mark.parametrize("text", ["{}", "[1]", "", " 1"])
def test_an_object_a_list_and_nothing_have_none(text: str) -> None:
    assert token_end(text, 0) is None
