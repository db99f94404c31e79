"""Unix sockets: at paths of any length, and who is at their other end."""

import os
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST_ADDRESS = 100
"""Bytes; the systems take 103 or 107."""

_MACOS_PEER = (0, 1)
"""``SOL_LOCAL`` and ``LOCAL_PEERCRED``, which the socket module does not name."""


@contextmanager
def address_of(path: Path) -> Iterator[str]:
    """What to bind or connect to, to reach the socket at ``path``.

    Raises:
        OSError: Its directory cannot be opened, or the path is too long for this system.
    """
    if len(os.fsencode(path)) <= LONGEST_ADDRESS:
        yield str(path)
        return
    if sys.platform != "linux":
        raise OSError(f"the path {path} is too long for a socket")
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


def connect(path: Path, *, limit: float) -> socket.socket:
    """A connection to the socket at ``path``.

    Raises:
        OSError: Nobody listens there, or nobody takes the connection within ``limit`` seconds.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(limit)
        with address_of(path) as address:
            connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection


def is_listening(path: Path) -> bool:
    """Whether somebody may listen there: not where connecting is refused or there is nothing to connect to."""
    try:
        connect(path, limit=0.2).close()
    except (ConnectionRefusedError, FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def is_ours(connection: socket.socket) -> bool:
    """Whether the process at the other end belongs to the user of this one."""
    return _peer_uid(connection) == os.geteuid()


def _peer_uid(connection: socket.socket) -> int:
    if sys.platform == "linux":
        form = "3i"
        said = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(form))
        return int(struct.unpack(form, said)[1])
    said = connection.getsockopt(*_MACOS_PEER, 76)
    return int(struct.unpack_from("2I", said)[1])
