"""A whole diagnosis, from options to report, on a private machine."""

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from doctor.diagnosis.run import _fact_limit, diagnose, prepare
from doctor.errors import UsageError
from doctor.exit_codes import ExitCode
from doctor.harness.probe import MOST_AT_ONCE
from doctor.model.finding import Severity, Status
from doctor.model.options import Options
from doctor.model.report import PolicyRef, Report

SHELL = {"name": "sh", "runner": "shell", "runner_options": {"command": "true"}}


@pytest.fixture
def examine(tmp_path: Path) -> Any:
    """Diagnose a project with this policy on a machine with no program at all."""
    project, home = tmp_path / "project", tmp_path / "home"
    (project / ".git").mkdir(parents=True)
    home.mkdir()

    def run(policy: dict[str, Any] | str | None = None, **changes: Any) -> Report:
        if policy is not None:
            path = project / ".metawsm" / "policy.json"
            path.parent.mkdir(exist_ok=True)
            path.write_text(policy if isinstance(policy, str) else json.dumps(policy), encoding="utf-8")
        environment = {
            "PATH": str(tmp_path / "bin"),
            "HOME": str(home),
            "DOCTOR_CONFIG_DIR": str(tmp_path / "config"),
            "DOCTOR_STATE_DIR": str(tmp_path / "state"),
            "DOCTOR_CACHE_DIR": str(tmp_path / "cache"),
        } | changes.pop("environment", {})
        settings = {"cwd": project, "home": home, "environment": environment, "autoload": False} | changes
        return diagnose(**settings)

    return run


def policy_with(**keys: Any) -> dict[str, Any]:
    return {"version": 2, "agent_profiles": [SHELL], "agents": [{"name": "a", "profile": "sh"}], **keys}


def test_without_a_policy_the_embedded_default_is_resolved(examine: Any) -> None:
    report = examine()
    assert report.exit_code is ExitCode.OK, report.findings
    assert report.policy == PolicyRef(embedded_default=True)
    assert [(each.agent, each.runtime.value) for each in report.agents] == [("agent", "shell")]
    assert len(report.stages) == 4


def test_a_policy_that_cannot_be_understood_is_exit_2_and_harnesses_are_still_listed(examine: Any) -> None:
    report = examine('{"version": 2, "agentz": []}')
    assert report.exit_code is ExitCode.USAGE
    assert report.agents == ()
    assert report.harnesses
    assert any("agentz" in finding.subject + finding.message for finding in report.findings)


