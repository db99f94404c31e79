"""Reading a file that may be anything: never blocks, never reads more than a limit, one reason when it fails."""

import os
import stat
from pathlib import Path

from doctor.config.words import encodable

_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class FileProblem(Exception):  # noqa: N818 - an answer about a file, turned into a problem of a report by its callers
    """Why a file cannot be read.

    Args:
        message: What was seen, as the rest of "the file ...".
        remedy: The next step.
    """

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


def is_there(path: Path) -> bool:
    """Whether something is there that reading would tell about; never raises.

    A dangling symlink is there, and so is what may not be looked at. Not there is what does not exist, also because
    something above it is a file rather than a directory.
    """
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        return True
    return True


def read_bytes(path: Path, *, limit: int) -> bytes:
    """The content of a regular file.

    Args:
        path: Followed through symlinks.
        limit: Most bytes accepted; never more than one byte beyond it is read.

    Raises:
        FileProblem: It is missing, not a regular file, not permitted, or larger than ``limit``.
    """
    try:
        _require_regular(os.stat(path), limit)  # noqa: PTH116 - a path with a NUL must fail here, not in pathlib
        # Not blocking, in case a pipe took the file's place in between.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            _require_regular(os.fstat(file.fileno()), limit)
            content = file.read(limit + 1)
    except (OSError, ValueError) as error:
        raise _explained(path, error) from error
    if len(content) > limit:
        raise _too_large(len(content), limit)
    return content


def _require_regular(status: os.stat_result, limit: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = next((name for is_kind, name in _KINDS if is_kind(status.st_mode)), "no regular file")
        raise FileProblem(f"is {kind}, expected a regular file", "put a regular file in its place")
    if status.st_size > limit:
        raise _too_large(status.st_size, limit)


def _too_large(size: int, limit: int) -> FileProblem:
    return FileProblem(
        f"is at least {size:,} bytes large, more than the {limit:,} that are read",
        "shorten it; long material belongs in files of its own",
    )


def _explained(path: Path, error: OSError | ValueError) -> FileProblem:
    obstacle = _no_directory(path)
    if obstacle is not None:
        return FileProblem(
            f"cannot be read: {encodable(str(obstacle))} is no directory", "put a directory in its place"
        )
    if isinstance(error, FileNotFoundError):
        if os.path.islink(path):  # noqa: PTH114 - pathlib's own raises where it may not look
            return FileProblem("is a symlink to something that does not exist", "repair or remove the symlink")
        return FileProblem("does not exist", "create it, or name another one")
    if isinstance(error, PermissionError):
        return FileProblem("may not be read by this user", "give yourself read permission on it and its directories")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return FileProblem(f"cannot be read: {reason}", "name a readable regular file")


def _no_directory(path: Path) -> Path | None:
    """What is in the way: the uppermost directory of ``path`` that is a file, or a symlink that leads nowhere."""
    for above in reversed(path.parents):
        try:
            if not stat.S_ISDIR(os.stat(above).st_mode):  # noqa: PTH116 - as in `read_bytes`
                return above
        except PermissionError:
            return None
        except (OSError, ValueError):
            return above if os.path.islink(above) else None  # noqa: PTH114 - as in `_explained`
    return None
