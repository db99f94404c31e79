"""EXP: executor profiles of the project and the machine."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import doctor
import profiles
from checks import executor_profiles as family
from doctor.diagnosis.facts import executor_profiles
from doctor.harness.registry import builtin_harnesses
from doctor.testing import CheckOutcome, run_check

KEY = "sk-ant-" + "a1B2c3D4" * 3

Find = Callable[..., Any]


@pytest.fixture(scope="session")
def registry() -> doctor.Registry:
    """The real one: what is granted is said by real adapters."""
    return doctor.Registry(builtin_harnesses())


@pytest.fixture
def project(tmp_path: Path) -> doctor.Project:
    return doctor.Project(root=tmp_path / "project", cwd=tmp_path / "project", home=tmp_path / "home")


@pytest.fixture
def find(project: doctor.Project, paths: doctor.Paths, registry: doctor.Registry) -> Find:
    """Write profiles of the project, and find them: ``find(own={...})``."""

    def write(*, root: Path | None = None, **contents: Any) -> Any:
        folder = (root or project.root / ".metawsm" / "executors") / "profiles"
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            text = content if isinstance(content, str) else json.dumps({"type": "t", **content})
            (folder / f"{name}.json").write_text(text)
        return executor_profiles(project, paths, registry)

    return write


def where(outcome: CheckOutcome) -> list[tuple[Any, ...]]:
    """Severity, subject, line and pointer of each finding."""
    return [
        (each.severity.value, each.subject, each.location.line, each.location.pointer)
        for each in outcome.findings
        if each.location
    ]


def test_a_machine_without_profiles_of_its_own_has_nothing_to_check(find: Find) -> None:
    assert find() == ()


def test_shipped_profiles_are_not_checked_on_every_machine(find: Find) -> None:
    assert [each.name for each in find(own={"command": "test"})] == ["own"]


def test_everything_that_is_wrong_with_a_profile_is_told(find: Find) -> None:
    found = find(own='{\n  "type": 5,\n  "comand": "claude"\n}', other="[]")
    assert where(run_check(family.EXP001, executor_profiles=found)) == [
        ("error", "executor profile other", 1, ""),
        ("error", "executor profile own", 1, ""),
        ("error", "executor profile own type", 2, "/type"),
        ("error", "executor profile own comand", 3, "/comand"),
    ]


def test_a_value_that_the_harness_does_not_take_is_told_with_those_it_takes(find: Find, says: Any) -> None:
    outcome = run_check(
        family.EXP001, executor_profiles=find(own={"command": "claude", "config": {"permission_mode": "yolo"}})
    )
    assert [each[:2] for each in where(outcome)] == [("error", "executor profile own config.permission_mode")]
    assert says(outcome.findings[0], "bypassPermissions", "plan", '"yolo"')


def test_profiles_in_order_pass(find: Find, project: doctor.Project) -> None:
    program = project.root / ".metawsm" / "executors" / "work"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    found = find(one={"command": "work", "config": {"anything": 1}}, two={"command": "test"})
    for check in (family.EXP001, family.EXP002, family.EXP004, family.EXP006, family.EXP007):
        assert run_check(check, executor_profiles=found).status == "passed"


@pytest.mark.parametrize("command", ["bin/absent", "../outside", "/bin/sh", "cluade"])
def test_a_command_that_is_not_there_is_told(find: Find, command: str) -> None:
    found = find(own={"command": command})
    assert run_check(family.EXP001, executor_profiles=found).status == "passed"
    assert where(run_check(family.EXP002, executor_profiles=found)) == [
        ("error", "executor profile own command", 1, "/command")
    ]


def test_a_harness_that_is_not_installed_is_told(find: Find, registry: doctor.Registry, fact: Any, says: Any) -> None:
    found = find(own={"command": "codex"}, other={"command": "claude"}, third={"command": "test"})
    facts = fact("codex", path=None) | fact("claude_code")
    outcome = run_check(family.EXP003, executor_profiles=found, registry=registry, harnesses=facts)
    assert where(outcome) == [("warning", "executor profile own", 1, "/command")]
    assert says(outcome.findings[0], "runs codex, which is not installed", "npm install -g @openai/codex")


def test_a_profile_that_hides_another_is_told(find: Find, paths: doctor.Paths, says: Any) -> None:
    find(root=paths.config_dir / "executors", coding={"command": "test"})
    outcome = run_check(family.EXP004, executor_profiles=find(coding={"command": "test"}))
    shipped = str(profiles.executor_directory() / "coding.json")
    assert [each[:2] for each in where(outcome)] == [("warning", "executor profile coding")] * 2
    assert says(outcome.findings[0], str(paths.config_dir / "executors" / "profiles" / "coding.json"), shipped)
    assert says(outcome.findings[1], f"hides {shipped}")


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ({"command": "claude", "config": {"permission_mode": "bypassPermissions"}}, "without asking"),
        ({"command": "claude"}, "(bypassPermissions is the default)"),
        (
            {
                "command": "claude",
                "config": {"permission_mode": "plan", "extra_args": ["--dangerously-skip-permissions"]},
            },
            "asking",
        ),
        ({"command": "codex", "config": {"extra_args": ["--yolo"]}}, "without a sandbox"),
    ],
)
def test_what_a_profile_lets_its_harness_do_is_told(
    find: Find, registry: doctor.Registry, says: Any, profile: Any, words: str
) -> None:
    outcome = run_check(family.EXP005, executor_profiles=find(own=profile), registry=registry)
    assert [each[:2] for each in where(outcome)] == [("warning", "executor profile own config")]
    assert says(outcome.findings[0], words)


@pytest.mark.parametrize(
    "profile",
    [
        {"command": "claude", "config": {"permission_mode": "acceptEdits"}},
        {"command": "codex"},
        {"command": "test"},
        {"command": "claude", "config": {"permission_mode": "yolo"}},
    ],
)
def test_a_profile_whose_harness_asks_passes(find: Find, registry: doctor.Registry, profile: Any) -> None:
    assert run_check(family.EXP005, executor_profiles=find(own=profile), registry=registry).status == "passed"


def test_a_secret_is_told_and_never_shown(find: Find) -> None:
    config = {"deep": [{"api": KEY}], "password": "hG7xk2Lp9Qv4Zt8W"}
    outcome = run_check(family.EXP006, executor_profiles=find(own={"command": "nothing", "config": config}))
    assert sorted(each[:2] for each in where(outcome)) == [
        ("error", "executor profile own config.deep.0.api"),
        ("warning", "executor profile own config.password"),
    ]
    assert KEY not in str(outcome.findings)


@pytest.mark.parametrize("config", ["5", '["x"]', '"hello"', "null"])
def test_a_configuration_that_is_none_holds_no_secret(find: Find, config: str) -> None:
    found = find(own=f'{{"type": "t", "command": "test", "config": {config}}}')
    assert run_check(family.EXP006, executor_profiles=found).status == "passed"


def test_a_key_without_effect_is_told_with_the_one_that_was_meant(find: Find, says: Any) -> None:
    found = find(own={"command": "claude", "config": {"permision_mode": "plan"}})
    outcome = run_check(family.EXP007, executor_profiles=found)
    assert where(outcome) == [("warning", "executor profile own config.permision_mode", 1, "/config/permision_mode")]
    assert says(outcome.findings[0], "ignores it", 'did you mean "permission_mode"?')
