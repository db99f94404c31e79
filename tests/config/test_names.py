import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.config.names import Suggestions, name_problem, nearest


@pytest.mark.parametrize("name", ["agent", "a", "codex-default", "Прогулка", "日本", "a.b_c-1", "two words"])
def test_ordinary_names_of_any_script_are_fine(name: str) -> None:
    assert name_problem(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  ",
        "a/b",
        "a\\b",
        "..",
        "a..b",
        ".hidden",
        "-flag",
        "a\nb",
        "a\0b",
        "\x1b[31m",
        "a\u202eb",
        " a",
        "x" * 129,
    ],
)
def test_names_that_could_not_become_a_path_or_session_are_refused(name: str) -> None:
    assert name_problem(name) is not None


@given(st.text())
def test_an_accepted_name_is_one_path_component_that_stays_in_its_directory(name: str) -> None:
    if name_problem(name) is None:
        assert "/" not in name
        assert ".." not in name
        assert name.isprintable()
        assert name.encode()


@pytest.mark.parametrize(("word", "expected"), [("agnets", "agents"), ("AGENTS", "agents"), ("zzzz", None)])
def test_nearest_finds_the_known_word_that_was_meant(word: str, expected: str | None) -> None:
    assert nearest(word, ["agents", "agent_profiles", "version"]) == expected


def test_nearest_gives_up_on_words_nobody_mistypes() -> None:
    assert nearest("a" * 10_000, ["a" * 10_001]) is None


def test_suggestions_end_with_the_budget_but_answered_ones_are_remembered() -> None:
    known = ("alpha", "beta", "gamma")
    suggestions = Suggestions(budget=3)

    assert suggestions.nearest("alpa", known) == "alpha"
    assert suggestions.nearest("bta", known) is None
    assert suggestions.nearest("alpa", known) == "alpha"
