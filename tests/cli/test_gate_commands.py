import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from doctor.cli.app import run
from doctor.config.schema import schemas

POLICY = {
    "version": 2,
    "agent_profiles": [{"name": "w", "runner": "shell", "runner_options": {"command": "true"}, "skills": ["diary"]}],
    "agents": [{"name": "bob", "profile": "w"}],
}


@pytest.fixture
def policy(project: Path) -> Path:
    """A policy whose skill is missing."""
    (project / ".metawsm").mkdir()
    path = project / ".metawsm" / "policy.json"
    path.write_text(json.dumps(POLICY), encoding="utf-8")
    return path


def fits(document: dict[str, Any], name: str) -> None:
    jsonschema.validate(document, schemas(())[f"{name}.schema.json"])


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    status = run([*arguments, "--format", "json"])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return status, document


def test_a_baseline_is_written_and_then_nothing_fails(policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check"]) == 1
    assert run(["baseline", "write"]) == 0
    out = capsys.readouterr().out
    assert "+ SKL001 error   agent_profiles[w].skills[diary]\n" in out
    file = policy.with_name("doctor-baseline.json")
    fits(json.loads(file.read_text()), "baseline")
    status, report = asked(capsys, "check", "--baseline", ".metawsm/doctor-baseline.json")
    assert (status, report["findings"]) == (0, [])
    assert "SKL001" in {each["code"] for each in report["known"]}
    fits(report, "report")


def test_known_findings_are_counted_and_listed_when_that_is_asked_for(
    policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["baseline", "write", "known.json"])
    capsys.readouterr()
    for form in ("table", "plain"):
        assert run(["check", "--baseline", "known.json", "--format", form, "-v"]) == 0
        out = capsys.readouterr().out
        assert " known" in out.splitlines()[-1]
        assert "skill diary of profile w was not found" in out


def test_what_writing_a_baseline_would_change_is_only_said(policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, document = asked(capsys, "baseline", "write", "--dry-run")
    assert (status, document["written"]) == (0, False)
    assert "SKL001" in {each["code"] for each in document["added"]}
    assert not policy.with_name("doctor-baseline.json").exists()
    fits(document, "baseline-write")


@pytest.mark.parametrize("content", [None, '{"baseline": "1", "fndings": []}'])
def test_a_baseline_that_cannot_be_read_ends_the_check(
    policy: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    if content is not None:
        Path("known.json").write_text(content)
    status, document = asked(capsys, "check", "--baseline", "known.json")
    assert status == 2
    [finding] = document["findings"]
    assert "known.json:1:" in finding["message"]


def test_errors_keep_a_lock_from_being_written_unless_it_is_insisted(
    policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, document = asked(capsys, "lock")
    assert (status, document["written"], policy.with_name("doctor.lock").exists()) == (1, False, False)
    fits(document, "lock-write")
    status, document = asked(capsys, "lock", "--force")
    assert (status, document["written"]) == (0, True)
    assert run(["check", "--locked", "--select", "LCK"]) == 0


def test_what_moved_since_the_lock_is_named(policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["lock", "--force"])
    made = json.loads(json.dumps(POLICY).replace('"true"', '"false"'))
    policy.write_text(json.dumps(made))
    capsys.readouterr()
    assert run(["lock", "--dry-run", "--force"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(" was ")[0] for line in lines] == ["policy: meaning", "agent bob: options"]
    status, report = asked(capsys, "check", "--locked", "--select", "LCK")
    assert status == 1
    assert {each["code"] for each in report["findings"]} == {"LCK002", "LCK005"}
    assert asked(capsys, "launch", "--dry-run", "--locked")[0] == 1


def test_an_attestation_is_printed_and_holds(
    policy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["attest"]) == 1
    printed = json.loads(capsys.readouterr().out)
    fits(printed, "attestation")
    assert run(["attest", "--output", "made.json"]) == 1
    assert capsys.readouterr().out == ""
    assert json.loads(Path("made.json").read_text())["claim"] == printed["claim"]
    status, document = asked(capsys, "verify", "made.json")
    assert (status, document["differences"], document["seen"]) == (0, [], printed["claim"])
    fits(document, "verdict")


def test_what_is_not_as_it_was_attested_is_named(policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["attest", "--output", "made.json"])
    policy.write_text(json.dumps(POLICY).replace("diary", "docmgr"))
    capsys.readouterr()
    assert run(["verify", "made.json"]) == 1
    assert capsys.readouterr().out.startswith("policy differs\n  sha256: was ")
    _, document = asked(capsys, "verify", "made.json")
    assert {each["section"] for each in document["differences"]} == {"policy", "checks", "findings"}
    fits(document, "verdict")


def test_an_attestation_that_was_changed_is_not_compared(policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["attest", "--output", "made.json"])
    made = Path("made.json")
    made.write_text(made.read_text().replace('"embedded_default": false', '"embedded_default": true'))
    capsys.readouterr()
    status, document = asked(capsys, "verify", "made.json")
    assert (status, document["differences"]) == (2, [])
    assert "does not fit its hash" in document["error"]["message"]
    fits(document, "verdict")


def test_a_file_for_a_bug_report_is_written_and_its_place_printed(
    policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report"]) == 0
    [path] = capsys.readouterr().out.splitlines()
    assert Path(path).name.startswith("doctor-report-")
    assert Path(path).stat().st_mode & 0o777 == 0o600
    assert run(["report"]) == 0
    capsys.readouterr()
    status, document = asked(capsys, "report", "bug.json")
    assert (status, document["path"]) == (0, str(Path.cwd() / "bug.json"))
    fits(document, "bug-report")
    assert json.loads(Path("bug.json").read_text())["doctor_report"] == 1


def test_a_file_of_somebody_else_s_is_not_overwritten(policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("notes.md").write_text("mine")
    status, document = asked(capsys, "report", "notes.md")
    assert (status, document["path"], Path("notes.md").read_text()) == (2, None, "mine")


@pytest.mark.parametrize("arguments", [["report"], ["attest"], ["lock"], ["baseline", "write"]])
def test_nobody_learns_what_a_secret_variable_holds(
    policy: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
) -> None:
    monkeypatch.setenv("WORK_TOKEN", "hunter2-is-secret")
    policy.write_text(json.dumps(POLICY).replace("diary", "hunter2-is-secret"))
    run([*arguments, *(["--force"] if arguments == ["lock"] else [])])
    said = "".join(capsys.readouterr())
    left = "".join(path.read_text() for path in Path.cwd().rglob("*") if path.is_file() and path != policy)
    assert "hunter2-is-secret" not in said + left
    assert os.environ["WORK_TOKEN"] == "hunter2-is-secret"
