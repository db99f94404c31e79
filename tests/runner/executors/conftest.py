"""A coordinator that remembers what it is told, behind a real gateway, and executors as their runner starts them."""

import errno
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from doctor.runner.answers import Answer
from doctor.runner.gateway import Gateway
from doctor.runner.profiles import shipped_argv

SESSION = "ses_0123456789ab"
LIMIT_SECONDS = 60
"""Ends an executor that hangs; no test measures time with it."""

Execute = Callable[..., subprocess.CompletedProcess[str]]


@dataclass
class Told:
    """What came through the gateway."""

    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    session: dict[str, Any] = field(default_factory=dict)
    """What is answered about the session, beside what was bound."""

    refuse: str | None = None
    """Requests to paths that end so are answered with ``refusal``."""

    refusal: int = 422
    down: int = 0
    """Requests that find nobody."""

    def request(self, method: str, path: str, body: bytes | None = None, content_type: str | None = None) -> Answer:
        if self.down:
            self.down -= 1
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        document = json.loads(body) if body else {}
        self.asked.append((method, path.removeprefix(f"/sessions/{SESSION}"), document))
        if self.refuse is not None and path.endswith(self.refuse):
            return Answer(status=self.refusal, content_type="application/json", body=b'{"detail":"not wanted"}')
        if path.endswith("/bind"):
            self.session |= document
        answer = {"session": self.session} if method == "GET" else {}
        return Answer(status=200, content_type="application/json", body=json.dumps(answer).encode())

    @property
    def names(self) -> list[str]:
        """Under which names the session was bound."""
        return [document["executor_session_id"] for _, path, document in self.asked if path == "/bind"]

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event, without what all of them have."""
        return [
            {key: value for key, value in document.items() if key not in {"session_id", "timestamp"}}
            for _, path, document in self.asked
            if path == "/events"
        ]

    @property
    def spoken(self) -> list[tuple[str, str]]:
        """Role and text of every message."""
        return [(each["role"], each["content"][0]["text"]) for each in self.events if each["event_type"] == "message"]


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def gateway(told: Told) -> Iterator[Gateway]:
    made = Gateway(told, hostname="here", executor_profile="coding")
    made.start()
    yield made
    made.close()


@pytest.fixture
def invocation(private_project: Path) -> dict[str, Any]:
    """The start of a session; a test changes what it is about."""
    return {
        "schema_version": "2.1",
        "mode": "start",
        "session_id": SESSION,
        "prompt": "Say hello, please.",
        "project_dir": str(private_project),
    }


@pytest.fixture
def child_environment(private_environment: Mapping[str, str], private_bin: Path, gateway: Gateway) -> dict[str, str]:
    """What a runner hands to an executor; on PATH is also what the scripts of these tests need."""
    for name in ("cat", "env", "head", "ls", "mv", "sleep", "tr"):
        if (path := shutil.which(name)) is not None:
            (private_bin / name).symlink_to(path)
    return {
        **private_environment,
        "AGENT_SESSION_ID": SESSION,
        "AGENT_ORCHESTRATOR_API_URL": gateway.admit(SESSION).url,
        "AGENT_RUNNER_DIALECT": "seed",
        "DOCTOR_PROCESS": "agent-run_1",
    }


@pytest.fixture
def execute(child_environment: Mapping[str, str], private_project: Path) -> Execute:
    """Run an executor to its end: ``execute("claude_code", invocation)``."""

    def run(executor: str, document: Any = None, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        content = document if isinstance(document, str) else json.dumps(document)
        return subprocess.run(
            [*argv_of(executor), *arguments],
            input=content,
            env={**child_environment, **variables},
            cwd=private_project,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_SECONDS,
        )

    return run


def argv_of(executor: str) -> tuple[str, ...]:
    """How a runner starts one."""
    return shipped_argv(None if executor == "test" else executor)
