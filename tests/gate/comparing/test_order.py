from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.gate.comparing.arguments import read_arguments
from doctor.gate.comparing.order import (
    Judged,
    Rule,
    chain,
    different,
    freedom_set,
    number,
    restriction_set,
    switch,
    worst,
)
from doctor.gate.comparing.variables import judge_variables
from doctor.gate.comparing.versions import judge_versions
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.model.comparison import Verdict

STEPS = ("plan", "default", "accept", "bypass")
WORDS = st.lists(st.sampled_from(("a", "b", "c", "d")), unique=True).map(tuple)

RULES: dict[str, tuple[Rule, st.SearchStrategy[object]]] = {
    "chain": (chain(STEPS, looser="up", stricter="down"), st.sampled_from(STEPS)),
    "switch": (switch(on_is_looser=False, looser="off", stricter="on"), st.booleans()),
    "number": (number(more_is_looser=True, looser="more", stricter="fewer"), st.integers(0, 9)),
    "freedoms": (freedom_set(more="more", fewer="fewer"), WORDS),
    "restrictions": (restriction_set(more="more", fewer="fewer"), WORDS),
}
ORDERED = pytest.mark.parametrize("name", sorted(RULES))


def below(rule: Rule, one: object, other: object) -> bool:
    """Whether ``one`` allows nothing that ``other`` does not."""
    return rule(other, one).verdict in {Verdict.EQUAL, Verdict.STRICTER}


@ORDERED
@given(data=st.data())
def test_every_value_is_equal_to_itself(name: str, data: st.DataObject) -> None:
    rule, values = RULES[name]
    value = data.draw(values)
    assert rule(value, value).verdict is Verdict.EQUAL


@ORDERED
@given(data=st.data())
def test_two_values_that_allow_no_more_than_each_other_are_equal(name: str, data: st.DataObject) -> None:
    rule, values = RULES[name]
    one, other = data.draw(values), data.draw(values)
    if below(rule, one, other) and below(rule, other, one):
        assert rule(one, other).verdict is Verdict.EQUAL


@ORDERED
@given(data=st.data())
def test_what_allows_no_more_than_something_that_allows_no_more_allows_no_more(name: str, data: st.DataObject) -> None:
    rule, values = RULES[name]
    low, middle, high = data.draw(values), data.draw(values), data.draw(values)
    if below(rule, low, middle) and below(rule, middle, high):
        assert below(rule, low, high)


@ORDERED
@given(data=st.data())
def test_the_way_back_from_something_stricter_is_looser(name: str, data: st.DataObject) -> None:
    rule, values = RULES[name]
    one, other = data.draw(values), data.draw(values)
    if rule(one, other).verdict is Verdict.STRICTER:
        assert rule(other, one).verdict is Verdict.LOOSER


POINTS = st.tuples(*(RULES[name][1] for name in sorted(RULES)))


def judged(one: tuple[object, ...], other: tuple[object, ...]) -> Verdict:
    """The verdict of a step from one whole side to another."""
    rules = (RULES[name][0] for name in sorted(RULES))
    return worst(rule(before, after) for rule, before, after in zip(rules, one, other, strict=True)).verdict


def canonical(point: tuple[object, ...]) -> list[object]:
    """A side without what says nothing: the order of a set."""
    return [frozenset(value) if isinstance(value, tuple) else value for value in point]


@given(low=POINTS, middle=POINTS, high=POINTS)
def test_whole_sides_are_partially_ordered(
    low: tuple[object, ...], middle: tuple[object, ...], high: tuple[object, ...]
) -> None:
    no_more = {Verdict.EQUAL, Verdict.STRICTER}
    assert judged(low, low) is Verdict.EQUAL
    if judged(middle, low) in no_more and judged(high, middle) in no_more:
        assert judged(high, low) in no_more
    if judged(low, high) in no_more and judged(high, low) in no_more:
        assert canonical(low) == canonical(high)
    if judged(low, high) is Verdict.STRICTER:
        assert judged(high, low) is Verdict.LOOSER


def test_a_value_outside_of_a_chain_is_looser_than_all() -> None:
    rule = chain(STEPS, looser="up", stricter="down")
    assert rule("bypass", "unheard of") == Judged(Verdict.LOOSER, "up")


def test_values_in_no_order_are_different() -> None:
    assert different("renamed")("a", "b") == Judged(Verdict.DIFFERENT, "renamed")


def test_one_loosened_part_makes_the_whole_looser() -> None:
    parts = [Judged(Verdict.STRICTER, "a"), Judged(Verdict.LOOSER, "b"), Judged(Verdict.DIFFERENT, "c")]
    assert worst(parts) == Judged(Verdict.LOOSER, "b")


HARNESSES = [harness for harness in builtin_harnesses() if harness.bypass]


@pytest.mark.parametrize("harness", HARNESSES, ids=lambda harness: harness.id)
@given(extra=st.lists(st.sampled_from(("--verbose", "-q", "--search", "x")), max_size=3))
def test_a_bypass_is_read_as_one_wherever_it_stands(harness: object, extra: Sequence[str]) -> None:
    adapter = next(each for each in HARNESSES if each is harness)
    for flag in adapter.bypass:
        arguments = (*extra, flag)
        read = read_arguments(adapter, ("program", *arguments), arguments)
        assert flag in read.bypasses


