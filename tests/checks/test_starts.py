"""HRN006 to HRN009: what the compiled commands would run into."""

import os
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

import doctor
from checks import starts as family
from doctor.testing import run_check


@pytest.fixture
def uid(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda number: monkeypatch.setattr(os, "geteuid", lambda: number)


def test_a_harness_that_refuses_root_is_told_to_root(
    uid: Any, binding: Any, registry: Any, context: Any, told: Any, says: Any
) -> None:
    uid(0)
    everyone = (binding("a", "alpha", "--yolo", profile_index=3), binding("b", "alpha"))
    outcome = run_check(family.HRN006, bindings=everyone, registry=registry, context=context)
    assert told(outcome) == [("error", "harness alpha", "/agent_profiles/3/runner_options", ("agent:a",))]
    assert says(outcome.findings[0], "agent a", "it asks nobody", "another user")


def test_other_users_are_not_refused(uid: Any, binding: Any, registry: Any, context: Any) -> None:
    uid(1000)
    everyone = (binding("a", "alpha", "--yolo"),)
    assert run_check(family.HRN006, bindings=everyone, registry=registry, context=context).findings == ()


def forecast(*bindings: Any, auth: doctor.Auth = doctor.Auth.YES, fact: Any, registry: Any, context: Any) -> Any:
    facts = fact("alpha", auth=auth)
    return run_check(family.HRN007, bindings=bindings, registry=registry, context=context, harnesses=facts)


def test_a_dialog_that_stops_headless_starts_is_an_error(
    binding: Any, fact: Any, registry: Any, context: Any, told: Any, says: Any
) -> None:
    outcome = forecast(binding("a", "alpha", "--untrusted"), fact=fact, registry=registry, context=context)
    assert told(outcome) == [("error", "harness alpha", None, ("runtime:alpha",))]
    assert says(outcome.findings[0], "trust dialog", "agent a", "no trust in state.json", "allow trust")


def test_a_dialog_of_interactive_starts_is_a_warning_told_once_for_all_commands(
    binding: Any, fact: Any, registry: Any, context: Any, told: Any
) -> None:
    everyone = (binding("a", "alpha", "--screen"), binding("b", "alpha", "--screen", "-x"), binding("c", "alpha"))
    outcome = forecast(*everyone, fact=fact, registry=registry, context=context)
    assert told(outcome) == [("warning", "harness alpha", None, ("agent:a", "agent:b"))]


def test_a_login_dialog_is_told_only_where_a_custom_endpoint_hides_the_missing_login(
    binding: Any, fact: Any, registry: Any, context: Any, told: Any
) -> None:
    served = binding("b", "alpha", endpoint=doctor.Choice(value="box"))
    machine = {"fact": fact, "registry": registry, "context": context}
    assert forecast(binding("a", "alpha"), auth=doctor.Auth.NO, **machine).findings == ()
    outcome = forecast(binding("a", "alpha"), served, auth=doctor.Auth.NO, **machine)
    assert told(outcome) == [("error", "harness alpha", None, ("agent:b",))]


def test_no_dialog_passes(binding: Any, fact: Any, registry: Any, context: Any) -> None:
    assert forecast(binding("a", "alpha"), fact=fact, registry=registry, context=context).status == "passed"


def flags(*bindings: Any, policy: Any, fact: Any, registry: Any) -> Any:
    prober = SimpleNamespace(help=lambda runtime, call: frozenset({"-x", "--known", "--new"}))
    facts = fact("alpha")
    return run_check(family.HRN008, policy=policy, bindings=bindings, registry=registry, harnesses=facts, prober=prober)


def test_a_flag_that_is_gone_is_told_where_the_profile_writes_it(
    binding: Any, profile: Any, policy_of: Any, fact: Any, registry: Any, told: Any, says: Any
) -> None:
    policy = policy_of(profile(extra_args=("-x", "--old=secret-value")))
    everyone = (binding("a", "alpha", "-x", "--old=secret-value"), binding("b", "alpha"))
    outcome = flags(*everyone, policy=policy, fact=fact, registry=registry)
    assert told(outcome) == [("error", "harness alpha", "/agent_profiles/0/runner_options/extra_args/1", ("agent:a",))]
    assert says(outcome.findings[0], "alpha 2.1.0", "--old", "gone since 2.0; use --new", "remove --old")
    assert "secret-value" not in str(outcome.findings)


def test_a_flag_that_the_help_does_not_list_is_told_at_the_options_when_the_adapter_added_it(
    binding: Any, profile: Any, policy_of: Any, fact: Any, registry: Any, told: Any, says: Any
) -> None:
    outcome = flags(binding("a", "alpha", "--never"), policy=policy_of(profile()), fact=fact, registry=registry)
    assert told(outcome) == [("error", "harness alpha", "/agent_profiles/0/runner_options", ("runtime:alpha",))]
    assert says(outcome.findings[0], "--never", "does not list it")


def test_known_flags_pass(binding: Any, profile: Any, policy_of: Any, fact: Any, registry: Any) -> None:
    start = binding("a", "alpha", "--new", "--known=1", "-x")
    assert flags(start, policy=policy_of(profile()), fact=fact, registry=registry).status == "passed"


def notes(*bindings: Any, policy: Any, fact: Any, registry: Any) -> Any:
    return run_check(family.HRN009, policy=policy, bindings=bindings, registry=registry, harnesses=fact("alpha"))


def test_what_became_of_an_option_is_reported_once_for_all_agents(
    binding: Any, profile: Any, policy_of: Any, fact: Any, registry: Any, told: Any, says: Any
) -> None:
    launch = doctor.CompiledArgv(argv=("/bin/alpha",), notes=("full_auto became --new",))
    everyone = (binding("a", "alpha", launch=launch), binding("b", "alpha", launch=replace(launch, env={"X": "1"})))
    outcome = notes(*everyone, policy=policy_of(profile()), fact=fact, registry=registry)
    assert told(outcome) == [("info", "harness alpha", "/agent_profiles/0/runner_options", ("agent:a", "agent:b"))]
    assert says(outcome.findings[0], "agents a, b", "full_auto became --new")


def test_options_that_are_passed_on_as_written_are_not_reported(
    binding: Any, profile: Any, policy_of: Any, fact: Any, registry: Any
) -> None:
    policy = policy_of(profile())
    assert notes(binding("a", "alpha"), policy=policy, fact=fact, registry=registry).findings == ()
