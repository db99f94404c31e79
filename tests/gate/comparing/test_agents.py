from collections.abc import Callable
from typing import Any

import pytest

from doctor.harness.registry import builtin_harnesses
from doctor.model.comparison import Comparison
from tests.gate.comparing.conftest import SKILL, Repository, classes, policy_of

ChangeOf = Callable[[Any, Any], Comparison]

OPTIONS: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, str]]] = [
    ("codex", {}, {"full_auto": True}, {"sandbox": "looser"}),
    ("codex", {"full_auto": True}, {}, {"sandbox": "stricter"}),
    ("codex", {}, {"extra_args": ["--yolo"]}, {"permissions": "looser", "sandbox": "looser"}),
    ("codex", {"extra_args": ["--yolo"]}, {}, {"permissions": "stricter", "sandbox": "stricter"}),
    ("codex", {}, {"extra_args": ["-c", "approval_policy=never"]}, {"permissions": "looser"}),
    ("codex", {}, {"extra_args": ["-c", "sandbox_workspace_write.network_access=true"]}, {"network": "looser"}),
    ("codex", {}, {"extra_args": ["--search"]}, {"arguments": "looser"}),
    ("codex", {"extra_args": ["--search"]}, {}, {"arguments": "stricter"}),
    ("codex", {"extra_args": ["-a", "-b"]}, {"extra_args": ["-b", "-a"]}, {}),
    ("codex", {}, {"model": "gpt-5.5"}, {"model": "different"}),
    (
        "codex",
        {"model": "gpt-5.5"},
        {"extra_args": ["-m", "gpt-5.5"]},
        {"runner_options.model": "different", "runner_options.extra_args": "different"},
    ),
    ("codex", {}, {"trust_workspace": True}, {"trust": "looser"}),
    ("codex", {}, {"env": {"LANG": "C"}}, {"environment": "different"}),
    ("codex", {"env": {"LANG": "C"}}, {"env": {"LANG": "de"}}, {"environment": "different"}),
    ("codex", {}, {"env": {"OPENAI_BASE_URL": "https://x.example"}}, {"endpoint": "looser", "environment": "looser"}),
    (
        "codex",
        {},
        {"extra_args": ["-c", "model_providers.x.base_url=http://x.example"]},
        {"endpoint": "looser", "arguments": "looser"},
    ),
    ("claude", {}, {"permission_mode": "acceptEdits"}, {"permissions": "looser"}),
    ("claude", {}, {"permission_mode": "plan"}, {"permissions": "stricter"}),
    ("claude", {"permission_mode": "plan"}, {"permission_mode": "bypassPermissions"}, {"permissions": "looser"}),
    (
        "claude",
        {},
        {"extra_args": ["--settings", '{"permissions": {"defaultMode": "bypassPermissions"}}']},
        {"permissions": "looser", "arguments": "looser"},
    ),
    ("claude", {}, {"extra_args": ["--dangerously-skip-permissions"]}, {"permissions": "looser"}),
    ("claude", {"extra_args": ["--disallowedTools", "Bash"]}, {}, {"arguments": "looser"}),
    ("claude", {"extra_args": ["--sandbox-thing"]}, {}, {"arguments": "looser"}),
    ("opencode", {}, {"extra_args": ["--auto"]}, {"permissions": "looser", "arguments": "looser"}),
    ("gemini", {"permission_mode": "auto_edit"}, {"permission_mode": "yolo"}, {"permissions": "looser"}),
    ("nex", {"permission_mode": "deny"}, {"permission_mode": "ask"}, {"permissions": "looser"}),
    ("shell", {"command": "pytest"}, {"command": "pytest; codex --yolo"}, {"command": "looser"}),
    ("shell", {"command": "find . -name x -delete"}, {"command": "find . -delete"}, {"command": "looser"}),
    ("codex", {}, {"env": {"NOTE": "--dangerously-bypass-approvals-and-sandbox"}}, {"environment": "looser"}),
    ("shell", {"command": "pytest -x"}, {"command": "pytest  -x"}, {"command": "different"}),
    ("auto", {}, {"permission_mode": "bypassPermissions"}, {"permissions": "looser"}),
]


