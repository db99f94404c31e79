"""A machine of the test's own."""

from pathlib import Path

import pytest

from doctor.exit_codes import ExitCode
from doctor.model.finding import Finding, Severity
from doctor.model.process import Health, ProcessView, State
from doctor.model.report import PolicyRef, ProfileRef, Report
from doctor.model.spec import Mode
from doctor.model.stage import Stage


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory: an empty project, with an empty home directory beside it and no harness on PATH."""
    for name in ("NO_COLOR", "FORCE_COLOR", "DOCTOR_TRACEBACK", "DOCTOR_RUNTIME", "DOCTOR_MODEL", "DOCTOR_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"DOCTOR_{name}_DIR", str(tmp_path / name.lower()))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "BASH_COMPLETION_USER_DIR", "ZDOTDIR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "home").mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "project").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("DOCTOR_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def report() -> Report:
    """A report with one error."""
    return Report(
        version="1.2.3",
        exit_code=ExitCode.FINDINGS,
        policy=PolicyRef(embedded_default=True),
        profile=ProfileRef(),
        findings=(Finding(code="ABC001", severity=Severity.ERROR, subject="s", message="wrong"),),
        notices=("plugin x observed badly",),
    )


@pytest.fixture
def view() -> ProcessView:
    """A process that runs."""
    return ProcessView(
        process_id="bob-3-1",
        spec_id="3" * 64,
        run_id="run-1",
        attempt=1,
        executor="tmux",
        session="bob-p",
        agent="bob",
        stage=Stage.EXECUTE,
        runtime_id="codex",
        harness_version="0.169.0",
        mode=Mode.HEADLESS,
        cwd="/p",
        pid=4711,
        state=State.RUNNING,
        health=Health.HEALTHY,
        started_at=None,
        ended_at=None,
    )
