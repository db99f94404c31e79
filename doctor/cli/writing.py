"""Writing a file as a whole or not at all."""

import os
from collections.abc import Iterable, Iterator
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


def write_text(path: Path, text: str | Iterable[str]) -> None:
    """Write ``text`` as UTF-8: a regular file is replaced at once and keeps its mode, a device or pipe is written to.

    Args:
        path: The file.
        text: Whole, or in pieces. What making a piece raises is passed on, and a file that was there is unchanged.

    Raises:
        UsageError: It cannot be written; a file that was there is unchanged.
    """
    pieces = _Pieces((text,) if isinstance(text, str) else text)
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as file:
                file.writelines(pieces)
        else:
            replace_file(path.resolve(), pieces, mode=NEW_FILE_MODE, keep_mode=True)
    except (OSError, ValueError) as error:
        if error is pieces.failure:
            raise
        raise UsageError(f"{path} cannot be written: {error}") from error


class _Pieces:
    """Text in pieces, encoded, that remembers whether making it failed: that is nothing about the file.

    Args:
        text: The pieces.
    """

    def __init__(self, text: Iterable[str]) -> None:
        self._text = text
        self.failure: BaseException | None = None

    def __iter__(self) -> Iterator[bytes]:
        """The pieces."""
        try:
            for piece in self._text:
                yield piece.encode("utf-8", "backslashreplace")
        except GeneratorExit:
            raise
        except BaseException as error:
            self.failure = error
            raise