@pytest.mark.parametrize(("runner", "before", "after", "expected"), OPTIONS)
def test_each_option_is_judged_by_what_it_lets_the_harness_do(
    change_of: ChangeOf, runner: str, before: dict[str, Any], after: dict[str, Any], expected: dict[str, str]
) -> None:
    comparison = change_of(
        policy_of(runner=runner, runner_options=before), policy_of(runner=runner, runner_options=after)
    )
    found = {change.field: str(change.verdict) for change in comparison.changes}
    if runner == "auto":
        found = {"permissions": found.pop("runner_options.permission_mode")}
    assert found == (expected or {"arguments": "different"})


BYPASSES = [(harness.id, flag) for harness in builtin_harnesses() for flag in harness.bypass]


@pytest.mark.parametrize(("runner", "flag"), BYPASSES)
def test_adding_a_bypass_is_looser_and_taking_it_away_is_not(change_of: ChangeOf, runner: str, flag: str) -> None:
    plain = policy_of(runner=runner, runner_options={"extra_args": ["--verbose"]})
    free = policy_of(runner=runner, runner_options={"extra_args": ["--verbose", flag]})
    assert str(change_of(plain, free).verdict) == "looser"
    assert str(change_of(free, plain).verdict) in {"stricter", "different"}


def test_no_harness_has_to_be_installed_for_its_permissions_to_be_compared(change_of: ChangeOf) -> None:
    comparison = change_of(
        policy_of(runner="copilot"), policy_of(runner="copilot", runner_options={"extra_args": ["--allow-all"]})
    )
    assert classes(comparison)["agent bob permissions"] == "looser"


def test_another_harness_is_different_and_a_bypassing_one_looser(change_of: ChangeOf) -> None:
    comparison = change_of(policy_of(runner="codex"), policy_of(runner="pi"))
    assert classes(comparison) == {
        "agent bob harness": "different",
        "agent bob permissions": "looser",
        "agent bob sandbox": "looser",
    }


def test_another_harness_that_asks_as_well_is_different_only(change_of: ChangeOf) -> None:
    assert classes(change_of(policy_of(runner="gemini"), policy_of(runner="claude"))) == {
        "agent bob harness": "different"
    }


def test_another_harness_without_a_sandbox_is_looser(change_of: ChangeOf) -> None:
    assert classes(change_of(policy_of(runner="codex"), policy_of(runner="claude"))) == {
        "agent bob harness": "different",
        "agent bob sandbox": "looser",
    }
    assert classes(change_of(policy_of(runner="claude"), policy_of(runner="codex"))) == {
        "agent bob harness": "different",
        "agent bob sandbox": "stricter",
    }


@pytest.mark.parametrize("runner", ["opencode", "pi", "goose"])
def test_another_harness_that_runs_commands_unasked_is_looser(change_of: ChangeOf, runner: str) -> None:
    found = classes(change_of(policy_of(runner="claude"), policy_of(runner=runner)))
    assert found == {"agent bob harness": "different", "agent bob permissions": "looser"}


def test_a_sandbox_that_may_be_written_in_is_looser_than_one_that_may_not(change_of: ChangeOf) -> None:
    assert classes(change_of(policy_of(runner="codex"), policy_of(runner="nex")))["agent bob sandbox"] == "looser"


def test_an_agent_that_asks_for_nothing_is_looser_at_a_stage_where_nobody_did(change_of: ChangeOf) -> None:
    def crew(bold: str, meek: str) -> dict[str, Any]:
        policy = policy_of(runner_options={"extra_args": ["--yolo"]})
        policy["agent_profiles"].append({"name": "meek", "runner": "codex", "base_prompt": "x"})
        policy["agents"] = [
            {"name": "bob", "profile": "worker", "stage": bold},
            {"name": "eve", "profile": "meek", "stage": meek},
        ]
        return policy

    swapped = classes(change_of(crew("execute", "reflect"), crew("reflect", "execute")))
    assert swapped == {"agent bob stage": "looser", "agent eve stage": "different"}


