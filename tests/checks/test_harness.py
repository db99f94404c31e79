"""HRN001 to HRN005 and HRN010: there, in range, answering, logged in."""

from pathlib import Path
from typing import Any

import pytest

import doctor
from checks import harness as family
from doctor.model.machine import HarnessSettings
from doctor.model.policy import DoctorSettings
from doctor.testing import run_check

EMPTY: doctor.Loaded[doctor.Machine] = doctor.Loaded(value=doctor.Machine())


def test_an_installed_harness_passes(binding: Any, row: Any, fact: Any, registry: Any) -> None:
    outcome = run_check(
        family.HRN001,
        harnesses=fact("alpha"),
        bindings=(binding("a", "alpha"),),
        stages=(row("reflect", "alpha"),),
        registry=registry,
    )
    assert outcome.status == "passed"


def test_an_absent_harness_is_told_for_each_row_and_once_for_all_other_agents(
    binding: Any, row: Any, fact: Any, registry: Any, told: Any, says: Any
) -> None:
    outcome = run_check(
        family.HRN001,
        harnesses=fact("alpha", path=None),
        bindings=tuple(binding(name, "alpha") for name in "abcdef"),
        stages=(row("reflect", "alpha"), row("execute", "alpha", source="agent")),
        registry=registry,
    )
    assert told(outcome) == [
        (
            "error",
            "stage reflect",
            "/orchestrator/runtime_profile/stages/reflect",
            ("runtime:alpha", "stage:reflect"),
        ),
        ("error", "agents a, b, c and 3 more", "/agent_profiles/0/runner", ("runtime:alpha",)),
    ]
    assert says(outcome.findings[0], "alpha or alpha-agent on PATH", "from stage", "pip install alpha-agent")


def test_the_fingerprint_of_an_absent_harness_outlives_a_change_of_agents(
    binding: Any, fact: Any, registry: Any
) -> None:
    def fingerprint(names: str) -> str:
        everyone = tuple(binding(name, "alpha") for name in names)
        absent = fact("alpha", path=None)
        outcome = run_check(family.HRN001, harnesses=absent, bindings=everyone, stages=(), registry=registry)
        return outcome.findings[0].fingerprint

    assert fingerprint("ab") == fingerprint("bcd")


def test_a_carried_harness_needs_its_carrier(row: Any, fact: Any, registry: Any, told: Any, says: Any) -> None:
    lacking = (doctor.Candidate(source="builtin", path="/bin/python", problem="lacks a package"),)
    stages = (row("reflect", "delta", endpoint="delta"),)
    facts = fact("delta", path=None) | fact("gamma", path=None, candidates=lacking)
    outcome = run_check(family.HRN001, harnesses=facts, bindings=(), stages=stages, registry=registry)
    assert [(severity, subject, affects) for severity, subject, _, affects in told(outcome)] == [
        ("error", "stage reflect", ("runtime:delta", "stage:reflect"))
    ]
    assert says(outcome.findings[0], "gamma was not found", "/bin/python lacks a package", "pip install gamma")


def test_a_gateway_without_an_endpoint_is_left_to_the_check_of_stages(
    binding: Any, row: Any, fact: Any, registry: Any
) -> None:
    outcome = run_check(
        family.HRN001,
        harnesses=fact("gamma", path=None),
        bindings=(binding("a", "delta"),),
        stages=(row("reflect", "delta"),),
        registry=registry,
    )
    assert outcome.status == "passed"


def test_stages_that_fall_to_one_default_are_told_together(
    row: Any, fact: Any, registry: Any, told: Any, says: Any
) -> None:
    stages = (*(row(stage, "alpha", source="default") for stage in ("execute", "reflect")), row("interview", "alpha"))
    outcome = run_check(
        family.HRN001, harnesses=fact("alpha", path=None), bindings=(), stages=stages, registry=registry
    )
    assert [(subject, affects) for _, subject, _, affects in told(outcome)] == [
        ("stages execute, reflect", ("runtime:alpha", "stage:execute", "stage:reflect")),
        ("stage interview", ("runtime:alpha", "stage:interview")),
    ]
    assert says(outcome.findings[0], "stages execute, reflect run it (from default)")


def test_what_path_holds_in_the_place_of_a_program_is_named(row: Any, fact: Any, registry: Any, says: Any) -> None:
    broken = (doctor.Candidate(source="PATH", path="/bin/alpha", problem="is a directory"),)
    facts = fact("alpha", path=None, candidates=broken)
    outcome = run_check(
        family.HRN001, harnesses=facts, bindings=(), stages=(row("reflect", "alpha"),), registry=registry
    )
    assert says(outcome.findings[0], "looked for alpha or alpha-agent on PATH; /bin/alpha is a directory")


