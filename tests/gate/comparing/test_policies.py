from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints

import pytest

from doctor.gate.comparing.agents import FIELD_OF_OPTION
from doctor.gate.comparing.denying import Denials
from doctor.gate.comparing.groups import GROUPS
from doctor.gate.comparing.policies import policy_changes
from doctor.gate.comparing.policy_rules import OF_AGENTS, RULES, group_of, leaves
from doctor.model.comparison import Comparison
from doctor.model.policy import (
    Agent,
    AgentProfile,
    DocEndpoint,
    Ignore,
    Policy,
    RunnerOptions,
    RuntimeProfile,
)
from tests.gate.comparing.conftest import classes, policy_of


def paths_of(type_: type, path: str = "") -> list[str]:
    """Every key of a type, objects taken apart."""
    found: list[str] = []
    hints = get_type_hints(type_)
    for member in fields(type_):
        hint, name = hints[member.name], member.metadata.get("name", member.name)
        where = f"{path}.{name}" if path else name
        inner = RuntimeProfile if where == "orchestrator.runtime_profile" else hint
        found += paths_of(inner, where) if is_dataclass(inner) and isinstance(inner, type) else [where]
    return found


def test_every_key_of_the_policy_has_a_rule() -> None:
    assert sorted(RULES) == sorted(path for path in paths_of(Policy) if path not in OF_AGENTS)


def test_every_option_of_a_harness_shows_in_a_field() -> None:
    assert set(FIELD_OF_OPTION) == {member.name for member in fields(RunnerOptions)}


def test_the_types_that_are_compared_as_a_whole_have_no_key_that_nobody_thought_of() -> None:
    known = {
        DocEndpoint: {"name", "base_url", "repo", "web_url", "workspace"},
        Ignore: {"reason", "until"},
        Agent: {"name", "profile", "stage"},
        AgentProfile: {"name", "runner", "base_prompt", "skills", "runner_options"},
    }
    assert {type_: {member.name for member in fields(type_)} for type_ in known} == known


def test_every_leaf_of_a_policy_is_walked() -> None:
    assert sorted(path for path, _ in leaves(Policy())) == sorted(RULES)


def test_every_group_of_a_key_can_be_denied() -> None:
    assert {group_of(path) for path in RULES} | set(FIELD_OF_OPTION.values()) <= set(GROUPS)
    Denials(GROUPS)


def test_a_policy_is_equal_to_itself() -> None:
    assert {str(draft.judged.verdict) for draft in policy_changes(Policy(), Policy())} == {"equal"}


