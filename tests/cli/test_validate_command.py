"""``doctor validate``."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.cli import main

Capture = pytest.CaptureFixture[str]


def test_what_is_wrong_is_printed_with_its_place_and_ends_in_exit_code_1(project: Path, capsys: Capture) -> None:
    (project / "a.toml").write_text("agent = 1\n", encoding="utf-8")
    assert main(["validate", "a.toml", "--quiet"]) == 1
    out, err = capsys.readouterr()
    assert (f"NPR001  {project}/a.toml:1:9" in out, err) == (True, "")


def test_the_report_is_a_document_where_one_was_asked_for(project: Path, capsys: Capture) -> None:
    (project / "a.toml").write_text("", encoding="utf-8")
    assert main(["validate", "a.toml", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["ok"], document["findings"], document["harnesses"], document["agents"]) == (True, [], [], [])


def test_a_file_whose_name_says_nothing_needs_to_be_named(project: Path, capsys: Capture) -> None:
    (project / "notes").write_text("", encoding="utf-8")
    assert main(["validate", "notes"]) == 2
    assert "--as policy" in capsys.readouterr().err
    assert main(["validate", "notes", "--as", "profile"]) == 0


def test_no_program_is_started_and_nothing_is_written(
    run_doctor: Callable[..., subprocess.CompletedProcess[str]],
    install_program: Callable[[str, str], Path],
    private_project: Path,
    private_home: Path,
) -> None:
    started = private_project / "started"
    install_program("codex", f"touch {started}")
    policy = private_project / ".metawsm" / "policy.json"
    policy.parent.mkdir()
    policy.write_text(
        '{"version": 2, "agent_profiles": [{"name": "p", "runner": "codex", "base_prompt": "Work."}],'
        ' "agents": [{"name": "a", "profile": "p"}]}',
        encoding="utf-8",
    )
    completed = run_doctor("validate", ".metawsm/policy.json")
    assert (completed.returncode, completed.stderr) == (0, "")
    assert (started.exists(), list(private_home.iterdir())) == (False, [])
