"""Which processes listen: beside each one's socket, a record says who it is and whose settings it follows."""

import json
import os
import re
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

from doctor.config.files import FileProblem, read_bytes
from doctor.config.paths import Paths
from doctor.config.writing import replace_file
from doctor.control.sockets import is_listening
from doctor.os_processes import boot_id, is_alive, start_time
from doctor.records import dataclass

_LONGEST_RECORD = 16 * 1024
_NUMBERED = re.compile(r"([1-9]\d{0,9})\.(json|sock)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One process that listens."""

    pid: int
    began: str
    """When it began, as ``start_time`` says it."""

    boot_id: str
    host: str
    config_dir: str
    """The settings that it follows, without symlinks."""

    path: Path
    """This record's file."""

    @property
    def socket_path(self) -> Path:
        """Where it listens."""
        return self.path.with_suffix(".sock")


def own_record(paths: Paths, directory: Path) -> Record:
    """What this process says of itself in ``directory``."""
    pid = os.getpid()
    return Record(
        pid=pid,
        began=start_time(pid) or "",
        boot_id=boot_id(),
        host=socket.gethostname(),
        config_dir=os.path.realpath(paths.config_dir),
        path=directory / f"{pid}.json",
    )


def write_record(record: Record) -> None:
    """Put a record where others find it.

    Raises:
        OSError: It cannot be written.
    """
    said = {
        "schema_version": 1,
        "pid": record.pid,
        "start": record.began,
        "boot_id": record.boot_id,
        "host": record.host,
        "config_dir": record.config_dir,
    }
    replace_file(record.path, json.dumps(said).encode() + b"\n", mode=0o600)


def open_directory(paths: Paths) -> Path:
    """The directory for this process's socket: made where it has to be, and nobody else's to look into.

    Raises:
        OSError: There is none that this user may use.
    """
    failure: OSError | None = None
    for directory in paths.run_dirs:
        try:
            _make_private(directory, parents=directory != paths.login_dir)
        except OSError as error:
            failure = error
        else:
            return directory
    raise failure or FileNotFoundError("there is no directory for sockets")


def listening(paths: Paths) -> tuple[Record, ...]:
    """The processes that follow these settings, by number. What ended processes left behind is removed on the way."""
    own = os.path.realpath(paths.config_dir)
    found: dict[int, Record] = {}
    for directory in paths.run_dirs:
        for record in _records(directory):
            if record.config_dir == own:
                found.setdefault(record.pid, record)
    return tuple(found[pid] for pid in sorted(found))


def _make_private(directory: Path, *, parents: bool) -> None:
    if not parents and directory.parent.stat().st_uid != os.geteuid():
        raise PermissionError(f"{directory.parent} belongs to another user")
    directory.mkdir(mode=0o700, parents=parents, exist_ok=True)
    if not _is_own(directory):
        raise PermissionError(f"{directory} is no directory of this user")
    if directory.stat().st_mode & 0o077:
        directory.chmod(0o700)


def _is_own(directory: Path) -> bool:
    try:
        found = directory.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def _records(directory: Path) -> Iterator[Record]:
    """The records in ``directory`` that are not stale."""
    if not _is_own(directory):
        return
    try:
        names = sorted(entry.name for entry in directory.iterdir())
    except OSError:
        return
    for name in names:
        if (match := _NUMBERED.fullmatch(name)) is None:
            continue
        path, pid = directory / name, int(match[1])
        if match[2] == "sock":
            if f"{pid}.json" not in names and start_time(pid) is None:
                _sweep(path)
            continue
        record = _read(path, pid)
        if record is not None and not _is_stale(record):
            yield record


def _read(path: Path, pid: int) -> Record | None:
    try:
        said = json.loads(read_bytes(path, limit=_LONGEST_RECORD))
        texts = {key: str(said[key]) for key in ("boot_id", "host", "config_dir")}
        return Record(pid=pid, began=str(said["start"]), path=path, **texts)
    except (FileProblem, ValueError, RecursionError, LookupError, TypeError):
        return None


def _is_stale(record: Record) -> bool:
    """Whether the process has ended; then nothing of it is left. One of another machine is let be.

    A process that cannot be seen may live where its number means something else, as in a container: while somebody
    takes connections, it has not ended.
    """
    if record.host != socket.gethostname():
        return False
    if record.boot_id == boot_id() and is_alive(record.pid, record.began):
        return False
    return _sweep(record.path, record.socket_path)


def _sweep(*paths: Path) -> bool:
    """Remove what ended processes left, unless somebody listens there after all; whether it was removed."""
    if is_listening(paths[-1]):
        return False
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError:
            continue
    return True
