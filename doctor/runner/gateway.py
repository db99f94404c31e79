"""The gateway: a loopback address at which the runner's children reach their coordinator, and nobody else does.

A child's address has a token of its own in it, and leads to what belongs to its session. The runner's credentials
stay with the runner.
"""

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256

from doctor.runner.answers import UNAUTHORIZED, Answer
from doctor.runner.gateway_routes import Pass, Refusal, Request, Routes, Target, Upstream, internal_error

__all__ = ["Gateway", "Pass", "Upstream"]

HOST = "127.0.0.1"

MOST_CONNECTIONS = 512
"""At one time. Whoever has shown no token yet is the first to go."""

_TOKEN_BYTES = 32
_BACKLOG = 128


class Gateway:
    """One for all children of a runner.

    Args:
        upstream: The coordinator; asked from many threads.
        hostname: Of this machine, for bindings.
        executor_profile: The runner's, for bindings.
        complain: Told, without a secret, of a defect that cost somebody an answer.
    """

    def __init__(
        self,
        upstream: Upstream,
        *,
        hostname: str,
        executor_profile: str,
        complain: Callable[[str], None] | None = None,
    ) -> None:
        self._routes = Routes(upstream, hostname=hostname, executor_profile=executor_profile)
        self._complain = complain
        self._guard = threading.Lock()
        self._passes: dict[bytes, Pass] = {}
        self._connections: dict[socket.socket, Pass | None] = {}
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port; 0 before the start."""
        return 0 if self._listener is None else int(self._listener.getsockname()[1])

    def start(self) -> None:
        """Listen on a free port of the loopback address.

        Raises:
            OSError: There is none to be had.
        """
        import doctor.runner.gateway_http  # noqa: F401, PLC0415 - so that the first child does not wait for it

        self._listener = socket.create_server((HOST, 0), backlog=_BACKLOG)
        self._thread = threading.Thread(target=self._accept, args=(self._listener,), name="gateway", daemon=True)
        self._thread.start()

    def admit(self, session_id: str) -> Pass:
        """Let a child in, until it is revoked."""
        token = os.urandom(_TOKEN_BYTES).hex()
        made = Pass(session_id=session_id, token=token, url=f"http://{HOST}:{self.port}/{token}")
        with self._guard:
            self._passes[_digest(token)] = made
        return made

    def revoke(self, admitted: Pass) -> None:
        """Let a child in no more, and end its connections."""
        with self._guard:
            self._passes.pop(_digest(admitted.token), None)
            ended = [connection for connection, owner in self._connections.items() if owner is admitted]
        for connection in ended:
            _end(connection)

    def close(self) -> None:
        """Stop listening and end every connection."""
        listener, thread = self._listener, self._thread
        with self._guard:
            self._passes.clear()
            self._listener = self._thread = None
        if listener is not None:
            _wake(listener)
            listener.close()
        if thread is not None:
            thread.join()
        with self._guard:
            ended = list(self._connections)
        for connection in ended:
            _end(connection)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                if self._listener is None:
                    return
                # Out of descriptors, for example: those in use come back.
                threading.Event().wait(0.1)
                continue
            if not self._keep(connection):
                connection.close()
                continue
            try:
                threading.Thread(target=self._serve, args=(connection,), name="gateway-child", daemon=True).start()
            except RuntimeError:  # there can be no more threads now
                self._forget(connection)

    def _keep(self, connection: socket.socket) -> bool:
        """Whether there is room for one more; the stranger who has waited longest makes room for it."""
        with self._guard:
            if self._listener is None:
                return False
            if len(self._connections) >= MOST_CONNECTIONS:
                stranger = next((each for each, owner in self._connections.items() if owner is None), None)
                if stranger is None:
                    return False
                del self._connections[stranger]
                _end(stranger)
            self._connections[connection] = None
            return True

    def _forget(self, connection: socket.socket) -> None:
        with self._guard:
            self._connections.pop(connection, None)
        connection.close()

    def _serve(self, connection: socket.socket) -> None:
        from doctor.runner.gateway_http import Handler  # noqa: PLC0415 - loaded by `start`

        def admit(target: Target) -> Pass:
            with self._guard:
                who = self._passes.get(_digest(target.token))
                if who is None:
                    raise Refusal(UNAUTHORIZED, "this address belongs to no run that is in progress")
                if connection in self._connections:
                    self._connections[connection] = who
            return who

        try:
            with suppress(OSError):
                Handler(connection, admit=admit, answer=self._answer)
        finally:
            self._forget(connection)

    def _answer(self, request: Request, target: Target, who: Pass) -> Answer:
        try:
            return self._routes.answer(request, target, who)
        except Exception as error:  # noqa: BLE001 - a defect must not leave a child without an answer
            if self._complain is not None:
                self._complain(f"the gateway failed at a {request.method} of {who.session_id}: {type(error).__name__}")
            return internal_error()


def _digest(token: str) -> bytes:
    """What a token is kept as, so that comparing takes as long for a near miss as for any other."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _wake(listener: socket.socket) -> None:
    """Make the thread that waits for connections look up; shutting down does, but not on every system."""
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    with suppress(OSError), socket.create_connection(listener.getsockname(), timeout=1.0):
        pass
