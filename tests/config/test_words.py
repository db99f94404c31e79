import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.config.words import Kind, Unusable, encodable, found, listed, path_words, quoted


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (None, "json", "null"),
        (True, "json", "true"),
        (False, "json", "false"),
        (3, "json", "the number 3"),
        (10**38, "json", "the number 1" + "0" * 38),
        (10**100, "json", "the number 1" + "0" * 58 + "…"),
        (2.0, "json", "the number 2.0"),
        ("x", "json", 'the string "x"'),
        ([], "json", "an empty list"),
        ([1], "json", "a list"),
        ({}, "json", "an object"),
        ({}, "toml", "a table"),
        (dt.date(2027, 1, 1), "toml", "a date or time"),
        (Unusable("NaN"), "json", "NaN"),
    ],
)
def test_found_says_what_a_value_is(value: Any, kind: Kind, expected: str) -> None:
    assert found(value, kind) == expected


def test_found_copes_with_numbers_too_long_to_print() -> None:
    assert len(found(1 << 100_000, "toml")) < 100


@given(st.text(st.characters()))
def test_quoted_is_short_printable_and_encodable(text: str) -> None:
    shown = quoted(text)
    assert shown.isprintable()
    assert shown.encode()
    assert len(shown) < 800


def test_encodable_writes_lone_surrogates_as_escapes() -> None:
    assert encodable("a\ud800é") == "a\\ud800é"


def test_listed_says_how_many_it_leaves_out() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed(map(str, range(30))).endswith("22, 23 and 6 more")


def test_path_words_quote_what_is_no_word() -> None:
    assert path_words(["agent_profiles", 0, "skills", 1]) == "agent_profiles[0].skills[1]"
    assert path_words(["doctor", "a b", "$schema"]) == 'doctor["a b"].$schema'