def test_a_harness_that_no_adapter_knows_is_told(binding: Any, registry: Any, says: Any) -> None:
    outcome = run_check(family.HRN001, harnesses={}, bindings=(binding("a", "omega"),), stages=(), registry=registry)
    assert says(outcome.findings[0], "omega is no harness known here", "alpha")


@pytest.mark.parametrize(
    ("version", "used", "severity"),
    [("2.1.0", True, None), ("0.9.0", True, "error"), ("0.9.0", False, "warning"), (None, True, "warning")],
)
def test_a_required_version_is_held_against_the_installed_one(
    version: str | None, used: bool, severity: str | None, binding: Any, fact: Any, registry: Any, told: Any, says: Any
) -> None:
    outcome = run_check(
        family.HRN002,
        policy=doctor.Policy(doctor=DoctorSettings(harness={"alpha_cli": ">=1,<3"})),
        harnesses=fact("alpha", version=version),
        bindings=(binding("a", "alpha"),) if used else (),
        stages=(),
        registry=registry,
    )
    expected = [(severity, "harness alpha", "/doctor/harness/alpha_cli", ("runtime:alpha",))] if severity else []
    assert told(outcome) == expected
    assert all(says(each, "/bin/alpha", version or "unknown", ">=1,<3") for each in outcome.findings)


def silent(problem: doctor.Problem, *, used: bool, binding: Any, fact: Any, registry: Any) -> Any:
    return run_check(
        family.HRN003,
        harnesses=fact("alpha", version=None, problem=problem, problem_detail="exit code 9"),
        bindings=(binding("a", "alpha"),) if used else (),
        stages=(),
        registry=registry,
    )


@pytest.mark.parametrize(
    ("problem", "used", "severity"),
    [
        (doctor.Problem.FAILED, True, "error"),
        (doctor.Problem.FAILED, False, "warning"),
        (doctor.Problem.NO_VERSION, True, "warning"),
    ],
)
def test_a_harness_that_says_no_version_is_told(
    problem: doctor.Problem, used: bool, severity: str, binding: Any, fact: Any, registry: Any, told: Any, says: Any
) -> None:
    outcome = silent(problem, used=used, binding=binding, fact=fact, registry=registry)
    assert outcome.status == "failed"
    assert told(outcome) == [(severity, "harness alpha", None, ("runtime:alpha",))]
    assert says(outcome.findings[0], "/bin/alpha", "exit code 9", "/bin/alpha --version")


@pytest.mark.parametrize(("used", "severity"), [(True, "error"), (False, "warning")])
def test_a_harness_that_hangs_makes_the_check_time_out_and_keeps_its_finding(
    used: bool, severity: str, binding: Any, fact: Any, registry: Any, told: Any
) -> None:
    outcome = silent(doctor.Problem.TIMEOUT, used=used, binding=binding, fact=fact, registry=registry)
    assert outcome.status == "timeout"
    assert "alpha" in str(outcome.reason)
    assert told(outcome) == [(severity, "harness alpha", None, ("runtime:alpha",))]


def test_a_harness_that_says_its_version_passes(binding: Any, fact: Any, registry: Any) -> None:
    outcome = run_check(
        family.HRN003, harnesses=fact("alpha"), bindings=(binding("a", "alpha"),), stages=(), registry=registry
    )
    assert outcome.status == "passed"


def test_a_stale_path_in_the_machine_s_settings_is_told_with_its_place(
    fact: Any, registry: Any, loaded: Any, told: Any, says: Any
) -> None:
    machine_file = loaded(
        doctor.Machine(harness={"alpha": HarnessSettings(path="/gone/alpha")}),
        '[harness.alpha]\npath = "/gone/alpha"\n',
    )
    candidates = (
        doctor.Candidate(source="machine.toml", path="/gone/alpha", problem="there is no such file"),
        doctor.Candidate(source="PATH", path="alpha"),
    )
    outcome = run_check(
        family.HRN004, harnesses=fact("alpha", candidates=candidates), machine_file=machine_file, registry=registry
    )
    assert told(outcome) == [("warning", "harness alpha", "/harness/alpha/path", ("runtime:alpha",))]
    assert outcome.findings[0].location is not None
    assert outcome.findings[0].location.line == 2
    assert says(outcome.findings[0], "/gone/alpha", "no such file", "/bin/alpha (from PATH) is used instead")