@pytest.mark.parametrize("harness", builtin_harnesses(), ids=lambda harness: harness.id)
def test_the_dials_of_every_adapter_hang_together(harness: object) -> None:
    adapter = Registry(builtin_harnesses()).get(getattr(harness, "id", ""))
    assert adapter is not None
    for dial in adapter.dials:
        assert {dial.unset, *dial.also.values()} <= set(dial.steps)
        choices = adapter.choices.get("permission_mode", ())
        assert dial.name != "permissions" or set(choices) <= set(dial.steps)


@pytest.mark.parametrize(
    ("argument", "sandbox"),
    [
        (("--sandbox", "read-only"), "read-only"),
        (("--sandbox=workspace-write",), "workspace-write"),
        (("-s", "danger-full-access"), "danger-full-access"),
        (("-c", 'sandbox_mode="danger-full-access"'), "danger-full-access"),
        (("--config=sandbox_mode=workspace-write",), "workspace-write"),
        (("-csandbox_mode=workspace-write",), "workspace-write"),
        (("-sworkspace-write",), "workspace-write"),
        (("--yolo",), "danger-full-access"),
        (("--sandbox", "read-only", "--yolo"), "danger-full-access"),
        ((), "read-only"),
    ],
)
def test_a_sandbox_is_found_however_it_is_written(argument: tuple[str, ...], sandbox: str) -> None:
    codex = Registry(builtin_harnesses()).get("codex")
    assert read_arguments(codex, ("codex", "exec", *argument), argument).steps["sandbox"] == sandbox


def test_an_argument_that_is_not_known_takes_its_values_along() -> None:
    claude = Registry(builtin_harnesses()).get("claude_code")
    extra = ("--disallowedTools", "Bash", "Edit", "--verbose", "--model", "opus")
    read = read_arguments(claude, ("claude", *extra), extra)
    assert read.free == ("--disallowedTools Bash Edit", "--verbose")
    assert read.strict == ("--disallowedTools Bash Edit",)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ({}, {"LANG": "C"}, "different"),
        ({"LANG": "C"}, {"LANG": "de"}, "different"),
        ({"LANG": "C"}, {}, "different"),
        ({}, {"NODE_TLS_REJECT_UNAUTHORIZED": "0"}, "looser"),
        ({}, {"ANTHROPIC_BASE_URL": "https://elsewhere.example"}, "looser"),
        ({"OPENAI_BASE_URL": "https://a.example"}, {"OPENAI_BASE_URL": "http://a.example"}, "looser"),
        ({"OPENAI_BASE_URL": "http://a.example"}, {"OPENAI_BASE_URL": "https://a.example"}, "different"),
        ({"OPENAI_BASE_URL": "https://a.example"}, {"OPENAI_BASE_URL": "https://a.example:8443"}, "looser"),
        ({}, {"LD_PRELOAD": "x.so"}, "looser"),
        ({"A_BASE_URL": "https://a.example"}, {"A_BASE_URL": "https://a.example@b.example"}, "looser"),
        ({"A_BASE_URL": "https://a.example"}, {"A_BASE_URL": "https://b.example\\@a.example"}, "looser"),
        ({"A_BASE_URL": "https://a.example"}, {"A_BASE_URL": "https://a.example/v1"}, "different"),
        ({}, {"IS_SANDBOX": "1"}, "looser"),
        ({"CLAUDE_CODE_DISABLE_X": "1"}, {}, "looser"),
        ({"BASH_ENV": "x"}, {}, "different"),
    ],
)
def test_variables_are_judged_by_what_they_may_do(before: dict[str, str], after: dict[str, str], verdict: str) -> None:
    assert judge_variables(before, after).verdict == verdict


def test_no_value_of_a_variable_stands_in_a_reason() -> None:
    judged = judge_variables({"GIT_CONFIG": "hunter2hunter2"}, {"GIT_CONFIG": "correct-horse"})
    assert "hunter2" not in judged.reason
    assert "correct" not in judged.reason


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (">=0.160,<1", ">=0.160, <1", "different"),
        (">=0.160,<1", ">=0.150,<1", "looser"),
        (">=0.160,<1", ">=0.165,<1", "stricter"),
        (">=0.160,<1", ">=0.160", "looser"),
        (">=0.160,<1", ">=0.170,<2", "looser"),
        ("==1.2.*", "==1.2.3", "stricter"),
        ("==1.2.3", "==1.2.*", "looser"),
        ("!=1.4", "!=1.4,!=1.5", "stricter"),
        ("~=1.4", ">=1.4", "looser"),
        (">1", ">=1", "looser"),
        (">=1", None, "looser"),
        (None, ">=1", "stricter"),
    ],
)
def test_a_required_version_is_looser_as_soon_as_it_takes_one_more(
    before: str | None, after: str | None, verdict: str
) -> None:
    assert judge_versions("codex", before, after).verdict == verdict
