"""The directory of a run's process: what is told of it to others on this machine, and kept for the next runner.

In the form in which ``doctor.executor`` keeps its own, so that ``doctor ps``, ``logs`` and ``stop`` know it. The
runner is its supervisor. An end is on record before it is reported; that it was reported is told by a file.
"""

import json
import os
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from doctor.config.writing import replace_file
from doctor.executor import exit_record
from doctor.executor.base import Place
from doctor.executor.bounded_log import BoundedLog
from doctor.executor.directories import PROCESSES, UNFINISHED, ProcessDirectory, one_at_a_time
from doctor.os_processes import boot_id, start_time
from doctor.runner.dialect import Run

EXECUTOR = "runner"
REPORTED = "reported"
"""File that is there once the coordinator knows of the end."""

LOG_LIMIT = 1024 * 1024
"""Bytes of each part of a log."""

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_LONGEST = 96
_ATTEMPTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is recorded of one run."""

    run: Run
    profile: str
    runtime_id: str
    """The harness that does the work, or the executor's type."""

    coordinator: str
    """Its URL."""

    cwd: str

    @property
    def agent(self) -> str:
        """Whose run it is."""
        name = self.run.agent_name
        return name if name and _is_plain(name) else self.profile

    @property
    def name(self) -> str:
        """The beginning of the process id: fit for a path and for an environment, whatever the coordinator says."""
        run_id = self.run.run_id
        own = run_id if _is_plain(run_id) else sha256(run_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        agent = self.agent if _is_plain(self.agent) else EXECUTOR
        return f"{agent}-{own}"

    @staticmethod
    def mark_without_record(run: Run) -> str:
        """What a run's processes are found by where nothing can be recorded."""
        return f"{EXECUTOR}-{sha256(run.run_id.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}-{os.getpid()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run's directory."""

    directory: ProcessDirectory
    attempt: int
    about: About
    submitted_at: float

    @property
    def process_id(self) -> str:
        """The process, and its mark."""
        return self.directory.process_id

    def started(self, pid: int) -> None:
        """The executor runs."""
        self._write("live.json", _live(agent=[pid, start_time(pid)], started_at=time.time()))

    def ended(self, record: Mapping[str, Any]) -> None:
        """How it ended, as ``exit_record.document`` has it."""
        with suppress(OSError):
            replace_file(self.directory.exit, exit_record.encoded(record), mode=0o600, durable=False)

    def reported(self) -> None:
        """The coordinator knows of its end."""
        mark_reported(self.directory.path)

    def stopped_here(self) -> bool:
        """Whether a person on this machine asked for its end."""
        return self.directory.cancel.exists()

    def log(self) -> BoundedLog:
        """Where its output goes."""
        return BoundedLog(str(self.directory.log), LOG_LIMIT)

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        with suppress(OSError):
            replace_file(self.directory.path / name, _encoded(content), mode=0o600, durable=False)


def begin(metawsm: Path, about: About) -> RunRecord:
    """Make the directory of a run that is about to start; it is whole from the moment it is there.

    Raises:
        OSError: It cannot be made.
    """
    processes = metawsm / PROCESSES
    processes.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(Place(directory=metawsm)):
        return _begin(processes, about)


def _begin(processes: Path, about: About) -> RunRecord:
    new = processes / f"{UNFINISHED}{os.urandom(8).hex()}"
    new.mkdir(mode=0o700)
    submitted_at = time.time()
    try:
        (new / "live.json").write_bytes(_encoded(_live()))
        for attempt in range(1, _ATTEMPTS):
            name = about.name if attempt == 1 else f"{about.name}-{attempt}"
            (new / "request.json").write_bytes(_encoded(_request(about, name, attempt, submitted_at)))
            try:
                new.rename(processes / name)
            except OSError:
                if not (processes / name).exists():
                    raise
                continue
            directory = ProcessDirectory(path=processes / name)
            return RunRecord(directory=directory, attempt=attempt, about=about, submitted_at=submitted_at)
    except OSError:
        _remove(new)
        raise
    _remove(new)
    raise FileExistsError(f"{processes / about.name} is there, and so are {_ATTEMPTS} attempts after it")


def mark_reported(directory: Path) -> None:
    """Note that the coordinator knows how a run ended."""
    with suppress(OSError):
        os.close(os.open(directory / REPORTED, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))


def is_reported(directory: Path) -> bool:
    """Whether the coordinator knows how a run ended."""
    return (directory / REPORTED).exists()


def _request(about: About, process_id: str, attempt: int, submitted_at: float) -> dict[str, Any]:
    run = about.run
    return {
        "process_id": process_id,
        "executor": EXECUTOR,
        "spec_id": "",
        "attempt": attempt,
        "run_id": run.run_id,
        "session": run.session_id,
        "agent": about.agent,
        "stage": "execute",
        "runtime_id": about.runtime_id,
        "mode": "headless",
        "cwd": about.cwd,
        "coordinator": about.coordinator,
        "dialect": str(run.dialect),
        "profile": about.profile,
        "submitted_at": submitted_at,
        "boot_id": boot_id(),
        "launcher": [os.getpid(), start_time(os.getpid())],
    }


def _live(*, agent: list[Any] | None = None, started_at: float | None = None) -> dict[str, Any]:
    return {
        "supervisor": [os.getpid(), start_time(os.getpid())],
        "agent": agent,
        "started_at": started_at,
        "terminal_lost_at": None,
        "receipt": "unconfirmed",
    }


def _encoded(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content).encode("ascii")


def encoded_end(what: str, body: Mapping[str, Any]) -> bytes:
    """An end as its coordinator is told it, for a runner that comes later."""
    return _encoded({"what": what, "body": dict(body)})


def _is_plain(name: str) -> bool:
    """Whether a name can be part of a process id as it is."""
    return len(name) <= _LONGEST and _PLAIN.fullmatch(name) is not None and ".." not in name


def _remove(directory: Path) -> None:
    with suppress(OSError):
        for path in directory.iterdir():
            path.unlink(missing_ok=True)
        directory.rmdir()