def test_a_harness_for_a_stage_is_a_change_of_every_agent_there(change_of: ChangeOf) -> None:
    routed = policy_of(orchestrator={"runtime_profile": {"stages": {"execute": "claude"}}})
    assert classes(change_of(policy_of(), routed)) == {
        "policy orchestrator.runtime_profile.stages": "different",
        "agent bob harness": "different",
        "agent bob sandbox": "looser",
    }


def test_an_agent_more_is_looser_and_one_less_stricter(change_of: ChangeOf) -> None:
    two = policy_of()
    two["agents"] = [*two["agents"], {"name": "eve", "profile": "worker"}]
    assert classes(change_of(policy_of(), two)) == {"agent eve agent": "looser"}


def test_an_agent_that_is_gone_is_stricter_and_its_place_is_in_the_base(change_of: ChangeOf) -> None:
    two = policy_of()
    two["agents"] = [*two["agents"], {"name": "eve", "profile": "worker"}]
    comparison = change_of(two, policy_of())
    assert classes(comparison) == {"agent eve agent": "stricter"}
    assert comparison.changes[0].in_base
    assert comparison.changes[0].location is not None
    assert comparison.changes[0].location.pointer == "/agents/1"


def test_a_renamed_agent_is_different(change_of: ChangeOf) -> None:
    renamed = policy_of()
    renamed["agents"] = [{"name": "robert", "profile": "worker"}]
    assert classes(change_of(policy_of(), renamed)) == {"agent robert name": "different"}


def test_an_agent_that_is_renamed_and_freed_is_a_new_one(change_of: ChangeOf) -> None:
    renamed = policy_of(runner_options={"full_auto": True})
    renamed["agents"] = [{"name": "robert", "profile": "worker"}]
    assert classes(change_of(policy_of(), renamed)) == {"agent bob agent": "stricter", "agent robert agent": "looser"}


def test_a_renamed_profile_is_different(change_of: ChangeOf) -> None:
    renamed = policy_of()
    renamed["agent_profiles"][0]["name"] = "maker"
    renamed["agents"][0]["profile"] = "maker"
    assert classes(change_of(policy_of(), renamed)) == {"agent bob profile": "different"}


def test_what_an_unused_profile_may_do_counts_too(change_of: ChangeOf) -> None:
    def with_spare(options: dict[str, Any]) -> dict[str, Any]:
        policy = policy_of()
        policy["agent_profiles"].append(
            {"name": "spare", "runner": "codex", "base_prompt": "x", "runner_options": options}
        )
        return policy

    comparison = change_of(with_spare({}), with_spare({"full_auto": True}))
    assert classes(comparison) == {"profile spare sandbox": "looser"}


def test_the_order_of_agents_profiles_and_keys_means_nothing(repository: Repository) -> None:
    policy = policy_of()
    policy["agents"].append({"name": "eve", "profile": "worker", "stage": "reflect"})
    repository.commit({".metawsm/policy.json": policy})
    policy["agents"].reverse()
    repository.write(".metawsm/policy.json", dict(reversed(list(policy.items()))))
    assert repository.compare().changes == ()


def test_the_same_policy_as_toml_is_equal(repository: Repository) -> None:
    repository.commit({".metawsm/policy.json": policy_of(runner_options={"full_auto": True})})
    (repository.root / ".metawsm/policy.json").unlink()
    repository.write(
        ".metawsm/policy.toml",
        'version = 2 # the same\n[[agent_profiles]]\nname = "worker"\nrunner = "codex"\nbase_prompt = "Do the work."\n'
        'runner_options.full_auto = true\n[[agents]]\nname = "bob"\nprofile = "worker"\n',
    )
    comparison = repository.compare()
    assert (comparison.changes, str(comparison.verdict)) == ((), "equal")


def test_a_prompt_is_different_and_shown_as_text(change_of: ChangeOf) -> None:
    comparison = change_of(policy_of(), policy_of(base_prompt="Do nothing."))
    [change] = comparison.changes
    assert (change.field, str(change.verdict), change.text) == ("prompt", "different", True)
    assert change.location is not None
    assert (change.location.path, change.location.line) == (".metawsm/policy.json", 7)


