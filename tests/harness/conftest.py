"""Fake programs and machines."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from doctor.harness.base import HarnessContext

MakeProgram = Callable[..., str]
MakeContext = Callable[..., HarnessContext]
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


@pytest.fixture
def bin_directory(tmp_path: Path) -> Path:
    """Stands first in the PATH of ``machine``."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


@pytest.fixture
def program(bin_directory: Path) -> MakeProgram:
    """Write an executable sh script and return its path."""

    def make(name: str, script: str, *, folder: Path | None = None, mode: int = 0o755) -> str:
        path = (folder or bin_directory) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(mode)
        return str(path)

    return make


@pytest.fixture
def machine(tmp_path: Path, bin_directory: Path) -> MakeContext:
    """A machine with an empty home and project, and only ``bin_directory`` and the system in PATH."""

    def make(*, files: Mapping[str, str] | None = None, **variables: str) -> HarnessContext:
        home, project = tmp_path / "home", tmp_path / "project"
        for folder in (home, project):
            folder.mkdir(exist_ok=True)
        for name, text in (files or {}).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        search = os.pathsep.join((str(bin_directory), SYSTEM_PATH))
        environment = {"PATH": search, "HOME": str(home), **variables}
        return HarnessContext(home=home, project=project, environment=environment)

    return make


@pytest.fixture
def written() -> Callable[[Path], None]:
    """Wait until a program has written into this file."""

    def wait(file: Path) -> None:
        if not _within_seconds(30, lambda: file.exists() and bool(file.read_text().strip())):
            raise AssertionError(f"nobody wrote to {file}")

    return wait


@pytest.fixture
def gone(written: Callable[[Path], None]) -> Callable[[Path], bool]:
    """Whether the process whose number is in this file has ended, given the moment that ending takes."""

    def ended(file: Path) -> bool:
        written(file)
        return _within_seconds(10, lambda: not _runs(int(file.read_text())))

    return ended


def _within_seconds(limit: float, condition: Callable[[], bool]) -> bool:
    deadline, pause = time.monotonic() + limit, threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            return False
        pause.wait(0.005)
    return True


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat")
        return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
