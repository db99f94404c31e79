"""A project and a machine of the test's own, looked at in this process."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from doctor.diagnosis.run import Examined, examine
from doctor.model.options import Options
from tests.conftest import TOOLS

KEY = "k3y-0f-nobody-at-all"
"""A secret that nothing may repeat."""

CODEX = """case "$*" in
  --version) echo "codex-cli ${CODEX_VERSION:-0.169.0}" ;;
  'login status') echo 'Logged in using an API key' >&2 ;;
  *--help*) printf '  %s <VALUE>\\n' -c --config -m --model -s --sandbox -a -C --cd --json --skip-git-repo-check ;;
  *) exit 2 ;;
esac"""


class Place:
    """A project, a home directory and a PATH."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.project, self.home, self.bin = root / "project", root / "home", root / "bin"
        for directory in (self.project / ".metawsm", self.project / ".git", self.home, self.bin):
            directory.mkdir(parents=True, exist_ok=True)
        for name in TOOLS:
            if (path := shutil.which(name)) is not None and not (self.bin / name).is_symlink():
                (self.bin / name).symlink_to(path)

    @property
    def metawsm(self) -> Path:
        return self.project / ".metawsm"

    def write_policy(self, policy: Any, **format_: Any) -> None:
        text = policy if isinstance(policy, str) else json.dumps(policy, **format_)
        (self.metawsm / "policy.json").write_text(text, encoding="utf-8")

    def write_skill(self, name: str, text: str = "Use it.") -> None:
        path = self.metawsm / "skills" / name / "SKILL.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\nname: {name}\ndescription: Keeps the {name}.\n---\n\n{text}\n", encoding="utf-8")

    def install_codex(self, version: str = "0.169.0") -> None:
        path = self.bin / "codex"
        path.write_text(f"#!/bin/sh\nCODEX_VERSION={version}\n{CODEX}\n", encoding="utf-8")
        path.chmod(0o755)

    def options(self, **changes: Any) -> Options:
        environment = {"PATH": str(self.bin), "HOME": str(self.home), "SHELL": "/bin/sh", "CODEX_API_KEY": KEY}
        values: dict[str, Any] = {
            "cwd": self.project,
            "home": self.home,
            "environment": environment,
            "autoload": False,
            "cache": False,
        }
        return Options(**(values | changes))

    def examine(self, **changes: Any) -> Examined:
        return examine(self.options(**changes))


@pytest.fixture
def make_place(tmp_path: Path) -> Callable[[str], Place]:
    """``make_place("a")`` is another project on another machine."""
    return lambda name: Place(tmp_path / name)


@pytest.fixture
def place(make_place: Callable[[str], Place]) -> Place:
    """One project with a policy whose agent has nothing against it but what is missing on the machine."""
    made = make_place("one")
    made.write_policy(policy())
    return made


@pytest.fixture
def sound(place: Place) -> Place:
    """A project with nothing against it."""
    place.install_codex()
    for name in ("docmgr", "diary"):
        place.write_skill(name)
    return place


def policy(**changes: Any) -> dict[str, Any]:
    """A policy: Codex works with two skills."""
    made: dict[str, Any] = {
        "version": 2,
        "agent_profiles": [
            {"name": "worker", "runner": "codex", "base_prompt": "Work.", "skills": ["docmgr", "diary"]},
        ],
        "agents": [{"name": "bob", "profile": "worker"}],
    }
    return made | changes


def rooted() -> bool:
    """Whether this process may write anywhere."""
    return os.geteuid() == 0