CHANGES: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    ({}, {"close": {"require_clean_git": False}}, "close.require_clean_git", "looser"),
    ({"close": {"require_clean_git": False}}, {}, "close.require_clean_git", "stricter"),
    ({}, {"git_pr": {"mode": "auto"}}, "git_pr.mode", "looser"),
    ({}, {"git_pr": {"mode": "off"}}, "git_pr.mode", "stricter"),
    ({}, {"git_pr": {"require_all": False}}, "git_pr.require_all", "looser"),
    ({}, {"git_pr": {"required_checks": ["tests"]}}, "git_pr.required_checks", "looser"),
    ({}, {"git_pr": {"forbidden_file_patterns": [".env"]}}, "git_pr.forbidden_file_patterns", "looser"),
    ({"git_pr": {"allowed_repos": ["a"]}}, {}, "git_pr.allowed_repos", "looser"),
    ({"git_pr": {"allowed_repos": ["a"]}}, {"git_pr": {"allowed_repos": ["a", "b"]}}, "git_pr.allowed_repos", "looser"),
    ({}, {"git_pr": {"allowed_repos": ["a"]}}, "git_pr.allowed_repos", "stricter"),
    ({"git_pr": {"test_commands": ["a", "b"]}}, {"git_pr": {"test_commands": ["a"]}}, "git_pr.test_commands", "looser"),
    (
        {"git_pr": {"test_commands": ["a"]}},
        {"git_pr": {"test_commands": ["a", "b"]}},
        "git_pr.test_commands",
        "different",
    ),
    ({"git_pr": {"default_reviewers": ["ann"]}}, {}, "git_pr.default_reviewers", "looser"),
    ({}, {"git_pr": {"default_labels": ["x"]}}, "git_pr.default_labels", "different"),
    ({}, {"git_pr": {"review_feedback": {"enabled": True}}}, "git_pr.review_feedback.enabled", "looser"),
    ({}, {"operator": {"restart_budget": 9}}, "operator.restart_budget", "looser"),
    ({}, {"operator": {"unhealthy_confirmations": 1}}, "operator.unhealthy_confirmations", "looser"),
    ({}, {"operator": {"llm": {"mode": "auto"}}}, "operator.llm.mode", "looser"),
    ({}, {"operator": {"llm": {"command": "./evil"}}}, "operator.llm.command", "looser"),
    ({}, {"operator": {"llm": {"timeout_seconds": 31}}}, "operator.llm.timeout_seconds", "different"),
    ({}, {"execution": {"step_retries": 2}}, "execution.step_retries", "looser"),
    ({}, {"health": {"idle_seconds": 301}}, "health.idle_seconds", "different"),
    ({}, {"workspace": {"branch_prefix": "work"}}, "workspace.branch_prefix", "different"),
    ({}, {"tmux": {"socket": "other"}}, "tmux.socket", "different"),
    ({}, {"forum": {"redis": {"url": "redis://elsewhere.example/0"}}}, "forum.redis.url", "looser"),
    ({}, {"forum": {"redis": {"url": "redis://127.0.0.1:6379/1"}}}, "forum.redis.url", "different"),
    ({}, {"doctor": {"ignore": {"SKL003": {"reason": "r"}}}}, "doctor.ignore", "looser"),
    ({"doctor": {"ignore": {"SKL003": {"reason": "r"}}}}, {}, "doctor.ignore", "stricter"),
    (
        {"doctor": {"ignore": {"SKL003": {"reason": "r", "until": "2027-01-01"}}}},
        {"doctor": {"ignore": {"SKL003": {"reason": "r", "until": "2028-01-01"}}}},
        "doctor.ignore",
        "looser",
    ),
    (
        {"doctor": {"ignore": {"SKL003": {"reason": "r"}}}},
        {"doctor": {"ignore": {"SKL": {"reason": "r"}}}},
        "doctor.ignore",
        "looser",
    ),
    (
        {"doctor": {"ignore": {"SKL": {"reason": "r"}}}},
        {"doctor": {"ignore": {"SKL003": {"reason": "r"}}}},
        "doctor.ignore",
        "stricter",
    ),
    (
        {"doctor": {"ignore": {"SKL003": {"reason": "r"}}}},
        {"doctor": {"ignore": {"SKL003": {"reason": "other words"}}}},
        "doctor.ignore",
        "different",
    ),
    ({"doctor": {"fail_on": "warning"}}, {}, "doctor.fail_on", "looser"),
    ({"doctor": {"harness": {"codex": ">=1"}}}, {}, "doctor.harness", "looser"),
    (
        {},
        {"docs": {"api": {"repo_endpoints": [{"name": "a", "base_url": "https://a.example", "repo": "r"}]}}},
        "docs.api.repo_endpoints",
        "looser",
    ),
    (
        {},
        {"orchestrator": {"runtime_profile": {"stages": {"reflect": "claude"}}}},
        "orchestrator.runtime_profile.stages",
        "different",
    ),
]


@pytest.mark.parametrize(("before", "after", "field", "verdict"), CHANGES)
def test_each_key_is_judged_by_its_rule(
    change_of: Callable[[Any, Any], Comparison],
    before: dict[str, Any],
    after: dict[str, Any],
    field: str,
    verdict: str,
) -> None:
    found = classes(change_of(policy_of(**before), policy_of(**after)))
    assert found == {f"policy {field}": verdict}
