"""Every request with its answer, in the order in which they came; and the faults that happen to them."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.coordinator.faults import Fault

CONTROL = "/_control"
LIMIT = 64 * 1024 * 1024


@dataclass(slots=True, kw_only=True)
class Entry:
    """One request."""

    number: int
    """Counts requests as they come, from 0."""

    began: float
    """Seconds on the monotonic clock of the machine."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    """The JSON of it; text where it is none; ``None`` without one."""

    ended: float | None = None
    """``None`` while it waits for its answer."""

    effect: bool = False
    """Whether the coordinator acted on it; a fault may keep it from that."""

    status: int | None = None
    """As the coordinator meant it; ``None`` where there was no answer."""

    answer: Any = None
    fault: str | None = None
    delivered: bool = False
    """Whether somebody was still there to be answered."""

    claimed: str | None = None
    """The run that this poll took."""

    connection: str = ""
    """The client's address: the same for all requests of one connection."""


@dataclass(slots=True)
class Recorder:
    """The outermost application."""

    app: ASGIApp
    cost: float = 0
    """Processor time that is spent on each poll and report."""

    path: Path | None = None
    """Where each answered request is appended as a line of JSON."""

    entries: list[Entry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    transports: set[Any] = field(default_factory=set)
    """Connections with a request under way."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self.app(scope, receive, send)
            return
        # uvicorn hands its own cycle's bound method over: the only way to its connection.
        cycle: Any = getattr(send, "__self__", None)
        raw = await _body(receive)
        entry = self._entry(scope, raw)
        fault = next((each for each in self.faults if each.takes(entry.method, entry.path)), None)
        entry.fault = fault.kind if fault is not None else None
        with self._open(cycle):
            answer = _Answer()
            await self._act(scope, raw, entry, fault, answer)
            await self._deliver(cycle, send, entry, fault, answer)
        entry.ended = time.monotonic()
        self._write(entry)

    def _entry(self, scope: Scope, raw: bytes) -> Entry:
        query = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode()).items()}
        entry = Entry(
            number=len(self.entries),
            began=time.monotonic(),
            method=scope["method"],
            path=scope["path"],
            query=query,
            headers={name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]},
            body=_read(raw),
            connection=":".join(map(str, scope.get("client") or ())),
        )
        self.entries.append(entry)
        return entry

    @contextmanager
    def _open(self, cycle: Any) -> Iterator[None]:
        transport = getattr(cycle, "transport", None)
        self.transports.add(transport)
        try:
            yield
        finally:
            self.transports.discard(transport)

    async def _act(self, scope: Scope, raw: bytes, entry: Entry, fault: Fault | None, answer: "_Answer") -> None:
        kind = fault.kind if fault is not None else None
        if kind == "drop_before":
            return
        if fault is not None and kind == "answer":
            await _planned(fault)(scope, _nothing, answer.send)
            return
        if fault is not None and kind == "slow":
            await asyncio.sleep(fault.seconds)
        scope.setdefault("state", {})
        entry.effect = True
        await self.app(scope, _replay(raw), answer.send)
        if entry.path.startswith("/runner/runs"):
            _spend(self.cost)
        entry.status, entry.answer = answer.status, _read(answer.body)
        entry.claimed = scope["state"].get("claimed")
        if fault is not None and kind == "slow_answer":
            await asyncio.sleep(fault.seconds)
        if fault is not None and kind == "replace":
            answer.forget()
            await _planned(fault)(scope, _nothing, answer.send)

    async def _deliver(self, cycle: Any, send: Send, entry: Entry, fault: Fault | None, answer: "_Answer") -> None:
        gone = bool(getattr(cycle, "disconnected", False))
        if fault is not None and fault.kind.startswith("drop"):
            await _cut(cycle)
            return
        entry.delivered = not gone
        if fault is None or fault.kind != "truncate":
            for message in answer.messages:
                await send(message)
            return
        await send(answer.messages[0])
        await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
        await _cut(cycle)

    def _write(self, entry: Entry) -> None:
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(entry)) + "\n")

    def cut_all(self) -> None:
        """Cut every connection with a request under way."""
        for transport in list(self.transports):
            if transport is not None:
                transport.abort()


class _Answer:
    """What the application sends, kept."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def send(self, message: Message) -> None:
        self.messages.append(message)

    def forget(self) -> None:
        self.messages.clear()

    @property
    def status(self) -> int | None:
        return self.messages[0]["status"] if self.messages else None

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)


def _spend(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def _planned(fault: Fault) -> Response:
    return Response(fault.body or None, fault.status, media_type=fault.content_type)


async def _cut(cycle: Any) -> None:
    cycle.transport.abort()
    await asyncio.sleep(0)  # lets uvicorn notice: it would complain of a request that nobody answered


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def _replay(raw: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": raw, "more_body": False}

    return receive


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body") or sum(map(len, parts)) > LIMIT:
            return b"".join(parts)


def _read(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode(errors="replace")
