"""The one way in which this tool writes a file: as a whole, or not at all."""

import os
from pathlib import Path


def replace_file(path: Path, content: bytes, *, mode: int, keep_mode: bool = False) -> None:
    """Put ``content`` in the place of ``path``, by way of a temporary file beside it.

    Args:
        path: No symlink, or the link itself is replaced. Its directory must exist.
        content: The whole file.
        mode: Permission bits of the file, before the umask.
        keep_mode: Give it the permission bits of the file it replaces, where there is one.

    Raises:
        OSError: It cannot be written. What was there before is untouched, and nothing else is left behind.
    """
    temporary = path.with_name(f".{path.name[:100]}.{os.urandom(8).hex()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if keep_mode and path.exists():
                os.fchmod(descriptor, path.stat().st_mode & 0o7777)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    except BaseException:  # an interrupt leaves no litter either
        temporary.unlink(missing_ok=True)
        raise
