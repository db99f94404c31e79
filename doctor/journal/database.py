"""Opening the database.

A file that may be in use is opened through SQLite only: a plain open and close of it would drop the locks that this
process holds on it.
"""

import os
import sqlite3
import stat
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from doctor.journal.errors import JournalError, about, explained, of_system
from doctor.journal.schema import known_version, migrate
from doctor.records import dataclass

Answer = TypeVar("Answer")

TICK_NS = 20_000_000
"""Longer than the steps in which a file system that can hold a WAL counts its times of change."""

_READ_ATTEMPTS = 100
_BESIDE = ("-wal", "-shm", "-journal")


def open_for_writing(path: Path, *, patience: float) -> sqlite3.Connection:
    """A connection to an up-to-date database in WAL mode, made where there is none, for its owner only.

    Every commit is on the disk when it returns.

    Args:
        path: The database; its directory is made too.
        patience: Seconds to wait for others to let go of it.

    Raises:
        JournalError: It cannot be opened, made, understood or written.
    """
    try:
        if _stamp(path) is None:
            _create(path, patience=patience)
        return _ready(path, patience=patience)
    except OSError as error:
        raise of_system(path, error) from error
    except sqlite3.Error as error:
        raise explained(error, path, patience=patience) from error


def _ready(path: Path, *, patience: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        _uri(path, "mode=rw"), uri=True, timeout=patience, isolation_level=None, check_same_thread=False
    )
    try:
        known_version(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        migrate(connection, path)
    except BaseException:  # no connection is left open, whatever happened
        connection.close()
        raise
    return connection


def _create(path: Path, *, patience: float) -> None:
    """Make the database whole under another name, then link it into place: nobody ever finds half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{os.urandom(8).hex()}.new")
    os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        with closing(_ready(new, patience=patience)) as connection:
            _empty_wal(connection)
        path.hardlink_to(new)
    except FileExistsError:
        return  # someone else made it at the same time
    finally:
        for suffix in ("", *_BESIDE):
            new.with_name(new.name + suffix).unlink(missing_ok=True)


def _empty_wal(connection: sqlite3.Connection) -> None:
    """Bring all of it into the file itself: closing does so too, but says nothing when there is no room for it.

    Raises:
        sqlite3.Error: It does not fit.
    """
    (left, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if left:
        raise sqlite3.OperationalError("what was written cannot be moved into the file")


def is_there(path: Path) -> bool:
    """Whether there is a database to read.

    Raises:
        JournalError: Its place cannot be looked at, or holds something else.
    """
    try:
        return _stamp(path) is not None
    except OSError as error:
        raise of_system(path, error) from error


def read(path: Path, query: Callable[[sqlite3.Connection], Answer], *, empty: Answer, patience: float) -> Answer:
    """What ``query`` answers for one consistent state of the database.

    Nothing is written or made, so it works on a file, a directory and a disk that are read-only.

    Args:
        path: The database.
        query: Only reads; may be called again when the database changed meanwhile.
        empty: The answer for a database that does not exist or has no tables.
        patience: Seconds to wait for others to let go of it.

    Raises:
        JournalError: It cannot be opened or understood.
    """
    try:
        for _ in range(_READ_ATTEMPTS):
            look = _look(Path(os.path.realpath(path)))
            if look is None:
                return empty
            if look.is_settled:
                answer, problem = _attempt(look, query, empty=empty, patience=patience)
                if look.still_holds():
                    return _answer_or_raise(answer, problem, path, patience=patience)
            time.sleep(TICK_NS / 1e9)
    except OSError as error:
        raise of_system(path, error) from error
    raise about(path, "changes all the time", remedy="try again once fewer programs write to it")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A database file as it was found.

    Something is beside it (``-wal``) while someone writes and after a crash; then it is read with locks, as SQLite
    usually does. Otherwise everything is in the file itself, and it is read without locks, as one that does not
    change: with them, SQLite makes the files beside it even for a reader, and leaves them there. Whether it did
    change is told by its stamp.
    """

    path: Path
    stamp: tuple[int, ...]
    live: bool
    seen_ns: int

    @property
    def is_settled(self) -> bool:
        """Whether a change from now on would show in the stamp."""
        return self.live or abs(self.seen_ns - self.stamp[-1]) > TICK_NS

    def still_holds(self) -> bool:
        """Whether what was read meanwhile was one state of the database."""
        return self.live == _is_live(self.path) and (self.live or self.stamp == _stamp(self.path))


def _look(path: Path) -> _Look | None:
    seen_ns = time.time_ns()
    stamp = _stamp(path)
    return None if stamp is None else _Look(path=path, stamp=stamp, live=_is_live(path), seen_ns=seen_ns)


def _attempt(
    look: _Look, query: Callable[[sqlite3.Connection], Answer], *, empty: Answer, patience: float
) -> tuple[Answer, Exception | None]:
    uri = _uri(look.path, "mode=ro" if look.live else "mode=ro&immutable=1")
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=patience, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            return (query(connection) if known_version(connection, look.path) else empty), None
    except (sqlite3.Error, JournalError) as error:
        return empty, error


def _answer_or_raise(answer: Answer, problem: Exception | None, path: Path, *, patience: float) -> Answer:
    if isinstance(problem, sqlite3.Error):
        raise explained(problem, path, patience=patience) from problem
    if problem is not None:
        raise problem
    return answer


def _is_live(path: Path) -> bool:
    return any(_size(f"{path}{suffix}") > 0 for suffix in ("-wal", "-journal"))


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - a suffix stands behind the whole name
    except FileNotFoundError:
        return 0


def _stamp(path: Path) -> tuple[int, ...] | None:
    """What changes whenever the file does; ``None`` when there is none."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(found.st_mode):
        raise about(path, "is no regular file", remedy="move it away; a journal is made by the next launch")
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _uri(path: Path, query: str) -> str:
    return f"{path.absolute().as_uri()}?{query}"
