import json
from collections.abc import Callable
from typing import Any

import pytest

from doctor.config.problems import Loaded
from doctor.model.policy import Policy

ReadPolicy = Callable[..., Loaded[Policy]]


def equivalent(remedy: str | None) -> Any:
    assert remedy is not None
    return json.loads(remedy[remedy.index("{") : remedy.rindex("}") + 1])


def test_a_version_1_policy_is_one_problem_with_its_version_2_equivalent(read_policy: ReadPolicy) -> None:
    loaded = read_policy(
        {"version": 1, "agents": [{"name": "a", "command": "codex exec 'go'"}, {"name": "b", "command": "bash"}]}
    )
    (problem,) = loaded.problems
    assert (problem.rule, problem.location.pointer) == ("version", "/version")
    assert equivalent(problem.remedy) == {
        "version": 2,
        "agent_profiles": [
            {"name": "a-shell", "runner": "shell", "runner_options": {"command": "codex exec 'go'"}},
            {"name": "b-shell", "runner": "shell", "runner_options": {"command": "bash"}},
        ],
        "agents": [{"name": "a", "profile": "a-shell"}, {"name": "b", "profile": "b-shell"}],
    }


@pytest.mark.parametrize(
    "agents",
    [None, [], 3, [3], [{"name": "../x", "command": ""}], [{"name": "\ud800", "command": "\0"}], [{"name": "x" * 128}]],
)
def test_the_equivalent_of_any_version_1_policy_reads_without_problems(read_policy: ReadPolicy, agents: Any) -> None:
    loaded = read_policy({"version": 1, "agents": agents})
    problem = next(each for each in loaded.problems if each.rule == "version")
    data = equivalent(problem.remedy)
    if "\0" not in json.dumps(agents).replace("\\u0000", "\0"):
        assert read_policy(data).problems == ()


def test_commands_in_a_version_2_policy_are_refused_beside_all_other_problems(read_policy: ReadPolicy) -> None:
    loaded = read_policy({"version": 2, "agents": [{"name": "a", "command": "bash"}, {"name": "b"}], "nope": 1})
    assert [(p.rule, p.subject) for p in loaded.problems] == [
        ("version", "agents[0].command"),
        ("value", "agents[1]"),
        ("unknown-key", "nope"),
    ]
    assert equivalent(loaded.problems[0].remedy)["agents"] == [{"name": "a", "profile": "a-shell"}]


def test_every_command_of_many_agents_is_refused(read_policy: ReadPolicy) -> None:
    agents = [{"name": f"a{n}", "command": "bash"} for n in range(12_000)]
    assert [p.rule for p in read_policy({"agents": agents}).problems] == ["version"] * 12_000


def test_a_long_equivalent_says_how_many_agents_it_leaves_out(read_policy: ReadPolicy) -> None:
    agents = [{"name": f"a{n}", "command": "bash"} for n in range(25)]
    (problem,) = read_policy({"version": 1, "agents": agents}).problems
    assert str(problem.remedy).endswith("and 5 more agents in the same way")


def test_a_newer_version_is_one_problem_that_asks_for_an_update(read_policy: ReadPolicy) -> None:
    (problem,) = read_policy({"version": 3, "anything": 1}).problems
    assert (problem.rule, problem.remedy) == ("version", "update harness-doctor")


@pytest.mark.parametrize("version", [0, -1, True, "2", 2.0, None])
def test_a_version_that_is_none_is_an_ordinary_problem(read_policy: ReadPolicy, version: Any) -> None:
    (problem,) = read_policy({"version": version}).problems
    assert problem.rule in ("type", "value")
    assert problem.location.pointer == "/version"
