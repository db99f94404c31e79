from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.config.machine import ActiveProfile, active_profile, load_named_profile
from doctor.config.paths import Paths, machine_paths
from doctor.model.harness import RunnerSpec
from doctor.model.machine import ModelChoice, NamedProfile, RoleChoice, Roles, Tiers
from doctor.model.stage import Stage

GOOD = """
description = "Cheap judging"

[agent]
model = "codex:gpt-5"

[tiers]
fast = "claude:haiku"

[models.evaluator]
model = "claude:haiku"
reasoning = "low"

[stages.reflect]
model = "hermes:a/b:free"

[env]
LANG = "C"
"""

DEFAULT = '{name = "%s", url = "http://h", is_default = true}'


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = machine_paths({}, tmp_path)
    made.profiles_dir.mkdir(parents=True)
    made.profile_file("cheap").write_text(GOOD)
    return made


def test_a_profile_is_read_with_its_model_specs_as_written(paths: Paths, runners: tuple[RunnerSpec, ...]) -> None:
    assert load_named_profile(paths.profile_file("cheap"), runners=runners).value == NamedProfile(
        description="Cheap judging",
        agent=ModelChoice(model="codex:gpt-5"),
        tiers=Tiers(fast="claude:haiku"),
        models=Roles(evaluator=RoleChoice(model="claude:haiku", reasoning="low")),
        stages={Stage.REFLECT: ModelChoice(model="hermes:a/b:free")},
        env={"LANG": "C"},
    )


@pytest.mark.parametrize(
    ("text", "rule", "subject"),
    [
        ('agent.model = "opus"', "value", "agent.model"),
        ('agent.model = "codex:"', "value", "agent.model"),
        ('agent.model = "cdex:gpt"', "reference", "agent.model"),
        ('agent.model = "shell:x"', "reference", "agent.model"),
        ('agnt.model = "codex:x"', "unknown-key", "agnt"),
        ("dispatcher.max_agents = 3", "unknown-key", "dispatcher.max_agents"),
        ('tiers.cheap = "codex:x"', "unknown-key", "tiers.cheap"),
        ('models.judge.model = "codex:x"', "unknown-key", "models.judge"),
        ('models.default.tier = "huge"', "value", "models.default.tier"),
        ('stages.run.model = "codex:x"', "unknown-key", "stages.run"),
        ("env.A = 1", "type", "env.A"),
        ('env."A B" = "1"', "value", 'env["A B"]'),
        ('[[llm_endpoints.endpoints]]\nname = "a"', "value", "llm_endpoints.endpoints[0]"),
        (
            '[[llm_endpoints.endpoints]]\nname = "a"\nurl = "http://h"\n' * 2,
            "value",
            "llm_endpoints.endpoints[1].name",
        ),
        (
            f"llm_endpoints.endpoints = [{DEFAULT % 'a'}, {DEFAULT % 'b'}]",
            "value",
            "llm_endpoints.endpoints[1].is_default",
        ),
        (
            '[[llm_endpoints.endpoints]]\nname = "a"\nurl = "http://h"\napi_key_env = "A"\napi_key_file = "f"',
            "value",
            "llm_endpoints.endpoints[0].api_key_file",
        ),
    ],
)
def test_a_broken_rule_is_one_problem(
    paths: Paths, runners: tuple[RunnerSpec, ...], text: str, rule: str, subject: str
) -> None:
    paths.profile_file("x").write_text(text)
    loaded = load_named_profile(paths.profile_file("x"), runners=runners)
    assert [(problem.rule, problem.subject) for problem in loaded.problems] == [(rule, subject)]


def active(
    paths: Paths, runners: tuple[RunnerSpec, ...], *, flag: str | None = None, env: str | None = None
) -> ActiveProfile:
    environment = {} if env is None else {"DOCTOR_PROFILE": env}
    return active_profile(flag=flag, environment=environment, paths=paths, runners=runners)


@pytest.mark.parametrize("pointer", [None, "", " \n"])
def test_nothing_said_is_no_profile(paths: Paths, runners: tuple[RunnerSpec, ...], pointer: str | None) -> None:
    if pointer is not None:
        paths.active_profile_file.write_text(pointer)
    assert active(paths, runners, env=" ") == ActiveProfile()


