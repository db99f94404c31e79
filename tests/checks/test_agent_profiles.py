"""AGP: prompts, options, harnesses, sessions."""

from typing import Any

import pytest

import doctor
from checks import agent_profiles as family
from doctor.model.policy import Tmux
from doctor.testing import run_check


def test_a_blank_prompt_is_told_where_the_harness_needs_one(
    binding: Any, profile: Any, policy_of: Any, registry: Any, told: Any, says: Any
) -> None:
    policy = policy_of(profile(), profile("sh", runner="beta", prompt=" \n"))
    brought = binding("b", "alpha", source="default", profile="sh", profile_index=1)
    outcome = run_check(family.AGP001, policy=policy, bindings=(binding("a", "alpha"), brought), registry=registry)
    assert told(outcome) == [("error", "agent_profiles[1].base_prompt", "/agent_profiles/1/base_prompt", ("agent:b",))]
    assert says(outcome.findings[0], "profile sh", "alpha", "agent b", "from default", "write a base_prompt")


def test_a_shell_needs_no_prompt(binding: Any, profile: Any, policy_of: Any, registry: Any) -> None:
    policy = policy_of(profile(runner="beta", prompt=""))
    outcome = run_check(family.AGP001, policy=policy, bindings=(binding("a", "beta"),), registry=registry)
    assert outcome.status == "passed"


@pytest.mark.parametrize(
    ("prompt", "size"), [("x" * 131_071, None), ("x" * 131_072, 131_072), ("ü" * 65_535, None), ("ü" * 65_536, 131_072)]
)
def test_a_prompt_is_measured_in_bytes_against_one_argument(
    prompt: str, size: int | None, profile: Any, policy_of: Any, told: Any, says: Any
) -> None:
    outcome = run_check(family.AGP002, policy=policy_of(profile(prompt=prompt)))
    expected = [("warning", "agent_profiles[0].base_prompt", "/agent_profiles/0/base_prompt", ("profile:p",))]
    assert told(outcome) == (expected if size else [])
    assert all(says(each, f"{size} bytes", "131071", "skill") for each in outcome.findings)


def test_options_that_another_harness_does_not_take_are_told(binding: Any, told: Any, says: Any) -> None:
    dropped = binding("a", "beta", source="stage", dropped_options=("full_auto", "model"))
    outcome = run_check(family.AGP003, bindings=(dropped, binding("b", "alpha")))
    assert told(outcome) == [
        ("warning", "agent_profiles[0].runner_options", "/agent_profiles/0/runner_options", ("agent:a",))
    ]
    assert says(outcome.findings[0], "full_auto, model of profile p mean nothing to beta", "from stage")


def test_options_that_all_arrive_pass(binding: Any) -> None:
    assert run_check(family.AGP003, bindings=(binding("a", "alpha"),)).status == "passed"


def test_auto_without_anything_to_choose_by_is_told_once_for_a_profile(binding: Any, told: Any, says: Any) -> None:
    outcome = run_check(family.AGP004, bindings=(binding("a", None), binding("b", None), binding("c", "alpha")))
    assert told(outcome) == [
        ("error", "agent_profiles[0].runner", "/agent_profiles/0/runner", ("agent:a", "agent:b", "runtime:None"))
    ]
    assert says(outcome.findings[0], "agents a, b", "--profile NAME", "DOCTOR_PROFILE", "active-profile")
    assert "profile use" not in (outcome.findings[0].remedy or "")


def test_every_agent_with_a_harness_passes(binding: Any) -> None:
    assert run_check(family.AGP004, bindings=(binding("a", "alpha"),)).status == "passed"


def test_two_agents_of_one_session_are_told_at_the_second_name(binding: Any, told: Any, says: Any) -> None:
    everyone = (binding("a", "alpha"), binding("b", "alpha", session="same"), binding("c", "alpha", session="same"))
    outcome = run_check(family.AGP005, policy=doctor.Policy(), bindings=everyone)
    assert told(outcome) == [("error", "agents[2].name", "/agents/2/name", ("agent:b", "agent:c"))]
    assert says(outcome.findings[0], "'same'", "b (agents[1]), c (agents[2])", "rename")


def test_a_pattern_without_the_agent_is_what_is_wrong_with_shared_sessions(binding: Any, told: Any, says: Any) -> None:
    policy = doctor.Policy(tmux=Tmux(session_pattern="shop"))
    everyone = tuple(binding(name, "alpha", session="shop") for name in "ab")
    outcome = run_check(family.AGP005, policy=policy, bindings=everyone)
    assert told(outcome) == [("error", "tmux.session_pattern", "/tmux/session_pattern", ("agent:a", "agent:b"))]
    assert says(outcome.findings[0], "put {agent} into tmux.session_pattern")


@pytest.mark.parametrize(
    "session",
    [
        *("a.shop", "a:shop", "a\x07", " ", "a b", " a", "a ", "a#(reboot)", "#{host}", "{ticket}", "a-{AGENT}"),
        *(f"{mark}a" for mark in "-=$@%!+{"),
    ],
)
def test_session_names_that_tmux_changes_are_told_once(session: str, binding: Any, told: Any, says: Any) -> None:
    everyone = (binding("a", "alpha", session=session), binding("b", "alpha", session=f"{session}b."))
    outcome = run_check(family.AGP005, policy=doctor.Policy(), bindings=everyone)
    assert told(outcome) == [("error", "tmux.session_pattern", "/tmux/session_pattern", ("agent:a", "agent:b"))]
    assert says(outcome.findings[0], repr(session), "agents a, b")


