"""ENV: tools, Python and packages."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import doctor
from checks import environment as family
from doctor.testing import run_check

EMBEDDED: doctor.Loaded[doctor.Policy] = doctor.Loaded(value=doctor.Policy())
TOOLS = [(family.ENV001, "tmux", "3.0", "2.9"), (family.ENV002, "git", "2.30", "2.29.1")]


def tools(**program: Any) -> Callable[[str], doctor.ProgramFact]:
    return lambda name: doctor.ProgramFact(**program)


@pytest.fixture
def written(loaded: Any) -> doctor.Loaded[doctor.Policy]:
    read: doctor.Loaded[doctor.Policy] = loaded(doctor.Policy(), "version = 2\n")
    return read


@pytest.mark.parametrize(("check", "name", "minimum", "old"), TOOLS)
def test_a_tool_that_is_new_enough_passes(
    check: type[doctor.Check], name: str, minimum: str, old: str, written: Any
) -> None:
    present = tools(path=f"/bin/{name}", version=minimum)
    assert run_check(check, tools=present, policy_file=written).status == "passed"


@pytest.mark.parametrize(("check", "name", "minimum", "old"), TOOLS)
def test_an_absent_tool_stops_every_start_of_a_written_policy(
    check: type[doctor.Check], name: str, minimum: str, old: str, written: Any, told: Any, says: Any
) -> None:
    outcome = run_check(check, tools=tools(), policy_file=written)
    assert told(outcome) == [("error", name, None, ("*",))]
    assert says(outcome.findings[0], f"{name} was not found", minimum, f"apt install {name}")


@pytest.mark.parametrize(("check", "name", "minimum", "old"), TOOLS)
def test_an_absent_tool_is_a_warning_where_only_the_embedded_default_is_looked_at(
    check: type[doctor.Check], name: str, minimum: str, old: str, told: Any
) -> None:
    assert told(run_check(check, tools=tools(), policy_file=EMBEDDED)) == [("warning", name, None, ("*",))]


@pytest.mark.parametrize(("check", "name", "minimum", "old"), TOOLS)
def test_a_tool_that_is_too_old_is_named_with_its_path_and_version(
    check: type[doctor.Check], name: str, minimum: str, old: str, written: Any, told: Any, says: Any
) -> None:
    outcome = run_check(check, tools=tools(path=f"/opt/{name}", version=old), policy_file=written)
    assert told(outcome) == [("error", name, None, ("*",))]
    assert says(outcome.findings[0], f"{name} {old} is at /opt/{name}", f"upgrade {name} to {minimum}")


def test_a_tool_that_hangs_is_a_timeout(written: Any) -> None:
    hanging = tools(path="/bin/tmux", problem=doctor.Problem.TIMEOUT)
    outcome = run_check(family.ENV001, tools=hanging, policy_file=written)
    assert (outcome.status, outcome.findings) == ("timeout", ())
    assert "tmux at /bin/tmux" in str(outcome.reason)


def test_a_tool_without_a_version_is_a_warning(written: Any, told: Any, says: Any) -> None:
    broken = tools(path="/bin/git", problem=doctor.Problem.FAILED, problem_detail="exit code 3")
    outcome = run_check(family.ENV002, tools=broken, policy_file=written)
    assert told(outcome) == [("warning", "git", None, ("*",))]
    assert says(outcome.findings[0], "/bin/git", "exit code 3", "run git by hand")


def test_the_running_python_passes() -> None:
    assert run_check(family.ENV003).status == "passed"


def test_an_older_python_is_told(monkeypatch: pytest.MonkeyPatch, told: Any, says: Any) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "version_info", (3, 10, 2, "final", 0))
        outcome = run_check(family.ENV003)
    assert told(outcome) == [("error", "python", None, ("*",))]
    assert says(outcome.findings[0], "python 3.10.2", sys.executable, "3.11")


def test_our_own_packages_are_where_they_belong() -> None:
    assert run_check(family.ENV004).status == "passed"


def test_a_package_from_elsewhere_is_told(monkeypatch: pytest.MonkeyPatch, told: Any, says: Any) -> None:
    real = family._origin
    elsewhere = Path("/elsewhere/profiles")
    monkeypatch.setattr(family, "_origin", lambda name: elsewhere if name == "profiles" else real(name))
    outcome = run_check(family.ENV004)
    assert told(outcome) == [("warning", "package profiles", None, ())]
    assert says(outcome.findings[0], "/elsewhere/profiles", "pipx install harness-doctor")


def test_another_distribution_of_the_same_name_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: Any, says: Any
) -> None:
    for name in ("doctor-1.2.dist-info", "doctors-1.0.dist-info", "harness_doctor-0.1.dist-info", "doctor"):
        (tmp_path / name).mkdir()
    rivals = family.rival_distributions(tmp_path)
    monkeypatch.setattr(family, "rival_distributions", lambda home: rivals)
    outcome = run_check(family.ENV004)
    assert told(outcome) == [("warning", "package doctor", None, ())]
    assert says(outcome.findings[0], "doctor-1.2.dist-info")


@pytest.mark.parametrize(("version", "findings"), [("3.3a", 1), ("3.5", 0), (None, 0)])
def test_a_tmux_that_loses_exit_codes_is_reported(version: str | None, findings: int, says: Any) -> None:
    outcome = run_check(family.ENV005, tools=tools(path="/bin/tmux", version=version))
    assert [each.severity for each in outcome.findings] == [doctor.Severity.INFO] * findings
    assert all(says(each, "tmux 3.3a", "3.5") for each in outcome.findings)
