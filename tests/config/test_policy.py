import copy
import json
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.config.policy import load_policy
from doctor.config.problems import Loaded
from doctor.model.harness import RunnerSpec
from doctor.model.policy import Agent, AgentProfile, Policy, RunnerOptions
from doctor.model.stage import Stage

ReadPolicy = Callable[..., Loaded[Policy]]

TOML = """
version = 2

[[agent_profiles]]
name = "codex-default"
runner = "codex"
base_prompt = "Implement."
skills = ["docmgr", "diary"]
runner_options = { full_auto = true }

[[agents]]
name = "agent"
profile = "codex-default"

[orchestrator.runtime_profile.stages]
execute = "claude"
"""


def summary(loaded: Loaded[Policy]) -> list[tuple[str, str, int, str]]:
    """Rule, subject, line and the rest of the line of every problem."""
    assert loaded.document is not None
    lines = loaded.document.text.splitlines()
    places = [(problem.location.line or 0, problem.location.column or 0) for problem in loaded.problems]
    return [
        (problem.rule, problem.subject, line, lines[line - 1][column - 1 :])
        for problem, (line, column) in zip(loaded.problems, places, strict=True)
    ]


def test_no_file_is_the_embedded_default(runners: tuple[RunnerSpec, ...]) -> None:
    loaded = load_policy(None, runners=runners)
    assert loaded.value == Policy()
    assert loaded.document is None
    assert loaded.problems == ()


def test_the_embedded_default_obeys_its_own_rules(read_policy: ReadPolicy) -> None:
    assert read_policy({}).value == Policy()


def test_a_policy_is_read_over_the_defaults(read_policy: ReadPolicy, minimal: dict[str, Any]) -> None:
    minimal["$schema"] = "policy.schema.json"
    minimal["health"] = {"idle_seconds": 10}
    minimal["agents"][0]["stage"] = "evaluate"
    loaded = read_policy(minimal)
    assert loaded.problems == ()
    assert loaded.value is not None
    assert loaded.value.agent_profiles == (
        AgentProfile(
            name="codex-default",
            runner="codex",
            base_prompt="Implement the ticket.",
            skills=("docmgr", "diary"),
            runner_options=RunnerOptions(full_auto=True),
        ),
    )
    assert loaded.value.agents == (Agent(name="agent", profile="codex-default", stage=Stage.EVALUATE),)
    assert loaded.value.health.idle_seconds == 10
    assert loaded.value.health.activity_stalled_seconds == 900
    assert loaded.document is not None
    assert loaded.document.data == minimal


def test_toml_and_json_say_the_same(read_policy: ReadPolicy, minimal: dict[str, Any]) -> None:
    minimal["agent_profiles"][0]["base_prompt"] = "Implement."
    minimal["orchestrator"] = {"runtime_profile": {"stages": {"execute": "claude"}}}
    assert read_policy(TOML, "toml").value == read_policy(minimal).value is not None


@pytest.mark.parametrize("spelling", ["claude_code", "claude", " Claude-Code "])
def test_every_spelling_of_a_harness_becomes_its_id(
    read_policy: ReadPolicy, minimal: dict[str, Any], spelling: str
) -> None:
    minimal["agent_profiles"][0] |= {"runner": spelling, "runner_options": {}}
    minimal["orchestrator"] = {
        "runtime_backend": spelling,
        "runtime_profile": {"default": spelling, "stages": {"reflect": spelling}},
    }
    minimal["doctor"] = {"harness": {spelling: ">=2"}}
    policy = read_policy(minimal).value
    assert policy is not None
    assert policy.agent_profiles[0].runner == "claude_code"
    assert policy.orchestrator.runtime_backend == "claude_code"
    assert policy.orchestrator.runtime_profile is not None
    assert policy.orchestrator.runtime_profile.default == "claude_code"
    assert policy.orchestrator.runtime_profile.stages == {Stage.REFLECT: "claude_code"}
    assert policy.doctor.harness == {"claude_code": ">=2"}


