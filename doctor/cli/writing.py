"""Writing a file as a whole or not at all."""

import os
from pathlib import Path

from doctor.config.writing import replace_file
from doctor.errors import UsageError

NEW_FILE_MODE = 0o666
"""Less what the process's umask takes."""


def refuse_unwritable(path: Path) -> None:
    """Find out before any work is done that a file cannot be written.

    Raises:
        UsageError: Its directory is missing or not writable, or it is a directory itself.
    """
    try:
        _refuse(path)
    except UsageError:
        raise
    except (OSError, ValueError) as error:  # a name too long, or one with a NUL
        raise UsageError(f"{str(path)!r} cannot be written: {error}") from error


def _refuse(path: Path) -> None:
    if path.is_dir():
        raise UsageError(f"{path} is a directory", remedy="name a file in it")
    if not path.parent.is_dir():
        raise UsageError(
            f"{path.parent} is no directory, so {path.name} cannot be written", remedy=f"mkdir -p {path.parent}"
        )
    writable = path if path.exists() and not path.is_file() else path.resolve().parent
    if not os.access(writable, os.W_OK):
        raise UsageError(f"{writable} may not be written by this user", remedy="name another file")


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8: a regular file is replaced at once and keeps its mode, a device or pipe is written to.

    Raises:
        UsageError: It cannot be written; a file that was there is unchanged.
    """
    content = text.encode("utf-8", "backslashreplace")
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
        else:
            replace_file(path.resolve(), content, mode=NEW_FILE_MODE, keep_mode=True)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be written: {error}") from error
