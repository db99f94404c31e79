"""A log of two parts, of which the older one is given up when the newer one is full."""

import os
from contextlib import suppress


class BoundedLog:
    """The newest output of one process. Never fails: what cannot be written is counted instead.

    Args:
        path: The newer part; the older one is beside it and ends in ``.1``. Both are for their owner alone.
        limit: Bytes of each part.
    """

    def __init__(self, path: str, limit: int) -> None:
        self.lost = 0
        """Bytes that could not be written."""
        self._path = path
        self._limit = limit
        self._size = 0
        self._file: int | None = None
        self._open()

    def write(self, data: bytes) -> None:
        """Add to it, beginning a new part whenever one is full."""
        left = memoryview(data)
        while left:
            if self._size >= self._limit:
                self._rotate()
            part = left[: self._limit - self._size]
            left = left[len(part) :]
            self._append(part)

    def close(self) -> None:
        """Nothing follows."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _append(self, part: memoryview) -> None:
        if self._file is None:
            self._open()
        self._size += len(part)
        try:
            while part and self._file is not None:
                part = part[os.write(self._file, part) :]
        except OSError:
            pass
        self.lost += len(part)

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        with suppress(OSError):
            self._file = os.open(self._path, flags, 0o600)
            self._size = os.fstat(self._file).st_size

    def _rotate(self) -> None:
        self.close()
        with suppress(OSError):
            os.rename(self._path, f"{self._path}.1")  # noqa: PTH104 - pathlib costs the start of every agent
        self._size = 0
        self._open()
