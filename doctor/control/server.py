"""The listening side of a long-running process."""

import errno
import os
import selectors
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from doctor.config.paths import Paths
from doctor.control.protocol import (
    LIMIT,
    ProtocolError,
    Reply,
    Request,
    read_request,
    receive_line,
    reply_line,
    send_line,
)
from doctor.control.registry import Record, listening, open_directory, own_record, write_record
from doctor.control.sockets import address_of, is_listening, is_ours
from doctor.errors import DoctorError

MOST_AT_ONCE = 64
"""Connections; more of them wait for one of these to end, which an idle one does by itself."""

MOST_WAITING = 1024

Handle = Callable[[Request], Reply]


class ControlServer:
    """Answers requests from threads of its own until it is closed.

    Args:
        paths: Whose settings this process follows, and where it can be reached.
        handle: Answers a request; it may be called from several threads at once. A ``DoctorError`` that it raises
            becomes the answer.

    Raises:
        DoctorError: It cannot listen. The process is none the worse for it, only nobody can reach it.
    """

    def __init__(self, paths: Paths, handle: Handle) -> None:
        self._handle = handle
        self._room = threading.BoundedSemaphore(MOST_AT_ONCE)
        try:
            listening(paths)  # sweeps
            self._record = own_record(paths, open_directory(paths))
            self._listener = _listen(self._record)
        except OSError as error:
            raise _cannot_listen(error, paths) from error
        self._wake, self._waker = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)
        self._thread.start()

    @property
    def path(self) -> str:
        """Its socket."""
        return str(self._record.socket_path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop to listen and leave nothing behind; a second time does nothing."""
        if self._waker.fileno() < 0:
            return
        self._waker.close()
        self._thread.join()
        self._wake.close()
        for path in (self._record.path, self._record.socket_path):
            with suppress(OSError):
                path.unlink()
        self._listener.close()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            while not any(key.fileobj is self._wake for key, _ in selector.select()):
                self._accept()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:  # whoever came has gone again
            return
        self._room.acquire()
        threading.Thread(target=self._converse, args=(connection,), name="control-peer", daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        try:
            with connection, suppress(OSError):  # a peer that is gone or too slow is nothing to this process
                if is_ours(connection):
                    send_line(connection, reply_line(self._answer(connection)))
        finally:
            self._room.release()

    def _answer(self, connection: socket.socket) -> Reply:
        try:
            return self._handle(read_request(receive_line(connection, limit=LIMIT)))
        except ProtocolError as error:
            return Reply(ok=False, error=f"the request {error}")
        except DoctorError as error:
            return Reply(ok=False, error=error.message)


def _listen(record: Record) -> socket.socket:
    """A listening socket with its record; neither is there when it raises."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _bind(listener, record)
        try:
            os.chmod(record.socket_path, 0o600)  # noqa: PTH101 - nobody can connect yet
            listener.listen(MOST_WAITING)
            listener.setblocking(False)
            write_record(record)
        except BaseException:
            record.socket_path.unlink(missing_ok=True)
            raise
    except BaseException:
        listener.close()
        raise
    return listener


def _bind(listener: socket.socket, record: Record) -> None:
    """Bind to the record's socket; one that a process of the same number left behind gives way."""
    with address_of(record.socket_path) as address:
        try:
            listener.bind(address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or is_listening(record.socket_path):
                raise
            record.socket_path.unlink(missing_ok=True)
            listener.bind(address)


def _cannot_listen(error: OSError, paths: Paths) -> DoctorError:
    places = " or ".join(str(path) for path in paths.run_dirs)
    return DoctorError(
        f"no control socket in {places}: {error.strerror or error}",
        remedy="changes are seen all the same; to be reached at once it needs a directory that this user can write",
    )
