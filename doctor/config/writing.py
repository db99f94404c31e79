"""The ways in which this tool writes a file: as a whole, or not at all."""

import errno
import os
from collections.abc import Callable, Iterable
from pathlib import Path

_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
"""What a file system that has no hard links answers."""


def replace_file(
    path: Path, content: bytes | Iterable[bytes], *, mode: int, keep_mode: bool = False, durable: bool = True
) -> None:
    """Put ``content`` in the place of ``path``, by way of a temporary file beside it.

    Args:
        path: No symlink, or the link itself is replaced. Its directory must exist.
        content: The whole file, or its pieces; what making a piece raises is passed on and leaves all as it was.
        mode: Permission bits of the file, before the umask.
        keep_mode: Give it the permission bits of the file it replaces, where there is one.
        durable: Wait until it is on the disk. Not needed for what means nothing once the machine was restarted.

    Raises:
        OSError: It cannot be written. What was there before is untouched, and nothing else is left behind.
    """
    kept = path.stat().st_mode & 0o7777 if keep_mode and path.exists() else None
    _put(path, content, mode=mode, chmod=kept, place=os.replace, durable=durable)


def create_file(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file where there is none; of two that try at the same time, one succeeds.

    Only on a file system without hard links may the other one's file be replaced.

    Args:
        path: Its directory must exist.
        content: The whole file.
        mode: Permission bits of the file, before the umask.

    Raises:
        FileExistsError: Something is there, a dangling symlink included. It is untouched.
        OSError: It cannot be written. Nothing is left behind.
    """
    _put(path, content, mode=mode, chmod=None, place=_link)


def _put(
    path: Path,
    content: bytes | Iterable[bytes],
    *,
    mode: int,
    chmod: int | None,
    place: Callable[[Path, Path], None],
    durable: bool = True,
) -> None:
    temporary = path.with_name(f".{path.name[:100]}.{os.urandom(8).hex()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if chmod is not None:
                os.fchmod(descriptor, chmod)
            file.writelines((content,) if isinstance(content, bytes) else content)
            file.flush()
            if durable:
                os.fsync(descriptor)
        place(temporary, path)
    except BaseException:  # an interrupt leaves no litter either
        temporary.unlink(missing_ok=True)
        raise


def _link(temporary: Path, path: Path) -> None:
    try:
        path.hardlink_to(temporary)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from error
        temporary.replace(path)
    else:
        temporary.unlink()
