"""What goes wrong with a journal, in words a user can act on."""

import errno
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from doctor.config.words import encodable
from doctor.errors import DoctorError
from doctor.model.event import Verb
from doctor.model.process import State


class JournalError(DoctorError):
    """The journal cannot be read or written. Nothing that was recorded before is lost by it."""


class IllegalTransition(JournalError):  # noqa: N818 - named after what was tried
    """A verb that the state of a process does not allow.

    Args:
        process_id: The process.
        verb: What was asked of it.
        state: The state it is in; ``None`` when the journal knows no such process.
    """

    def __init__(self, process_id: str, verb: Verb, state: State | None) -> None:
        seen = f"is {state}" if state else "is not in the journal"
        super().__init__(
            f"process '{encodable(process_id)}' {seen}, so `{verb}` is not possible: {_expected(verb)}",
            remedy="look at it with `doctor ps`",
        )
        self.process_id = process_id
        self.verb = verb
        self.state = state


def _expected(verb: Verb) -> str:
    states = " or ".join(sorted(verb.starts_from))
    return f"expected one that is {states}" if states else "expected an id that was never used"


ROOM = 1024 * 1024
"""Bytes. Where fewer are free, it is for want of space that a journal cannot be made, or opened to write."""

LONGEST_PATH = 480
"""Bytes of a path at which a journal can be made. SQLite opens none of 512, and that with what it adds to the name."""

_FULL = ("cannot be written: the disk is full", "free some space on its disk, then try again")

_SEEN: Mapping[str, tuple[str, str]] = {
    "SQLITE_FULL": _FULL,
    "SQLITE_NOTADB": (
        "is no SQLite database",
        "move the file away, or put the journal back in its place; a new one is made by the next launch",
    ),
    "SQLITE_CORRUPT": (
        "is damaged",
        "move it away together with its `-wal` and `-shm` files (`sqlite3 FILE .recover` may save what it holds)",
    ),
    "SQLITE_READONLY": (
        "may not be written",
        "give yourself write permission on the file and its directory, on a file system that may be written",
    ),
    "SQLITE_CANTOPEN": (
        "cannot be opened",
        "give yourself permission on it and its directory; where that cannot be, read a copy of it and its `-wal` file",
    ),
    "SQLITE_PERM": ("may not be opened by this user", "give yourself permission on the file and its directory"),
    "SQLITE_IOERR": ("cannot be read or written: the disk reports an error", "check the disk and the space on it"),
}
"""By the primary result code of SQLite."""


def explained(error: sqlite3.Error, path: Path, *, patience: float) -> JournalError:
    """The same failure in the words of a user.

    Args:
        error: What SQLite said.
        path: The database.
        patience: Seconds that were waited for others to let go of it.
    """
    name = getattr(error, "sqlite_errorname", None) or ""
    primary = "_".join(name.split("_")[:2])
    length = len(os.fsencode(os.path.realpath(path)))
    if primary in {"SQLITE_BUSY", "SQLITE_LOCKED"}:
        seen = f"has been locked by another process for more than {patience:g} s"
        remedy = "end the program that holds it (`fuser` names it), then try again; nothing was recorded"
    elif primary == "SQLITE_CANTOPEN" and length > LONGEST_PATH:
        seen = f"cannot be opened: its path has {length} bytes, and SQLite takes {LONGEST_PATH} at most"
        remedy = "move the project to a place with a shorter path"
    elif primary in {"SQLITE_IOERR", "SQLITE_CANTOPEN"} and _is_full(path):
        seen, remedy = _FULL
    else:
        seen, remedy = _SEEN.get(
            primary, (f"cannot be used: {error}", "see whether the file is a journal of this tool")
        )
    return about(path, seen, remedy=remedy)


def _is_full(path: Path) -> bool:
    """Whether there is too little room on its disk to make a journal, or what SQLite has beside one."""
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < ROOM


def about(path: Path, seen: str, *, remedy: str) -> JournalError:
    """An error whose subject is the database."""
    return JournalError(f"the journal {encodable(str(path))} {seen}", remedy=remedy)


def of_system(path: Path, error: OSError) -> JournalError:
    """An error of the operating system about the database's place."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        seen, remedy = _FULL
        return about(path, seen, remedy=remedy)
    reason = error.strerror or str(error)
    return about(
        path, f"cannot be made or looked at: {reason}", remedy="check its directory, and the space on its disk"
    )
