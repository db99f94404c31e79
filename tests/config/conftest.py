"""What the tests of reading share: a handful of harnesses as data, and policies written to disk."""

import json
from collections.abc import Callable
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