def test_the_flag_wins_over_the_variable_and_that_over_the_pointer(
    paths: Paths, runners: tuple[RunnerSpec, ...]
) -> None:
    paths.profile_file("flagged").write_text('description = "f"')
    paths.profile_file("set").write_text('description = "s"')
    paths.active_profile_file.write_text(" cheap\n")

    def said(flag: str | None, env: str | None) -> tuple[str | None, str]:
        found = active(paths, runners, flag=flag, env=env)
        assert found.problems == ()
        assert found.loaded is not None
        assert found.path == paths.profile_file(str(found.name))
        return found.name, found.source

    assert said("flagged", "set") == ("flagged", "flag")
    assert said(None, "set") == ("set", "env")
    assert said(None, None) == ("cheap", "pointer")


def test_a_missing_profile_names_what_there_is(paths: Paths, runners: tuple[RunnerSpec, ...]) -> None:
    found = active(paths, runners, flag="chaep")
    (problem,) = found.problems
    assert problem.rule == "reference"
    assert "--profile" in problem.message
    assert problem.remedy == 'did you mean "cheap"? (profiles: cheap)'
    assert (found.name, found.source, found.loaded) == ("chaep", "flag", None)


def test_a_pointer_to_a_missing_profile_is_placed_in_the_pointer_file(
    paths: Paths, runners: tuple[RunnerSpec, ...]
) -> None:
    paths.active_profile_file.write_text("gone\n")
    (problem,) = active(paths, runners).problems
    assert (problem.rule, problem.location.path, problem.location.line) == (
        "reference",
        str(paths.active_profile_file),
        1,
    )


@pytest.mark.parametrize("name", ["../secret", "a/b", "", "-x", "a\nb", "\ud800"])
def test_names_that_could_leave_the_directory_are_never_looked_up(
    paths: Paths, runners: tuple[RunnerSpec, ...], name: str
) -> None:
    found = active(paths, runners, flag=name)
    assert [problem.rule for problem in found.problems] == ["value"]
    assert found.path is None
    assert repr(found).encode()


def test_an_unreadable_pointer_is_a_problem(paths: Paths, runners: tuple[RunnerSpec, ...]) -> None:
    paths.active_profile_file.mkdir()
    assert [problem.rule for problem in active(paths, runners).problems] == ["unreadable"]
    paths.active_profile_file.rmdir()
    paths.active_profile_file.write_bytes(b"\xff")
    assert [problem.rule for problem in active(paths, runners).problems] == ["unreadable"]


def test_the_problems_of_a_broken_profile_are_those_of_its_file(paths: Paths, runners: tuple[RunnerSpec, ...]) -> None:
    paths.profile_file("broken").write_text("nope = 1")
    assert [problem.rule for problem in active(paths, runners, flag="broken").problems] == ["unknown-key"]


@pytest.mark.parametrize("closed", [".config/harness-doctor", ".config", "."])
def test_settings_in_a_closed_directory_are_problems(
    paths: Paths, tmp_path: Path, closed: str, unprivileged: Callable[..., str]
) -> None:
    assert paths.profiles_dir.is_dir()
    assert (
        unprivileged(
            tmp_path / closed,
            "from doctor.config.machine import *; from doctor.config.paths import machine_paths",
            f"paths = machine_paths({{}}, Path({str(tmp_path)!r}))",
            "pointed = active_profile(flag=None, environment={}, paths=paths, runners=())",
            "flagged = active_profile(flag='cheap', environment={}, paths=paths, runners=())",
            "machine = load_machine(paths.machine_file, runners=())",
            "print(*(each.problems[0].rule for each in (pointed, flagged, machine)), profile_names(paths))",
        )
        == "unreadable unreadable unreadable ()"
    )


def test_a_profile_name_too_long_for_a_file_is_a_problem(paths: Paths, runners: tuple[RunnerSpec, ...]) -> None:
    (problem,) = active(paths, runners, flag="é" * 128).problems
    assert problem.rule == "unreadable"
