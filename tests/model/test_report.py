"""Which rows an error finding makes unusable."""

from dataclasses import replace

import pytest

from doctor.exit_codes import ExitCode
from doctor.model.binding import Binding, Choice, StageBinding
from doctor.model.finding import CheckResult, Finding, Severity, Status
from doctor.model.harness import HarnessFact, ProgramFact
from doctor.model.report import PolicyRef, ProfileRef, Report
from doctor.model.stage import Stage

BINDING = Binding(
    agent="a",
    agent_index=0,
    profile="p",
    profile_index=0,
    stage=Stage.EXECUTE,
    runtime=Choice(value="codex", source="agent"),
    model=Choice(),
    endpoint=Choice(),
    skills=("diary",),
)
ROW = StageBinding(stage=Stage.REFLECT, runtime=Choice(value="hermes"), model=Choice(), endpoint=Choice())
CODEX = HarnessFact(runtime_id="codex", title="Codex", program=ProgramFact(path="/bin/codex"))


def report_with(*findings: Finding) -> Report:
    return Report(
        version="1",
        exit_code=ExitCode.FINDINGS if findings else ExitCode.OK,
        policy=PolicyRef(),
        profile=ProfileRef(),
        findings=findings,
        blocked=frozenset(tag for each in findings if each.severity is Severity.ERROR for tag in each.affects),
    )


def finding(*affects: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(code="ABC001", severity=severity, subject="s", message="m", affects=affects)


@pytest.mark.parametrize("tag", ["*", "agent:a", "profile:p", "stage:execute", "runtime:codex", "skill:diary"])
def test_an_error_that_touches_a_binding_blocks_it(tag: str) -> None:
    assert not report_with(finding(tag)).agent_ok(BINDING)


def test_a_warning_or_an_error_elsewhere_blocks_nothing() -> None:
    report = report_with(finding("agent:a", severity=Severity.WARNING), finding("agent:b", "stage:reflect"))
    assert report.agent_ok(BINDING)


def test_a_stage_is_blocked_by_its_own_errors_and_its_harness_s() -> None:
    assert report_with().stage_ok(ROW)
    assert not report_with(finding("stage:reflect")).stage_ok(ROW)
    assert not report_with(finding("runtime:hermes")).stage_ok(ROW)


def test_a_harness_has_the_worst_status_of_what_touches_it() -> None:
    assert report_with().harness_status(CODEX) == "ok"
    assert report_with(finding("runtime:codex", severity=Severity.INFO)).harness_status(CODEX) == "ok"
    assert report_with(finding("runtime:codex", severity=Severity.WARNING)).harness_status(CODEX) == "warning"
    assert report_with(finding("runtime:codex")).harness_status(CODEX) == "error"
    assert report_with(finding("runtime:codex")).harness_status(replace(CODEX, program=ProgramFact())) == "absent"


def test_counts_are_of_findings_and_of_checks() -> None:
    report = replace(
        report_with(finding("*"), finding("*", severity=Severity.INFO)),
        checks=(CheckResult(code="ABC001", status=Status.FAILED),),
    )
    assert (report.count(Severity.ERROR), report.count(Severity.WARNING), report.count(Severity.INFO)) == (1, 0, 1)
    assert (report.ended(Status.FAILED), report.ended(Status.PASSED)) == (1, 0)
    assert not report.ok
