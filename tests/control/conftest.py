"""Directories short enough for sockets, and processes that listen."""

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from doctor.config.paths import Paths

Listen = Callable[..., "subprocess.Popen[str]"]

LISTENER = """
import signal, sys
from pathlib import Path
from doctor.config.paths import machine_paths
from doctor.control.protocol import Reply
from doctor.control.server import ControlServer

kind, home = sys.argv[1:]

def handle(request):
    if kind == "silent":
        signal.pause()
    if kind == "defect":
        sys.stderr.close()
        raise LookupError
    return Reply(ok=True, profile=request.profile, values={"kind": kind})

with ControlServer(machine_paths({}, Path(home)), handle):
    print("listening", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def short_home() -> Iterator[Path]:
    """A home directory whose sockets have short paths."""
    directory = Path(tempfile.mkdtemp(prefix="dc-", dir="/tmp"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def paths(short_home: Path) -> Paths:
    """The directories of the short home, without one for the login."""
    return Paths(
        config_dir=short_home / ".config/harness-doctor",
        state_dir=short_home / ".local/state/harness-doctor",
        cache_dir=short_home / ".cache/harness-doctor",
    )


@pytest.fixture
def listen(short_home: Path) -> Iterator[Listen]:
    """Start a process that listens, and wait until it does: ``listen("silent")``."""
    started: list[subprocess.Popen[str]] = []

    def start(kind: str = "answers") -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-Ic", LISTENER, kind, str(short_home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        return process

    yield start
    for process in started:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.communicate()
