"""Confine this process to what it may write, and become another program.

Run by its path, ``python -I -S landlock.py ORDER PROGRAM ARGUMENT...``, for each command, so it imports little and
nothing of this package. ORDER is JSON: ``write`` (directories that it may change), ``devices`` (files that it may
write), ``hidden`` (paths that it may not read) and ``parent`` (the process whose end ends it). An empty ORDER leaves
files to others.

What the kernel holds, then, for this process and all that it starts, and whatever user they run as:

- nothing is written, made, removed, renamed, linked or truncated elsewhere (Landlock from ABI 3 on);
- no process outside is signalled (from ABI 6 on), traced, or looked into through ``/proc``;
- root keeps what is needed to work on files of others, and no power over the machine;
- no server is reached through a Unix socket (a seccomp filter): a tmux, D-Bus, Docker or agent socket would do for it
  what it may not do itself.

Modes, owners and times of files elsewhere are not covered by Landlock; the network is left open on purpose.
"""

import ctypes
import json
import os
import stat
import struct
import sys
from collections.abc import Iterable, Iterator

LOWEST_ABI = 3
"""Before it, a file elsewhere could be truncated (Linux 6.2)."""

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ASK_VERSION, PATH_BENEATH = 1, 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, TRUNCATE, IOCTL_DEVICE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEVICE
UP_TO_TRUNCATE = (1 << 15) - 1
IOCTL_ABI, SCOPE_ABI = 5, 6
SCOPE_ABSTRACT_SOCKETS, SCOPE_SIGNALS = 1, 2

NO_NEW_PRIVILEGES, SET_SECCOMP, DEATH_SIGNAL = 38, 22, 1
FILTER_MODE = 2
SIGKILL = 9
LOAD, EQUALS, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
NUMBER_OFFSET, ARCHITECTURE_OFFSET, ARGUMENT_OFFSET = 0, 4, 16
IO_URING_SETUP, X32 = 425, 0x40000000
EPERM, EACCES, ENOSYS = 1, 13, 38
CAPABILITIES_VERSION = 0x20080522
KEPT_CAPABILITIES = sum(1 << number for number in (0, 1, 3, 4, 5, 6, 7, 10))
"""To own, write, mark, signal, change user, and to listen on low ports; not, for one, to look into any process."""

SOCKET_CALLS = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""Machine: the kernel's number of the architecture, and of its ``socket`` call."""

CANNOT_START = 126


def abi() -> int:
    """The version of Landlock that this kernel offers; 0 where there is none."""
    if not sys.platform.startswith("linux"):
        return 0
    found: int = _libc().syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ASK_VERSION)
    return max(found, 0)


