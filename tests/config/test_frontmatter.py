from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.config.frontmatter import FrontmatterError, description_of


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("---\nname: x\ndescription: Does it.\n---\nBody", "Does it."),
        ("---\r\ndescription: 'a: b'\r\n---\r\n", "a: b"),
        ("---\ndescription: >\n  two\n  lines\n---\n", "two lines"),
        ("---\nname: x\n---\n", None),
        ("---\ndescription: [a]\n---\n", None),
        ("---\ncreated: 2024-13-45\ndescription: d\n---\n", "d"),
        ("# No frontmatter\n---\n", None),
        ("---\ndescription:\n---\n", None),
        ("---\ndescription: '  '\n---\n", None),
        ("---\ndescription: 5\n---\n", None),
        ("---\ndescription: true\n---\n", None),
        ("", None),
        ("----\nname: x\n", None),
    ],
)
def test_the_description_is_that_of_the_frontmatter(text: str, description: str | None) -> None:
    assert description_of(text) == description


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("---\nname: x\n", "not closed"),
        ("---\n- a\n---\n", "not a set of"),
        ("---\n---\n", "not a set of"),
        ("---\njust text\n---\n", "not a set of"),
        ("---\nname: [\n---\n", r"not YAML: .* \(line"),
        ("---\nname: a: b\n---\n", r"not YAML: .* \(line 2\)"),
        ("---\na: \x01\n---\n", "not YAML"),
        ("---\na: &x [1]\nb: *x\n---\n", "anchors or aliases"),
        ("---\na: " + "[" * 60_000 + "\n---\n", "nested more than"),
        ("---\na: " + "x" * 70_000 + "\n---\n", "larger than"),
    ],
)
def test_frontmatter_that_cannot_be_used_says_why(text: str, message: str) -> None:
    with pytest.raises(FrontmatterError, match=message):
        description_of(text)


def test_a_small_text_that_would_grow_beyond_memory_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    with pytest.raises(FrontmatterError, match="anchors or aliases"):
        description_of("---\n" + "\n".join(lines) + "\n---\n")


@given(st.text(max_size=60))
def test_any_frontmatter_at_all_has_a_description_or_none_or_one_reason(text: str) -> None:
    with suppress(FrontmatterError):
        description = description_of(f"---\n{text}\n---\n")
        assert description is None or isinstance(description, str)
