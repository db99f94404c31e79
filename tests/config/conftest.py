"""What the tests of reading share: a handful of harnesses as data, and policies written to disk."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from doctor.config.policy import load_policy
from doctor.config.problems import Loaded
from doctor.model.harness import RunnerSpec
from doctor.model.policy import Policy

ReadPolicy = Callable[..., Loaded[Policy]]


@pytest.fixture(scope="session")
def runners() -> tuple[RunnerSpec, ...]:
    return (
        RunnerSpec(
            id="codex",
            aliases=("codex_cli",),
            options=("full_auto", "model", "extra_args", "env", "trust_workspace"),
        ),
        RunnerSpec(
            id="claude_code",
            aliases=("claude", "claude-code"),
            options=("model", "permission_mode", "extra_args", "env"),
            choices={"permission_mode": ("default", "plan", "bypassPermissions")},
        ),
        RunnerSpec(id="shell", options=("command", "env"), needs_prompt=False),
        RunnerSpec(id="opencode", options=("model", "extra_args", "env")),
        RunnerSpec(id="hermes", aliases=("hermes_cli",), options=("model", "extra_args", "env")),
    )


@pytest.fixture(scope="session")
def read_policy(tmp_path_factory: pytest.TempPathFactory, runners: tuple[RunnerSpec, ...]) -> ReadPolicy:
    """Write a policy (text, bytes or data) and load it."""
    directory = tmp_path_factory.mktemp("policies")

    def read(content: Any, suffix: str = "json", **more: Any) -> Loaded[Policy]:
        path: Path = directory / f"policy.{suffix}"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            text = content if isinstance(content, str) else json.dumps(content, indent=2)
            path.write_text(text, encoding="utf-8", newline="")
        return load_policy(path, runners=runners, **more)

    return read


@pytest.fixture
def minimal() -> dict[str, Any]:
    """A policy with one agent that reads without problems."""
    return {
        "version": 2,
        "agent_profiles": [
            {
                "name": "codex-default",
                "runner": "codex",
                "base_prompt": "Implement the ticket.",
                "skills": ["docmgr", "diary"],
                "runner_options": {"full_auto": True},
            }
        ],
        "agents": [{"name": "agent", "profile": "codex-default"}],
    }


@pytest.fixture
def unprivileged(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Close a directory to everyone, run lines of Python as a user to whom that matters, and give what they print."""
    closed: list[tuple[Path, int]] = []

    def run(directory: Path, *lines: str) -> str:
        opened = [tmp_path, *tmp_path.parents] if os.geteuid() == 0 else []
        for above in opened:
            if not above.stat().st_mode & 0o001:
                closed.append((above, above.stat().st_mode))
                above.chmod(above.stat().st_mode | 0o011)
        closed.append((directory, directory.stat().st_mode))
        directory.chmod(0)
        # What is imported must be loaded before the user changes: the checkout may be closed to that user too.
        start = "import os; from pathlib import Path; import doctor.config.machine, doctor.config.project"
        code = "\n".join((start, "os.geteuid() or os.setuid(65534)", *lines))
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd="/")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    yield run
    for directory, mode in reversed(closed):
        directory.chmod(stat.S_IMODE(mode))
