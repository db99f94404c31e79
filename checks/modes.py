"""Repairing who may read and change a file."""

import os
import stat
from pathlib import Path

import doctor

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def can_change(path: Path) -> bool:
    """Whether this process may change the mode of what is at ``path``, and should.

    What is neither file nor directory belongs to everybody, as ``/dev/null`` does, and so does a directory in which
    everybody may only remove what is their own, such as ``/tmp``.
    """
    try:
        status = path.stat()
    except OSError:
        return False
    own = stat.S_ISREG(status.st_mode) or (stat.S_ISDIR(status.st_mode) and not status.st_mode & stat.S_ISVTX)
    return own and os.geteuid() in {0, status.st_uid}


def narrowed(check: doctor.Check, finding: doctor.Finding, path: Path, *, by: int) -> doctor.Fix | None:
    """The repair that takes permission bits from a file or directory; ``None`` where it cannot be done."""
    if not can_change(path):
        return None
    mode = stat.S_IMODE(path.stat().st_mode) & ~by
    return check.repair(
        finding,
        f"give {path} the mode {mode:o}",
        doctor.FileFix(path=str(path.absolute()), sha256=None, mode=mode),
    )
