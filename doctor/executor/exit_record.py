"""How a process ended, in the form in which it is kept.

Kept free of dataclasses and pathlib, as everything is that the supervisor needs: it starts in front of every agent.
"""

import json
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

SIZE = 4096
"""Bytes that are kept for it from the start, so that a full disk does not lose it."""

NAME = "exit.json"
_RESERVED = ".exit.reserved"
_LONGEST_LINE = 400


def document(
    *,
    kind: str,
    detail: Sequence[str] = (),
    ended_at: float | None = None,
    cancelled: bool = False,
    receipt: str = "unconfirmed",
    **more: Any,
) -> dict[str, Any]:
    """A whole record; what is not given is what it is for a process of which nothing more is known.

    Args:
        kind: An ``OutcomeKind``.
        detail: Facts that prove it.
        ended_at: Seconds since the epoch; now by default.
        cancelled: Whether someone stopped it.
        receipt: A ``Receipt``.
        more: ``code``, ``signal``, ``problem``, ``terminal_lost_at`` or ``survivors``.
    """
    record = {
        "kind": kind,
        "code": None,
        "signal": None,
        "ended_at": time.time() if ended_at is None else ended_at,
        "cancelled": cancelled,
        "problem": None,
        "detail": [line[:_LONGEST_LINE] for line in detail],
        "terminal_lost_at": None,
        "receipt": receipt,
        "survivors": [],
    }
    unknown = more.keys() - record.keys()
    if unknown:
        raise TypeError(f"no such keys in an exit record: {', '.join(sorted(unknown))}")
    return record | more


def encoded(record: Mapping[str, Any]) -> bytes:
    """A record of exactly ``SIZE`` bytes, filled up with blanks; survivors and facts beyond that are left out."""
    record = dict(record)
    while True:
        content = json.dumps(record).encode("ascii")
        if len(content) < SIZE:
            return content.ljust(SIZE - 1) + b"\n"
        if record["survivors"]:
            record["survivors"] = record["survivors"][: len(record["survivors"]) // 2]
        else:
            record["detail"] = record["detail"][: len(record["detail"]) // 2]


class ReservedRecord:
    """Room on the disk for one record.

    Args:
        directory: The process's directory.

    Raises:
        OSError: There is no room, or the directory cannot be written to.
    """

    def __init__(self, directory: str) -> None:
        self._path = f"{directory}/{_RESERVED}"
        self._final = f"{directory}/{NAME}"
        self._directory = directory
        # Filled by writing: a hole would need room later.
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        self._file = os.open(self._path, flags, 0o600)
        try:
            _write(self._file, b" " * SIZE)
            os.fsync(self._file)
        except OSError:
            self.drop()
            raise

    def write(self, record: Mapping[str, Any]) -> None:
        """Put the record in its place, on the disk, in one step.

        Raises:
            OSError: The disk failed.
        """
        os.lseek(self._file, 0, os.SEEK_SET)
        _write(self._file, encoded(record))
        os.fsync(self._file)
        os.rename(self._path, self._final)  # noqa: PTH104 - see the module
        _sync_directory(self._directory)

    def drop(self) -> None:
        """Give the room back, unused."""
        os.close(self._file)
        os.unlink(self._path)  # noqa: PTH108 - see the module


def _write(file: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(file, left) :]


def _sync_directory(path: str) -> None:
    directory = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
