"""STG: who can run a stage, and who replaces whom."""

from dataclasses import replace
from typing import Any

import doctor
from checks import stages as family
from doctor.testing import run_check

STAGE = "/orchestrator/runtime_profile/stages/reflect"


def test_a_gateway_without_an_endpoint_is_refused_as_a_stage_and_as_a_runner(
    binding: Any, row: Any, registry: Any, told: Any, says: Any
) -> None:
    outcome = run_check(
        family.STG001, bindings=(binding("a", "delta"),), stages=(row("reflect", "delta"),), registry=registry
    )
    assert told(outcome) == [
        ("error", "stage reflect", STAGE, ("stage:reflect",)),
        ("error", "agent a", "/agent_profiles/0/runner", ("agent:a",)),
    ]
    assert says(outcome.findings[0], "delta", "it only passes requests on", "doctor endpoint set delta URL")


def test_a_gateway_with_an_endpoint_and_other_harnesses_pass(row: Any, registry: Any) -> None:
    stages = (row("reflect", "delta", endpoint="delta"), row("execute", "alpha"))
    assert run_check(family.STG001, bindings=(), stages=stages, registry=registry).status == "passed"


def test_a_harness_without_the_endpoint_it_needs_is_told(
    binding: Any, row: Any, registry: Any, told: Any, says: Any
) -> None:
    served = binding("b", "gamma", endpoint=doctor.Choice(value="box"))
    outcome = run_check(
        family.STG002,
        bindings=(binding("a", "gamma"), served),
        stages=(row("reflect", "gamma"),),
        registry=registry,
    )
    assert told(outcome) == [
        ("error", "stage reflect", STAGE, ("stage:reflect",)),
        ("error", "agent a", "/agent_profiles/0/runner", ("agent:a",)),
    ]
    assert says(outcome.findings[0], "kind openai", "doctor endpoint set gamma URL --kind openai")


def test_a_refusal_is_not_told_a_second_time_as_a_missing_endpoint(row: Any, registry: Any) -> None:
    stages = (row("reflect", "delta"), row("execute", "alpha"), row("evaluate", "gamma", endpoint="box"))
    assert run_check(family.STG002, bindings=(), stages=stages, registry=registry).status == "passed"


def test_agents_on_another_harness_than_their_profile_s_are_summed_up(binding: Any, told: Any, says: Any) -> None:
    def moved(name: str, runner: str) -> Any:
        choice = doctor.Choice(value="alpha", source="default", shadowed=("env:DOCTOR_RUNTIME=x", f"agent={runner}"))
        return replace(binding(name, "alpha"), runtime=choice)

    outcome = run_check(family.STG003, bindings=(moved("a", "beta"), moved("b", "gamma"), binding("c", "alpha")))
    assert told(outcome) == [("info", "stage execute", None, ("agent:a", "agent:b"))]
    assert says(outcome.findings[0], "alpha (from default) runs agents a, b", "instead of beta, gamma")


def test_agents_on_their_own_harness_are_not_reported(binding: Any) -> None:
    assert run_check(family.STG003, bindings=(binding("a", "alpha"),)).findings == ()