def test_a_stale_variable_is_told_by_its_name(fact: Any, registry: Any, told: Any, says: Any) -> None:
    stale = (doctor.Candidate(source="env:DOCTOR_ALPHA_PATH", path="/gone", problem="it is a directory"),)
    outcome = run_check(
        family.HRN004,
        harnesses=fact("alpha", path=None, candidates=stale),
        machine_file=EMPTY,
        registry=registry,
    )
    assert told(outcome) == [("warning", "harness alpha", None, ("runtime:alpha",))]
    assert says(outcome.findings[0], "nothing is used", "correct or remove it: DOCTOR_ALPHA_PATH")


def test_a_harness_missing_from_path_alone_is_not_stale(fact: Any, registry: Any) -> None:
    absent = (doctor.Candidate(source="PATH", path="alpha", problem="not found"),)
    facts = fact("alpha", path=None, candidates=absent)
    assert run_check(family.HRN004, harnesses=facts, machine_file=EMPTY, registry=registry).findings == ()


def logged_out(*bindings: Any, stages: Any = (), fact: Any, registry: Any) -> Any:
    facts = fact("alpha", auth=doctor.Auth.NO)
    return run_check(family.HRN005, harnesses=facts, bindings=bindings, stages=stages, registry=registry)


def test_a_used_harness_without_a_login_stops_it(binding: Any, fact: Any, registry: Any, told: Any, says: Any) -> None:
    outcome = logged_out(binding("a", "alpha"), binding("b", "alpha"), fact=fact, registry=registry)
    assert told(outcome) == [("error", "harness alpha", None, ("runtime:alpha",))]
    assert says(outcome.findings[0], "so it says", "agents a, b", "log in: alpha login")


def test_agents_with_an_endpoint_or_a_key_of_their_own_go_on(
    binding: Any, fact: Any, registry: Any, told: Any, says: Any
) -> None:
    keyed = doctor.CompiledArgv(argv=("/bin/alpha",), env={"ALPHA_KEY": "value"})
    served = binding("b", "alpha", endpoint=doctor.Choice(value="box"))
    outcome = logged_out(
        binding("a", "alpha"), served, binding("c", "alpha", launch=keyed), fact=fact, registry=registry
    )
    assert told(outcome) == [("error", "harness alpha", None, ("agent:a",))]
    assert "value" not in outcome.findings[0].message


def test_a_row_without_agents_needs_a_login_too(row: Any, fact: Any, registry: Any, told: Any, says: Any) -> None:
    outcome = logged_out(stages=(row("reflect", "alpha"),), fact=fact, registry=registry)
    assert told(outcome) == [("error", "harness alpha", None, ("runtime:alpha",))]
    assert says(outcome.findings[0], "stage reflect")


@pytest.mark.parametrize("auth", [doctor.Auth.YES, doctor.Auth.UNKNOWN])
def test_a_harness_that_is_logged_in_or_cannot_be_asked_passes(
    auth: doctor.Auth, binding: Any, fact: Any, registry: Any
) -> None:
    facts = fact("alpha", auth=auth)
    everyone = (binding("a", "alpha"),)
    assert run_check(family.HRN005, harnesses=facts, bindings=everyone, stages=(), registry=registry).findings == ()


def test_nobody_needs_a_login_of_a_harness_that_nothing_uses(fact: Any, registry: Any) -> None:
    assert logged_out(fact=fact, registry=registry).findings == ()


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_another_program_on_path_than_the_configured_one_is_reported(
    tmp_path: Path, fact: Any, registry: Any, told: Any, says: Any
) -> None:
    ours, theirs = program(tmp_path / "ours" / "alpha"), program(tmp_path / "bin" / "alpha-agent")
    outcome = run_check(
        family.HRN010,
        harnesses=fact("alpha", path=str(ours), path_source="machine.toml"),
        environment={"PATH": str(theirs.parent)},
        registry=registry,
    )
    assert told(outcome) == [("info", "harness alpha", None, ("runtime:alpha",))]
    assert says(outcome.findings[0], str(ours), str(theirs), "machine.toml")


def test_a_link_on_path_to_the_configured_program_is_the_same_one(tmp_path: Path, fact: Any, registry: Any) -> None:
    ours = program(tmp_path / "ours" / "alpha")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "alpha").symlink_to(ours)
    outcome = run_check(
        family.HRN010,
        harnesses=fact("alpha", path=str(ours), path_source="env:DOCTOR_ALPHA_PATH"),
        environment={"PATH": str(tmp_path / "bin")},
        registry=registry,
    )
    assert outcome.findings == ()
