from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from doctor.config.issues import Issues
from doctor.config.leaves import LARGEST_NUMBER, Vocabulary
from doctor.config.runners import RunnerNames
from doctor.config.typed import BAD, TypedReader
from doctor.config.words import Kind, Unusable
from doctor.model.fields import key
from doctor.model.harness import RunnerSpec
from doctor.model.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """An inner object."""

    name: str = key("Name.", nonblank=True)
    count: int = key("Count.", default=1, minimum=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    """An object with every kind of field."""

    flag: bool = key("Flag.", default=False)
    words: tuple[str, ...] = key("Words.", default=(), nonblank=True)
    inner: Inner | None = key("Inner.", default=None, shorthand="name")
    many: tuple[Inner, ...] = key("Many.", default=(), min_items=1)
    table: Mapping[str, str] = key("Table.", factory=dict, key_pattern="[a-z]+")
    stages: Mapping[Stage, str] = key("Stages.", factory=dict, harness="name")
    stage: Stage | None = key("Stage.", default=None)
    runner: str | None = key("Runner.", default=None, harness="name-or-auto")
    harness: Mapping[str, str] = key("Harness.", factory=dict, harness="key")
    anything: Any = key("Anything.", default=None)
    dashed: str = key("Dashed.", default="", name="with-dash", trim=True)


def read(
    data: Any, runners: tuple[RunnerSpec, ...] = (), kind: Kind = "json"
) -> tuple[Any, list[tuple[str, str, str]]]:
    """The value read, and rule, path and message of every issue."""
    issues = Issues()
    value = TypedReader(kind, Vocabulary(RunnerNames(runners))).read(Outer, data, issues)
    return value, [(each.rule, "/".join(map(str, each.path[::-1])), each.message) for each in issues]


def messages(data: Any, kind: Kind = "json") -> list[str]:
    return [message for _, _, message in read(data, kind=kind)[1]]


def test_absent_keys_have_their_defaults() -> None:
    assert read({}) == (Outer(), [])


def test_good_data_becomes_typed_values(runners: tuple[RunnerSpec, ...]) -> None:
    data = {
        "flag": True,
        "words": ["a"],
        "inner": {"name": "x"},
        "many": [{"name": "y", "count": 0}],
        "table": {"k": "v"},
        "stages": {"execute": " CLAUDE "},
        "stage": "reflect",
        "runner": "Auto",
        "harness": {"codex_cli": ">=1"},
        "anything": [{"deep": [1, 2.5]}],
        "with-dash": " x ",
    }
    value, issues = read(data, runners)
    assert issues == []
    assert value == Outer(
        flag=True,
        words=("a",),
        inner=Inner(name="x"),
        many=(Inner(name="y", count=0),),
        table={"k": "v"},
        stages={Stage.EXECUTE: "claude_code"},
        stage=Stage.REFLECT,
        runner="auto",
        harness={"codex": ">=1"},
        anything=[{"deep": [1, 2.5]}],
        dashed="x",
    )


def test_a_bare_string_is_short_for_the_object_that_says_so() -> None:
    assert read({"inner": "x"}) == (Outer(inner=Inner(name="x")), [])
    assert read({"inner": " "})[1] == [("value", "inner", 'expected text, found the blank string " "')]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "expected an object, found an empty list"),
        ({"flag": 1}, "expected true or false, found the number 1"),
        ({"flag": None}, "expected true or false, found null"),
        ({"words": 3}, "expected a list of strings, found the number 3"),
        ({"words": "a"}, 'expected a list of strings, found the string "a"'),
        ({"words": [3]}, "expected a string, found the number 3"),
        ({"inner": []}, "expected an object, found an empty list"),
        ({"inner": {"name": "x", "count": True}}, "expected a whole number, found true"),
        ({"inner": {"name": "x", "count": 2.0}}, "expected a whole number, found the number 2.0"),
        ({"inner": {"name": "x", "count": "2"}}, 'expected a whole number, found the string "2"'),
        ({"inner": {"name": "x", "count": Unusable("NaN")}}, "expected a whole number, found NaN"),
        ({"many": {}}, "expected a list of objects, found an object"),
        ({"table": []}, "expected an object of strings, found an empty list"),
        ({"stage": 3}, "expected a string, found the number 3"),
    ],
)
def test_a_wrong_type_says_what_was_expected_and_found(data: Any, message: str) -> None:
    assert messages(data) == [message]


