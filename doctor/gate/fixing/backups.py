"""What was there before repairs were applied: one directory for each application, below this machine's state.

A directory holds ``manifest.json``, written before anything else is touched, and the old content of every file that was
edited. It is its owner's alone, since what is repaired may hold keys. Without a manifest nothing was changed.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from doctor.config.files import FileProblem, is_there, read_bytes
from doctor.config.paths import Paths
from doctor.config.writing import create_file, replace_file
from doctor.errors import UsageError
from doctor.records import dataclass

KEPT = 20
"""Applications of one project that can be taken back."""

PRIVATE_FILE, PRIVATE_DIRECTORY = 0o600, 0o700
SCHEMA_VERSION = 1
LARGEST = 64 * 1024 * 1024
"""Bytes of a manifest or a backup."""

_ID = re.compile(r"[0-9]{8}T[0-9]{12}Z-[0-9a-f]{6}")
_BACKUP = re.compile(r"[0-9]{1,9}")
_SHA256 = re.compile(r"[0-9a-f]{64}")

_TIME = "%Y%m%dT%H%M%S%fZ"

State = Literal["begun", "applied", "undone"]

_NEEDED = {
    "edit": ("before", "after", "mode_before", "mode_after", "backup", "temporary"),
    "make": ("after",),
    "mode": ("mode_before", "mode_after"),
}
"""What is known of a file of each kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """One file of an application."""

    path: str
    kind: Literal["edit", "make", "mode"]
    before: str | None = None
    """SHA-256 of an edited file's old content."""

    after: str | None = None
    """SHA-256 of its new content; of what is made too."""

    mode_before: int | None = None
    mode_after: int | None = None
    backup: str | None = None
    """The file in the application's directory that has the old content."""

    temporary: str | None = None
    """What ``swap_file`` calls its own file."""

    fixes: tuple[str, ...] = ()
    """Fingerprints of the findings that it is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What one application does."""

    id: str
    time: str
    project: str
    state: State = "begun"
    titles: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()
    """Those that are made, the outer ones first."""

    files: tuple[Saved, ...] = field(default=())
    """In the order in which they are written."""


