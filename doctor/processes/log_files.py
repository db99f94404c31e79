"""The files that an agent's output is kept in: the newest part, and the one before it."""

import os
from pathlib import Path

from doctor.errors import UsageError
from doctor.processes.evidence import plain_lines

ROTATED_AWAY = b"\n[doctor: some of the output in between is not kept]\n"
"""Stands where more was printed between two looks than a log keeps."""

TAIL = 64 * 1024
"""Bytes of either end of a log that are looked at for evidence."""


def tail(path: str | None, *, size: int = TAIL) -> tuple[str, ...]:
    """The last lines of a log, without control sequences; none where there is no log."""
    if path is None:
        return ()
    try:
        with Path(path).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - size))
            return plain_lines(file.read().decode("utf-8", "replace"))
    except OSError:
        return ()


def head(path: str | None, *, size: int = TAIL) -> tuple[str, ...]:
    """The first lines that are kept."""
    if path is None:
        return ()
    older = Path(f"{path}.1")
    try:
        with (older if older.exists() else Path(path)).open("rb") as file:
            return plain_lines(file.read(size).decode("utf-8", "replace"))
    except OSError:
        return ()


def kept(path: Path) -> str:
    """All that is kept.

    Raises:
        UsageError: It cannot be read.
    """
    parts = []
    for each in (Path(f"{path}.1"), path):
        try:
            parts.append(each.read_bytes())
        except FileNotFoundError:
            continue
        except OSError as error:
            raise UsageError(f"the log {each} cannot be read: {error.strerror}") from error
    return b"".join(parts).decode("utf-8", "replace")


class Follower:
    """Reads what is added to a log that is rotated now and then."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode = 0
        self._offset = 0
        self._rest = b""

    def skip(self) -> None:
        """Start at the present end."""
        self.more(last=True)

    def more(self, *, last: bool) -> str:
        """What was added since the last look, up to its last whole line; all of it at the ``last`` look."""
        added = self._rest + self._added()
        end = len(added) if last else added.rfind(b"\n") + 1
        self._rest = added[end:]
        return added[:end].decode("utf-8", "replace")

    def _added(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                inode = os.fstat(file.fileno()).st_ino
                before = self._before_rotation() if self._inode not in {0, inode} else b""
                file.seek(self._offset if self._inode == inode else 0)
                added = file.read()
                self._inode, self._offset = inode, file.tell()
        except OSError:
            return b""
        return before + added

    def _before_rotation(self) -> bytes:
        """What was still added to the file that was read so far, before it was put aside."""
        try:
            with Path(f"{self._path}.1").open("rb") as file:
                if os.fstat(file.fileno()).st_ino != self._inode:
                    return ROTATED_AWAY
                file.seek(self._offset)
                return file.read()
        except OSError:
            return b""
