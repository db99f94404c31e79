import json

import pytest

from doctor.config.json_text import TextError, parse_json
from doctor.config.words import Unusable


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ('{"a": 1,}', 7, "trailing commas"),
        ("[1, 2 , ]", 6, "trailing commas"),
        ('{"a": 1 // why\n}', 8, "a comment"),
        ('{\n# why\n"a": 1}', 2, "a comment"),
        ("/* why */ {}", 0, "a comment"),
        ("{'a': 1}", 1, "quotation mark"),
        ('{"a": “b”}', 6, "quotation mark"),
        ("{a: 1}", 1, "the key a is not quoted"),
        ('{"a": True}', 6, "the word True"),
        ('{"a": 1 "b": 2}', 8, "expected a comma"),
        ('{"a" 1}', 5, "expected a colon"),
        ('{"a": }', 6, "expected a value"),
        ('{"a": 1', 7, "ends before all brackets are closed"),
        ('{"a": ', 6, "ends where a value is expected"),
        ("{", 1, "ends within an object"),
        ("{} {}", 3, "more text after the end"),
        ('{"a": "b', 6, "not closed"),
        ('{"a": "b\nc"}', 8, "within a string"),
        ('{"a": "\\q"}', 7, "a backslash"),
        ("{\n<<<<<<< HEAD\n}", 2, "merge conflict"),
    ],
)
def test_a_mistake_is_placed_and_explained(text: str, offset: int, message: str) -> None:
    with pytest.raises(TextError, match=message) as caught:
        parse_json(text)
    assert caught.value.offset == offset


def test_python_words_and_bare_keys_come_with_their_json_spelling() -> None:
    for text, remedy in (('{"a": None}', "write null"), ("{fail_on: 1}", 'write "fail_on"')):
        with pytest.raises(TextError) as caught:
            parse_json(text)
        assert caught.value.remedy == remedy


@pytest.mark.parametrize("opening", ["[", '{"a":', '[[{"a":'])
def test_deep_nesting_is_one_error_at_the_65th_level(opening: str) -> None:
    text = opening * 100_000
    with pytest.raises(TextError, match="64 levels deep") as caught:
        parse_json(text)
    before = text[: caught.value.offset]
    assert before.count("[") + before.count("{") == 64


def test_numbers_that_json_or_python_cannot_hold_are_marked() -> None:
    data = parse_json('{"a": NaN, "b": -Infinity, "c": ' + "9" * 5000 + "}").data
    assert [type(value) for value in data.values()] == [Unusable] * 3
    assert data["c"].text == "a number of 5000 digits"


def test_a_lost_key_is_noticed_at_any_depth() -> None:
    assert not parse_json('{"a": {"b": 1}, "b": 2}').duplicates
    assert parse_json('{"a": [{"b": 1, "b": 2}]}').duplicates


def test_ordinary_data_is_what_the_standard_library_reads() -> None:
    text = '{"a": [1, -2.5, "é\\u00e9", null, true, {}]}'
    assert parse_json(text).data == json.loads(text)
