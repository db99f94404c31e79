"""Grouping: few findings about many agents, and none about the same thing twice."""

from typing import Any

import doctor
from checks.uses import agents, crowd, launches, listed, merged, reach, uses


def test_names_are_listed_up_to_a_limit() -> None:
    assert listed(["a", "b", "c"]) == "a, b, c"
    assert listed(map(str, range(10))) == "0, 1, 2 and 7 more"


def test_agents_are_said_in_the_singular_and_the_plural(binding: Any) -> None:
    assert agents([binding("a", "alpha")]) == "agent a"
    assert agents([binding("a", "alpha"), binding("b", "alpha"), binding("a", "alpha")]) == "agents a, b"


def test_without_a_map_rows_repeat_the_agents_and_are_left_out(binding: Any, row: Any) -> None:
    found = list(uses((binding("a", "alpha"),), (row("execute", "alpha", source="agent"),)))
    assert [(use.subject, use.runtime, use.pointer, use.tags) for use in found] == [
        ("agent a", "alpha", "/agent_profiles/0/runner", ("agent:a",))
    ]


def test_agents_whose_stage_has_a_mapped_row_are_left_to_the_row(binding: Any, row: Any) -> None:
    mapped = (row("execute", "alpha", source="default"), row("reflect", "beta"))
    everyone = (binding("a", "alpha", source="default"), binding("b", "gamma", stage=doctor.Stage.EVALUATE))
    found = list(uses(everyone, mapped))
    assert [(use.subject, use.pointer) for use in found] == [
        ("stage execute", "/orchestrator/runtime_profile/default"),
        ("stage reflect", "/orchestrator/runtime_profile/stages/reflect"),
        ("agent b", "/agent_profiles/0/runner"),
    ]


def test_a_row_counts_where_no_agent_has_its_harness(row: Any) -> None:
    assert [use.subject for use in uses((), (row("reflect", "alpha", source="agent"),))] == ["stage reflect"]


def test_agents_without_a_harness_use_none(binding: Any) -> None:
    assert list(uses((binding("a", None),), ())) == []


def test_endpoints_part_agents_only_when_asked(binding: Any) -> None:
    two = (binding("a", "gamma"), binding("b", "gamma", endpoint=doctor.Choice(value="box")))
    assert [use.subject for use in uses(two, ())] == ["agents a, b"]
    assert [(use.subject, use.endpoint) for use in uses(two, (), by_endpoint=True)] == [
        ("agent a", None),
        ("agent b", "box"),
    ]


def test_equal_commands_are_one_start_and_carried_ones_belong_to_the_carrier(binding: Any, registry: Any) -> None:
    everyone = [binding("a", "alpha", "-x"), binding("b", "alpha", "-x"), binding("c", "alpha"), binding("d", "delta")]
    starts = launches(everyone, registry)
    assert [(start.harness.id, [each.agent for each in start.bindings]) for start in starts] == [
        ("alpha", ["a", "b"]),
        ("alpha", ["c"]),
        ("gamma", ["d"]),
    ]


def test_the_same_answer_about_two_starts_is_one_with_all_agents(binding: Any, registry: Any) -> None:
    starts = launches([binding("a", "alpha", "-x"), binding("b", "alpha")], registry)
    answers = merged(starts, lambda start: ["same", "same", *start.compiled.argv[1:-1]])
    assert {key: [each.agent for each in group] for key, group in answers.items()} == {
        ("alpha", "same"): ["a", "b"],
        ("alpha", "-x"): ["a"],
    }


def test_a_problem_of_all_agents_of_a_harness_is_one_of_the_harness(binding: Any) -> None:
    a, b, c = binding("a", "alpha"), binding("b", "alpha"), binding("c", "beta")
    everyone = crowd((a, b, c))
    assert reach((a, b), everyone) == ("runtime:alpha",)
    assert reach((a,), everyone) == ("agent:a",)
    assert reach((a, b, c), everyone) == ("runtime:alpha", "runtime:beta")
