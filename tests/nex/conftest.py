"""nex as a real process against a model server of this room's own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.nex.model_server import ModelServer, running_server

LIMIT_SECONDS = 60
"""Ends what hangs; no test measures time with it."""


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """A running model server on loopback."""
    with running_server() as model:
        yield model


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Where nex works; the directory around it is there to be left alone."""
    directory = tmp_path / "around" / "project"
    directory.mkdir(parents=True)
    return directory


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The whole environment of nex; its temporary directories are made in one that tests can look into."""
    for name in ("home", "tmp"):
        (tmp_path / name).mkdir()
    return {
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "tmp"),
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "OPENAI_API_KEY": "sk-planted",
    }


NEX = (sys.executable, "-EP", "-m", "doctor.nex")
RunNex = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def nex(server: ModelServer, project: Path, environment: Mapping[str, str]) -> RunNex:
    """Run nex against the server: ``nex("--approval", "deny", "the prompt")``."""

    def run(
        *arguments: str, command: Sequence[str] = NEX, stdin: str | None = None, **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        own = ("--model", "m", "--base-url", server.url)
        return subprocess.run(
            [*command, *own, *arguments],
            cwd=project,
            env={**environment, **variables},
            input="" if stdin is None else stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_SECONDS,
            start_new_session=True,
        )

    return run
