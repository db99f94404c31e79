"""Copying the directory of a skill into a project."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import doctor

MOST_FILES = 500
MOST_BYTES = 5 * 1024 * 1024
DEEPEST = 8
LEFT_OUT = frozenset({"__pycache__", "node_modules"})


class Copy(NamedTuple):
    """One file that is to be copied."""

    source: Path
    """Links followed."""

    target: Path
    mode: int


class _RefusedError(Exception):
    """The directory is none that should be copied."""


def copies(name: str, skill: Path, project: Path) -> list[Copy] | None:
    """Every file of a skill with its place in the project; what begins with a dot is left out.

    Args:
        name: Of the skill.
        skill: Its ``SKILL.md``.
        project: Root of the project.

    Returns:
        ``None`` where it cannot be copied: there is something at its place, a link leads out of it or of the project,
        something in it is no file, or it is too large.
    """
    target = project / ".metawsm" / "skills" / name
    source = Path(os.path.realpath(skill)).parent
    inside = Path(os.path.realpath(target)).is_relative_to(os.path.realpath(project))
    if os.path.lexists(target) or not inside:
        return None
    try:
        found = list(_files(source, source, target, 0))
        size = sum(each.source.stat().st_size for each in found)
    except (OSError, _RefusedError):
        return None
    return found if 0 < len(found) <= MOST_FILES and size <= MOST_BYTES else None


def as_fix(copy: Copy) -> doctor.FileFix:
    """What becomes of the place that a file is copied to.

    Raises:
        Unavailable: The file cannot be read.
    """
    from hashlib import sha256  # noqa: PLC0415 - only a repair needs it

    try:
        digest = sha256(copy.source.read_bytes()).hexdigest()
    except OSError as error:
        raise doctor.Unavailable(f"{copy.source} cannot be read: {error.strerror}") from error
    return doctor.FileFix(
        path=str(copy.target), sha256=None, copy_of=str(copy.source), copy_sha256=digest, mode=copy.mode
    )


def _files(directory: Path, root: Path, target: Path, depth: int) -> Iterator[Copy]:
    if depth > DEEPEST:
        raise _RefusedError
    for number, entry in enumerate(sorted(directory.iterdir())):
        if entry.name.startswith(".") or entry.name in LEFT_OUT:
            continue
        real = Path(os.path.realpath(entry))
        status = real.stat()
        if number >= MOST_FILES or not real.is_relative_to(root) or not os.access(real, os.R_OK):
            raise _RefusedError
        if stat.S_ISDIR(status.st_mode):
            if entry.is_symlink():
                raise _RefusedError
            yield from _files(entry, root, target / entry.name, depth + 1)
        elif stat.S_ISREG(status.st_mode):
            yield Copy(real, target / entry.name, 0o755 if status.st_mode & stat.S_IXUSR else 0o644)
        else:
            raise _RefusedError