def main(arguments: list[str]) -> int:
    """Confine this process and become the program; returns only where that fails, which it has then said."""
    try:
        order = json.loads(arguments[0])
        _call(_libc().prctl, NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        drop_capabilities()
        if order:
            _end_with(order["parent"])
            confine(order["write"], order["devices"], order["hidden"])
        refuse_unix_sockets()
        os.execv(arguments[1], arguments[1:])  # noqa: S606 - the program, and no shell for it
    except OSError as error:
        sys.stderr.write(f"nex: the command was not started: {error}\n")
    return CANNOT_START


def confine(write: Iterable[str], devices: Iterable[str], hidden: Iterable[str]) -> None:
    """Let this process change only what is named, and read everything but ``hidden``.

    Raises:
        OSError: The kernel refused; the process is not to go on.
    """
    version = abi()
    handled = UP_TO_TRUNCATE | (IOCTL_DEVICE if version >= IOCTL_ABI else 0)
    ruleset = _ruleset(handled, version)
    _allow(ruleset, "/", READ_DIR)
    for path in readable("/", frozenset(map(os.path.realpath, hidden))):
        _allow(ruleset, path, EXECUTE | READ_FILE | READ_DIR)
    for path in devices:
        _allow(ruleset, path, handled & (READ_FILE | WRITE_FILE | TRUNCATE | IOCTL_DEVICE))
    for path in write:
        _allow(ruleset, path, handled)
    _call(_libc().syscall, RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def readable(directory: str, hidden: frozenset[str]) -> Iterator[str]:
    """The largest trees below ``directory`` that hold none of the resolved paths ``hidden``.

    Symbolic links are left out: what they lead to is allowed, or not, where it stands.
    """
    inside = directory.rstrip("/") + "/"
    if not any(path.startswith(inside) for path in hidden):
        yield directory
        return
    try:
        entries = list(os.scandir(directory))
    except OSError:
        return
    for entry in entries:
        if entry.path in hidden or entry.is_symlink():
            continue
        yield from readable(entry.path, hidden) if entry.is_dir(follow_symlinks=False) else (entry.path,)


def drop_capabilities() -> None:
    """Keep, of what this process may do beyond others, only what working on files takes.

    Raises:
        OSError: The kernel refused.
    """
    header = ctypes.create_string_buffer(struct.pack("=Ii", CAPABILITIES_VERSION, 0))
    sets = ctypes.create_string_buffer(24)
    _call(_libc().capget, header, sets)
    low = struct.unpack("=6I", sets.raw)[:3]
    effective, permitted = (each & KEPT_CAPABILITIES for each in low[:2])
    sets.raw = struct.pack("=6I", effective, permitted, 0, 0, 0, 0)
    _call(_libc().capset, header, sets)


def refuse_unix_sockets() -> None:
    """Make ``socket(AF_UNIX)`` fail from here on; pairs of sockets still work.

    Raises:
        OSError: The kernel refused.
    """
    known = SOCKET_CALLS.get(os.uname().machine)
    if known is None:
        return
    install_filter(socket_filter(*known))


def socket_filter(architecture: int, socket_call: int) -> list[tuple[int, int, int, int]]:
    """The filter as instructions: operation, steps to skip if true, steps to skip if false, value."""
    return [
        (LOAD, 0, 0, ARCHITECTURE_OFFSET),
        (EQUALS, 1, 0, architecture),
        (RETURN, 0, 0, ERRNO | EPERM),
        (LOAD, 0, 0, NUMBER_OFFSET),
        (AT_LEAST, 0, 1, X32),
        (RETURN, 0, 0, ERRNO | ENOSYS),
        # A ring makes sockets without the call.
        (EQUALS, 0, 1, IO_URING_SETUP),
        (RETURN, 0, 0, ERRNO | ENOSYS),
        (EQUALS, 0, 3, socket_call),
        (LOAD, 0, 0, ARGUMENT_OFFSET),
        (EQUALS, 0, 1, 1),
        (RETURN, 0, 0, ERRNO | EACCES),
        (RETURN, 0, 0, ALLOW),
    ]


def install_filter(instructions: list[tuple[int, int, int, int]]) -> None:
    """Put a seccomp filter on this process, which must have given up new privileges before.

    Raises:
        OSError: The kernel refused.
    """
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *each) for each in instructions))
    program = struct.pack("@HP", len(instructions), ctypes.addressof(code))
    _call(_libc().prctl, SET_SECCOMP, FILTER_MODE, ctypes.c_char_p(program), 0, 0)


def _end_with(parent: int) -> None:
    _call(_libc().prctl, DEATH_SIGNAL, SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        raise ProcessLookupError("who asked for it has ended")


def _ruleset(handled: int, version: int) -> int:
    attributes = struct.pack("=QQQ", handled, 0, SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS)
    size = len(attributes) if version >= SCOPE_ABI else 8
    return _call(_libc().syscall, CREATE_RULESET, ctypes.c_char_p(attributes), ctypes.c_size_t(size), 0)


def _allow(ruleset: int, path: str, rights: int) -> None:
    """Add a rule; what is not there, or may not even be looked at, needs none."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= OF_FILES
        rule = struct.pack("=Qi", rights, descriptor)
        _call(_libc().syscall, ADD_RULE, ruleset, PATH_BENEATH, ctypes.c_char_p(rule), 0)
    finally:
        os.close(descriptor)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(function: "ctypes._NamedFuncPointer", *arguments: object) -> int:
    wide = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    result: int = function(*wide)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
