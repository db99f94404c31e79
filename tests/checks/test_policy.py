"""POL: what the reader found is told by rule, once each."""

from collections.abc import Callable
from typing import Any

import pytest

import doctor
from checks import policy as family
from doctor.testing import run_check

PLACE = doctor.Location(path="/p/.metawsm/policy.json", line=3, column=5, pointer="/agents")
RULES = {
    "unreadable": family.POL001,
    "syntax": family.POL001,
    "duplicate-key": family.POL002,
    "unknown-key": family.POL003,
    "type": family.POL004,
    "value": family.POL004,
    "version": family.POL005,
    "reference": family.POL006,
    "rival": family.POL007,
}
READERS = list(dict.fromkeys(RULES.values()))


def broken(*rules: Any) -> doctor.Loaded[doctor.Policy]:
    problems = tuple(
        doctor.ConfigProblem(rule=rule, subject="agents", message=f"{rule} is wrong", remedy="repair", location=PLACE)
        for rule in rules
    )
    return doctor.Loaded(value=None, problems=problems)


def read(check: type[doctor.Check], policy_file: doctor.Loaded[doctor.Policy], registry: doctor.Registry) -> Any:
    more: dict[str, Any] = {"registry": registry} if check is family.POL005 else {}
    return run_check(check, policy_file=policy_file, **more)


@pytest.mark.parametrize("rule", RULES)
def test_a_problem_is_told_by_the_check_of_its_rule_and_by_no_other(rule: str, registry: doctor.Registry) -> None:
    by_check = {check: read(check, broken(rule), registry).findings for check in READERS}
    assert by_check.pop(RULES[rule]) == (
        doctor.Finding(
            code=RULES[rule].__name__,
            severity=doctor.Severity.ERROR,
            subject="agents",
            message=f"{rule} is wrong",
            remedy="repair",
            location=PLACE,
            affects=("*",),
        ),
    )
    assert set(by_check.values()) == {()}


@pytest.mark.parametrize("check", READERS, ids=lambda check: check.__name__)
def test_a_policy_that_was_read_passes(check: type[doctor.Check], registry: doctor.Registry) -> None:
    assert read(check, doctor.Loaded(value=doctor.Policy()), registry).status == "passed"


def test_a_stage_that_hides_a_variable_is_reported(row: Callable[..., Any], told: Any, says: Any) -> None:
    stages = (row("execute", "alpha", source="default", shadowed=("env:DOCTOR_RUNTIME=beta", "agent=gamma")),)
    outcome = run_check(family.POL010, stages=stages)
    assert told(outcome) == [("info", "stage execute", None, ("stage:execute",))]
    assert says(outcome.findings[0], "runs alpha (from default)", "hides env:DOCTOR_RUNTIME=beta")
    assert "gamma" not in outcome.findings[0].message


def test_a_stage_s_own_entry_may_hide_the_map_s_default(row: Callable[..., Any]) -> None:
    stages = (row("reflect", "alpha", shadowed=("default=beta",)), row("execute", "beta", source="default"))
    assert run_check(family.POL010, stages=stages).findings == ()


@pytest.mark.parametrize("check", [family.POL011, family.POL012, family.POL014, family.POL015, family.POL016])
def test_the_checks_of_what_is_set_aside_leave_their_findings_to_others(check: type[doctor.Check]) -> None:
    assert run_check(check).findings == ()
