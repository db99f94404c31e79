"""Talking to a coordinator over HTTP: kept connections, limits on everything, no redirects."""

import http.client
import json
import select
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlsplit

from doctor.runner.answers import Answer
from doctor.runner.auth import Auth, AuthError

LIMIT = 30.0
"""Seconds in which an ordinary request is answered."""

LARGEST = 16 * 1024 * 1024
"""Bytes of an answer that are accepted."""

JSON = "application/json"

_CHUNK = 256 * 1024


def quoted(part: str) -> str:
    """A part of a path, whatever is in it."""
    # A path of dots alone would be taken for a direction.
    text = quote(part, safe="", errors="surrogatepass")
    return text if text.strip(".") else text.replace(".", "%2E")


def encoded(document: Mapping[str, Any]) -> bytes:
    """A JSON object as it is sent."""
    return json.dumps(document, allow_nan=False, separators=(",", ":")).encode("ascii")


class Line:
    """One connection, made when it is needed and kept while both sides like. For one thread at a time, but ``cut``.

    Args:
        host: Name or address; one of version 6 without its brackets.
        port: ``None`` is the scheme's own.
        tls: What makes it a TLS connection.
    """

    def __init__(self, host: str, port: int | None, tls: Callable[[], ssl.SSLContext] | None) -> None:
        # Without a port the end of an address of version 6 would be taken for one.
        self._connection = (
            http.client.HTTPConnection(host, port or http.client.HTTP_PORT, timeout=LIMIT)
            if tls is None
            else http.client.HTTPSConnection(host, port or http.client.HTTPS_PORT, timeout=LIMIT, context=tls())
        )

    def ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], limit: float) -> Answer:
        """Send a request once, and return what is answered.

        Raises:
            OSError: There is no whole answer within ``limit`` seconds; whether the request arrived is not known.
        """
        ends = time.monotonic() + limit
        connection = self._connection
        if self._is_stale():
            connection.close()
        try:
            connection.timeout = limit
            if connection.sock is not None:
                connection.sock.settimeout(limit)
            connection.request(method, path, body=body, headers=dict(headers))
            response = connection.getresponse()
            kind, body = response.getheader("Content-Type"), _whole(response, connection, ends)
            return Answer(status=response.status, content_type=kind, body=body)
        except http.client.HTTPException as error:
            connection.close()
            raise ConnectionError(f"what it answers is no HTTP: {type(error).__name__} {error}".strip()) from error
        except UnicodeError as error:  # a name that names nobody, such as `a..b`
            connection.close()
            raise ConnectionRefusedError(f"{connection.host} is no name of a machine") from error
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        """Give the connection up."""
        self._connection.close()

    def cut(self) -> None:
        """End whatever is being waited for on it, from another thread."""
        sock = self._connection.sock
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(2)

    def _is_stale(self) -> bool:
        """Whether the other side has said something, such as goodbye, that nobody asked for."""
        sock = self._connection.sock
        if sock is None:
            return False
        try:
            poll = select.poll()
            poll.register(sock, select.POLLIN)
            return bool(poll.poll(0))
        except (OSError, ValueError):
            return True


def _whole(response: http.client.HTTPResponse, connection: http.client.HTTPConnection, ends: float) -> bytes:
    """The answer's body, as long as it stays within its limits.

    Raises:
        OSError: It is too long, too slow, or ends early.
    """
    kept: list[bytes] = []
    size = 0
    while chunk := response.read1(_CHUNK):
        kept.append(chunk)
        size += len(chunk)
        if size > LARGEST:
            raise ConnectionError(f"the answer is longer than {LARGEST:,} bytes")
        left = ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer takes too long")
        if connection.sock is not None:
            connection.sock.settimeout(left)
    if response.length:
        raise ConnectionError("the answer ends before it is whole")
    response.close()
    return b"".join(kept)


class Coordinator:
    """A coordinator, for any number of threads.

    Args:
        url: Its base, without a slash at its end.
        auth: Who asks.
    """

    def __init__(self, url: str, auth: Auth) -> None:
        parts = urlsplit(url)
        self.url = url
        self._host = parts.hostname or ""
        self._port = parts.port
        self._base = parts.path.rstrip("/")
        self._auth = auth
        self._context: ssl.SSLContext | None = None
        self._tls = self._tls_context if parts.scheme == "https" else None
        self._guard = threading.Lock()
        self._idle: list[Line] = []
        self._closed = False

    def line(self) -> Line:
        """A connection of the caller's own."""
        return Line(self._host, self._port, self._tls)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        content_type: str | None = None,
        *,
        limit: float = LIMIT,
        line: Line | None = None,
    ) -> Answer:
        """Send one request, a second time only after credentials were refused that could be renewed.

        Args:
            method: HTTP's.
            path: Below the base, with everything in it quoted.
            body: What is sent.
            content_type: Of the body; JSON where none is said.
            limit: Seconds until it has to be answered.
            line: The connection to use; one of those that are kept, without it.

        Returns:
            Whatever was answered, also that it went wrong. A redirect is an answer like another.

        Raises:
            OSError: There is no answer: ``ConnectionError`` and ``TimeoutError`` among them.
            AuthError: There are no credentials to be had.
        """
        answer = self._ask(method, path, body, content_type, limit=limit, line=line)
        if answer.about_credentials and self._auth.renew():
            answer = self._ask(method, path, body, content_type, limit=limit, line=line)
        return answer

    def ask(self, method: str, path: str, document: Mapping[str, Any] | None = None) -> Answer:
        """``request`` with a JSON object."""
        return self.request(method, path, None if document is None else encoded(document))

    def look(self, path: str) -> Answer | None:
        """What is answered to a question that can be asked again; ``None`` without an answer."""
        try:
            return self.ask("GET", path)
        except (OSError, AuthError):
            return None

    def close(self) -> None:
        """Let go of the connections that nobody uses; nothing is kept any more."""
        with self._guard:
            self._closed = True
            idle, self._idle = self._idle, []
        for line in idle:
            line.close()

    def _ask(
        self, method: str, path: str, body: bytes | None, content_type: str | None, *, limit: float, line: Line | None
    ) -> Answer:
        headers = {"Accept": JSON}
        if body is not None:
            headers["Content-Type"] = content_type or JSON
        authorization = self._auth.header()
        if authorization is not None:
            headers["Authorization"] = authorization
        if line is not None:
            return line.ask(method, self._base + path, body, headers, limit)
        with self._guard:
            taken = self._idle.pop() if self._idle else None
        taken = taken or self.line()
        answer = taken.ask(method, self._base + path, body, headers, limit)
        with self._guard:
            if not self._closed:
                self._idle.append(taken)
                return answer
        taken.close()
        return answer

    def _tls_context(self) -> ssl.SSLContext:
        with self._guard:
            if self._context is None:
                self._context = ssl.create_default_context()
            return self._context


def post_to_tenant(domain: str, document: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
    """Ask an Auth0 tenant for a token, over TLS; see ``auth.Post``."""
    host, _, port = domain.removeprefix("https://").rstrip("/").partition(":")
    line = Line(host, int(port) if port.isdigit() else None, ssl.create_default_context)
    try:
        answer = line.ask("POST", "/oauth/token", encoded(document), {"Accept": JSON, "Content-Type": JSON}, LIMIT)
    finally:
        line.close()
    return answer.status, answer.document
