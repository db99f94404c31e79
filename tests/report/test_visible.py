"""Nothing that others wrote moves the cursor, hides text or reverses it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.report.visible import home_relative, middle_cut, single_line, visible, visible_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("a\u202eb\u2066c\u200b", "a\\u202eb\\u2066c\\u200b"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x9b2J", "\\x9b2J"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("Grüße, 世界 [claude] 👩‍🚀", "Grüße, 世界 [claude] 👩‍🚀"),
    ],
)
def test_what_a_terminal_would_act_on_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(alphabet=st.characters()))
def test_no_control_character_survives(text: str) -> None:
    assert not [each for each in visible(text) if unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"}]


@given(st.text(alphabet=st.characters(), max_size=50))
def test_lines_are_split_at_line_breaks_only(text: str) -> None:
    assert len(visible_lines(text)) == text.replace("\r\n", "\n").count("\n") + 1


def test_several_lines_become_one_without_their_indentation() -> None:
    assert single_line('use:\n  {"version": 2,\n   "agents": []}\n') == 'use: {"version": 2, "agents": []}'


def test_a_long_path_keeps_its_start_and_more_of_its_end() -> None:
    assert middle_cut("/usr/local/share/a/b/c/bin/codex", 20) == "/usr/l…b/c/bin/codex"


def test_a_path_that_fits_is_left_alone() -> None:
    assert middle_cut("/usr/bin/codex", 14) == "/usr/bin/codex"


@pytest.mark.parametrize(
    ("path", "home", "shown"),
    [
        ("/home/u/x", "/home/u", "~/x"),
        ("/home/u", "/home/u/", "/home/u"),
        ("/home/user2/x", "/home/u", "/home/user2/x"),
        ("/x", "/", "/x"),
        ("/x", None, "/x"),
    ],
)
def test_only_paths_in_the_home_directory_are_shortened(path: str, home: str | None, shown: str) -> None:
    assert home_relative(path, home) == shown
