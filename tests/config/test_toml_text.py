import pytest

from doctor.config.json_text import TextError
from doctor.config.toml_text import TwiceError, parse_toml


@pytest.mark.parametrize(
    ("text", "offset", "message", "remedy"),
    [
        ("a = \n", 4, "invalid value", None),
        ("a = True\n", 4, "invalid value", "small letters"),
        ("a = codex\n", 4, "invalid value", "double quotes"),
        ("a = [1,\n", 8, "unclosed array|at the end of the text", None),
        ('{"version": 2}', 0, "invalid statement", "looks like JSON"),
        ("a = 1\n<<<<<<< HEAD\n", 6, "invalid statement", "merge conflict"),
        ("b = 1\na = " + "9" * 5000, 10, "cannot be read", "smaller number"),
    ],
)
def test_a_mistake_is_placed_and_explained(text: str, offset: int, message: str, remedy: str | None) -> None:
    with pytest.raises(TextError, match=message) as caught:
        parse_toml(text)
    assert caught.value.offset == offset
    assert (caught.value.remedy is None) == (remedy is None)
    assert (remedy or "") in (caught.value.remedy or "")


@pytest.mark.parametrize(
    "text", ["a = 1\na = 2", "[a]\n[a]", "a.b = 1\na = 2", "a = {b = 1, b = 2}", "a = 1\n[a.b]", "[[a]]\n[a]"]
)
def test_a_key_or_table_defined_twice_is_recognised(text: str) -> None:
    with pytest.raises(TwiceError):
        parse_toml(text)


@pytest.mark.parametrize("opening", ["[", "{a=", "[[{a="])
def test_deep_nesting_is_one_error(opening: str) -> None:
    with pytest.raises(TextError, match="64 levels deep"):
        parse_toml("a = " + opening * 20_000)


def test_a_dotted_key_of_very_many_parts_is_refused_before_it_costs_quadratic_time() -> None:
    with pytest.raises(TextError, match="more than 32 parts") as caught:
        parse_toml("b = 1\na" + ".a" * 200_000 + " = 1")
    assert caught.value.offset == 6


def test_many_dots_in_a_string_or_comment_are_no_long_key() -> None:
    words = "a." * 100
    assert parse_toml(f'# {words}\nb = "{words}"\n').data == {"b": words}
