"""A small model server: it gives scripted answers and keeps what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    path: str
    authorization: str | None
    body: dict[str, Any]

    @property
    def last(self) -> dict[str, Any]:
        """The newest message."""
        message: dict[str, Any] = self.body["messages"][-1]
        return message


@dataclass
class ModelServer:
    """Gives the scripted answers in turn; the last one again and again."""

    url: str
    answers: list[Answer] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    requests: list[Received] = field(default_factory=list)

    def script(self, *answers: Answer) -> None:
        """Give these answers from now on."""
        self.answers[:] = answers

    def next(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def send(handler: BaseHTTPRequestHandler, status: int, kind: str, body: bytes) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    handler.send_header("retry-after-ms", "1")
    handler.end_headers()
    handler.wfile.write(body)


def refused(status: int, message: str) -> Answer:
    body = json.dumps({"error": {"message": message, "type": "x"}}).encode()
    return lambda handler: send(handler, status, "application/json", body)


def raw(body: bytes, kind: str = "text/event-stream") -> Answer:
    return lambda handler: send(handler, 200, kind, body)


def event(delta: object, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return f"data: {json.dumps(chunk)}\n\n".encode()


DONE = b"data: [DONE]\n\n"


def says(*pieces: str, finish: str | None = "stop") -> Answer:
    events = [event({"content": piece}) for piece in pieces]
    return raw(b"".join((*events, event({}, finish) if finish else b"", DONE)))


def called(name: str, arguments: str, identity: str = "call_a", text: str = "") -> Answer:
    """A call of a tool, its arguments in pieces of three characters."""
    start = {"index": 0, "id": identity, "type": "function", "function": {"name": name, "arguments": ""}}
    pieces = [arguments[at : at + 3] for at in range(0, len(arguments), 3)]
    deltas: list[object] = [{"content": text}] if text else []
    deltas += [{"tool_calls": [start]}]
    deltas += [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in pieces]
    return raw(b"".join((*map(event, deltas), event({}, "tool_calls"), DONE)))


def runs(command: str) -> Answer:
    return called("bash", json.dumps({"command": command}))


def dropped(*events: bytes) -> Answer:
    """The connection ends in the middle of a reply that had promised more."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        handler.wfile.write(b"".join(events))
        handler.close_connection = True

    return answer


@contextmanager
def running_server() -> Iterator[ModelServer]:
    """One on loopback, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            listed = [{"id": name, "object": "model", "created": 1, "owned_by": "x"} for name in model.models]
            send(self, 200, "application/json", json.dumps({"object": "list", "data": listed}).encode())

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            model.requests.append(Received(self.path, self.headers["Authorization"], body))
            model.next()(self)

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        model = ModelServer(url=f"http://127.0.0.1:{http.server_address[1]}/v1")
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield model
        finally:
            http.shutdown()
            thread.join()
