"""The directories of processes: one each, whose being there is the process's lease."""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from doctor.config.files import FileProblem, read_bytes
from doctor.executor.base import Place
from doctor.records import dataclass

PROCESSES = "processes"
UNFINISHED = ".new-"
"""How the names of directories begin that no process has yet; whoever made one renames it or is gone."""

LARGEST = 1024 * 1024
"""Bytes accepted of a record; the supervisor's own are far below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessDirectory:
    """The directory of one process."""

    path: Path

    @property
    def process_id(self) -> str:
        """The process that it belongs to."""
        return self.path.name

    @property
    def request(self) -> Path:
        """What was asked for; there from the beginning."""
        return self.path / "request.json"

    @property
    def gate(self) -> Path:
        """The FIFO that the handover goes through. Whoever removes it decides what becomes of the process."""
        return self.path / "gate"

    @property
    def handed(self) -> Path:
        """There once the whole handover was written into the gate."""
        return self.path / "handed"

    @property
    def live(self) -> Path:
        """What the supervisor says of itself and its agent."""
        return self.path / "live.json"

    @property
    def exit(self) -> Path:
        """How it ended."""
        return self.path / "exit.json"

    @property
    def cancel(self) -> Path:
        """Seconds of patience, for the supervisor that is asked to end."""
        return self.path / "cancel"

    @property
    def log(self) -> Path:
        """The newest part of the agent's output."""
        return self.path / "log"


def directory_of(place: Place, process_id: str) -> ProcessDirectory:
    """Where a process of this name has its directory, whether there is one or not."""
    return ProcessDirectory(path=place.directory / PROCESSES / process_id)


def known(place: Place) -> tuple[ProcessDirectory, ...]:
    """The directories of all processes, in the order of their names; what somebody else put there is left out.

    Raises:
        OSError: It cannot be looked at. Not there at all is no error: then there are none.
    """
    try:
        entries = sorted((place.directory / PROCESSES).iterdir())
    except FileNotFoundError:
        return ()
    return tuple(_processes(entries))


def chosen(
    place: Place, process_ids: Sequence[str] | None, *, executor: str | None = None
) -> tuple[ProcessDirectory, ...]:
    """The directories of these processes, in this order, or of all that are known.

    Args:
        place: Where to look.
        process_ids: Exact; one that has no directory is left out. ``None``: all.
        executor: Only processes that this one started.
    """
    if process_ids is None:
        found = known(place)
    else:
        found = tuple(_processes(directory_of(place, each).path for each in process_ids if _is_name(each)))
    if executor is None:
        return found
    return tuple(each for each in found if _executor_of(each) in {executor, None})


def read_record(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file; ``None`` when there is no file, or none that is one.

    Raises:
        OSError: It is there and cannot be looked at.
    """
    try:
        document = json.loads(read_bytes(path, limit=LARGEST))
    except FileProblem as problem:
        if isinstance(problem.__cause__, PermissionError):
            raise problem.__cause__ from None
        return None
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _is_name(process_id: str) -> bool:
    return bool(process_id) and "/" not in process_id and "\0" not in process_id and not process_id.startswith(".")


def _processes(paths: Sequence[Path] | Iterator[Path]) -> Iterator[ProcessDirectory]:
    for path in paths:
        directory = ProcessDirectory(path=path)
        if not path.name.startswith(".") and _may_be_there(directory.request):
            yield directory


def _may_be_there(path: Path) -> bool:
    """Whether there is a file, or nobody may know."""
    try:
        return path.exists()
    except OSError:
        return True


def socket_of(directory: ProcessDirectory) -> str | None:
    """The name of the socket that a process was started on, where its request tells."""
    return _requested(directory, "socket")


def _executor_of(directory: ProcessDirectory) -> str | None:
    return _requested(directory, "executor")


def _requested(directory: ProcessDirectory, key: str) -> str | None:
    try:
        request = read_record(directory.request)
    except OSError:
        return None
    value = request.get(key) if request else None
    return value if isinstance(value, str) else None


@contextmanager
def one_at_a_time(place: Place) -> Iterator[None]:
    """Held while leases are taken, so that two launchers cannot overlook each other; ends with its process.

    Raises:
        OSError: There is no directory for processes, or it cannot be locked.
    """
    lock = os.open(place.directory / PROCESSES, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def clear_litter(place: Place) -> None:
    """Remove what launchers left half made. Whoever makes one is alone, as the caller has to be: these were killed."""
    import shutil  # noqa: PLC0415 - those who only look do without it

    for path in (place.directory / PROCESSES).glob(f"{UNFINISHED}*"):
        shutil.rmtree(path, ignore_errors=True)


def sweep(place: Place) -> None:
    """``clear_litter``, where that can be done."""
    with suppress(OSError), one_at_a_time(place):
        clear_litter(place)
