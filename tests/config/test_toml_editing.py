"""Changing TOML without touching the rest of it, as spans."""

import tomllib
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from doctor.config import toml_editing
from doctor.config.documents import parse_document
from doctor.config.editing import applied, canonical, edit
from doctor.config.toml_editing import differences
from doctor.errors import Unavailable
from doctor.model.fix import TextEdit

PATH = Path("/config/machine.toml")

MACHINE = """\
# mine
[endpoints.attic]  # up there
url = "https://attic.example/v1"
api_key = 'written'  # why

[endpoints.cellar]
url = "https://cellar.example/v1"
tags = [
  "a",  # first
  "b",
]

[[agnets]]
name = "x"

[[agnets]]
name = "y"
agnets.deep = 1
"""


def edits_of(text: str, *changes: tuple[Any, ...]) -> tuple[TextEdit, ...]:
    document, problems = parse_document(text.encode(), PATH, "toml")
    assert document is not None, problems
    edits = edit(document)
    for name, *arguments in changes:
        getattr(edits, name)(*arguments)
    return edits.fix().edits


def changed(text: str, *changes: tuple[Any, ...]) -> str:
    return applied(text, edits_of(text, *changes))


@pytest.mark.parametrize(
    ("changes", "before", "after"),
    [
        ([("set", ("endpoints", "attic", "url"), "http://x")], '"https://attic.example/v1"', '"http://x"'),
        (
            [
                ("set", ("endpoints", "attic", "api_key"), "KEY"),
                ("rename", ("endpoints", "attic", "api_key"), "api_key_env"),
            ],
            "api_key = 'written'  # why",
            'api_key_env = "KEY"  # why',
        ),
        ([("rename", ("agnets",), "agents")], "[[agnets]]", "[[agents]]"),
        ([("rename", ("endpoints", "attic"), "loft")], "[endpoints.attic]", "[endpoints.loft]"),
        ([("rename", ("endpoints", "cellar", "url"), "a b")], 'url = "https://cellar', '"a b" = "https://cellar'),
        ([("remove", ("endpoints", "attic", "api_key"))], "api_key = 'written'  # why\n", ""),
        ([("splice", ("endpoints", "cellar", "tags", 0), ["p"])], '"a"', '"p"'),
    ],
)
def test_a_change_touches_nothing_else(changes: list[tuple[Any, ...]], before: str, after: str) -> None:
    assert changed(MACHINE, *changes) == MACHINE.replace(before, after)


def test_spans_are_as_short_as_what_changes_and_know_their_places() -> None:
    [first, second] = edits_of(MACHINE, ("rename", ("agnets",), "agents"))
    assert [MACHINE[each.start : each.end] + each.text for each in (first, second)] == ["neen", "neen"]
    assert (first.begins.line, second.begins.line) == (13, 16)


def test_line_ends_stay() -> None:
    text = MACHINE.replace("\n", "\r\n")
    after = changed(text, ("add", ("endpoints", "attic", "kind"), "openai"))
    assert after.count("\n") == after.count("\r\n") == text.count("\n") + 1


@pytest.mark.parametrize(
    "change", [("set", ("nothing",), 1), ("rename", ("endpoints",), "agnets"), ("keep_first", ("agnets",))]
)
def test_what_cannot_be_done_is_refused(change: tuple[Any, ...]) -> None:
    with pytest.raises(Unavailable, match="cannot be changed by this tool"):
        changed(MACHINE, change)


def test_names_and_values_are_changed_together_by_the_paths_of_the_file_as_it_is() -> None:
    text = changed(
        MACHINE,
        ("rename", ("agnets",), "agents"),
        ("rename", ("agnets", 1, "agnets"), "inner"),
        ("set", ("agnets", 1, "agnets", "deep"), 2),
        ("remove", ("agnets", 0)),
    )
    assert tomllib.loads(text)["agents"] == [{"name": "y", "inner": {"deep": 2}}]


def test_a_name_within_an_inline_table_is_changed_there() -> None:
    assert changed("a = {bb.c = 1, x = 2}\n", ("rename", ("a", "bb"), "b")) == "a = {b.c = 1, x = 2}\n"


LINES = st.lists(st.sampled_from(["", "a", "b", "[x]", "k = 1", "# c"]), max_size=8)


@settings(max_examples=60, deadline=None)
@given(LINES, LINES)
def test_differences_of_two_texts_turn_one_into_the_other(before: list[str], after: list[str]) -> None:
    old, new = "\n".join(before), "\n".join(after)
    assert applied(old, differences(old, new)) == new


KEYS = st.sampled_from(["a", "b-c", "d e", "ü", "version"])
TABLES = st.recursive(
    st.integers(-5, 5) | st.booleans() | st.text(alphabet="ab\"'\\ é", max_size=4),
    lambda inner: st.lists(st.integers(), max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(KEYS, TABLES, min_size=1, max_size=4), st.integers() | st.text(max_size=3), st.data())
def test_any_value_and_name_can_be_changed_alone(table: dict[str, Any], value: Any, data: st.DataObject) -> None:
    import tomlkit

    text = f"# top\n{tomlkit.dumps(table)}"
    key = data.draw(st.sampled_from(sorted(table)))
    if not isinstance(value, int) and not value.isprintable():
        value = "plain"
    after = changed(text, ("set", (key,), value), ("rename", (key,), "renamed"))
    wanted = {("renamed" if name == key else name): (value if name == key else each) for name, each in table.items()}
    assert canonical(tomllib.loads(after)) == canonical(wanted)
    assert after.startswith("# top\n")


def test_other_names_need_no_comparing_of_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toml_editing, "SequenceMatcher", None)
    assert 'named = "x"' in changed(MACHINE, ("rename", ("agnets", 0, "name"), "named"))


def test_what_is_the_same_at_both_ends_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def compare(junk: None, old: list[str], new: list[str]) -> SequenceMatcher[str]:
        compared.append((old, new))
        return SequenceMatcher(junk, old, new)

    monkeypatch.setattr(toml_editing, "SequenceMatcher", compare)
    before = "".join(f"a{number} = 0\n" for number in range(500))
    after = before.replace("a250 = 0", "a250 = 1")
    assert list(differences(before, after)) == [(before.index("a250 = 0") + 7, before.index("a250 = 0") + 8, "1")]
    assert compared == [(["a250 = 0\n"], ["a250 = 1\n"])]


def test_a_text_is_parsed_once_for_all_repairs_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    parse = tomlkit.parse

    def counted(text: str) -> tomlkit.TOMLDocument:
        parsed.append(text)
        return parse(text)

    monkeypatch.setattr(tomlkit, "parse", counted)
    text = f"# for this test alone\n{MACHINE}"
    afters = [changed(text, ("set", ("endpoints", name, "url"), "x")) for name in ("attic", "cellar", "attic")]
    assert afters[0] == afters[2] != afters[1]
    assert parsed == [text]
