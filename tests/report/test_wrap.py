"""Prose is broken; what may be copied is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.report.wrap import wrap


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three", ["one two", "three"]),
        ("short", ["short"]),
        ("run `pip install x` now", ["run", "`pip install x`", "now"]),
        ('see "a b c d" there', ["see", '"a b c d"', "there"]),
        ("it's one of it's", ["it's one", "of it's"]),
        ("/a/very/long/path here", ["/a/very/long/path", "here"]),
    ],
)
def test_lines_break_at_spaces_outside_quotes(text: str, lines: list[str]) -> None:
    assert wrap(text, 8) == lines


@given(st.text(alphabet="ab \"'`"), st.integers(min_value=1, max_value=20))
def test_nothing_but_spaces_is_lost(text: str, width: int) -> None:
    assert "".join(wrap(text, width)).replace(" ", "") == text.replace(" ", "")
