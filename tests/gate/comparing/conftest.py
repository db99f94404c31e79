"""Repositories to compare, on a machine of their own."""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from doctor.gate.comparing.compare import Request, compare
from doctor.model.comparison import Comparison
from doctor.model.options import Options

Policy = dict[str, Any]
SKILL = "---\nname: docmgr\ndescription: keeps documents\n---\nWrite it down.\n"


class Repository:
    """A git repository, and what comparing in it says."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        self.root = root
        self.environment = {**environment, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main", ".")

    def git(self, *arguments: str) -> str:
        """Run git here."""
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always")
        return subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.root,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def write(self, path: str, content: Any) -> Path:
        """Write a file, a mapping as JSON."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content if isinstance(content, str) else json.dumps(content, indent=1), encoding="utf-8")
        return target

    def commit(self, files: Mapping[str, Any] | None = None) -> str:
        """Commit everything, and return the commit's id."""
        for path, content in (files or {}).items():
            self.write(path, content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "a change")
        return self.git("rev-parse", "HEAD").strip()

    def options(self, **changes: Any) -> Options:
        """Those of a look from here."""
        given: dict[str, Any] = {
            "cwd": self.root,
            "home": Path(self.environment["HOME"]),
            "environment": self.environment,
            "autoload": False,
            **changes,
        }
        return Options(**given)

    def compare(self, base: str = "HEAD", head: str | None = None, *, deny: str = "", **changes: Any) -> Comparison:
        """What changed."""
        own = {name: changes.pop(name) for name in ("approvals", "accept_new_approvals") if name in changes}
        terms = tuple(term for term in deny.split(",") if term)
        return compare(self.options(**changes), Request(base=base, head=head, deny=terms, **own))


@pytest.fixture
def repository(tmp_path: Path, private_environment: Mapping[str, str]) -> Repository:
    """An empty repository."""
    return Repository(tmp_path / "repository", private_environment)


@pytest.fixture
def make_policy() -> Callable[..., Policy]:
    """A policy with one agent: ``make_policy(runner="codex", runner_options={...}, git_pr={...})``."""
    return policy_of


def policy_of(
    *,
    runner: str = "codex",
    runner_options: Mapping[str, Any] | None = None,
    skills: tuple[str, ...] = (),
    base_prompt: str = "Do the work.",
    **top: Any,
) -> Policy:
    profile = {
        "name": "worker",
        "runner": runner,
        "base_prompt": base_prompt,
        "skills": list(skills),
        "runner_options": dict(runner_options or {}),
    }
    whole: Policy = {"version": 2, "agent_profiles": [profile], "agents": [{"name": "bob", "profile": "worker"}]}
    return {**whole, **top}


@pytest.fixture
def change_of(repository: Repository) -> Callable[[Policy, Policy], Comparison]:
    """What the step from one policy to another is."""

    def compared(before: Policy, after: Policy) -> Comparison:
        repository.commit({".metawsm/policy.json": before})
        repository.write(".metawsm/policy.json", after)
        return repository.compare()

    return compared


def classes(comparison: Comparison) -> dict[str, str]:
    """The class of each change by subject and field."""
    return {f"{change.subject} {change.field}": str(change.verdict) for change in comparison.changes}


Files = Mapping[str, Any]


@pytest.fixture
def change_of_files(repository: Repository) -> Callable[[Files, Files], Comparison]:
    """What the step from some files of a project to others is; a path as a value is where a link leads."""

    def compared(before: Files, after: Files) -> Comparison:
        for side, files in (("before", before), ("after", after)):
            (repository.root / side).mkdir()
            for path, content in files.items():
                target = f"{side}/{path}"
                if isinstance(content, Path):
                    (repository.root / target).parent.mkdir(parents=True, exist_ok=True)
                    (repository.root / target).symlink_to(content)
                else:
                    repository.write(target, content)
        return repository.compare("before", "after")

    return compared