@pytest.mark.parametrize("written", [None, " worker ", {"backend_profile": "worker"}])
def test_the_runtime_profile_is_null_a_string_or_an_object(read_policy: ReadPolicy, written: Any) -> None:
    policy = read_policy({"orchestrator": {"runtime_profile": written}}).value
    assert policy is not None
    profile = policy.orchestrator.runtime_profile
    assert (profile.backend_profile if profile else None) == ("worker" if written else None)


@pytest.mark.parametrize("suffix", ["json", "toml"])
def test_a_blank_policy_is_refused_in_either_format(read_policy: ReadPolicy, suffix: str) -> None:
    (problem,) = read_policy(" \n", suffix).problems
    assert (problem.rule, problem.message) == ("syntax", "the file is empty")


def test_problems_of_every_kind_come_out_in_one_pass_in_the_order_of_the_file(read_policy: ReadPolicy) -> None:
    loaded = read_policy(
        """{
  "version": 2,
  "helth": {},
  "health": {"idle_seconds": "x"},
  "agent_profiles": [
    {"name": "a",
     "runner": "codx",
     "skills": 3},
    {"name": "a",
     "runner": "claude", "base_prompt": "x",
     "runner_options": {"full_auto": true,
                        "modle": "x"}}
  ],
  "agents": [
    {"name": "w", "profile": "b"},
    {"name": "w", "profile": "a", "name": "v"},
    {"profile": "a", "stage": "Execute"}
  ]
}"""
    )
    assert loaded.value is None
    assert summary(loaded) == [
        ("unknown-key", "helth", 3, '"helth": {},'),
        ("type", "health.idle_seconds", 4, '"x"},'),
        ("reference", "agent_profiles[0].runner", 7, '"codx",'),
        ("type", "agent_profiles[0].skills", 8, "3},"),
        ("value", "agent_profiles[1].name", 9, '"a",'),
        ("unknown-key", "agent_profiles[1].runner_options.full_auto", 11, '"full_auto": true,'),
        ("unknown-key", "agent_profiles[1].runner_options.modle", 12, '"modle": "x"}}'),
        ("reference", "agents[0].profile", 15, '"b"},'),
        ("duplicate-key", "agents[1].name", 16, '"name": "v"},'),
        ("value", "agents[2]", 17, '{"profile": "a", "stage": "Execute"}'),
        ("value", "agents[2].stage", 17, '"Execute"}'),
    ]


def test_a_toml_policy_has_its_problems_placed_alike(read_policy: ReadPolicy) -> None:
    text = TOML.replace("base_prompt", "base_promt").replace('"codex-default"\n\n[orch', '"codex"\n\n[orch')
    assert summary(read_policy(text, "toml")) == [
        ("value", "agent_profiles[0].base_prompt", 4, "agent_profiles]]"),
        ("unknown-key", "agent_profiles[0].base_promt", 7, 'base_promt = "Implement."'),
        ("reference", "agents[0].profile", 13, '"codex"'),
    ]


def test_a_rival_policy_is_a_problem_beside_those_of_the_first(read_policy: ReadPolicy, tmp_path: Path) -> None:
    loaded = read_policy({"nope": 1}, rival=tmp_path / "policy.toml")
    assert sorted(problem.rule for problem in loaded.problems) == ["rival", "unknown-key"]
    assert loaded.value is None


def test_names_and_lists_in_messages_do_not_grow_with_the_file(read_policy: ReadPolicy) -> None:
    profiles = [{"name": f"p{n}", "runner": "shell", "runner_options": {"command": "x"}} for n in range(500)]
    loaded = read_policy({"agent_profiles": profiles, "agents": [{"name": "a", "profile": "nothing-like-it"}]})
    (problem,) = loaded.problems
    assert problem.remedy is not None
    assert problem.remedy.endswith("and 476 more")


def test_ten_thousand_problems_are_all_reported(read_policy: ReadPolicy) -> None:
    agents = [{"name": f"a{n}", "profile": f"missing-{n}"} for n in range(10_000)]
    assert len(read_policy({"agents": agents}).problems) == 10_000


