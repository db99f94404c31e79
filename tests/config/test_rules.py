from collections.abc import Callable
from typing import Any

import pytest

from doctor.config.problems import ConfigProblem, Loaded
from doctor.model.policy import Policy

ReadPolicy = Callable[..., Loaded[Policy]]


def profile(**changes: Any) -> dict[str, Any]:
    return {"name": "p", "runner": "codex", "base_prompt": "Do it.", **changes}


def agents_of(*profiles: dict[str, Any], agent: str = "p") -> dict[str, Any]:
    return {"agent_profiles": [*profiles], "agents": [{"name": "a", "profile": agent}]}


def the_problem(loaded: Loaded[Policy]) -> ConfigProblem:
    assert len(loaded.problems) == 1, loaded.problems
    return loaded.problems[0]


@pytest.mark.parametrize(
    ("data", "rule", "subject"),
    [
        ({"agent_profiles": []}, "value", "agent_profiles"),
        ({"agents": []}, "value", "agents"),
        (agents_of(profile(), profile()), "value", "agent_profiles[1].name"),
        (agents_of(profile(name="../p"), agent="../p"), "value", "agent_profiles[0].name"),
        ({"agents": [{"name": "a", "profile": "default-shell"}] * 2}, "value", "agents[1].name"),
        ({"agents": [{"name": "a\x07", "profile": "default-shell"}]}, "value", "agents[0].name"),
        (agents_of(profile(), agent="q"), "reference", "agents[0].profile"),
        ({"agent_profiles": [profile()]}, "reference", "agents"),
        (agents_of(profile(base_prompt=" \n")), "value", "agent_profiles[0].base_prompt"),
        (agents_of(profile(runner="shell")), "value", "agent_profiles[0].runner_options.command"),
        (
            agents_of(profile(runner="shell", runner_options={"command": " "})),
            "value",
            "agent_profiles[0].runner_options.command",
        ),
        (
            agents_of(profile(runner_options={"command": "x"})),
            "unknown-key",
            "agent_profiles[0].runner_options.command",
        ),
        (agents_of(profile(skills=["a", " "])), "value", "agent_profiles[0].skills[1]"),
        ({"health": {"activity_stalled_seconds": 299}}, "value", "health.activity_stalled_seconds"),
        ({"health": {"idle_seconds": 0}}, "value", "health.idle_seconds"),
        ({"execution": {"step_retries": -1}}, "value", "execution.step_retries"),
        ({"workspace": {"default_strategy": "clone"}}, "value", "workspace.default_strategy"),
        ({"docs": {"seed_mode": "copy"}}, "value", "docs.seed_mode"),
        ({"docs": {"authority_mode": ""}}, "value", "docs.authority_mode"),
        ({"git_pr": {"required_checks": ["test"]}}, "value", "git_pr.required_checks[0]"),
        (
            {"git_pr": {"review_feedback": {"include_review_comments": False}}},
            "value",
            "git_pr.review_feedback.include_review_comments",
        ),
        ({"doctor": {"ignore": {"skl003": {"reason": "x"}}}}, "value", "doctor.ignore.skl003"),
        ({"doctor": {"ignore": {"SKL003": {}}}}, "value", "doctor.ignore.SKL003"),
        (
            {"doctor": {"ignore": {"SKL": {"reason": "x", "until": "2027-02-30"}}}},
            "value",
            "doctor.ignore.SKL.until",
        ),
        (
            {"doctor": {"ignore": {"SKL": {"reason": "x", "until": "soon"}}}},
            "value",
            "doctor.ignore.SKL.until",
        ),
        ({"doctor": {"harness": {"codex": "newest"}}}, "value", "doctor.harness.codex"),
        ({"doctor": {"harness": {"cdoex": ">=1"}}}, "reference", "doctor.harness.cdoex"),
        ({"orchestrator": {"runtime_profile": {"stages": {"exec": "codex"}}}}, "unknown-key", None),
        ({"orchestrator": {"runtime_profile": {"stagez": {}}}}, "unknown-key", None),
        ({"orchestrator": {"runtime_profile": {"default": ""}}}, "reference", None),
        ({"orchestrator": {"runtime_profile": " "}}, "value", "orchestrator.runtime_profile"),
        ({"orchestrator": {"runtime_backend": "auto"}}, "reference", "orchestrator.runtime_backend"),
    ],
)
def test_a_broken_rule_is_one_problem_with_its_subject(
    read_policy: ReadPolicy, data: dict[str, Any], rule: str, subject: str | None
) -> None:
    problem = the_problem(read_policy(data))
    assert problem.rule == rule
    assert subject in (None, problem.subject)


