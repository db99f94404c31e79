"""The language of ``-k``."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.diagnosis.keyword import DEEPEST, parse_keyword
from doctor.errors import UsageError

TEXT = "skl001 skl every skill that a profile names is found"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("skill", True),
        ("SKILL", True),
        ("skl0", True),
        ("harness", False),
        ("not harness", True),
        ("not not skill", True),
        ("not not not skill", False),
        ("skill and harness", False),
        ("skill or harness", True),
        ("harness and nothing or skill", True),
        ("skill or harness and nothing", True),
        ("(skill or harness) and nothing", False),
        ("not (harness or nothing)", True),
        ("not harness and not skill", False),
        ("  (  skill  )  ", True),
    ],
)
def test_an_expression_holds_or_not(expression: str, expected: bool) -> None:
    assert parse_keyword(expression).matches(TEXT) is expected


def test_the_words_of_an_expression_are_known() -> None:
    assert parse_keyword("Skill and not (home or agp001)").words == ("skill", "home", "agp001")


@pytest.mark.parametrize(
    ("expression", "expected", "column"),
    [
        ("", "a word, found the end", 1),
        ("   ", "a word, found the end", 1),
        ("skill and", "a word, found the end", 10),
        ("skill and  ", "a word, found the end", 10),
        ("and skill", "a word, found 'and'", 1),
        ("skill home", "'and', 'or' or the end, found 'home'", 7),
        ("(skill", "')', found the end", 7),
        ("skill)", "'and', 'or' or the end, found ')'", 6),
        ("()", "a word, found ')'", 2),
        ("skill or or home", "a word, found 'or'", 10),
        ("not", "a word, found the end", 4),
    ],
)
def test_a_malformed_expression_is_refused_with_the_column(expression: str, expected: str, column: int) -> None:
    with pytest.raises(UsageError, match=re.escape(f"expected {expected} at column {column}") + "$"):
        parse_keyword(expression)


def test_an_expression_too_deep_is_refused() -> None:
    assert parse_keyword("(" * DEEPEST + "skill" + ")" * DEEPEST).matches(TEXT)
    with pytest.raises(UsageError, match=f"expected at most {DEEPEST} parentheses"):
        parse_keyword("(" * 100_000 + "skill" + ")" * 100_000)


def test_an_expression_may_be_long() -> None:
    assert parse_keyword(" or ".join(["nothing"] * 10_000 + ["not " * 10_000 + "skill"])).matches(TEXT)


WORDS = ("skill", "home", "profile")
EXPRESSIONS = st.recursive(
    st.sampled_from(WORDS),
    lambda inner: st.one_of(
        inner.map(lambda part: f"not {part}"),
        inner.map(lambda part: f"({part})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join),
    ),
)


@given(EXPRESSIONS, st.sets(st.sampled_from(WORDS)))
def test_an_expression_means_what_it_means_in_python(expression: str, present: set[str]) -> None:
    expected = eval(expression, {word: word in present for word in WORDS})

    assert parse_keyword(expression).matches(" ".join(present)) is expected


@given(st.text(alphabet="ab ()notrd", max_size=40))
def test_any_text_is_parsed_or_refused(expression: str) -> None:
    said = ""
    try:
        parse_keyword(expression).matches(TEXT)
    except UsageError as error:
        said = str(error)

    assert re.fullmatch(r"(.*at column \d+)?", said)
