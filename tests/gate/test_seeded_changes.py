"""Thirty changes of a policy, made in a real repository and compared by the real command.

``changes/looser`` are what somebody would try who wants a change to slip through; ``changes/other`` are what must not
raise a false alarm. Each is a patch whose head says what is expected; ``changes/base`` is what they apply to.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

CHANGES = Path(__file__).parent / "changes"
HARNESSES = {
    "codex": "echo 'codex-cli 0.169.0'",
    "claude": "echo '2.1.197 (Claude Code)'",
    "opencode": "echo 1.18.33",
}
RunDoctor = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("git") is None, reason="needs git: apt-get install git"),
]


class Seeded(NamedTuple):
    """One patch."""

    path: Path
    head: dict[str, str]
    """``What`` it does, the ``Class`` that is expected, and for a change that is no ``equal`` one, ``Subject`` and
    ``Field`` of it."""

    @property
    def id(self) -> str:
        return f"{self.path.parent.name}-{self.path.stem}"


def seeded(kind: str) -> list[Any]:
    """The patches of one kind, as parameters."""
    found = []
    for path in sorted((CHANGES / kind).glob("*.patch")):
        head = path.read_text(encoding="utf-8").partition("\n\n")[0]
        patch = Seeded(path, dict(line.split(": ", 1) for line in head.splitlines() if ": " in line))
        found.append(pytest.param(patch, id=patch.id))
    return found


LOOSER = seeded("looser")
OTHER = seeded("other")


@pytest.fixture
def shop(private_project: Path, private_home: Path) -> Path:
    """The repository as it is before, with its main branch checked out."""
    shutil.copytree(CHANGES / "base" / "home", private_home, dirs_exist_ok=True)
    shutil.copytree(CHANGES / "base" / "project", private_project, dirs_exist_ok=True)
    git(private_project, "init", "--quiet", "--initial-branch", "main")
    commit(private_project, "as it is")
    return private_project


@pytest.fixture(params=["installed", "absent"])
def harnesses(request: pytest.FixtureRequest, install_program: Callable[[str, str], Path]) -> None:
    """What a change means is the same where the harnesses are, and on a CI machine where none is."""
    for name, body in HARNESSES.items() if request.param == "installed" else ():
        install_program(name, body)


def git(repository: Path, *arguments: str) -> None:
    """Run git, without anybody's settings."""
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.invalid", "-c", "commit.gpgsign=false")
    argv = ["git", "-C", str(repository), *identity, *arguments]
    subprocess.run(argv, env={**os.environ, **own}, check=True, capture_output=True, timeout=60)


def commit(repository: Path, message: str) -> None:
    """Commit everything."""
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", message)


def compared(shop: Path, patch: Seeded, run_doctor: RunDoctor) -> tuple[int, dict[str, Any]]:
    """Make the change on a branch, as a pull request would, and compare it with main."""
    git(shop, "switch", "--quiet", "--create", "change")
    git(shop, "apply", str(patch.path))
    commit(shop, patch.head["What"])
    completed = run_doctor("compare", "main", "--deny", "looser", "--format", "json")
    assert completed.stdout, completed.stderr
    return completed.returncode, json.loads(completed.stdout)


def test_there_are_fifteen_of_each() -> None:
    assert (len(LOOSER), len(OTHER)) == (15, 15)


@pytest.mark.parametrize("patch", LOOSER)
def test_a_looser_change_is_caught(patch: Seeded, shop: Path, harnesses: None, run_doctor: RunDoctor) -> None:
    exit_code, document = compared(shop, patch, run_doctor)
    caught = [
        (each["subject"], each["field"])
        for each in document["changes"]
        if each["class"] == "looser" and each["reason"] and each["location"]
    ]
    assert (exit_code, document["verdict"]) == (1, "looser")
    assert (patch.head["Subject"], patch.head["Field"]) in caught


@pytest.mark.parametrize("patch", OTHER)
def test_any_other_change_passes(patch: Seeded, shop: Path, harnesses: None, run_doctor: RunDoctor) -> None:
    exit_code, document = compared(shop, patch, run_doctor)
    told = [(each["subject"], each["field"]) for each in document["changes"]]
    assert (exit_code, document["verdict"], document["findings"]) == (0, patch.head["Class"], [])
    assert (told == []) if patch.head["Class"] == "equal" else (patch.head["Subject"], patch.head["Field"]) in told


def test_the_changes_are_compared_with_the_working_tree_too(shop: Path, run_doctor: RunDoctor) -> None:
    policy = shop / ".metawsm" / "policy.json"
    policy.write_text(policy.read_text(encoding="utf-8").replace("make lint", "codex --yolo"), encoding="utf-8")
    assert run_doctor("compare", "HEAD", "--deny", "looser").returncode == 1
