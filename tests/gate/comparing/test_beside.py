import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from doctor.model.comparison import Comparison
from tests.gate.comparing.conftest import Repository, classes, policy_of

ChangeOfFiles = Callable[[Any, Any], Comparison]
BASELINE = ".metawsm/doctor-baseline.json"
SELECTION = ".metawsm/profile-selection.json"
POLICY = {".metawsm/policy.json": policy_of()}


def baseline(*entries: dict[str, Any]) -> dict[str, Any]:
    """A baseline with one kind of finding, in several states."""
    own = {"code": "SKL001", "severity": "error", "fingerprint": "0" * 16}
    return {BASELINE: {"baseline": 1, "findings": [{**own, **entry} for entry in entries]}}


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ({}, baseline({}), "looser"),
        (baseline({}), {}, "stricter"),
        (baseline({}), baseline({"count": 2}), "looser"),
        (baseline({"count": 2}), baseline({"count": 1}), "stricter"),
        (baseline({}), baseline({"affects": ["*"]}), "looser"),
        (baseline({}), baseline({"subject": "in other words"}), "equal"),
        (baseline({}), {BASELINE: "{"}, "looser"),
        ({}, {BASELINE: Path("/etc/hostname")}, "looser"),
    ],
)
def test_a_baseline_sets_findings_aside_as_ignoring_them_does(
    change_of_files: ChangeOfFiles, before: Any, after: Any, verdict: str
) -> None:
    found = change_of_files({**POLICY, **before}, {**POLICY, **after})
    assert classes(found) == ({} if verdict == "equal" else {"baseline ignore": verdict})


def test_another_lock_is_different(change_of_files: ChangeOfFiles) -> None:
    found = change_of_files({**POLICY, ".metawsm/doctor.lock": "a"}, {**POLICY, ".metawsm/doctor.lock": "b"})
    assert classes(found) == {"lock lock": "different"}


def test_a_choice_of_a_profile_that_is_not_here_is_looser(change_of_files: ChangeOfFiles) -> None:
    found = change_of_files(POLICY, {**POLICY, SELECTION: {"profile": "team", "sha256": "0" * 64}})
    assert classes(found)["project profile"] == "looser"


def test_a_policy_that_a_link_leads_to_out_of_the_repository_is_looser(repository: Repository, tmp_path: Path) -> None:
    repository.commit(POLICY)
    path = repository.root / ".metawsm/policy.json"
    path.rename(tmp_path / "elsewhere.json")
    path.symlink_to(tmp_path / "elsewhere.json")
    assert classes(repository.compare()) == {"policy policy": "looser"}


def test_a_policy_that_a_link_leads_to_in_the_repository_is_equal(repository: Repository) -> None:
    repository.commit(POLICY)
    (repository.root / ".metawsm").rename(repository.root / "settings")
    (repository.root / ".metawsm").symlink_to("settings")
    assert repository.compare().changes == ()


@pytest.mark.parametrize("path", ["own/__init__.py", "words.json"])
def test_what_lies_beside_a_check_of_the_project_counts_as_a_check(change_of_files: ChangeOfFiles, path: str) -> None:
    place = f".metawsm/checks/{path}"
    assert classes(change_of_files(POLICY, {**POLICY, place: "x"})) == {f"check {place} plugin": "looser"}


EXECUTORS: list[tuple[Any, Any, str]] = [
    ({"permission_mode": "plan"}, {"permission_mode": "acceptEdits"}, "looser"),
    ({"permission_mode": "bypassPermissions"}, {"permission_mode": "plan"}, "different"),
    ({"permission_mode": "plan"}, {}, "looser"),
    ({"sandbox": True}, {"sandbox": False}, "looser"),
    ({"sandbox": False}, {"sandbox": True}, "different"),
    ({}, {"env": {"ANTHROPIC_BASE_URL": "http://evil.example"}}, "looser"),
    ({"allowed_tools": ["a", "b"]}, {"allowed_tools": ["a"]}, "different"),
    ({"note": "a"}, {"note": "b"}, "different"),
    ('{"command": "claude"}', '{"command": "evil", "command": "claude"}', "looser"),
    ({"a": 1}, Path("/etc/hostname"), "looser"),
]


@pytest.mark.parametrize(("before", "after", "verdict"), EXECUTORS)
def test_settings_of_an_executor_are_judged_by_what_they_sound_like(
    change_of_files: ChangeOfFiles, before: Any, after: Any, verdict: str
) -> None:
    path = ".metawsm/executors/team/own.json"
    found = change_of_files({**POLICY, path: before}, {**POLICY, path: after})
    assert classes(found) == {f"executor {path} executor": verdict}


def test_another_program_of_a_harness_in_settings_of_the_repository_is_looser(repository: Repository) -> None:
    repository.commit({**POLICY, "settings/machine.toml": '[harness.codex]\npath = "/usr/bin/codex"\n'})
    repository.write("settings/machine.toml", f'[harness.codex]\npath = "{repository.root}/bin/codex"\n')
    environment = {**repository.environment, "DOCTOR_CONFIG_DIR": os.fspath(repository.root / "settings")}
    assert classes(repository.compare(environment=environment)) == {"machine harness": "looser"}
