import copy
import dataclasses
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from doctor.config.problems import Loaded
from doctor.config.schema import json_schema, schemas
from doctor.model.harness import RunnerSpec
from doctor.model.policy import Policy

ReadPolicy = Callable[..., Loaded[Policy]]

FULL: dict[str, Any] = {
    "$schema": "x",
    "version": 2,
    "workspace": {"default_strategy": "fork", "branch_prefix": "", "base_branch": "main"},
    "tmux": {"session_pattern": "{agent}", "socket": "s"},
    "docs": {
        "seed_mode": "none",
        "api": {
            "workspace_endpoints": [{"name": "w", "base_url": "HTTP://h", "repo": "r", "workspace": "x"}],
            "repo_endpoints": [{"name": "a", "base_url": "http://h", "repo": "r", "web_url": "https://w"}],
        },
    },
    "operator": {"llm": {"mode": "AUTO"}},
    "git_pr": {"mode": "Off", "required_checks": ["tests"], "review_feedback": {"ignore_authors": ["bot"]}},
    "execution": {"step_retries": 0},
    "orchestrator": {
        "runtime_backend": " Codex-CLI ",
        "runtime_profile": {"backend_profile": None, "default": "CODEX_CLI", "stages": {"execute": "claude-code"}},
    },
    "doctor": {
        "ignore": {"SKL003": {"reason": "x", "until": "2027-01-01"}, "HRN": {"reason": "y", "until": None}},
        "harness": {"Claude": ">=2"},
        "fail_on": "warning",
    },
    "agent_profiles": [
        {"name": "ü b", "runner": "AUTO", "base_prompt": "", "runner_options": {"env": {"A": ""}, "model": None}},
        {"name": "s", "runner": "shell", "base_prompt": "", "skills": ["x"], "runner_options": {"command": "bash"}},
    ],
    "agents": [{"name": "a", "profile": "ü b", "stage": None}, {"name": "b", "profile": "s", "stage": "reflect"}],
}
JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 0, 2, 2.5, 2**60, "", " ", "auto", "codex", "http://x", "x" * 300, [], [1], ["a"], {}, {"a": 1}]
) | st.text(max_size=5)


@pytest.fixture(scope="session")
def policy_schema(runners: tuple[RunnerSpec, ...]) -> Draft202012Validator:
    return Draft202012Validator(schemas(runners)["policy.schema.json"])


def spots(value: Any) -> Iterator[tuple[Any, Any]]:
    pairs = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    for key, inner in pairs:
        yield value, key
        yield from spots(inner)


def test_every_schema_is_a_valid_schema_with_its_own_id(runners: tuple[RunnerSpec, ...]) -> None:
    made = schemas(runners)
    assert sorted(made) == [
        "attestation.schema.json",
        "baseline-write.schema.json",
        "baseline.schema.json",
        "bug-report.schema.json",
        "comparison.schema.json",
        "endpoint-list.schema.json",
        "endpoint-test.schema.json",
        "executor-profile.schema.json",
        "fix.schema.json",
        "init.schema.json",
        "launch-specs.schema.json",
        "lock-write.schema.json",
        "lock.schema.json",
        "machine.schema.json",
        "named-profile.schema.json",
        "policy.schema.json",
        "processes.schema.json",
        "profile-diff.schema.json",
        "profile-import.schema.json",
        "profile-list.schema.json",
        "profile-show.schema.json",
        "profile-use.schema.json",
        "replay.schema.json",
        "report.schema.json",
        "setting.schema.json",
        "settings.schema.json",
        "verdict.schema.json",
    ]
    for schema in made.values():
        Draft202012Validator.check_schema(schema)
    assert len({schema["$id"] for schema in made.values()}) == len(made)


def test_schemas_are_the_same_every_time(runners: tuple[RunnerSpec, ...]) -> None:
    assert json.dumps(schemas(runners)) == json.dumps(schemas(runners))


def test_every_policy_key_is_described_and_closed(runners: tuple[RunnerSpec, ...]) -> None:
    schema = schemas(runners)["policy.schema.json"]
    for definition in [schema, *schema["$defs"].values()]:
        assert definition["additionalProperties"] is False
        assert all(member["description"] for member in definition["properties"].values())
    keys = {member.metadata.get("name", member.name) for member in dataclasses.fields(Policy)}
    assert set(schema["properties"]) == keys


def test_a_full_policy_is_accepted_by_reader_and_schema(
    read_policy: ReadPolicy, policy_schema: Draft202012Validator
) -> None:
    assert read_policy(FULL).problems == ()
    assert list(policy_schema.iter_errors(FULL)) == []


@st.composite
def changed(draw: st.DrawFn) -> Any:
    """The full policy with one value replaced, removed or added."""
    data = copy.deepcopy(FULL)
    container, key = draw(st.sampled_from(list(spots(data))))
    change = draw(st.sampled_from(["replace", "remove", "add"]))
    if change == "replace":
        container[key] = draw(JUNK)
    elif change == "remove":
        del container[key]
    elif isinstance(container, dict):
        container[draw(st.text(max_size=5))] = draw(JUNK)
    else:
        container.append(draw(JUNK))
    return data


@given(changed())
def test_the_schema_never_refuses_what_the_reader_accepts(
    read_policy: ReadPolicy, policy_schema: Draft202012Validator, data: Any
) -> None:
    if list(policy_schema.iter_errors(data)):
        assert read_policy(data).problems


@pytest.mark.parametrize(
    "change",
    [
        {"versoin": 2},
        {"health": {"idle_seconds": 0}},
        {"health": {"idle_seconds": True}},
        {"agents": []},
        {"agents": [{"name": "a"}]},
        {"agents": [{"name": "a/b", "profile": "s"}]},
        {"agents": [{"name": "a", "profile": " "}]},
        {"agents": [{"name": "a", "profile": "s", "stage": "Execute"}]},
        {"agent_profiles": [{"name": "a", "runner": "nothing"}]},
        {"orchestrator": {"runtime_profile": 3}},
        {"orchestrator": {"runtime_profile": {"stages": {"run": "codex"}}}},
        {"orchestrator": {"runtime_profile": {"default": "auto"}}},
        {"doctor": {"ignore": {"skl": {"reason": "x"}}}},
        {"doctor": {"harness": {"nothing": ">=1"}}},
        {"git_pr": {"mode": "maybe"}},
        {"docs": {"api": {"repo_endpoints": [{"name": "a", "base_url": "ftp://x", "repo": "r"}]}}},
    ],
)
def test_what_a_schema_can_say_it_refuses_and_so_does_the_reader(
    read_policy: ReadPolicy, policy_schema: Draft202012Validator, change: dict[str, Any]
) -> None:
    data = {**FULL, **change}
    assert list(policy_schema.iter_errors(data))
    assert read_policy(data).problems


def test_without_harnesses_their_names_are_plain_strings() -> None:
    schema = json_schema(Policy, title="t", schema_id="urn:x")
    assert schema["$defs"]["AgentProfile"]["properties"]["runner"]["minLength"] == 1