def test_an_unreadable_machine_file_is_exit_2_too(examine: Any, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir(mode=0o700)
    (tmp_path / "config" / "machine.toml").write_text("endpoints = 3\n", encoding="utf-8")
    report = examine()
    assert report.exit_code is ExitCode.USAGE
    assert [finding.location.path for finding in report.findings if finding.location] == [
        str(tmp_path / "config" / "machine.toml")
    ]


def test_an_unknown_runtime_is_a_usage_error(examine: Any) -> None:
    with pytest.raises(UsageError, match="codx"):
        examine(runtime="codx")


def test_an_absent_harness_blocks_its_agent(examine: Any) -> None:
    profile = {"name": "p", "runner": "codex", "base_prompt": "Work."}
    report = examine(policy_with(agent_profiles=[profile], agents=[{"name": "a", "profile": "p"}]))
    assert report.exit_code is ExitCode.FINDINGS
    assert not report.agent_ok(report.agents[0])


def test_the_threshold_can_be_lowered_on_the_command_line_and_in_the_policy(examine: Any) -> None:
    warned = policy_with(doctor={"ignore": {"ENV": {"reason": "no tools here"}, "STG": {"reason": "unused"}}})
    assert examine(warned).exit_code is ExitCode.OK
    assert examine(warned, fail_on=Severity.WARNING).exit_code is ExitCode.FINDINGS
    warned["doctor"]["fail_on"] = "warning"
    assert examine(warned).exit_code is ExitCode.FINDINGS


def test_an_ignored_finding_is_listed_with_its_reason_and_fails_nothing(examine: Any) -> None:
    loud = examine(policy_with())
    assert loud.exit_code is ExitCode.FINDINGS, "tmux and git are missing on this machine"
    quiet = examine(policy_with(doctor={"ignore": {"ENV": {"reason": "no tools here", "until": "2030-01-01"}}}))
    assert quiet.exit_code is ExitCode.OK
    assert {entry.reason for entry in quiet.ignored} == {"no tools here"}
    assert "*" not in quiet.blocked


def test_an_entry_that_ignores_nothing_is_found_and_its_check_fails(examine: Any) -> None:
    report = examine(policy_with(doctor={"ignore": {"SKL001": {"reason": "x"}}}), select=("POL", "SKL"))
    assert [finding.code for finding in report.findings] == ["POL011"]
    [result] = [each for each in report.checks if each.code == "POL011"]
    assert result.status is Status.FAILED


def test_an_entry_over_its_day_no_longer_ignores(examine: Any) -> None:
    entry = {"ENV": {"reason": "soon", "until": "2026-01-31"}}
    on_the_day = examine(policy_with(doctor={"ignore": entry}), today=date(2026, 1, 31))
    after = examine(policy_with(doctor={"ignore": entry}), today=date(2026, 2, 1))
    assert on_the_day.exit_code is ExitCode.OK
    assert after.exit_code is ExitCode.FINDINGS
    assert "POL012" in {finding.code for finding in after.findings}


@pytest.mark.parametrize(
    ("select", "ignore", "expected"),
    [
        (("SKL",), ("SKL",), ExitCode.NOTHING_RAN),
        (("POL001",), (), ExitCode.OK),
        (("SKL",), (), ExitCode.OK),
    ],
)
def test_a_selection_that_leaves_nothing_is_exit_5(
    examine: Any, select: tuple[str, ...], ignore: tuple[str, ...], expected: ExitCode
) -> None:
    assert examine(select=select, ignore=ignore).exit_code is expected


def test_only_the_probe_cache_is_written(examine: Any, tmp_path: Path) -> None:
    examine()
    written = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*") if path.is_file()}
    assert written <= {"cache"}


PROFILE = """[agent]
model = "codex:gpt-5"
[models.evaluator]
model = "nex:small"
endpoint = "bxo"
"""


def test_a_profile_that_names_an_endpoint_nobody_configured_is_exit_2(examine: Any, tmp_path: Path) -> None:
    directory = tmp_path / "config" / "profiles"
    directory.mkdir(parents=True, mode=0o700)
    (directory / "day.toml").write_text(PROFILE, encoding="utf-8")
    report = examine(profile="day")
    assert report.exit_code is ExitCode.USAGE
    [finding] = [each for each in report.findings if each.code == "NPR001"]
    assert finding.location is not None
    assert (finding.subject, finding.location.line) == ("models.evaluator.endpoint", 5)
    assert "'bxo'" in finding.message


@pytest.mark.parametrize("spec", ["opus", "claude:", "nope:opus", ":opus"])
def test_a_model_variable_that_is_no_spec_is_a_usage_error(examine: Any, spec: str) -> None:
    with pytest.raises(UsageError, match="DOCTOR_MODEL"):
        examine(environment={"DOCTOR_MODEL": spec})


def test_a_fact_that_fails_is_told_by_the_checks_that_asked_and_leaves_the_rest(
    examine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise ValueError("an adapter's defect")

    monkeypatch.setattr("doctor.diagnosis.facts.resolve", fail)
    report = examine()
    assert report.exit_code is ExitCode.INCOMPLETE
    assert report.agents == ()
    assert report.harnesses
    assert any("an adapter's defect" in str(each.reason) for each in report.checks)


@pytest.mark.parametrize(("jobs", "timeout"), [(1, 10.0), (1, None), (None, 90.0)])
def test_a_fact_may_take_as_long_as_asking_every_harness(
    tmp_path: Path, jobs: int | None, timeout: float | None
) -> None:
    prepared = prepare(Options(cwd=tmp_path, home=tmp_path, environment={}, autoload=False, jobs=jobs, timeout=timeout))
    one_by_one = 2 * len(prepared.registry.ids) * (timeout or 15.0)
    assert _fact_limit(prepared) > one_by_one / (jobs or MOST_AT_ONCE)


def test_an_agent_without_a_harness_is_not_ok_nor_is_its_stage(examine: Any) -> None:
    profile = {"name": "p", "runner": "auto", "base_prompt": "Work."}
    report = examine(policy_with(agent_profiles=[profile], agents=[{"name": "a", "profile": "p"}]))
    assert [report.agent_ok(each) for each in report.agents] == [False]
    assert {report.stage_ok(each) for each in report.stages} == {False}


def test_secret_values_of_the_environment_are_known_to_the_report(examine: Any) -> None:
    assert examine(environment={"AZURE_OPENAI_API_KEY": "Zx8Qw3vT9"}).secrets == ("Zx8Qw3vT9",)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything; run the tests as another user")
def test_plugins_that_cannot_be_listed_are_reported(examine: Any, tmp_path: Path) -> None:
    checks = tmp_path / "project" / ".metawsm" / "checks"
    checks.mkdir(parents=True)
    checks.chmod(0)
    assert "SEC004" in {each.code for each in examine().findings}
