"""The named profiles of one machine and the pointer to the active one, on disk.

One lock file keeps changes apart; reading takes no lock. Whatever moment a change is ended at, every file is whole,
and the pointer names a profile that exists:

=========  ==============================================
change     order
=========  ==============================================
point_to   the profile is read, then the pointer written
remove     the pointer is cleared, then the file removed
rename     the new file, the pointer, then the old file
=========  ==============================================
"""

import contextlib
import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Final, Literal

from doctor.config.documents import LARGEST_DOCUMENT
from doctor.config.files import FileProblem, is_there, read_bytes
from doctor.config.names import name_problem, nearest
from doctor.config.paths import Paths
from doctor.config.problems import Loaded
from doctor.config.profiles import load_named_profile, profile_names, read_pointer
from doctor.config.words import listed, quoted
from doctor.config.writing import create_file, replace_file
from doctor.errors import UsageError
from doctor.model.harness import RunnerSpec
from doctor.model.machine import NamedProfile
from doctor.settings.problems import refuse

LOCK_FILE = ".lock"
PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700

_LITTER = re.compile(r"\..*\.[0-9a-f]{16}\.tmp")
_LITTER_AGE = 3600
"""Seconds after which a temporary file belongs to nobody who still runs."""


class Absent(Enum):
    """Stands for a file that is not there."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
Expected = bytes | Literal[Absent.ABSENT] | None
"""What a file must hold for it to be replaced; ``ABSENT``: it must not be there; ``None``: whatever it holds."""


class Store:
    """Named profiles and the pointer.

    Args:
        paths: Where they are. Nothing there needs to exist.
        runners: The harnesses that a profile may name.
    """

    def __init__(self, paths: Paths, *, runners: Sequence[RunnerSpec]) -> None:
        self.paths = paths
        self._runners = runners
        self._depth = 0

    def names(self) -> tuple[str, ...]:
        """The profiles that are there, sorted."""
        return profile_names(self.paths)

    def has(self, name: str) -> bool:
        """Whether there is a profile of this name, readable or not."""
        return name_problem(name) is None and is_there(self.path(name))

    def path(self, name: str) -> Path:
        """The file of a profile, there or not.

        Raises:
            UsageError: The name cannot be one.
        """
        reason = name_problem(name)
        if reason is not None:
            raise UsageError(f"the profile name {quoted(name)} {reason}", remedy="give a plain name, such as work")
        return self.paths.profile_file(name)

    def read(self, name: str) -> bytes:
        """The content of a profile's file.

        Raises:
            UsageError: It is not there, or cannot be read.
        """
        path = self.path(name)
        if not is_there(path):
            raise self.unknown(name)
        try:
            return read_bytes(path, limit=LARGEST_DOCUMENT)
        except FileProblem as problem:
            raise UsageError(f"the file {path} {problem.message}", remedy=problem.remedy) from problem

    def load(self, name: str) -> Loaded[NamedProfile]:
        """A profile as read, with everything that is wrong with it.

        Raises:
            UsageError: It is not there, or cannot be read.
        """
        return self.parse(name, self.read(name))

    def peek(self, name: str) -> Loaded[NamedProfile]:
        """Like ``load``, for a profile that is there; a file that cannot be read is a problem like any other."""
        return load_named_profile(self.path(name), runners=self._runners)

    def parse(self, name: str, content: bytes) -> Loaded[NamedProfile]:
        """What ``content`` would be as the file of a profile."""
        return load_named_profile(self.path(name), runners=self._runners, content=content)

    def require(self, name: str) -> NamedProfile:
        """A profile's value.

        Raises:
            UsageError: It is not there, or there is something wrong with it.
        """
        return self._sound(name, self.read(name))

    def pointer(self) -> str | None:
        """What the pointer says; ``None`` where it says nothing that could be read."""
        try:
            return read_pointer(self.paths)
        except FileProblem:
            return None

    def unknown(self, name: str, others: Sequence[str] = ()) -> UsageError:
        """The error that says that there is no such profile, and which there are, ``others`` included."""
        known = sorted({*self.names(), *others})
        near = nearest(name, known)
        every = f"profiles: {listed(known)}" if known else "there are none yet; doctor profile create makes one"
        remedy = f"did you mean {quoted(near)}? ({every})" if near else every
        return UsageError(f"there is no profile {quoted(name)}", remedy=remedy)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other change away, in this process and others; it may be nested in itself.

        A store belongs to one thread. Directories that are missing are made.

        Raises:
            UsageError: Nothing can be written here.
        """
        if self._depth:
            yield
            return
        with _explained():
            self.paths.config_dir.mkdir(parents=True, exist_ok=True, mode=PRIVATE_DIRECTORY)
            self.paths.profiles_dir.mkdir(exist_ok=True, mode=PRIVATE_DIRECTORY)
            lock = os.open(
                self.paths.config_dir / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE_FILE
            )
        self._depth += 1
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for directory in (self.paths.config_dir, self.paths.profiles_dir):
                _sweep(directory)
            with _explained():
                yield
        finally:
            self._depth -= 1
            os.close(lock)

    def write(self, name: str, content: bytes, *, expected: Expected = None) -> Path:
        """Put ``content`` in the place of a profile's file.

        Args:
            name: Of the profile.
            content: Must be a valid profile.
            expected: What must be there before.

        Raises:
            UsageError: It is no valid profile, something else than expected is there, or it cannot be written.
                Nothing was changed then.
        """
        self._sound(name, content)
        path = self.path(name)
        with self.locked():
            if expected is ABSENT:
                try:
                    create_file(path, content, mode=PRIVATE_FILE)
                except FileExistsError as error:
                    raise UsageError(
                        f"there is a profile {quoted(name)} already: {path}",
                        remedy="choose another name, edit that one, or replace it with --force",
                    ) from error
            else:
                if expected is not None and (not is_there(path) or self.read(name) != expected):
                    raise UsageError(f"{path} was changed meanwhile", remedy="look at it, and try again")
                # A link is followed: people keep their settings elsewhere and link to them.
                replace_file(path.resolve(), content, mode=PRIVATE_FILE, keep_mode=True)
        return path

    def remove(self, name: str) -> Path:
        """Remove a profile; if the pointer names it, that is cleared first.

        Raises:
            UsageError: It is not there, or cannot be removed.
        """
        path = self.path(name)
        with self.locked():
            if not is_there(path):
                raise self.unknown(name)
            if self.pointer() == name:
                self.point_to(None)
            path.unlink()
        return path

    def rename(self, name: str, new_name: str, *, meanwhile: Callable[[], None] | None = None) -> Path:
        """Give a profile another name; the pointer follows.

        Args:
            name: Its name.
            new_name: One that is free.
            meanwhile: Called when both names are there.

        Raises:
            UsageError: It is not there or not valid, the new name is taken, or it cannot be written.
        """
        with self.locked():
            target = self.write(new_name, self.read(name), expected=ABSENT)
            if self.pointer() == name:
                self.point_to(new_name)
            if meanwhile is not None:
                meanwhile()
            self.path(name).unlink()
        return target

    def point_to(self, name: str | None) -> None:
        """Make a profile the active one, or none.

        Raises:
            UsageError: It is not there, there is something wrong with it, or the pointer cannot be written.
        """
        pointer = self.paths.active_profile_file
        with self.locked():
            if name is None:
                pointer.unlink(missing_ok=True)
                return
            self.require(name)
            if self.pointer() != name:
                replace_file(pointer, f"{name}\n".encode(), mode=PRIVATE_FILE)

    def _sound(self, name: str, content: bytes) -> NamedProfile:
        loaded = self.parse(name, content)
        refuse(loaded.problems)
        return loaded.value or NamedProfile()


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"{error.filename or 'the settings'} cannot be changed: {error.strerror or error}",
            remedy="make its directory writable, and make room",
        ) from error


def _sweep(directory: Path) -> None:
    """Remove what writers that were ended have left behind."""
    with contextlib.suppress(OSError):
        for path in directory.iterdir():
            if _LITTER.fullmatch(path.name) and path.lstat().st_mtime < time.time() - _LITTER_AGE:
                path.unlink(missing_ok=True)