def test_a_skill_that_is_no_longer_in_the_repository_is_looser(repository: Repository) -> None:
    policy = policy_of(skills=("docmgr",))
    repository.commit({".metawsm/policy.json": policy, ".metawsm/skills/docmgr/SKILL.md": SKILL})
    (repository.root / ".metawsm/skills/docmgr/SKILL.md").unlink()
    assert classes(repository.compare()) == {
        "agent bob skills": "looser",
        "skill docmgr content": "different",
    }


def test_a_skill_that_says_something_else_is_different(repository: Repository) -> None:
    files = {".metawsm/policy.json": policy_of(skills=("docmgr",)), ".metawsm/skills/docmgr/SKILL.md": SKILL}
    repository.commit(files)
    repository.write(".metawsm/skills/docmgr/SKILL.md", SKILL.replace("Write", "Burn"))
    repository.write(".metawsm/skills/docmgr/run.sh", "echo\n")
    assert classes(repository.compare()) == {"skill docmgr content": "different", "skill docmgr files": "different"}


def test_a_skill_that_may_use_tools_without_asking_is_looser(repository: Repository) -> None:
    repository.commit({".claude/skills/helper/SKILL.md": SKILL})
    repository.write(".claude/skills/helper/SKILL.md", SKILL.replace("---\nW", "allowed-tools:\n  - Bash(*)\n---\nW"))
    assert classes(repository.compare())["skill .claude/skills/helper allowed-tools"] == "looser"


@pytest.mark.parametrize(("before", "after"), [(None, "print()\n"), ("print()\n", "exit()\n"), ("print()\n", None)])
def test_any_change_of_a_check_of_the_project_is_looser(
    repository: Repository, before: str | None, after: str | None
) -> None:
    path = repository.root / ".metawsm/checks/own.py"
    repository.commit({".metawsm/policy.json": policy_of(), **({".metawsm/checks/own.py": before} if before else {})})
    path.unlink(missing_ok=True)
    if after is not None:
        repository.write(".metawsm/checks/own.py", after)
    assert classes(repository.compare()) == {"check .metawsm/checks/own.py plugin": "looser"}


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        ({"type": "claude-code", "command": "claude", "config": {"a": 2}}, "different"),
        ({"type": "claude-code", "command": "./evil", "config": {"a": 1}}, "looser"),
        (
            {"type": "claude-code", "command": "claude", "config": {"a": 1, "dangerously_skip_permissions": True}},
            "looser",
        ),
        (None, "stricter"),
    ],
)
def test_executor_profiles_are_judged_by_what_they_run(
    repository: Repository, after: dict[str, Any] | None, verdict: str
) -> None:
    path = ".metawsm/executors/runner.json"
    repository.commit({path: {"type": "claude-code", "command": "claude", "config": {"a": 1}}})
    (repository.root / path).unlink()
    if after is not None:
        repository.write(path, after)
    assert classes(repository.compare()) == {f"executor {path} executor": verdict}


def test_a_fingerprint_does_not_depend_on_where_and_how_a_value_is_written(repository: Repository) -> None:
    repository.commit({".metawsm/policy.json": policy_of()})
    repository.write(".metawsm/policy.json", policy_of(runner_options={"full_auto": True}))
    first = repository.compare().changes
    path = repository.root / ".metawsm/policy.json"
    path.write_text("\n\n" + path.read_text(encoding="utf-8").replace("\n", "\n\n"), encoding="utf-8")
    second = repository.compare().changes
    assert [change.fingerprint for change in first] == [change.fingerprint for change in second]
    assert first[0].location != second[0].location


def test_another_value_is_another_fingerprint(repository: Repository) -> None:
    repository.commit({".metawsm/policy.json": policy_of()})
    repository.write(".metawsm/policy.json", policy_of(runner_options={"extra_args": ["--one"]}))
    first = repository.compare().changes
    repository.write(".metawsm/policy.json", policy_of(runner_options={"extra_args": ["--two"]}))
    assert first[0].fingerprint != repository.compare().changes[0].fingerprint
