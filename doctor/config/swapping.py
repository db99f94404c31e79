"""Replacing a file only if it still holds what it was read with: an edit that somebody makes meanwhile is not lost.

The new content and the file change places in one step, where the system can do that (Linux, macOS). What came out is
then looked at: if it is another file or holds something else by now, the two change places again. On Linux a lease on
the file also tells of a program that has it open for writing, or is about to. Processes of this tool take turns.

What is left: a program that opened the file for writing before, on a system or file system without leases, and writes
after it was looked at. Where two files cannot change places, also whoever replaces it between the look and the rename.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import signal
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

LARGEST = 64 * 1024 * 1024
"""Bytes of a file that is replaced; those that are repaired are far smaller."""

_TRIES = 10
"""How often two files change places again while somebody else keeps replacing one of them."""

_NEVER = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM, errno.EXDEV})
"""What a system answers on which two files cannot change places."""


class ChangedError(Exception):
    """The file holds something else by now. It was not replaced."""


def swap_file(path: Path, content: bytes, *, expected: str, mode: int | None, temporary: Path) -> None:
    """Put ``content`` in the place of a file that is there.

    Args:
        path: No link. Whoever owns it keeps it, where that is allowed.
        content: The whole file.
        expected: SHA-256 of what it must hold, in hex digits.
        mode: Its permission bits; ``None`` keeps those it has.
        temporary: A name beside it that nobody else uses. After an end in the middle it may be there: with the old
            content, or with what somebody else wrote meanwhile; or, with ``.new`` behind it, with anything.

    Raises:
        ChangedError: It holds something else, or somebody writes to it.
        OSError: It cannot be written. It is as before, and nothing else is left behind.
    """
    with _alone(path.parent):
        _swap(path, content, expected=expected, mode=mode, temporary=temporary)


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One process of this tool at a time: a third one could build on what is in the file's place for a moment only."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _swap(path: Path, content: bytes, *, expected: str, mode: int | None, temporary: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ChangedError("it is no regular file any more")
        with _leased(descriptor) as undisturbed:
            _require(descriptor, expected)
            _write(temporary, content, stat.S_IMODE(status.st_mode) if mode is None else mode, descriptor)
            new = temporary.stat()
            try:
                _put(path, temporary, descriptor, expected, undisturbed)
            except BaseException:
                # Where it is not the new file that is out of the way, it may be the only copy of somebody's edit.
                if os.path.samestat(temporary.stat(), new):
                    temporary.unlink()
                raise
            temporary.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _put(path: Path, temporary: Path, descriptor: int, expected: str, undisturbed: Callable[[], bool]) -> None:
    new = temporary.stat()
    if not _exchange(temporary, path):
        _require(_same_file(path, descriptor), expected)
        temporary.replace(path)
        return
    try:
        _require(_same_file(temporary, descriptor), expected)
        _require_calm(undisturbed)
    except ChangedError:
        _back(path, temporary, new)
        raise


def _require_calm(undisturbed: Callable[[], bool]) -> None:
    if not undisturbed():
        raise ChangedError("another program is about to write to it")


def _back(path: Path, temporary: Path, new: os.stat_result) -> None:
    """Have two files change places until what is new is out of the way again."""
    for _ in range(_TRIES):
        _exchange(temporary, path)
        if os.path.samestat(temporary.stat(), new):
            return
    raise OSError(errno.EBUSY, "somebody else keeps replacing it", str(path))


def _same_file(path: Path, descriptor: int) -> int:
    """The descriptor, if what is at ``path`` is the file that it was opened for."""
    try:
        status = path.lstat()
    except FileNotFoundError as error:
        raise ChangedError("it was removed meanwhile") from error
    if not os.path.samestat(status, os.fstat(descriptor)):
        raise ChangedError("it was replaced meanwhile")
    return descriptor


def _require(descriptor: int, expected: str) -> None:
    os.lseek(descriptor, 0, os.SEEK_SET)
    digest, left = hashlib.sha256(), LARGEST
    while left > 0 and (part := os.read(descriptor, min(left, 1 << 20))):
        digest.update(part)
        left -= len(part)
    if digest.hexdigest() != expected:
        raise ChangedError("it was changed meanwhile")


def _write(temporary: Path, content: bytes, mode: int, old: int) -> None:
    """Write a file that is whole under its name: before, the name has ``.new`` behind it.

    Args:
        temporary: The name.
        content: The whole file.
        mode: Its permission bits.
        old: Descriptor of the file whose owner and attributes it gets, as far as that is allowed.
    """
    growing = temporary.with_name(f"{temporary.name}.new")
    descriptor = os.open(growing, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            own, status = os.fstat(descriptor), os.fstat(old)
            if (own.st_uid, own.st_gid) != (status.st_uid, status.st_gid):
                with contextlib.suppress(OSError):
                    os.fchown(descriptor, status.st_uid, status.st_gid)
            _copy_attributes(old, descriptor)
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        growing.rename(temporary)
    except BaseException:  # an interrupt leaves no litter either
        growing.unlink(missing_ok=True)
        raise


def _copy_attributes(old: int, new: int) -> None:
    """Access lists, labels and what else the system keeps with a file; what it does not allow is left out."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError):
        for name in os.listxattr(old):
            with contextlib.suppress(OSError):
                os.setxattr(new, name, os.getxattr(old, name))


def _exchange(one: Path, other: Path) -> bool:
    """Have two files change places in one step; ``False`` where that cannot be done here.

    Raises:
        OSError: It failed for a reason of the files.
    """
    call = _exchanger()
    if call is None:
        return False
    number = call(os.fsencode(one), os.fsencode(other))
    if number in _NEVER:
        return False
    if number:
        raise OSError(number, os.strerror(number), str(other))
    return True


def _exchanger() -> Callable[[bytes, bytes], int] | None:
    """What makes two files change places, and gives the error number."""
    import ctypes  # noqa: PLC0415 - only who replaces a file in this way needs it

    library = ctypes.CDLL(None, use_errno=True)
    here, swap = -100, 2
    if sys.platform == "darwin":
        function = getattr(library, "renamex_np", None)
        before: tuple[object, ...] = ()
    else:
        function = getattr(library, "renameat2", None)
        before = (here,)
    if function is None:
        return None

    def call(one: bytes, other: bytes) -> int:
        return ctypes.get_errno() if function(*before, one, *before, other, swap) else 0

    return call


@contextlib.contextmanager
def _leased(descriptor: int) -> Iterator[Callable[[], bool]]:
    """Know of whoever opens a file for writing; gives a question whether nobody did.

    The kernel has such an opener wait until the lease ends. Without leases the answer is always yes.

    Raises:
        ChangedError: A program has it open for writing.
    """
    set_lease = getattr(fcntl, "F_SETLEASE", None)
    if set_lease is None:
        yield lambda: True
        return
    try:
        # The signal that tells of an opener would end the process; this one does nothing.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, set_lease, fcntl.F_RDLCK)
    except OSError as error:
        if error.errno == errno.EAGAIN:
            raise ChangedError("another program has it open for writing") from error
        yield lambda: True
        return
    try:
        yield lambda: fcntl.fcntl(descriptor, fcntl.F_GETLEASE) == fcntl.F_RDLCK
    finally:
        fcntl.fcntl(descriptor, set_lease, fcntl.F_UNLCK)
