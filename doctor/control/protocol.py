"""What is said over a control socket: one JSON line each way, of bounded length, within a limit.

``{"cmd": "reconfigure", "profile": NAME or null}`` is answered by ``{"ok": true, "status": "reconfigured", "profile":
NAME or null, "values": {...}}``, or by ``{"ok": false, "error": "..."}`` when the old values were kept. Members that
a side does not know are passed over.
"""

import json
import socket
import time
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from doctor.records import dataclass

RECONFIGURE = "reconfigure"

LONGEST_LINE = 64 * 1024
"""Bytes, the line's end included."""

LIMIT = 2.0
"""Seconds in which the other side has to take a line, or to send one that it has ready."""

ANSWER_LIMIT = 5.0
"""Seconds in which an answer has to come; reading a policy of ten thousand agents takes one of them."""


class ProtocolError(Exception):
    """What came is not what was agreed on; the message says what was seen, as the rest of "it ..."."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """To read the settings again."""

    profile: str | None
    """The profile that was switched to; told for the record, the files decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a process made of a request."""

    ok: bool
    profile: str | None = None
    """The profile that counts for it now."""

    values: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    """Why it kept what it had; ``None`` exactly when it is ``ok``."""


def request_line(request: Request) -> bytes:
    """A request as it is sent."""
    return _line({"cmd": RECONFIGURE, "profile": request.profile})


def reply_line(reply: Reply) -> bytes:
    """A reply as it is sent; values that would make it too long are left out."""
    if not reply.ok:
        return _line({"ok": False, "error": (reply.error or "")[: LONGEST_LINE // 16]})
    said = {"ok": True, "status": "reconfigured", "profile": reply.profile, "values": dict(reply.values)}
    line = _line(said)
    return line if len(line) <= LONGEST_LINE else _line(said | {"values": {}})


def read_request(line: bytes) -> Request:
    """A request that came.

    Raises:
        ProtocolError: It is none.
    """
    said = _members(line)
    if said.get("cmd") != RECONFIGURE:
        raise ProtocolError(f"asks for {said.get('cmd')!r:.80}; only {RECONFIGURE!r} is understood")
    profile = said.get("profile")
    if not isinstance(profile, str | None):
        raise ProtocolError("has a profile that is neither a name nor null")
    return Request(profile=profile)


def read_reply(line: bytes) -> Reply:
    """A reply that came.

    Raises:
        ProtocolError: It is none.
    """
    said = _members(line)
    if said.get("ok") is not True:
        error = said.get("error")
        if said.get("ok") is not False or not isinstance(error, str):
            raise ProtocolError("says neither that it is ok nor why it is not")
        return Reply(ok=False, error=error or "it gave no reason")
    profile, values = said.get("profile"), said.get("values")
    texts = values.items() if isinstance(values, dict) else ()
    return Reply(
        ok=True,
        profile=profile if isinstance(profile, str) else None,
        values={key: value for key, value in texts if isinstance(value, str)},
    )


def send_line(connection: socket.socket, line: bytes, *, limit: float = LIMIT) -> None:
    """Send a whole line.

    Raises:
        OSError: The other side is gone, or did not take it in time.
    """
    connection.settimeout(limit)
    connection.sendall(line)


def receive_line(connection: socket.socket, *, limit: float) -> bytes:
    """The line that the other side sends, without its end.

    Raises:
        ProtocolError: It is longer than ``LONGEST_LINE``, or breaks off.
        TimeoutError: It is not whole within ``limit`` seconds, however it trickles.
        OSError: The other side is gone.
    """
    ends = time.monotonic() + limit
    received = bytearray()
    while b"\n" not in received:
        left = ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        chunk = connection.recv(4096)
        if not chunk:
            raise ProtocolError("ended before the line did" if received else "said nothing")
        received += chunk
        if len(received) > LONGEST_LINE:
            raise ProtocolError(f"is longer than {LONGEST_LINE} bytes")
    return bytes(received.partition(b"\n")[0])


def _line(members: Mapping[str, Any]) -> bytes:
    return json.dumps(members).encode() + b"\n"


def _members(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ProtocolError("is no JSON") from None
    if not isinstance(said, dict):
        raise ProtocolError("is no JSON object")
    return said
