"""What a program is, so that a change of it can be seen."""

import os
from typing import Any

SMALL = 1024 * 1024
"""Bytes up to which a program is told by its content too; reading a binary of 200 MB would cost every start."""


def program_identity(path: str) -> dict[str, Any]:
    """Real path, size, time of change and, for a small file, sha256 of the program at ``path``.

    Raises:
        OSError: It is not there or cannot be looked at.
    """
    real = os.path.realpath(path)
    found = os.stat(real)  # noqa: PTH116 - this runs in front of every agent, where pathlib is not imported yet
    digest = None
    if found.st_size <= SMALL:
        import hashlib  # noqa: PLC0415 - not for a large program

        with open(real, "rb") as file:  # noqa: PTH123 - see above
            digest = hashlib.sha256(file.read()).hexdigest()
    return {"real_path": real, "size": found.st_size, "mtime_ns": found.st_mtime_ns, "sha256": digest}
