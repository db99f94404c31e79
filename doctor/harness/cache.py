"""What probes answered, kept between runs. Losing it costs time and nothing else, so nothing here ever fails."""

import contextlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from doctor.config.files import FileProblem, read_bytes
from doctor.config.writing import replace_file

FORMAT = 1
LARGEST = 4 * 1024 * 1024
"""Bytes; a file beyond this was not written by us."""

MOST_ENTRIES = 500
"""Oldest entries beyond this are dropped: those of programs that were upgraded or removed."""

DAY = 24 * 3600.0
HOUR = 3600.0


class ProbeCache:
    """Answers by key, in one JSON file.

    Args:
        path: The file; ``None`` keeps nothing between runs.
        clock: Seconds since the epoch.
    """

    def __init__(self, path: Path | None, clock: Callable[[], float]) -> None:
        self._path = path
        self._clock = clock
        self._entries = _read(path)
        self._added: dict[str, Mapping[str, Any]] = {}

    def get(self, key: str | None, *, at_most: float) -> Mapping[str, Any] | None:
        """The answer under ``key`` that is at most ``at_most`` seconds old, or ``None``. No key, no answer."""
        entry = self._entries.get(key) if key else None
        if entry is None:
            return None
        age = self._clock() - entry["at"]
        return entry if 0 <= age <= at_most else None

    def put(self, key: str | None, answer: Mapping[str, Any]) -> None:
        """Remember an answer (JSON values) from now on; without a key it is forgotten. Safe to call from any thread."""
        if key:
            self._added[key] = {**answer, "at": self._clock()}

    def save(self) -> None:
        """Write what is new, atomically, over what other processes have written meanwhile. Best effort."""
        if self._path is None or not self._added:
            return
        entries = {**_read(self._path), **self._added}
        newest = sorted(entries.items(), key=lambda item: item[1]["at"])[-MOST_ENTRIES:]
        text = json.dumps({"format": FORMAT, "entries": dict(newest)}, separators=(",", ":"))
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self._path, text.encode(), mode=0o600)
            self._added.clear()


def _read(path: Path | None) -> dict[str, Mapping[str, Any]]:
    try:
        if path is None:
            return {}
        data = json.loads(read_bytes(path, limit=LARGEST))
        if data["format"] != FORMAT:
            return {}
        return {key: entry for key, entry in data["entries"].items() if isinstance(entry["at"], (int, float))}
    except (FileProblem, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}


def program_identity(path: str) -> str | None:
    """What changes when a program is replaced: real path, modification time, size, inode. ``None`` if it is gone."""
    try:
        real = Path(os.path.realpath(path))
        found = real.stat()
    except (OSError, ValueError):
        return None
    return f"{real}|{found.st_mtime_ns}|{found.st_size}|{found.st_ino}"


def file_identity(path: Path) -> str:
    """What changes when a file changes, comes or goes."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return f"{path}|absent"
    return f"{path}|{found.st_mtime_ns}|{found.st_size}|{found.st_ino}"
