"""NPR: settings are readable, and models reach their harness."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import doctor
from checks import named_profiles as family
from doctor.config.machine import load_named_profile
from doctor.harness.registry import builtin_harnesses
from doctor.testing import run_check


def problem(subject: str) -> doctor.ConfigProblem:
    place = doctor.Location(path=f"/config/{subject}", line=2, column=1, pointer="/x")
    return doctor.ConfigProblem(
        rule="unknown-key", subject=subject, message="x is no key", remedy="remove it", location=place
    )


def test_problems_of_the_machine_and_of_the_active_profile_are_told_with_their_place(told: Any, says: Any) -> None:
    outcome = run_check(
        family.NPR001,
        machine_file=doctor.Loaded(value=None, problems=(problem("machine.toml"),)),
        profile_file=doctor.ActiveProfile(name="fast", source="flag", problem=problem("fast")),
    )
    assert told(outcome) == [("error", "machine.toml", "/x", ("*",)), ("error", "fast", "/x", ("*",))]
    assert [each.location.path for each in outcome.findings if each.location] == [
        "/config/machine.toml",
        "/config/fast",
    ]
    assert says(outcome.findings[0], "x is no key", "remove it")


def test_readable_settings_pass() -> None:
    settings = doctor.Loaded(value=doctor.Machine())
    outcome = run_check(family.NPR001, machine_file=settings, profile_file=doctor.ActiveProfile())
    assert outcome.status == "passed"


class Nowhere:
    """Knows no place."""

    def runtime(self, source: str, stage: doctor.Stage, profile_index: int) -> doctor.Location | None:
        return None

    def model(self, source: str, stage: doctor.Stage, profile_index: int) -> doctor.Location | None:
        return None

    def endpoint(self, choice: doctor.Choice, stage: doctor.Stage) -> doctor.Location | None:
        return None


class Somewhere(Nowhere):
    """Knows the places of harnesses and models."""

    def runtime(self, source: str, stage: doctor.Stage, profile_index: int) -> doctor.Location:
        return doctor.Location(path="/p/policy.json", line=7, column=3, pointer="/runner")

    def model(self, source: str, stage: doctor.Stage, profile_index: int) -> doctor.Location:
        return doctor.Location(path="/c/fast.toml", line=2, column=9, pointer="/agent/model")


def test_a_model_for_another_harness_is_told_once_for_a_stage(
    binding: Any, registry: Any, told: Any, says: Any
) -> None:
    unused = {"unused_models": ("profile:fast=gamma:g-1",)}
    everyone = (binding("a", "alpha", **unused), binding("b", "alpha", **unused))
    outcome = run_check(family.NPR002, bindings=everyone, stages=(), registry=registry, origins=Nowhere())
    assert told(outcome) == [("warning", "stage execute", None, ("agent:a", "agent:b"))]
    assert says(outcome.findings[0], "gamma:g-1 (from profile:fast)", "not used", "alpha runs agents a, b")


def test_a_model_and_the_harness_it_contradicts_are_both_told_with_their_places(
    binding: Any, registry: Any, says: Any
) -> None:
    someone = binding("a", "alpha", unused_models=("profile:fast=gamma:g-1",))
    outcome = run_check(family.NPR002, bindings=(someone,), stages=(), registry=registry, origins=Somewhere())
    [finding] = outcome.findings
    assert says(finding, "(from profile:fast, /c/fast.toml:2)", "(from agent, /p/policy.json:7)")
    assert finding.location == Somewhere().model("profile:fast", doctor.Stage.EXECUTE, 0)


def test_a_stage_that_the_map_gives_to_another_harness_is_told(row: Any, registry: Any, told: Any, says: Any) -> None:
    mapped, repeated = (
        replace(row(stage, "alpha", source=source), unused_models=("profile:fast=gamma:g-1",))
        for stage, source in (("evaluate", "stage"), ("reflect", "agent"))
    )
    outcome = run_check(family.NPR002, bindings=(), stages=(mapped, repeated), registry=registry, origins=Somewhere())
    assert told(outcome) == [("warning", "stage evaluate", "/agent/model", ("stage:evaluate",))]
    assert says(outcome.findings[0], "alpha runs it (from stage, /p/policy.json:7)")


def test_harnesses_that_take_no_model_pass(binding: Any, registry: Any) -> None:
    everyone = (binding("a", "beta", unused_models=("profile:fast=gamma:g-1",)), binding("b", "alpha"))
    outcome = run_check(family.NPR002, bindings=everyone, stages=(), registry=registry, origins=Nowhere())
    assert outcome.status == "passed"


PROFILE = """\
[agent]
model = "alpha:a-1"
[tiers]
fast = "alpha_cli:a-2"
premium = "gamma:g-1"
[models.evaluator]
model = "alpha:a-3"
[stages.reflect]
model = "alpha:a-4"
"""


def named(registry: doctor.Registry, tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "work.toml"
    path.write_text(PROFILE)
    file = load_named_profile(path, runners=registry.specs())
    assert file.problems == ()
    active = doctor.ActiveProfile(name="work", source="pointer", path=path, loaded=file)
    return {"named_profile": file.value, "profile_file": active, "registry": registry}


def test_a_model_of_a_harness_that_is_not_installed_is_told_with_every_key(
    registry: Any, fact: Any, tmp_path: Path, told: Any, says: Any
) -> None:
    absent = {**fact("alpha", path=None), **fact("gamma")}
    outcome = run_check(family.NPR004, harnesses=absent, **named(registry, tmp_path))
    assert told(outcome) == [("warning", "profile work", "/agent/model", ())]
    [finding] = outcome.findings
    assert says(finding, "profile work names alpha, which is not installed", "agent.model (line 2)")
    assert says(finding, "tiers.fast (line 4), models.evaluator.model (line 7) and 1 more", "pip install alpha-agent")


def test_models_of_installed_harnesses_pass(registry: Any, fact: Any, tmp_path: Path) -> None:
    here = {**fact("alpha"), **fact("gamma")}
    assert run_check(family.NPR004, harnesses=here, **named(registry, tmp_path)).status == "passed"


def test_without_a_profile_nothing_is_asked_of_it(registry: Any, fact: Any) -> None:
    facts = {"named_profile": None, "profile_file": doctor.ActiveProfile(), "registry": registry}
    assert run_check(family.NPR004, harnesses=fact("alpha", path=None), **facts).status == "passed"


def test_a_profile_that_changed_after_the_project_chose_it_is_told(told: Any, says: Any) -> None:
    drifted = doctor.ActiveProfile(name="work", source="project", drift=problem("sha256"))
    outcome = run_check(family.NPR005, profile_file=drifted)
    assert told(outcome) == [("warning", "profile work", "/x", ())]
    assert says(outcome.findings[0], "x is no key", "remove it")
    assert run_check(family.NPR005, profile_file=doctor.ActiveProfile()).status == "passed"


@pytest.mark.parametrize(
    ("source", "subject", "pointer"),
    [
        ("policy", "agent_profiles[0].runner_options.model", "/agent_profiles/0/runner_options/model"),
        ("env:DOCTOR_MODEL", "agent a", None),
    ],
)
def test_a_model_of_nobody_is_a_warning_where_it_is_written(
    source: str, subject: str, pointer: str | None, binding: Any, registry: Any, context: Any, told: Any, says: Any
) -> None:
    start = binding("a", "alpha", model=doctor.Choice(value="xa-1", source=source))
    outcome = run_check(family.NPR003, bindings=(start,), registry=registry, context=context)
    assert told(outcome) == [("warning", subject, pointer, ("agent:a",))]
    assert says(outcome.findings[0], "alpha", "xa-1", source)


def test_the_harness_that_a_model_belongs_to_is_named(binding: Any, context: Any, says: Any) -> None:
    class Left(doctor.Harness):
        id, title, binaries, model_patterns = "left", "Left", ("left",), ("l-.*",)

    class Right(doctor.Harness):
        id, title, binaries, model_patterns = "right", "Right", ("right",), ("r-.*",)

    start = binding("a", "left", model=doctor.Choice(value="r-1", source="policy"))
    outcome = run_check(family.NPR003, bindings=(start,), registry=doctor.Registry((Left(), Right())), context=context)
    assert outcome.findings[0].severity is doctor.Severity.ERROR
    assert says(outcome.findings[0], "it is one of right")


@pytest.mark.parametrize(
    ("runtime", "model", "endpoint"), [("alpha", "a-1", None), ("alpha", "xa-1", "box"), ("gamma", "any", None)]
)
def test_a_model_of_its_own_or_of_a_custom_endpoint_passes(
    runtime: str, model: str, endpoint: str | None, binding: Any, registry: Any, context: Any
) -> None:
    start = binding(
        "a", runtime, model=doctor.Choice(value=model, source="policy"), endpoint=doctor.Choice(value=endpoint)
    )
    assert run_check(family.NPR003, bindings=(start,), registry=registry, context=context).status == "passed"


def severities(context: doctor.HarnessContext, *bindings: doctor.Binding) -> list[str]:
    registry = doctor.Registry(builtin_harnesses())
    outcome = run_check(family.NPR003, bindings=bindings, registry=registry, context=context)
    return [each.severity.value for each in outcome.findings]


def given(model: str) -> dict[str, doctor.Choice]:
    return {"model": doctor.Choice(value=model, source="policy")}


@pytest.mark.parametrize(
    "model",
    [
        "us.anthropic.claude-sonnet-4-20250514-v1:0",
        "anthropic.claude-3-haiku-20240307-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/x",
        "claude-opus-4@20250514",
    ],
)
def test_the_cloud_platforms_names_of_a_model_are_its_own(model: str, binding: Any, context: Any) -> None:
    assert severities(context, binding("a", "claude_code", **given(model))) == []
    assert severities(context, binding("a", "codex", **given(model))) != []


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("CLAUDE_CODE_USE_BEDROCK", "1", []),
        ("CLAUDE_CODE_USE_VERTEX", "true", []),
        ("ANTHROPIC_BASE_URL", "http://localhost:4000", []),
        ("ANTHROPIC_MODEL", "gpt-5", []),
        ("CLAUDE_CODE_USE_BEDROCK", "0", ["error"]),
        ("ANTHROPIC_BASE_URL", " ", ["error"]),
    ],
)
@pytest.mark.parametrize("place", ["environment", "launch"])
def test_a_variable_that_redirects_claude_silences_it(
    place: str, variable: str, value: str, expected: list[str], binding: Any, context: Any
) -> None:
    env = {variable: value}
    launch = doctor.CompiledArgv(argv=("/bin/claude",), env=env if place == "launch" else {})
    machine = replace(context, environment=env if place == "environment" else {})
    assert severities(machine, binding("a", "claude_code", launch=launch, **given("gpt-5"))) == expected


@pytest.mark.parametrize(
    "arguments", [("-c", "model_provider=box"), ("-cmodel_provider=box",), ("--config=model_provider=box",)]
)
def test_a_provider_in_codex_s_own_arguments_silences_it(
    arguments: tuple[str, ...], binding: Any, context: Any
) -> None:
    assert severities(context, binding("a", "codex", *arguments, **given("claude-opus-4"))) == []
    assert severities(context, binding("a", "codex", "-c", "model=x", **given("claude-opus-4"))) == ["error"]


@pytest.mark.parametrize(
    ("config", "expected"),
    [('model_provider = "box"\n', []), ('# model_provider = "box"\n', ["error"]), ("", ["error"])],
)
def test_a_provider_in_codex_s_configuration_silences_it(
    config: str, expected: list[str], binding: Any, context: Any
) -> None:
    path = context.home / ".codex" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(config)
    assert severities(context, binding("a", "codex", **given("claude-opus-4"))) == expected
