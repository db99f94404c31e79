"""HTTP as children speak it: strictly read, within limits of size and time, one thread for each connection."""

import io
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

from doctor.runner.answers import BAD_REQUEST, Answer
from doctor.runner.gateway_routes import JSON, METHODS, NOT_IMPLEMENTED, Pass, Refusal, Request, Target, target_of

LARGEST_BODY = 16 * 1024 * 1024
"""Bytes."""

HEAD_LIMIT = 10.0
"""Seconds from the first byte of a request to the end of its header; also for a stranger's first byte."""

BODY_LIMIT = 30.0
"""Seconds for a body, and for an answer to be taken."""

IDLE_LIMIT = 600.0
"""Seconds that a known child's connection is kept between two requests."""

_LINGER = 2.0
_LONGEST_LINE = 65_536
_TOO_LARGE = 413
_LENGTH_REQUIRED = 411

Admit = Callable[[Target], Pass]
"""Whose token it is; raises ``Refusal``."""


class _Timed(io.RawIOBase):
    """What a socket receives, until a moment that is set anew for each part of a request."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__()
        self._connection = connection
        self._ends = 0.0

    def within(self, seconds: float) -> None:
        """From now on, this long."""
        self._ends = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


class Handler(BaseHTTPRequestHandler):
    """One connection. The standard library reads request line and headers; everything else is decided here.

    Args:
        connection: Of a child, or of a stranger.
        admit: Says whose token a target has.
        answer: Answers a whole request.
    """

    protocol_version = "HTTP/1.1"

    def __init__(
        self,
        connection: socket.socket,
        *,
        admit: Admit,
        answer: Callable[[Request, Target, Pass], Answer],
    ) -> None:
        self._admit = admit
        self._answer = answer
        self._timed = _Timed(connection)
        self._is_known = False
        self._awaits_continue = False
        self.command = ""
        nobody: Any = None  # there is no server object; only its name and port would be asked for
        super().__init__(connection, ("", 0), nobody)

    def setup(self) -> None:
        """Read through limits of time; what is written goes out at once."""
        self.connection = self.request
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rfile = self._buffer = io.BufferedReader(self._timed, _LONGEST_LINE)
        self.close_connection = True

    def handle_one_request(self) -> None:
        """Answer one request; whatever is wrong with it ends the connection."""
        try:
            self._timed.within(IDLE_LIMIT if self._is_known else HEAD_LIMIT)
            if not self._buffer.peek(1):
                self.close_connection = True
                return
            self._timed.within(HEAD_LIMIT)
            self.raw_requestline = self.rfile.readline(_LONGEST_LINE + 1)
            if len(self.raw_requestline) > _LONGEST_LINE:
                self.send_error(HTTPStatus.REQUEST_URI_TOO_LONG)
            elif self.parse_request():
                self._one()
        except OSError:
            self.close_connection = True

    def _one(self) -> None:
        try:
            request, target, who = self._whole()
        except Refusal as refusal:
            self._give_up(refusal.answer)
            return
        self._is_known = True
        self._send(self._answer(request, target, who))

    def _whole(self) -> tuple[Request, Target, Pass]:
        """The request with its body, which is read for those only who may ask."""
        if self.command not in METHODS:
            raise Refusal(NOT_IMPLEMENTED, "Unsupported method")
        if self.request_version not in {"HTTP/1.0", "HTTP/1.1"}:
            raise Refusal(BAD_REQUEST, "expected HTTP/1.0 or HTTP/1.1")
        # Not `self.path`, in which slashes at the beginning are put together.
        text = self.requestline.split()[1]
        target = target_of(text)
        who = self._admit(target)
        body = self._body()
        kind = self.headers.get("Content-Type")
        return Request(method=self.command, target=text, body=body, content_type=kind), target, who

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") is not None:
            raise Refusal(_LENGTH_REQUIRED, "expected a Content-Length; chunks are not read")
        lengths = self.headers.get_all("Content-Length", ["0"])
        if len(lengths) != 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
            raise Refusal(BAD_REQUEST, "expected one Content-Length, in digits")
        if len(lengths[0]) > len(str(LARGEST_BODY)) or int(lengths[0]) > LARGEST_BODY:
            raise Refusal(_TOO_LARGE, f"Request body larger than {LARGEST_BODY} bytes")
        if self._awaits_continue:
            self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._timed.within(BODY_LIMIT)
        body = self.rfile.read(int(lengths[0]))
        if len(body) != int(lengths[0]):
            raise ConnectionError
        return body

    def handle_expect_100(self) -> bool:
        """Say go on only to those whose body is wanted."""
        self._awaits_continue = True
        return True

    def parse_request(self) -> bool:
        """As the standard library does; an expectation holds for one request."""
        self._awaits_continue = False
        return super().parse_request()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """The standard library's refusals, as JSON and without a word of what was sent."""
        self._give_up(Refusal(code, HTTPStatus(code).phrase).answer)

    def _give_up(self, answer: Answer) -> None:
        """Answer, and end the connection so that the answer arrives although not all was read that was sent."""
        self.close_connection = True
        self._send(answer)
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self._timed.within(_LINGER)
            left = 2 * LARGEST_BODY
            while left > 0 and (read := len(self.rfile.read1(_LONGEST_LINE))):
                left -= read

    def _send(self, answer: Answer) -> None:
        status = answer.status if 200 <= answer.status <= 599 else HTTPStatus.BAD_GATEWAY  # noqa: PLR2004 - HTTP's own
        phrase = HTTPStatus(status).phrase if status in _KNOWN else "Unknown"
        lines = [f"HTTP/1.1 {int(status)} {phrase}"]
        body = b"" if status == HTTPStatus.NO_CONTENT else answer.body
        if status != HTTPStatus.NO_CONTENT:
            lines += [f"Content-Type: {_one_line(answer.content_type)}", f"Content-Length: {len(body)}"]
        # One of version 1.0 that asked for it keeps its connection only when told so.
        lines.append(f"Connection: {'close' if self.close_connection else 'keep-alive'}")
        head = "\r\n".join((*lines, "", "")).encode("latin-1")
        self.connection.settimeout(BODY_LIMIT)
        self.connection.sendall(head if self.command == "HEAD" else head + body)

    def finish(self) -> None:
        """Nothing is kept to be written."""
        self.rfile.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the overridden method's
        """Nothing: the path holds a token."""


_KNOWN = frozenset(int(status) for status in HTTPStatus)


def _one_line(kind: str | None) -> str:
    return kind if kind and kind.isascii() and kind.isprintable() else JSON