def test_beyond_the_limit_the_number_of_problems_is_reported(read_policy: ReadPolicy) -> None:
    loaded = read_policy('{"agents": [' + "1," * 30_000 + "1]}")
    assert len(loaded.problems) == 20_001
    assert loaded.problems[-1].message == "10001 further problems are not listed"


VALID = {
    "version": 2,
    "tmux": {"session_pattern": "{agent}"},
    "docs": {"api": {"repo_endpoints": [{"name": "a", "base_url": "http://h", "repo": "r"}]}},
    "orchestrator": {
        "runtime_backend": "codex",
        "runtime_profile": {"default": "codex", "stages": {"execute": "claude"}},
    },
    "doctor": {"ignore": {"SKL003": {"reason": "x", "until": "2027-01-01"}}, "harness": {"codex": ">=0.1"}},
    "agent_profiles": [
        {"name": "p", "runner": "codex", "base_prompt": "x", "skills": ["s"], "runner_options": {"full_auto": True}}
    ],
    "agents": [{"name": "a", "profile": "p", "stage": "execute"}],
}
JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 0, 2.5, 10**30, "", " ", "\ud800", "\0", "x" * 300, [], {}, [[]], {"": {"": 1}}, ["a", 1], "../x"]
).map(copy.deepcopy)


def _spots(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of nested data."""
    pairs = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [(value, key) for key, _ in pairs] + [spot for _, inner in pairs for spot in _spots(inner)]


@st.composite
def mangled_data(draw: st.DrawFn) -> str:
    """A valid policy in which a few values were replaced, removed, renamed or doubled."""
    data = copy.deepcopy(VALID)
    for _ in range(draw(st.integers(1, 4))):
        container, key = draw(st.sampled_from(_spots(data)))
        change = draw(st.sampled_from(["replace", "remove", "rename", "double"]))
        if change == "replace":
            container[key] = draw(JUNK)
        elif isinstance(container, list):
            container.append(copy.deepcopy(container[key]))
        elif change == "rename":
            container[draw(st.text(max_size=4)) + key[1:]] = container.pop(key)
        else:
            container.pop(key)
        if not _spots(data):
            break
    return json.dumps(data)


@st.composite
def mangled_text(draw: st.DrawFn, original: str) -> str:
    """A valid text in which a few stretches were cut, doubled or overwritten."""
    text = original
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 12)))
        text = (
            text[:start]
            + draw(st.text(string.printable + "é\x00", max_size=5) | st.just(text[start:end] * 2))
            + text[end:]
        )
    return text


def assert_every_problem_is_placed(loaded: Loaded[Policy]) -> None:
    assert (loaded.value is None) == bool(loaded.problems)
    for problem in loaded.problems:
        assert problem.location.path
        assert problem.location.line is not None
        assert problem.location.column is not None
        assert problem.message
        assert repr(problem).isprintable()
        f"{problem.subject}{problem.message}{problem.remedy}{problem.location}".encode()
        (problem.location.pointer or "").encode()
    places = [(p.location.line, p.location.column) for p in loaded.problems]
    assert places == sorted(places)


@given(mangled_data())
def test_mangled_data_is_a_policy_or_problems_with_a_place(read_policy: ReadPolicy, text: str) -> None:
    assert_every_problem_is_placed(read_policy(text))


@given(mangled_text(json.dumps(VALID, indent=1)))
def test_mangled_json_is_a_policy_or_problems_with_a_place(read_policy: ReadPolicy, text: str) -> None:
    assert_every_problem_is_placed(read_policy(text))


@given(mangled_text(TOML))
def test_mangled_toml_is_a_policy_or_problems_with_a_place(read_policy: ReadPolicy, text: str) -> None:
    assert_every_problem_is_placed(read_policy(text, "toml"))


def test_a_blank_value_is_shown_as_it_is_written(read_policy: ReadPolicy, minimal: dict[str, Any]) -> None:
    (problem,) = read_policy({**minimal, "orchestrator": {"runtime_profile": "  "}}).problems
    assert problem.message == 'expected text, found the blank string "  "'
