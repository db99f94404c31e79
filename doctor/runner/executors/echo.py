"""An executor that answers with what it was asked. It starts no harness, and is there to try a runner out.

It runs as a module of its own, without its package and without ``site``. A runner's throughput is bounded by what each
child costs, so this one takes the parts of ``json`` and ``socket`` that are written in C, and leaves everything else
out; only a mistake makes it load the reader that can explain it.
"""

import _json
import _socket
import posix
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing `typing` takes longer than all the rest
    from typing import Any

LIMIT = 30.0
"""Seconds that one answer may take."""

PATIENCE = 600.0
"""Seconds for which a coordinator that cannot be reached is waited for."""

LONGEST_PAUSE = 5.0

LARGEST_HEAD = 65_536
"""Bytes of an answer's header."""

_text = _json.encode_basestring_ascii


class _Reading:
    """How ``_json`` reads: what ``json.loads`` does without arguments."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


class _Failure(Exception):  # noqa: N818 - says why this run failed
    """Told on standard error."""


def main() -> int:
    """Do one run, or answer ``--version`` or ``--schema``."""
    if sys.argv[1:]:
        return _explain(sys.argv[1:])
    content = _standard_input()
    try:
        run = _run_of(content)
        if run is None:
            return _explain([], content)
        _echo(run)
    except (_Failure, OSError) as failure:
        posix.write(2, f"Error: {failure}\n".encode("utf-8", "backslashreplace"))
        return 1
    return 0


def _standard_input() -> bytes:
    content = part = posix.read(0, 1 << 20)
    parts = [content]
    while part:
        part = posix.read(0, 1 << 20)
        parts.append(part)
    return b"".join(parts)


def _run_of(content: bytes) -> "tuple[str, str, str, str] | None":
    """Mode, session, prompt and directory; ``None`` where something is wrong with them."""
    reading: Any = _Reading
    try:
        document, end = _json.make_scanner(reading)(content.decode(), 0)
    except (StopIteration, ValueError, RecursionError, SystemError):
        # The last one is what becomes of a mistake where the rest of `json` was not loaded to name it.
        return None
    if not isinstance(document, dict) or end != len(content.decode()):
        return None
    version, parameters = document.get("schema_version"), document.get("parameters")
    prompt = document.get("prompt") if version == "2.1" else None
    if version == "2.2" and isinstance(parameters, dict):
        prompt = parameters.get("prompt")
    mode, session = document.get("mode"), document.get("session_id")
    directory = document.get("project_dir") or posix.getcwd()
    if not (isinstance(session, str) and isinstance(prompt, str) and isinstance(directory, str)):
        return None
    return (mode, session, prompt, directory) if mode in {"start", "resume"} and session.strip() else None


def _echo(run: "tuple[str, str, str, str]") -> None:
    mode, session, prompt, directory = run
    gateway = _Gateway(posix.environ.get(b"AGENT_ORCHESTRATOR_API_URL", b"").decode())
    own = f'"session_id": {_text(session)}'
    bound = f'"executor_session_id": "echo-{posix.urandom(8).hex()}", "project_dir": {_text(directory)}'
    gateway.send("POST", "/bind", f"{{{own}, {bound}}}")
    current = posix.environ.get(b"AGENT_RUNNER_DIALECT") == b"current"
    if mode == "resume" and not current:
        gateway.send("PATCH", "/metadata", f'{{{own}, "last_resumed_at": "{_now()}"}}')
        gateway.send("POST", "/events", _event(own, "session_start", ""))
    for role in ("user", "assistant"):
        said = f', "role": "{role}", "content": [{{"type": "text", "text": {_text(prompt)}}}]'
        gateway.send("POST", "/events", _event(own, "message", said))
    if current:
        gateway.send("POST", "/events", _event(own, "result", f', "result_text": {_text(prompt)}'))
    else:
        gateway.send("POST", "/events", _event(own, "session_stop", ', "exit_code": 0, "reason": "completed"'))
    gateway.close()


def _event(own: str, kind: str, more: str) -> str:
    return f'{{"event_type": "{kind}", {own}, "timestamp": "{_now()}"{more}}}'


def _now() -> str:
    """A coordinator keeps events in the order of these texts: two of the same second would change places."""
    seconds, rest = divmod(time.time_ns(), 10**9)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest // 1000:06}Z"


class _Gateway:
    """One connection that is kept; a request that is refused ends the run."""

    def __init__(self, url: str) -> None:
        scheme, _, rest = url.partition("://")
        place, slash, path = rest.rstrip("/").partition("/")
        host, _, port = place.partition(":")
        if scheme != "http" or not port.isdigit():
            raise _Failure("AGENT_ORCHESTRATOR_API_URL is not set to an http URL with a port")
        self._address = (host, int(port))
        self._host = place
        self._prefix = slash + path
        self._socket: _socket.socket | None = None

    def send(self, method: str, path: str, body: str) -> None:
        """Send one request, and wait until it was taken, also while the runner cannot reach its coordinator."""
        ends, pause = time.monotonic() + PATIENCE, 0.2
        status, answer = self._once(method, path, body)
        while status in {502, 503, 504} and time.monotonic() < ends:
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            status, answer = self._once(method, path, body)
        if not 200 <= status < 300:  # noqa: PLR2004 - the range that HTTP calls success
            raise _Failure(f"{method} {path} was answered with {status}: {answer[:300].decode('utf-8', 'replace')}")

    def _once(self, method: str, path: str, body: str) -> "tuple[int, bytes]":
        connection = self._connected()
        head = f"{method} {self._prefix}{path} HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        return self._answer(connection)

    def _connected(self) -> _socket.socket:
        if self._socket is None:
            self._socket = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
            self._socket.settimeout(LIMIT)
            self._socket.connect(self._address)
            self._socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        return self._socket

    def _answer(self, connection: _socket.socket) -> "tuple[int, bytes]":
        data = b""
        while b"\r\n\r\n" not in data:
            data += _more(connection)
            if len(data) > LARGEST_HEAD:
                raise _Failure("the answer's header does not end")
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        fields = dict(line.lower().split(b":", 1) for line in lines if b":" in line)
        length = fields.get(b"content-length", b"").strip()
        while length.isdigit() and len(body) < int(length):
            body += _more(connection)
        if not length.isdigit() or b"close" in fields.get(b"connection", b"") or not first.startswith(b"HTTP/1.1"):
            self.close()
        words = first.split()
        return (int(words[1]) if len(words) > 1 and words[1].isdigit() else 0), body

    def close(self) -> None:
        """End the connection; the next request makes another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _more(connection: _socket.socket) -> bytes:
    part = connection.recv(65_536)
    if not part:
        raise _Failure("the connection was closed in the middle of an answer")
    return part


def _explain(arguments: "list[str]", content: bytes = b"") -> int:
    """What takes the whole package: questions about this executor, and the reason why an invocation is none."""
    sys.path.append(__file__.rpartition("/doctor/")[0])
    from doctor.runner.executors.question import explain  # noqa: PLC0415 - see the module

    return explain(arguments, content)