@pytest.mark.parametrize(
    ("data", "rule", "path"),
    [
        ({"wrds": []}, "unknown-key", "wrds"),
        ({"inner": {"nam": "x", "name": "x"}}, "unknown-key", "inner/nam"),
        ({"inner": {}}, "value", "inner"),
        ({"inner": {"name": "x", "count": -1}}, "value", "inner/count"),
        ({"inner": {"name": "x", "count": LARGEST_NUMBER + 1}}, "value", "inner/count"),
        ({"many": []}, "value", "many"),
        ({"words": ["a", " "]}, "value", "words/1"),
        ({"table": {"K": "v"}}, "value", "table/K"),
        ({"stages": {"Execute": "codex"}}, "unknown-key", "stages/Execute"),
        ({"stages": {"execute": "nothing"}}, "reference", "stages/execute"),
        ({"stages": {"execute": ""}}, "reference", "stages/execute"),
        ({"stages": {"execute": None}}, "type", "stages/execute"),
        ({"stage": "Execute"}, "value", "stage"),
        ({"runner": "nothing"}, "reference", "runner"),
        ({"harness": {"nothing": ""}}, "reference", "harness/nothing"),
        ({"harness": {"codex": "", "CODEX": ""}}, "duplicate-key", "harness/CODEX"),
        ({"anything": [Unusable("NaN")]}, "value", "anything/0"),
        ({"anything": {"a": float("inf")}}, "value", "anything/a"),
    ],
)
def test_a_broken_rule_is_noted_with_its_path(runners: tuple[RunnerSpec, ...], data: Any, rule: str, path: str) -> None:
    assert [issue[:2] for issue in read(data, runners)[1]] == [(rule, path)]


def test_all_problems_come_out_together_and_the_rest_is_read() -> None:
    data = {"flag": 1, "words": ["a", 2], "inner": {"count": "x"}, "many": [{"name": "y"}, 3], "nope": 1}
    value, issues = read(data)
    assert [path for _, path, _ in issues] == ["flag", "words/1", "inner/count", "inner", "many/1", "nope"]
    assert value.flag is BAD
    assert value.words == ("a", BAD)
    assert value.many == (Inner(name="y"), BAD)
    assert (value.inner.name, value.inner.count) == (BAD, BAD)


def test_a_missing_key_is_named_with_what_it_is_for() -> None:
    issues = Issues()
    TypedReader("json", Vocabulary()).read(Inner, {}, issues)
    assert [(issue.message, issue.remedy) for issue in issues] == [('the key "name" is missing', 'add "name": Name.')]


def test_an_unknown_key_is_answered_with_the_nearest_and_all() -> None:
    issues = Issues()
    TypedReader("json", Vocabulary()).read(Inner, {"name": "x", "coutn": 1}, issues)
    assert [issue.remedy for issue in issues] == ['did you mean "count"? (known keys: name, count)']
    assert issues[0].at_key


def test_toml_says_table_and_has_no_null() -> None:
    assert messages({"inner": 3}, kind="toml") == ["expected a table, found the number 3"]


def test_values_that_may_be_anything_may_not_nest_without_end() -> None:
    data: Any = 1
    for _ in range(100):
        data = [data]
    assert ["64 levels" in message for message in messages({"anything": data})] == [True]


def test_what_is_noted_already_is_passed_over_in_silence() -> None:
    value, issues = read({"words": BAD, "flag": True})
    assert issues == []
    assert value.words is BAD
