"""The scripts that set everything up, on machines where something is missing."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import captured

CHECKOUT = Path(__file__).parents[2]
SCRIPTS = sorted(path for path in (CHECKOUT / ".ci").iterdir() if path.is_file())
NEEDED = ("dirname", "id", "sed", "sh", "touch", "env")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A directory with the scripts only."""
    shutil.copytree(CHECKOUT / ".ci", tmp_path / "clone" / ".ci")
    return tmp_path / "clone"


@pytest.fixture
def bare_bin(tmp_path: Path) -> Path:
    """A PATH without Python, package managers, tmux and git."""
    directory = tmp_path / "bare"
    directory.mkdir()
    for name in NEEDED:
        path = shutil.which(name)
        assert path is not None
        (directory / name).symlink_to(path)
    return directory


def run(script: str, clone: Path, path: Path) -> subprocess.CompletedProcess[str]:
    """Run one of the scripts of a clone with nothing but ``path`` on PATH."""
    argv = [str(path / "sh"), str(clone / ".ci" / script)]
    return captured(argv, cwd=clone, environment={"PATH": str(path), "HOME": str(clone)}, limit=60)


def program(directory: Path, name: str, body: str) -> None:
    """Put a shell script on a PATH."""
    path = directory / name
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_understood_by_the_plain_shell(script: Path) -> None:
    assert subprocess.run(["sh", "-n", str(script)], check=False).returncode == 0


def test_a_missing_package_that_cannot_be_installed_is_named_with_the_command_that_would(
    clone: Path, bare_bin: Path
) -> None:
    completed = run("test", clone, bare_bin)
    assert completed.returncode == 1
    assert "apt-get install tmux" in completed.stderr
    assert "error: tmux is missing" in completed.stderr


def test_missing_packages_are_installed_where_that_is_allowed(clone: Path, bare_bin: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    program(bare_bin, "apt-get", f'echo "$*" >> {log}')
    (bare_bin / "id").unlink()
    program(bare_bin, "id", "echo 0")
    completed = run("test", clone, bare_bin)
    installed = [f"install -y -q {package}" for package in ("tmux", "git", "bubblewrap")]
    assert log.read_text(encoding="utf-8").splitlines() == installed
    assert "no Python 3.11 or newer was found" in completed.stderr


def test_the_package_list_is_refreshed_when_a_package_is_not_known_yet(
    clone: Path, bare_bin: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    program(bare_bin, "apt-get", f'echo "$*" >> {log}; [ "$1" = update ] || grep -q update {log}')
    (bare_bin / "grep").symlink_to(str(shutil.which("grep")))
    (bare_bin / "id").unlink()
    program(bare_bin, "id", "echo 0")
    run("test", clone, bare_bin)
    assert log.read_text(encoding="utf-8").splitlines()[:3] == ["install -y -q tmux", "update -q", "install -y -q tmux"]


def test_a_python_that_is_too_old_is_told_so(clone: Path, bare_bin: Path) -> None:
    program(bare_bin, "python3", 'case "$1" in --version) echo Python 3.9.2 ;; *) exit 1 ;; esac')
    completed = run("doctor", clone, bare_bin)
    assert completed.returncode == 1
    assert "python3 says: Python 3.9.2" in completed.stderr


def test_agent_clis_that_cannot_be_installed_end_in_a_status_of_their_own(clone: Path, bare_bin: Path) -> None:
    completed = run("harnesses", clone, bare_bin)
    assert completed.returncode == 3
    assert completed.stdout == ""
    assert "npm is missing" in completed.stderr


@pytest.mark.slow
def test_an_interrupted_environment_is_made_again(clone: Path) -> None:
    broken = clone / ".venv" / "bin"
    broken.mkdir(parents=True)
    (broken / "pip").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    source = f'set -eu; . "{clone}/.ci/lib.sh"; make_venv "{clone}/.venv"; "{clone}/.venv/bin/pip" --version'
    completed = subprocess.run(
        ["sh", "-c", source, str(clone / ".ci" / "test")],
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert completed.returncode == 0, completed.stderr
    assert "pip " in completed.stdout
