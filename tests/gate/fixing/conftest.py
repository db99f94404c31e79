"""A project and a machine of their own, on which repairs are planned and applied for real."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from doctor.config.paths import Paths, machine_paths
from doctor.diagnosis.run import Examined
from doctor.gate.fixing.planning import plan
from doctor.gate.fixing.undoing import Undone, undo
from doctor.gate.fixing.verifying import carry_out
from doctor.model.fixing import Repair, RepairPlan
from doctor.model.options import Options

POLICY = {
    "version": 2,
    "agent_profiles": [{"name": "p", "runner": "shell", "runner_options": {"command": "bash"}}],
    "agents": [{"name": "a", "profile": "p"}],
}


@dataclass
class Bench:
    """One project in a home directory."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home.mkdir()
        (self.root / "bin").mkdir()
        self.project.mkdir()
        self.policy.parent.mkdir()
        self.write(POLICY)
        self.environment = {"HOME": str(self.home), "PATH": str(self.root / "bin"), **self.environment}

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def policy(self) -> Path:
        return self.project / ".metawsm" / "policy.json"

    @property
    def options(self) -> Options:
        made = Options(cwd=self.project, home=self.home, environment=dict(self.environment), autoload=False)
        return replace(made, **self.changes)

    @property
    def paths(self) -> Paths:
        return machine_paths(self.environment, self.home)

    def write(self, policy: Any) -> str:
        text = policy if isinstance(policy, str) else json.dumps(policy, indent=2) + "\n"
        self.policy.write_text(text, encoding="utf-8")
        return text

    def settings(self, text: str) -> Path:
        self.paths.config_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.paths.machine_file.write_text(text, encoding="utf-8")
        self.paths.machine_file.chmod(0o600)
        return self.paths.machine_file

    def program(self, name: str, body: str) -> None:
        path = self.root / "bin" / name
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)

    def plan(self, *codes: str) -> tuple[Examined, RepairPlan]:
        return plan(replace(self.options, select=codes))

    def apply(self, *codes: str) -> tuple[Repair, ...]:
        examined, planned = self.plan(*codes)
        _, repairs = carry_out(planned, examined)
        return repairs

    def undo(self, identity: str | None = None) -> Undone:
        return undo(self.paths, str(self.project), identity)

    def tree(self) -> dict[str, tuple[int, bytes | None]]:
        """Every file and directory of the project and of the settings: mode and content."""
        roots = (self.project, self.paths.config_dir)
        every = [path for root in roots for path in (root, *root.rglob("*")) if path.exists()]
        return {
            str(path.relative_to(self.root)): (path.stat().st_mode, path.read_bytes() if path.is_file() else None)
            for path in sorted(every)
        }


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A project with a policy that has nothing wrong with it."""
    return Bench(tmp_path)


@pytest.fixture
def states() -> Callable[[tuple[Repair, ...]], list[tuple[str, str]]]:
    """Code and state of each finding, sorted."""
    return lambda repairs: sorted((repair.finding.code, str(repair.state)) for repair in repairs)
