"""Machines of a test's own, on which agents are really started."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.bench import Bench

TOOLS = ("bash", "cat", "git", "node", "sh", "sleep", "tmux")


@pytest.fixture
def bench(doctor_argv: tuple[str, ...]) -> Iterator[Bench]:
    """A machine with the tools that agents need, and no harness."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is missing: apt-get install tmux")
    root = Path(tempfile.mkdtemp(prefix="e2e-", dir="/tmp"))
    for name in ("bin", "home", "project", "records", "tmux"):
        (root / name).mkdir(mode=0o700)
    for name in TOOLS:
        if (path := shutil.which(name)) is not None:
            (root / "bin" / name).symlink_to(path)
    environment = {
        "HOME": str(root / "home"),
        "PATH": str(root / "bin"),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "TMUX_TMPDIR": str(root / "tmux"),
        "STAND_IN_RECORDS": str(root / "records"),
    }
    machine = Bench(root=root, argv=doctor_argv, environment=environment)
    subprocess.run(["git", "init", "-q", str(machine.project)], env=environment, check=True)
    try:
        yield machine
    finally:
        machine.close()
