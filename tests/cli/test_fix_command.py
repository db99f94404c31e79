"""``doctor fix``."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from doctor.config.schema import schemas

Run = Callable[..., subprocess.CompletedProcess[str]]
KEY = "k1-written-in-plain-text"
POLICY = {
    "version": 2,
    "tmx": {"socket": "mine"},
    "agent_profiles": [{"name": "p", "runner": "shell", "runner_options": {"command": "bash"}}],
    "agents": [{"name": "a", "profile": "p"}],
}


@pytest.fixture
def policy(private_project: Path) -> Path:
    """A policy with one misspelt key."""
    path = private_project / ".metawsm" / "policy.json"
    path.parent.mkdir()
    path.write_text(json.dumps(POLICY, indent=2) + "\n")
    return path


@pytest.fixture
def machine(private_home: Path) -> Path:
    """Settings with a key in them."""
    path = private_home / ".config" / "harness-doctor" / "machine.toml"
    path.parent.mkdir(parents=True, mode=0o700)
    path.write_text(f'[endpoints.attic]\nurl = "https://x.example/v1"\napi_key = "{KEY}"\n')
    path.chmod(0o600)
    return path


def answer(completed: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The document, which has the form that is published."""
    document: dict[str, Any] = json.loads(completed.stdout)
    Draft202012Validator(schemas(())["fix.schema.json"]).validate(document)
    assert (document["exit_code"], document["ok"]) == (completed.returncode, completed.returncode == 0)
    return document


def test_the_plan_is_a_diff_and_changes_nothing(run_doctor: Run, policy: Path, private_home: Path) -> None:
    before = policy.read_text()
    completed = run_doctor("fix")
    assert completed.returncode == 0
    assert completed.stdout.splitlines()[:3] == [
        "> planned  POL003  tmx",
        '    unknown key "tmx"',
        "    → write tmux for tmx",
    ]
    assert '-  "tmx": {\n+  "tmux": {\n' in completed.stdout
    assert completed.stderr == "nothing was written; doctor fix --apply does it\n"
    assert policy.read_text() == before
    assert not (private_home / ".local" / "state" / "harness-doctor" / "fixes").exists()


def test_what_is_applied_is_told_listed_and_taken_back(run_doctor: Run, policy: Path) -> None:
    before = policy.read_text()
    completed = run_doctor("fix", "--apply")
    assert (completed.returncode, completed.stdout.splitlines()[0]) == (0, "✓ fixed  POL003  tmx")
    assert completed.stderr.startswith("doctor fix --undo takes it back (")
    assert "tmux" in json.loads(policy.read_text())
    listed = run_doctor("fix", "--list")
    assert listed.stdout.splitlines()[1] == "  write tmux for tmx"
    identity = listed.stdout.split()[0]
    undone = run_doctor("fix", "--undo", identity)
    assert (undone.returncode, undone.stdout.split()[1]) == (0, "restored")
    assert policy.read_text() == before
    assert run_doctor("fix", "--undo").returncode == 2


def test_every_answer_can_be_had_as_one_document(run_doctor: Run, policy: Path) -> None:
    planned = answer(run_doctor("fix", "--format", "json"))
    assert (planned["action"], planned["id"]) == ("plan", None)
    assert [(each["finding"]["code"], each["state"], each["title"]) for each in planned["fixes"]] == [
        ("POL003", "planned", "write tmux for tmx")
    ]
    assert [(each["path"], each["action"]) for each in planned["files"]] == [(str(policy), "edit")]
    done = answer(run_doctor("fix", "--apply", "--format", "json"))
    assert (done["action"], [each["state"] for each in done["fixes"]]) == ("apply", ["fixed"])
    listed = answer(run_doctor("fix", "--list", "--format", "json"))
    assert [(each["id"], each["state"]) for each in listed["applications"]] == [(done["id"], "applied")]
    undone = answer(run_doctor("fix", "--undo", "--format", "json"))
    assert (undone["id"], [each["state"] for each in undone["files"]]) == (done["id"], ["restored"])
    failed = answer(run_doctor("fix", "--undo", "--format", "json"))
    assert (failed["action"], failed["error"]["message"][:29]) == (None, "there is nothing to take back")


def test_nothing_to_repair_is_said_and_is_no_failure(run_doctor: Run, policy: Path) -> None:
    completed = run_doctor("fix", "--select", "POL001", "--apply")
    assert completed.returncode == 0
    assert run_doctor("fix", "--apply").returncode == 0
    again = run_doctor("fix", "--select", "POL", "--apply")
    assert (again.returncode, again.stdout) == (0, "")
    assert again.stderr == "there is nothing that can be repaired here\n"


def test_what_cannot_be_written_ends_with_exit_code_1(run_doctor: Run, machine: Path) -> None:
    (machine.parent / "keys").write_text("in the way")
    completed = run_doctor("fix", "--select", "END005", "--apply")
    assert (completed.returncode, completed.stdout.splitlines()[0]) == (1, "✗ failed  END005  endpoint attic")


def test_a_change_made_since_is_not_taken_back_and_ends_with_exit_code_1(run_doctor: Run, policy: Path) -> None:
    run_doctor("fix", "--apply")
    policy.write_text("{}")
    undone = run_doctor("fix", "--undo")
    assert (undone.returncode, policy.read_text()) == (1, "{}")
    assert "changed since" in undone.stdout
    assert "what was there before is kept: " in undone.stderr


def test_no_answer_shows_a_key(run_doctor: Run, policy: Path, machine: Path, private_environment: Any) -> None:
    for arguments in ((), ("--format", "json"), ("--apply",), ("--list", "--format", "json"), ("--undo", "-v")):
        completed = run_doctor("fix", *arguments)
        assert KEY not in completed.stdout + completed.stderr
    private_environment["ATTIC_KEY"] = KEY
    shown = run_doctor("fix").stdout
    assert KEY not in shown
    assert '-api_key = "[redacted]"\n+api_key_env = "ATTIC_KEY"\n' in shown


def test_colour_is_for_terminals_and_whoever_insists(run_doctor: Run, policy: Path) -> None:
    assert "\x1b" not in run_doctor("fix").stdout
    assert "\x1b[32m+  " in run_doctor("fix", "--color", "always").stdout


@pytest.mark.parametrize(
    "arguments", [("--apply", "--undo"), ("--undo", "--list"), ("ID",), ("--apply", "ID"), ("--select", "NOPE")]
)
def test_what_makes_no_sense_is_refused(run_doctor: Run, policy: Path, arguments: tuple[str, ...]) -> None:
    completed = run_doctor("fix", *arguments)
    assert (completed.returncode, completed.stdout) == (2, "")
    assert completed.stderr.startswith("doctor: ")


def test_a_check_says_that_its_findings_can_be_repaired(run_doctor: Run, policy: Path) -> None:
    report = run_doctor("check")
    assert "note     1 of these can be repaired: doctor fix\n" in report.stdout
    table = run_doctor("check", "--color", "always").stdout
    assert "1 of these can be repaired: doctor fix" in table
