"""Changing JSON without touching the rest of it."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doctor.config import json_editing
from doctor.config.documents import Document, parse_document
from doctor.config.editing import applied, canonical, edit
from doctor.errors import Unavailable

PATH = Path("/project/.metawsm/policy.json")

POLICY = """\
{
  "version": 1,
  "tmux": {},
  "agents": [
    {"name": "a", "command": "bash -l"},
    {
      "name": "b"
    }
  ],
  "skills": ["x", "y"]
}
"""


def document(text: str) -> Document:
    found, _ = parse_document(text.encode(), PATH, "json")
    assert found is not None
    return found


def changed(text: str, *changes: tuple[Any, ...], **keywords: Any) -> str:
    edits = edit(document(text))
    for name, *arguments in changes:
        getattr(edits, name)(*arguments, **keywords)
    fix = edits.fix()
    assert fix.path == str(PATH)
    return applied(text, fix.edits)


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        (("set", ("version",), 2), '"version": 1', '"version": 2'),
        (("rename", ("agents", 0, "command"), "profile"), '"command": "bash -l"', '"profile": "bash -l"'),
        (("remove", ("version",)), '  "version": 1,\n', ""),
        (("remove", ("skills",)), ',\n  "skills": ["x", "y"]', ""),
        (("remove", ("skills", 0)), '["x", "y"]', '["y"]'),
        (("remove", ("skills", 1)), '["x", "y"]', '["x"]'),
        (("remove", ("agents", 1, "name")), '{\n      "name": "b"\n    }', "{}"),
        (("add", ("tmux", "socket"), "s"), '"tmux": {}', '"tmux": {\n    "socket": "s"\n  }'),
        (("add", ("agents", 0, "stage"), "reflect"), '"bash -l"}', '"bash -l", "stage": "reflect"}'),
        (("add", ("agents", 1, "stage"), "x"), '"name": "b"\n', '"name": "b",\n      "stage": "x"\n'),
        (("append", ("skills",), ["z"]), '"y"]', '"y", "z"]'),
        (("splice", ("skills", 0), ["p", "q"]), '["x", "y"]', '["p", "q", "y"]'),
        (("splice", ("skills", 0), []), '["x", "y"]', '["y"]'),
    ],
)
def test_one_change_touches_nothing_else(change: tuple[Any, ...], before: str, after: str) -> None:
    assert POLICY.count(before) == 1
    assert changed(POLICY, change) == POLICY.replace(before, after)


def test_a_key_can_be_added_before_another_one_and_is_written_like_the_rest() -> None:
    text = changed(POLICY, ("add", ("agent_profiles",), [{"name": "p"}]), before="agents")
    added = '  "agent_profiles": [\n    {\n      "name": "p"\n    }\n  ],\n'
    assert text == POLICY.replace('  "agents"', f'{added}  "agents"')


def test_line_ends_and_tabs_stay() -> None:
    text = '{\r\n\t"a": 1,\r\n\t"b": {}\r\n}'
    assert changed(text, ("add", ("b", "c"), {"d": 1})) == (
        '{\r\n\t"a": 1,\r\n\t"b": {\r\n\t\t"c": {\r\n\t\t\t"d": 1\r\n\t\t}\r\n\t}\r\n}'
    )


def test_a_text_on_one_line_stays_on_one_line() -> None:
    assert changed('{"a":1}', ("add", ("b",), [{"c": 1}])) == '{"a":1,"b":[{"c":1}]}'


def test_what_cannot_be_encoded_is_written_as_an_escape() -> None:
    assert changed('{"a": 1}', ("set", ("a",), "\ud800")) == '{"a": "\\ud800"}'


def test_several_changes_go_by_the_paths_of_the_file_as_it_is() -> None:
    changes = [
        ("rename", ("agents",), "workers"),
        ("remove", ("agents", 0)),
        ("set", ("agents", 1, "name"), "c"),
        ("rename", ("agents", 1, "name"), "called"),
    ]
    assert json.loads(changed(POLICY, *changes))["workers"] == [{"called": "c"}]


def test_the_first_of_equal_keys_is_kept_where_their_values_are_equal() -> None:
    text = '{"a": {"b": 1, "c": [1.0]}, "x": 1, "a": {"c": [1.0], "b": 1}, "a": {"b": 1, "c": [1.0]}}'
    assert changed(text, ("keep_first", ("a",))) == '{"a": {"b": 1, "c": [1.0]}, "x": 1}'


def test_equal_keys_that_only_repeat_themselves_within_are_equal() -> None:
    text = '{"a": {"b": 1, "b": 1}, "a": {"b": 1}}'
    assert changed(text, ("keep_first", ("a",))) == '{"a": {"b": 1, "b": 1}}'


def test_what_stands_around_a_change_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    members = {f"k{number}": {"name": "x" * 50, "tags": [number]} for number in range(1000)}
    text = json.dumps({"members": members, "rest": members}, indent=1)
    loads, read = json.loads, list[int]()

    def counted(part: str, **keywords: Any) -> Any:
        read.append(len(part))
        return loads(part, **keywords)

    with monkeypatch.context() as patch:
        patch.setattr(json, "loads", counted)
        edits = edit(document(text))
        read.clear()
        edits.rename(("members", "k500", "name"), "called")
        edits.set(("members", "k500", "tags", 0), 0)
        fix = edits.fix()
    assert sum(read) < len(text) // 50
    members["k500"] = {"called": "x" * 50, "tags": [0]}
    assert json.loads(applied(text, fix.edits))["members"] == members


@pytest.mark.parametrize("path", [("n",), ("a", 1, "n")])
def test_a_change_that_would_do_more_is_refused_at_every_depth(
    monkeypatch: pytest.MonkeyPatch, path: tuple[str | int, ...]
) -> None:
    edits = edit(document('{"a": [0, {"n": 1, "m": 2}], "n": 1, "m": 2}'))
    edits.rename(path, "k")
    monkeypatch.setattr(json_editing, "json_text", lambda _: '"j": 1, "k"')
    with pytest.raises(Unavailable, match="another of its values would change too"):
        edits.fix()


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a": 1.0}', '{"a": 1, "a": true}', '{"a": {"b": 1, "b": 2}, "a": {"b": 2}}']
)
def test_equal_keys_with_different_values_are_left(text: str) -> None:
    with pytest.raises(Unavailable, match="differ"):
        changed(text, ("keep_first", ("a",)))


@pytest.mark.parametrize(
    "change",
    [
        ("set", ("nothing",), 1),
        ("remove", ("skills", 7)),
        ("rename", ("version",), "agents"),
        ("add", ("version",), 1),
        ("append", ("version",), [1]),
        ("set", ("version", "deep"), 1),
    ],
)
def test_what_is_not_there_or_is_there_already_is_refused(change: tuple[Any, ...]) -> None:
    with pytest.raises(Unavailable, match="cannot be changed by this tool"):
        changed(POLICY, change)


def test_a_bare_value_has_nothing_to_change() -> None:
    with pytest.raises(Unavailable):
        changed("1", ("set", ("a",), 1))


def test_pointers_become_paths() -> None:
    edits = edit(document('{"a/b": [{"~": 1}]}'))
    assert edits.path("/a~1b/0/~0") == ("a/b", 0, "~")
    with pytest.raises(Unavailable):
        edits.path("/a~1b/1")


NAMES = st.sampled_from(["a", "b", "key", "über", 'quo"te', "", "x/y"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=10,
)
LAYOUTS = st.sampled_from([
    {},
    {"separators": (",", ":")},
    {"indent": 2},
    {"indent": "\t"},
    {"indent": 4, "separators": (",", " : ")},
])  # fmt: skip


def paths(data: Any, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every path below the root."""
    items: Any = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path for key, value in items for path in ((*above, key), *paths(value, (*above, key)))]


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=4), LAYOUTS, VALUES, st.randoms(use_true_random=False))
def test_any_change_of_any_text_does_that_and_only_that(
    data: dict[str, Any], layout: dict[str, Any], value: Any, chance: random.Random
) -> None:
    text = json.dumps(data, ensure_ascii=False, **layout)
    path = chance.choice(paths(data))
    kind = chance.choice(["set", "remove", "rename", "splice", "add"])
    wanted = json.loads(text)
    holder: Any = wanted
    for part in path[:-1]:
        holder = holder[part]
    last: Any = path[-1]
    change: tuple[Any, ...]
    if kind == "set" or (kind in {"rename", "add"} and not isinstance(holder, dict)):
        holder[last], change = value, ("set", path, value)
    elif kind == "remove":
        del holder[last]
        change = ("remove", path)
    elif kind == "rename":
        holder["new"] = holder.pop(last)
        change = ("rename", path, "new")
    elif kind == "add" or not isinstance(holder, list):
        holder["new"], change = value, ("add", (*path[:-1], "new"), value)
    else:
        holder[last : last + 1] = [value, value]
        change = ("splice", path, [value, value])
    after = changed(text, change)
    assert canonical(json.loads(after)) == canonical(wanted)
    [span] = _edits(text, change)
    assert (after[: span.start], after[len(after) - len(text) + span.end :]) == (text[: span.start], text[span.end :])
    assert "\n" in text or "\n" not in after


def _edits(text: str, change: tuple[Any, ...]) -> Any:
    edits = edit(document(text))
    getattr(edits, change[0])(*change[1:])
    return edits.fix().edits