class Backups:
    """The applications of one machine.

    Args:
        paths: Where this machine's state is. Nothing there needs to exist.
    """

    def __init__(self, paths: Paths) -> None:
        self.directory = paths.state_dir / "fixes"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other applications away, of this process and others.

        Raises:
            UsageError: Nothing can be written here, so nothing may be changed either.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=PRIVATE_DIRECTORY)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            lock = os.open(self.directory / ".lock", flags, PRIVATE_FILE)
        except OSError as error:
            raise _unwritable(self.directory, error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def new_id(self) -> str:
        """A name that no other application has; later ones sort behind."""
        now = f"{datetime.now(UTC):{_TIME}}"
        newest = max((path.name[: len(now)] for path in self._directories()), default="")
        if newest >= now:  # the clock was put back
            now = f"{datetime.strptime(newest, _TIME) + timedelta(microseconds=1):{_TIME}}"  # noqa: DTZ007 - all in UTC
        return f"{now}-{os.urandom(3).hex()}"

    def begin(self, manifest: Manifest, contents: Mapping[str, bytes]) -> None:
        """Save what is there; only after this may anything be changed.

        Args:
            manifest: What is to be done.
            contents: Old contents by the name of their backup.

        Raises:
            UsageError: It cannot be saved.
        """
        directory = self.directory / manifest.id
        try:
            directory.mkdir(mode=PRIVATE_DIRECTORY)
            for name, content in contents.items():
                create_file(directory / name, content, mode=PRIVATE_FILE)
            create_file(directory / "manifest.json", _written(manifest), mode=PRIVATE_FILE)
        except OSError as error:
            shutil.rmtree(directory, ignore_errors=True)
            raise _unwritable(directory, error) from error

    def record(self, manifest: Manifest) -> None:
        """Write down how far an application has come.

        Raises:
            OSError: It cannot be written.
        """
        replace_file(self.directory / manifest.id / "manifest.json", _written(manifest), mode=PRIVATE_FILE)

    def forget(self, manifest: Manifest) -> None:
        """Remove what was saved for an application that changed nothing."""
        shutil.rmtree(self.directory / manifest.id, ignore_errors=True)

    def content(self, manifest: Manifest, saved: Saved) -> bytes:
        """The old content of a file.

        Raises:
            FileProblem: It cannot be read.
        """
        return read_bytes(self.directory / manifest.id / (saved.backup or ""), limit=LARGEST)

    def of(self, project: str) -> tuple[Manifest, ...]:
        """The applications to a project, the newest first; what cannot be read is left out."""
        every = (self._read(path) for path in sorted(self._directories(), reverse=True))
        return tuple(each for each in every if each is not None and each.project == project)

    def prune(self, project: str) -> None:
        """Remove the oldest applications to a project, and what was never begun. To be called with the lock held."""
        old = [self.directory / each.id for each in self.of(project)[KEPT:]]
        empty = [path for path in self._directories() if not is_there(path / "manifest.json")]
        for path in (*old, *empty):
            shutil.rmtree(path, ignore_errors=True)

    def _directories(self) -> list[Path]:
        try:
            return [path for path in self.directory.iterdir() if _ID.fullmatch(path.name)]
        except OSError:
            return []

    def unreadable(self) -> tuple[Path, ...]:
        """The directories of applications whose manifest is damaged; of which project they are nobody can tell."""
        return tuple(
            path for path in self._directories() if is_there(path / "manifest.json") and self._read(path) is None
        )

    def _read(self, directory: Path) -> Manifest | None:
        try:
            data = json.loads(read_bytes(directory / "manifest.json", limit=LARGEST))
            return _manifest(data, directory.name)
        except (FileProblem, ValueError, KeyError, TypeError, RecursionError):
            return None


def temporary_of(path: Path, identity: str) -> str:
    """What ``swap_file`` calls its own file beside one that an application edits."""
    return str(path.with_name(f".{path.name[:100]}.{identity}.tmp"))


def _written(manifest: Manifest) -> bytes:
    data = {"schema_version": SCHEMA_VERSION, **asdict(manifest)}
    return (json.dumps(data, indent=1) + "\n").encode()


def _manifest(data: dict[str, Any], identity: str) -> Manifest:
    """A manifest, if it is one that this tool wrote: files are removed and replaced by what it says.

    Raises:
        KeyError, TypeError, ValueError: It is not.
    """
    known = {name: data[name] for name in ("id", "time", "project", "state")}
    _require(all(isinstance(each, str) for each in known.values()))
    _require(data["schema_version"] == SCHEMA_VERSION and data["id"] == identity)
    _require(data["state"] in {"begun", "applied", "undone"})
    directories = _texts(data["directories"])
    _require(all(map(_is_path, directories)))
    files = tuple(_saved(each, identity) for each in data["files"])
    return Manifest(**known, titles=_texts(data["titles"]), directories=directories, files=files)


def _saved(data: dict[str, Any], identity: str) -> Saved:
    saved = Saved(**{**data, "fixes": _texts(data["fixes"])})
    _require(_is_path(saved.path) and isinstance(saved.kind, str))
    _require(all(getattr(saved, name) is not None for name in _NEEDED[saved.kind]))
    _require(all(each is None or _SHA256.fullmatch(each) is not None for each in (saved.before, saved.after)))
    modes = (each for each in (saved.mode_before, saved.mode_after) if each is not None)
    _require(all(type(each) is int and 0 <= each <= 0o7777 for each in modes))  # noqa: PLR2004 - all permission bits
    _require(saved.backup is None or _BACKUP.fullmatch(saved.backup) is not None)
    _require(saved.temporary in {None, temporary_of(Path(saved.path), identity)})
    return saved


def _texts(data: Any) -> tuple[str, ...]:
    _require(isinstance(data, list) and all(isinstance(each, str) for each in data))
    return tuple(data)


def _is_path(path: Any) -> bool:
    return isinstance(path, str) and path.startswith("/") and os.path.normpath(path) == path and "\0" not in path


def _require(condition: bool) -> None:
    if not condition:
        raise ValueError("this is no manifest")


def _unwritable(path: Path, error: OSError) -> UsageError:
    reason = error.strerror or str(error)
    return UsageError(
        f"what is there cannot be saved to {path}: {reason}",
        remedy="nothing was changed; make room, or make it writable",
    )
