"""``doctor init``."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

CODEX = "case \"$1\" in --version) echo 'codex-cli 0.169.0' ;; login) exit 0 ;; esac"


@pytest.fixture
def codex(install_program: Callable[[str, str], Path], private_home: Path) -> None:
    """A machine with Codex, logged in."""
    install_program("codex", CODEX)
    (private_home / ".codex").mkdir()
    (private_home / ".codex" / "auth.json").write_text("{}")


def tree(*roots: Path) -> set[Path]:
    """Every file below these directories, the cache of probes apart."""
    return {path for root in roots for path in root.rglob("*") if path.is_file() and ".cache" not in path.parts}


def test_the_plan_alone_writes_nothing(codex: None, run_doctor: Run, private_home: Path, private_project: Path) -> None:
    before = tree(private_home, private_project)
    completed = run_doctor("init", "--dry-run")
    assert completed.returncode == 0
    assert completed.stdout.splitlines()[0].startswith("route  codex")
    assert [line.split()[0] for line in completed.stdout.splitlines()[3:]] == ["new"] * 5
    assert tree(private_home, private_project) == before


def test_what_was_planned_is_written_and_a_second_time_nothing(
    codex: None, run_doctor: Run, private_project: Path
) -> None:
    planned = json.loads(run_doctor("init", "--dry-run", "--format", "json").stdout)
    first = run_doctor("init", "--route", "codex")
    assert (first.returncode, first.stderr.splitlines()[-1]) == (0, "wrote 5 of 5 files")
    assert [file["path"] for file in planned["files"] if not Path(file["path"]).is_file()] == []
    again = run_doctor("init", "--format", "json")
    document = json.loads(again.stdout)
    assert (document["route"], document["ok"]) == ("codex", True)
    assert [(file["exists"], file["written"]) for file in document["files"]] == [(True, False)] * len(planned["files"])
    assert again.stderr.splitlines()[-1] == "everything is there already"


def test_an_unknown_route_is_refused(run_doctor: Run, private_project: Path) -> None:
    completed = run_doctor("init", "--route", "cobol", "--format", "json")
    assert completed.returncode == 2
    document = json.loads(completed.stdout)
    assert (document["route"], document["files"], document["exit_code"]) == (None, [], 2)
    assert list(private_project.iterdir()) == []