@pytest.mark.parametrize(
    "data",
    [
        {"execution": {"step_retries": 0}, "operator": {"llm": {"mode": "AUTO"}}, "git_pr": {"mode": "Off"}},
        {"docs": {"seed_mode": "none"}, "workspace": {"branch_prefix": ""}},
        {"health": {"idle_seconds": 900, "activity_stalled_seconds": 900}},
        {"doctor": {"ignore": {"SKL003": {"reason": "known", "until": "2028-02-29"}, "HRN": {"reason": "known"}}}},
        {"doctor": {"harness": {"codex": ">=0.160,<1"}, "fail_on": "warning"}},
        agents_of(profile(runner="auto", base_prompt="", runner_options={"command": "x", "full_auto": True})),
    ],
)
def test_what_the_rules_allow_is_accepted(read_policy: ReadPolicy, data: dict[str, Any]) -> None:
    assert read_policy(data).problems == ()


def test_an_option_of_another_runner_is_answered_with_both_lists(read_policy: ReadPolicy) -> None:
    problem = the_problem(read_policy(agents_of(profile(runner="claude", runner_options={"full_auto": True}))))
    assert problem.message == 'the runner claude_code does not take "full_auto"'
    assert problem.remedy == ("claude_code takes: model, permission_mode, extra_args, env; full_auto is for: codex")
    assert problem.location.pointer == "/agent_profiles/0/runner_options/full_auto"


@pytest.mark.parametrize("runner", ["claude", "auto"])
def test_an_option_with_closed_values_is_checked(read_policy: ReadPolicy, runner: str) -> None:
    wrong = profile(runner=runner, runner_options={"permission_mode": "bypass"})
    problem = the_problem(read_policy(agents_of(wrong)))
    assert problem.subject == "agent_profiles[0].runner_options.permission_mode"
    assert "default, plan, bypassPermissions" in problem.message


def test_a_missing_reference_names_the_nearest(read_policy: ReadPolicy) -> None:
    problem = the_problem(read_policy(agents_of(profile(name="codex-default"), agent="codex-defualt")))
    assert problem.message == 'no agent profile is called "codex-defualt"'
    assert problem.remedy == 'did you mean "codex-default"? (known profiles: codex-default)'


def test_references_to_profiles_whose_name_is_unreadable_are_not_guessed_at(read_policy: ReadPolicy) -> None:
    problem = the_problem(read_policy(agents_of(profile(name=3), agent="q")))
    assert (problem.rule, problem.subject) == ("type", "agent_profiles[0].name")


def test_an_unknown_stage_names_the_valid_ones_sorted(read_policy: ReadPolicy) -> None:
    data = {"orchestrator": {"runtime_profile": {"stages": {"Evaluate": "codex"}}}}
    problem = the_problem(read_policy(data))
    assert problem.message == 'unknown key "Evaluate", expected one of evaluate, execute, interview, reflect'


ENDPOINT = {"name": "a", "base_url": "https://h/x", "repo": "r"}


@pytest.mark.parametrize(
    ("api", "subject"),
    [
        ({"repo_endpoints": [ENDPOINT, ENDPOINT]}, "repo_endpoints[1].name"),
        (
            {"workspace_endpoints": [{**ENDPOINT, "workspace": "w"}], "repo_endpoints": [ENDPOINT]},
            "repo_endpoints[0].name",
        ),
        ({"workspace_endpoints": [ENDPOINT]}, "workspace_endpoints[0].workspace"),
        ({"workspace_endpoints": [{**ENDPOINT, "workspace": " "}]}, "workspace_endpoints[0].workspace"),
        ({"repo_endpoints": [{**ENDPOINT, "base_url": "ftp://h"}]}, "repo_endpoints[0].base_url"),
        ({"repo_endpoints": [{**ENDPOINT, "web_url": "h"}]}, "repo_endpoints[0].web_url"),
        ({"repo_endpoints": [{**ENDPOINT, "repo": ""}]}, "repo_endpoints[0].repo"),
        ({"request_timeout_seconds": 0}, "request_timeout_seconds"),
    ],
)
def test_document_servers_are_checked_one_by_one_and_together(
    read_policy: ReadPolicy, api: dict[str, Any], subject: str
) -> None:
    problem = the_problem(read_policy({"docs": {"api": api}}))
    assert problem.subject == f"docs.api.{subject}"