def test_sessions_of_their_own_pass(binding: Any) -> None:
    everyone = (binding("a", "alpha"), binding("b", "alpha", session="b_2-ü"))
    assert run_check(family.AGP005, policy=doctor.Policy(), bindings=everyone).status == "passed"


def test_what_an_agent_may_do_without_asking_is_told(binding: Any, registry: Any, told: Any, says: Any) -> None:
    launch = doctor.CompiledArgv(argv=("/bin/alpha",), grants=("runs any command", "writes any file"))
    everyone = (binding("a", "alpha", launch=launch), binding("b", "alpha", launch=launch), binding("c", "alpha"))
    outcome = run_check(family.AGP006, bindings=everyone, registry=registry)
    assert told(outcome) == [
        ("warning", "agent_profiles[0].runner_options", "/agent_profiles/0/runner_options", ("agent:a", "agent:b"))
    ]
    assert says(outcome.findings[0], "agents a, b", "runs any command; writes any file", "container")


def test_agents_that_ask_pass(binding: Any, registry: Any) -> None:
    assert run_check(family.AGP006, bindings=(binding("a", "alpha"),), registry=registry).status == "passed"


def test_a_shell_without_a_command_is_told(
    binding: Any, profile: Any, policy_of: Any, registry: Any, told: Any, says: Any
) -> None:
    brought = binding("a", "beta", source="stage")
    outcome = run_check(family.AGP007, policy=policy_of(profile()), bindings=(brought,), registry=registry)
    place = "/agent_profiles/0/runner_options/command"
    assert told(outcome) == [("warning", "agent_profiles[0].runner_options.command", place, ("agent:a",))]
    assert says(outcome.findings[0], "beta", "agent a", "from stage", "set runner_options.command")


def test_a_shell_with_a_command_and_a_harness_with_a_prompt_pass(
    binding: Any, profile: Any, policy_of: Any, registry: Any
) -> None:
    policy = policy_of(profile(), profile("sh", runner="beta", command="make"))
    everyone = (binding("a", "alpha"), binding("b", "beta", profile="sh", profile_index=1))
    assert run_check(family.AGP007, policy=policy, bindings=everyone, registry=registry).status == "passed"


def test_a_session_name_is_refused_from_201_characters_on_and_quoted_in_part(binding: Any, told: Any) -> None:
    def severities(length: int) -> Any:
        return run_check(
            family.AGP005, policy=doctor.Policy(), bindings=(binding("a", "alpha", session="s" * length),)
        ).findings

    assert severities(200) == ()
    assert [each.severity.value for each in severities(201)] == ["error"]
    assert "s" * 61 not in severities(10_000)[0].message


def commanded(command: str, *, binding: Any, profile: Any, policy_of: Any, registry: Any) -> Any:
    policy = policy_of(profile(runner="beta", command=command))
    return run_check(family.AGP007, policy=policy, bindings=(binding("a", "beta"),), registry=registry)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/no/such/program --flag", "there is no file /no/such/program"),
        ("'/no/such program' && ls", "there is no file /no/such program"),
        ("/etc/passwd", "/etc/passwd is not executable"),
        ("/ now", "there is no file /"),
        ("echo 'open", "quote"),
        ('make "all', "quote"),
    ],
)
def test_a_command_that_cannot_start_is_an_error(
    command: str, words: str, binding: Any, profile: Any, policy_of: Any, registry: Any, told: Any, says: Any
) -> None:
    outcome = commanded(command, binding=binding, profile=profile, policy_of=policy_of, registry=registry)
    place = "/agent_profiles/0/runner_options/command"
    assert told(outcome) == [("error", "agent_profiles[0].runner_options.command", place, ("profile:p",))]
    assert says(outcome.findings[0], "profile p", "beta", words)


@pytest.mark.parametrize(
    "command",
    [
        "/bin/sh -c true",
        "/bin/sh; ls",
        "/bin/sh|cat",
        "/opt/$NAME/bin/x",
        "make all",
        "X=1 /no/such",
        "echo done # don't wait",
        "cat <<END\ndon't\nEND",
        "echo $'it\\'s'",
    ],
)
def test_a_command_that_a_shell_may_well_run_passes(
    command: str, binding: Any, profile: Any, policy_of: Any, registry: Any
) -> None:
    outcome = commanded(command, binding=binding, profile=profile, policy_of=policy_of, registry=registry)
    assert outcome.status == "passed"


def test_profiles_that_no_agent_names_are_reported_together(profile: Any, policy_of: Any, told: Any, says: Any) -> None:
    policy = policy_of(profile(), profile("q"), profile("r"), agents=(doctor.Agent(name="a", profile="p"),))
    outcome = run_check(family.AGP008, policy=policy)
    assert told(outcome) == [("info", "agent_profiles[1]", "/agent_profiles/1", ())]
    assert says(outcome.findings[0], "profiles q, r")


def test_used_profiles_are_not_reported(profile: Any, policy_of: Any) -> None:
    assert run_check(family.AGP008, policy=policy_of(profile())).findings == ()
