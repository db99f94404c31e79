"""What lies beside a ``SKILL.md``: scripts and texts that the skill sends its reader to."""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from doctor.config.words import encodable
from doctor.model.meaning import sha256_of

LEFT_OUT = frozenset({"__pycache__", ".git", ".DS_Store"})
"""Names of what programs leave behind; nobody agreed to it."""

LARGEST = 64 * 1024 * 1024
"""Bytes of a file that is read; a larger one counts by its size."""

_CHUNK = 1024 * 1024


def other_files_sha256(skill_file: Path) -> str | None:
    """One hash over the names, contents and executable bits of a skill's other files; ``None`` where it has none.

    A link to a file counts as that file, one to a directory by what it names. What cannot be read counts as that.

    Args:
        skill_file: The skill's ``SKILL.md``.
    """
    directory = skill_file.parent
    found = {encodable(name): _said(directory / name) for name in _names(directory) if name != skill_file.name}
    return sha256_of(found) if found else None


def _names(directory: Path) -> Iterator[str]:
    """The files and links below a directory, by their paths from there."""
    for place, directories, files in os.walk(directory):
        directories[:] = [name for name in directories if name not in LEFT_OUT]
        links = [name for name in directories if (Path(place) / name).is_symlink()]
        for name in (*links, *files):
            if name not in LEFT_OUT:
                yield str((Path(place) / name).relative_to(directory))


def _said(path: Path) -> str:
    """What a file is and holds."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            return f"link to {encodable(str(path.readlink()))}"
        if not stat.S_ISREG(status.st_mode):
            return "no regular file"
        held = f"{status.st_size} bytes" if status.st_size > LARGEST else _sha256(path)
    except OSError:
        return "unreadable"
    return f"{held} executable" if status.st_mode & stat.S_IXUSR else held


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
