"""Precedence, sources and shadows of the resolved table."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.errors import UsageError
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.model.binding import Binding, Choice
from doctor.model.harness import HarnessFact, ProgramFact
from doctor.model.machine import (
    Endpoint,
    Machine,
    ModelChoice,
    NamedProfile,
    ProfileEndpoint,
    ProfileEndpoints,
    Tiers,
)
from doctor.model.policy import Agent, AgentProfile, Orchestrator, Policy, RunnerOptions, RuntimeProfile
from doctor.model.stage import Stage
from doctor.resolve import Resolution, resolve, session_name

REGISTRY = Registry(builtin_harnesses())
RUNTIMES = [each for each in REGISTRY.ids if each != "litellm"]


def installed(*ids: str) -> dict[str, HarnessFact]:
    return {
        each: HarnessFact(
            runtime_id=each,
            title=each,
            program=ProgramFact(path=f"/bin/{each}" if each in ids else None),
        )
        for each in REGISTRY.ids
    }


def policy_with(
    runner: str = "codex", *, orchestrator: Orchestrator | None = None, stage: Stage | None = None, **options: Any
) -> Policy:
    profile = AgentProfile(name="p", runner=runner, base_prompt="Work.", runner_options=RunnerOptions(**options))
    return Policy(
        agent_profiles=(profile,),
        agents=(Agent(name="a", profile="p", stage=stage),),
        orchestrator=orchestrator or Orchestrator(),
    )


def resolved(policy: Policy, **changes: Any) -> Resolution:
    arguments: dict[str, Any] = {
        "registry": REGISTRY,
        "harnesses": installed(*REGISTRY.ids),
        "machine": Machine(),
        "profile_name": None,
        "profile": None,
        "environment": {},
        "workspace": "shop",
        "cwd": "/src/shop",
    }
    return resolve(policy=policy, **(arguments | changes))


def only(resolution: Resolution) -> Binding:
    [binding] = resolution.bindings
    return binding


def test_without_any_map_the_profile_s_runner_is_used_at_every_stage() -> None:
    table = resolved(policy_with("codex"))
    assert [row.runtime for row in table.stages] == [Choice(value="codex", source="agent")] * 4
    assert only(table).runtime == Choice(value="codex", source="agent")


@given(
    flag=st.sampled_from([None, *RUNTIMES]),
    stage=st.sampled_from([None, *RUNTIMES]),
    default=st.sampled_from([None, *RUNTIMES]),
    variable=st.sampled_from([None, *RUNTIMES]),
    backend=st.sampled_from([None, *RUNTIMES]),
    runner=st.sampled_from(RUNTIMES),
)
def test_the_strongest_source_wins_and_differing_weaker_ones_are_shown(
    flag: str | None, stage: str | None, default: str | None, variable: str | None, backend: str | None, runner: str
) -> None:
    routes = RuntimeProfile(default=default, stages={Stage.EXECUTE: stage} if stage else {})
    environment: Mapping[str, str] = {"DOCTOR_RUNTIME": variable} if variable else {}
    policy = policy_with(runner, orchestrator=Orchestrator(runtime_backend=backend, runtime_profile=routes))
    chain = [
        ("flag", flag),
        ("stage", stage),
        ("default", default),
        ("env:DOCTOR_RUNTIME", variable),
        ("config", backend),
        ("agent", runner),
    ]
    given_sources = [(source, value) for source, value in chain if value]
    source, value = given_sources[0]
    shadowed = tuple(f"{weaker}={other}" for weaker, other in given_sources[1:] if other != value)
    binding = only(resolved(policy, environment=environment, runtime=flag))
    assert binding.runtime == Choice(value=value, source=source, shadowed=shadowed)


def test_an_unset_runtime_profile_leaves_the_argv_as_it_is() -> None:
    plain = only(resolved(policy_with("codex", full_auto=True)))
    routed = policy_with("codex", full_auto=True, orchestrator=Orchestrator(runtime_profile=RuntimeProfile()))
    assert only(resolved(routed)).launch == plain.launch


def test_a_stage_s_map_applies_only_at_that_stage() -> None:
    routes = RuntimeProfile(default="claude_code", stages={Stage.REFLECT: "hermes"})
    table = resolved(policy_with("codex", orchestrator=Orchestrator(runtime_profile=routes)))
    assert [(row.stage.value, row.runtime.value, row.runtime.source) for row in table.stages] == [
        ("interview", "claude_code", "default"),
        ("execute", "claude_code", "default"),
        ("evaluate", "claude_code", "default"),
        ("reflect", "hermes", "stage"),
    ]


@pytest.mark.parametrize(("flag", "environment"), [("codx", {}), (None, {"DOCTOR_RUNTIME": "codx"})])
def test_an_unknown_runtime_is_refused_with_the_nearest_name(flag: str | None, environment: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="codx") as refused:
        resolved(policy_with(), runtime=flag, environment=environment)
    assert refused.value.remedy == "did you mean 'codex'?"


def test_only_the_wanted_stage_is_resolved() -> None:
    table = resolved(policy_with(stage=Stage.EVALUATE), stage=Stage.EXECUTE)
    assert [row.stage for row in table.stages] == [Stage.EXECUTE]
    assert table.bindings == ()


def test_options_of_another_harness_are_dropped_and_named() -> None:
    policy = policy_with("codex", full_auto=True, model="gpt-5.5", env={"LANG": "C"})
    binding = only(resolved(policy, runtime="claude"))
    assert binding.dropped_options == ("full_auto", "model")
    assert binding.model == Choice()
    assert binding.launch is not None
    assert binding.launch.env["LANG"] == "C"


CLAUDE = NamedProfile(agent=ModelChoice(model="claude:opus"), tiers=Tiers(fast="claude:haiku"))


def test_auto_lets_the_active_profile_choose_the_harness_and_the_model() -> None:
    binding = only(resolved(policy_with("auto"), profile_name="day", profile=CLAUDE))
    assert binding.runtime == Choice(value="claude_code", source="profile:day")
    assert binding.model == Choice(value="opus", source="profile:day")


def test_auto_without_a_profile_chooses_nothing() -> None:
    binding = only(resolved(policy_with("auto")))
    assert binding.runtime == Choice(value=None, source="agent")
    assert binding.launch is None


def test_a_profile_s_model_for_another_harness_is_listed_as_unused() -> None:
    binding = only(resolved(policy_with("codex"), profile_name="day", profile=CLAUDE))
    assert binding.model == Choice()
    assert binding.unused_models == ("profile:day=claude:opus",)


def test_the_policy_s_model_beats_the_profile_s_and_the_variable_beats_both() -> None:
    policy = policy_with("claude_code", model="sonnet")
    by_policy = only(resolved(policy, profile_name="day", profile=CLAUDE))
    assert by_policy.model == Choice(value="sonnet", source="policy", shadowed=("profile:day=opus",))
    by_variable = only(
        resolved(policy, profile_name="day", profile=CLAUDE, environment={"DOCTOR_MODEL": "claude:haiku"})
    )
    assert by_variable.model.value == "haiku"
    assert by_variable.model.shadowed == ("policy=sonnet", "profile:day=opus")


BOX = Endpoint(url="http://127.0.0.1:8088/v1", default=True)


def test_only_a_harness_that_needs_an_endpoint_takes_the_default_one() -> None:
    machine = Machine(endpoints={"box": BOX})
    assert only(resolved(policy_with("nex"), machine=machine)).endpoint == Choice(value="box", source="machine")
    assert only(resolved(policy_with("codex"), machine=machine)).endpoint == Choice()


def test_an_endpoint_of_the_profile_hides_the_machine_s_of_the_same_name() -> None:
    other = ProfileEndpoint(name="box", url="http://127.0.0.1:9/v1", is_default=True)
    profile = NamedProfile(llm_endpoints=ProfileEndpoints(endpoints=(other,)))
    binding = only(
        resolved(policy_with("nex"), machine=Machine(endpoints={"box": BOX}), profile_name="x", profile=profile)
    )
    assert binding.endpoint == Choice(value="box", source="profile:x")
    assert binding.launch is not None
    assert "http://127.0.0.1:9/v1" in [*binding.launch.argv, *binding.launch.env.values()]


def test_the_profile_s_default_endpoint_hides_the_machine_s_default() -> None:
    other = ProfileEndpoint(name="attic", url="http://127.0.0.1:9/v1", is_default=True)
    profile = NamedProfile(llm_endpoints=ProfileEndpoints(endpoints=(other,)))
    machine = Machine(endpoints={"box": BOX})
    binding = only(resolved(policy_with("nex"), machine=machine, profile_name="x", profile=profile))
    assert binding.endpoint == Choice(value="attic", source="profile:x")


def test_litellm_is_carried_by_nex_only_where_its_own_endpoint_is_configured() -> None:
    own = replace(BOX, default=False)
    assert only(resolved(policy_with("litellm"), machine=Machine(endpoints={"box": BOX}))).endpoint == Choice()
    carried = only(resolved(policy_with("litellm"), machine=Machine(endpoints={"litellm": own})))
    assert carried.endpoint == Choice(value="litellm", source="machine")
    assert carried.launch is not None
    assert carried.launch.argv[0] == "/bin/nex"


def test_a_binding_s_session_is_rendered_from_the_policy_s_pattern() -> None:
    assert only(resolved(policy_with(), workspace="My Shop")).session == "a-my-shop"


def test_an_absent_harness_has_no_launch() -> None:
    assert only(resolved(policy_with("codex"), harnesses=installed("claude_code"))).launch is None


@pytest.mark.parametrize(
    ("agent", "expected"),
    [("agent", "agent-shop"), ("A b", "a-b-shop"), ("x.y:z", "x-y-z-shop"), ("..", "x-shop")],
)
def test_session_names_hold_nothing_that_tmux_reads_as_a_target(agent: str, expected: str) -> None:
    assert session_name("{agent}-{workspace}", agent, "Shop") == expected
