"""What the journal's tests share: a journal on disk, launches to record in it, and programs that use it beside us."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from doctor.journal.journal import Journal
from doctor.model.event import Spawn
from doctor.model.spec import Mode
from doctor.model.stage import Stage

LIMIT_SECONDS = 120
"""Ends a program that hangs; no test measures time with it."""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the journal is; its directory is there, the file is not."""
    directory = tmp_path / ".metawsm"
    directory.mkdir()
    return directory / "metawsm.db"


@pytest.fixture
def make_spawn() -> Callable[..., Spawn]:
    """A launch of the process ``p-1``, with changes."""

    def make(process_id: str = "p-1", **changes: Any) -> Spawn:
        values: dict[str, Any] = {
            "process_id": process_id,
            "run_id": "run-1",
            "spec_id": "5" * 64,
            "attempt": 1,
            "agent": "writer",
            "stage": Stage.EXECUTE,
            "runtime_id": "codex",
            "harness_version": "0.169.0",
            "policy_sha256": "a" * 64,
            "named_profile": "fast",
            "session": "writer-shop",
            "executor": "tmux",
            "mode": Mode.HEADLESS,
            "cwd": "/src/shop",
            "ticket": "T-1",
        }
        return Spawn(**(values | changes))

    return make


@pytest.fixture
def journal(database: Path) -> Any:
    """A journal that is closed at the end of the test."""
    with Journal(database, patience=30) as opened:
        yield opened


@pytest.fixture
def run_python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run code in a Python of its own, with arguments; fails with what it said when it does."""

    def run(code: str, *arguments: object, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        completed = subprocess.run(
            [*prefix, sys.executable, "-Ic", code, *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_SECONDS,
        )
        assert completed.returncode == 0, completed.stderr
        return completed

    return run


@pytest.fixture
def run_read_only(run_python: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[..., str]:
    """Run code while a directory may not be written; for root, whom permissions do not hold, while its disk may not."""

    def as_root(directory: Path, code: str, arguments: tuple[object, ...]) -> str:
        mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
        if shutil.which("unshare") is None or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
            pytest.skip("root may not mount here: run the tests as another user")
        prefix = ("unshare", "-m", "sh", "-c", mount, str(directory))
        return run_python(code, *arguments, prefix=prefix).stdout

    def run(directory: Path, code: str, *arguments: object) -> str:
        if os.geteuid() == 0:
            return as_root(directory, code, arguments)
        entries = [*directory.iterdir(), directory]
        modes = {entry: entry.stat().st_mode & 0o777 for entry in entries}
        try:
            for entry in entries:
                entry.chmod(modes[entry] & 0o555)
            return run_python(code, *arguments).stdout
        finally:
            for entry in reversed(entries):
                entry.chmod(modes[entry])

    return run


@pytest.fixture
def sql() -> Callable[..., list[tuple[Any, ...]]]:
    """Carry out one statement as another program would: ``sql(path, statement, *values)``."""

    def execute(path: Path, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            return connection.execute(statement, values).fetchall()

    return execute
