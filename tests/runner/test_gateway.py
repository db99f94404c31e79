"""The address at which children reach their coordinator, attacked and used over real sockets."""

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.errors import DoctorError
from doctor.runner import gateway_http
from doctor.runner.answers import Answer
from doctor.runner.gateway import Gateway, Pass
from doctor.runner.gateway_routes import Refusal, Request, Routes, target_of

SESSION = "ses_0123456789ab"
TOKEN_LENGTH = 64


@dataclass
class Upstream:
    """A coordinator that takes everything, and remembers it."""

    asked: list[tuple[str, str, Any, str | None]] = field(default_factory=list)
    answer: Callable[[], Answer] = lambda: Answer(status=200, content_type="application/json", body=b'{"ok":true}')

    def request(self, method: str, path: str, body: bytes | None = None, content_type: str | None = None) -> Answer:
        self.asked.append((method, path, None if body is None else _read(body), content_type))
        return self.answer()


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def gateway(upstream: Upstream, complaints: list[str]) -> Iterator[Gateway]:
    made = Gateway(upstream, hostname="here", executor_profile="coding", complain=complaints.append)
    made.start()
    yield made
    made.close()


@pytest.fixture
def admitted(gateway: Gateway) -> Pass:
    return gateway.admit(SESSION)


def ask(
    gateway: Gateway, method: str, target: str, body: Any = None, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """Status and document of one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    try:
        connection.request(method, target, body=content, headers=headers or {})
        response = connection.getresponse()
        return response.status, _read(response.read())
    finally:
        connection.close()


def send(gateway: Gateway, content: bytes) -> bytes:
    """Everything that comes back for some bytes."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_a_binding_goes_up_with_what_only_the_runner_knows(
    gateway: Gateway, upstream: Upstream, admitted: Pass
) -> None:
    body = {"session_id": SESSION, "executor_session_id": "own", "project_dir": "/p", "hostname": "elsewhere"}
    assert ask(gateway, "POST", f"/{admitted.token}/bind", body) == (200, {"ok": True})
    binding = {"executor_session_id": "own", "hostname": "here", "executor_profile": "coding", "project_dir": "/p"}
    assert upstream.asked == [("POST", f"/sessions/{SESSION}/bind", binding, "application/json")]
    assert admitted.bound


def test_a_binding_without_a_directory_has_none(gateway: Gateway, upstream: Upstream, admitted: Pass) -> None:
    ask(gateway, "POST", f"/{admitted.token}/bind", {"session_id": SESSION, "executor_session_id": "own"})
    assert upstream.asked[0][2] == {
        "executor_session_id": "own",
        "hostname": "here",
        "executor_profile": "coding",
    }


def test_a_binding_that_was_refused_does_not_count(gateway: Gateway, upstream: Upstream, admitted: Pass) -> None:
    upstream.answer = lambda: Answer(status=404, content_type="application/json", body=b'{"detail":"no such"}')
    body = {"session_id": SESSION, "executor_session_id": "own"}
    assert ask(gateway, "POST", f"/{admitted.token}/bind", body) == (404, {"detail": "no such"})
    assert not admitted.bound


def test_an_event_goes_up_as_it_is_and_is_remembered(gateway: Gateway, upstream: Upstream, admitted: Pass) -> None:
    events = [
        {"session_id": SESSION, "event_type": "message", "timestamp": "t", "more": [1, {"a": None}]},
        {"session_id": SESSION, "event_type": "session_stop", "timestamp": "t"},
    ]
    for event in events:
        assert ask(gateway, "POST", f"/{admitted.token}/events", event) == (200, {"ok": True})
    assert [each[:3] for each in upstream.asked] == [("POST", f"/sessions/{SESSION}/events", each) for each in events]
    assert (admitted.last_event_type, admitted.results) == ("session_stop", 1)


def test_an_event_that_was_refused_is_not_remembered(gateway: Gateway, upstream: Upstream, admitted: Pass) -> None:
    upstream.answer = lambda: Answer(status=422, content_type="application/json", body=b'{"detail":[]}')
    event = {"session_id": SESSION, "event_type": "result"}
    assert ask(gateway, "POST", f"/{admitted.token}/events", event) == (422, {"detail": []})
    assert (admitted.last_event_type, admitted.results) == (None, 0)


def test_metadata_goes_up_without_the_session(gateway: Gateway, upstream: Upstream, admitted: Pass) -> None:
    ask(gateway, "PATCH", f"/{admitted.token}/metadata", {"session_id": SESSION, "last_resumed_at": "t", "x": 1})
    assert upstream.asked == [
        ("PATCH", f"/sessions/{SESSION}/metadata", {"last_resumed_at": "t", "x": 1}, "application/json")
    ]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "detail"),
    [
        ("POST", "bind", None, 400, "Request body required"),
        ("POST", "bind", b"", 400, "Request body required"),
        ("POST", "bind", b"{", 400, "Invalid JSON: "),
        ("POST", "events", b"\xff", 400, "Invalid JSON: it is not UTF-8"),
        ("POST", "events", b'{"a": NaN}', 400, "Invalid JSON: JSON does not have NaN"),
        ("POST", "events", b'{"session_id": "%s", "a": 1e999}' % SESSION.encode(), 400, "Invalid JSON: a number"),
        ("POST", "events", b"[" * 100_000, 400, "Invalid JSON: "),
        ("POST", "events", [], 400, "Request body must be a JSON object"),
        ("POST", "bind", "text", 400, "Request body must be a JSON object"),
        ("POST", "bind", {}, 400, "session_id required"),
        ("POST", "bind", {"session_id": SESSION}, 400, "executor_session_id required"),
        ("POST", "events", {"event_type": "message"}, 400, "session_id required"),
        ("PATCH", "metadata", {"x": 1}, 400, "session_id required"),
        ("POST", "bind", {"session_id": "ses_other", "executor_session_id": "x"}, 403, "session_id is that of another"),
        ("POST", "events", {"session_id": "ses_other"}, 403, "session_id is that of another session"),
        ("POST", "events", {"session_id": [SESSION]}, 403, "session_id is that of another session"),
        ("PATCH", "metadata", {"session_id": "ses_other"}, 403, "session_id is that of another session"),
    ],
)
def test_a_request_that_says_too_little_or_too_much_is_refused(
    gateway: Gateway, upstream: Upstream, admitted: Pass, method: str, path: str, body: Any, status: int, detail: str
) -> None:
    seen, document = ask(gateway, method, f"/{admitted.token}/{path}", body)
    assert (seen, upstream.asked) == (status, [])
    assert document["detail"].startswith(detail)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/sessions/{SESSION}"),
        ("GET", f"/sessions/{SESSION}/events?limit=5&x=%2F"),
        ("POST", f"/sessions/{SESSION}/events"),
        ("PATCH", f"/sessions/{SESSION}/metadata"),
        ("GET", "/agents"),
        ("GET", "/agents/writer"),
        ("GET", "/agents/a%20b"),
    ],
)
def test_what_belongs_to_the_session_is_passed_on(
    gateway: Gateway, upstream: Upstream, admitted: Pass, method: str, path: str
) -> None:
    body = None if method == "GET" else {"a": 1}
    assert ask(gateway, method, f"/{admitted.token}{path}", body) == (200, {"ok": True})
    assert [each[:3] for each in upstream.asked] == [(method, path, body)]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", ""),
        ("GET", "/sessions"),
        ("GET", "/sessions/ses_other"),
        ("GET", "/sessions/ses_other/events"),
        ("DELETE", f"/sessions/{SESSION}"),
        ("PUT", f"/sessions/{SESSION}"),
        ("POST", "/agents"),
        ("DELETE", "/agents/writer"),
        ("POST", "/runs"),
        ("GET", "/runs/run_1"),
        ("GET", "/runner/runs?runner_id=lnch_1"),
        ("POST", "/runner/runs/run_1/completed"),
        ("DELETE", "/runners/lnch_1"),
        ("GET", "/bind"),
        ("POST", "/bind/"),
        ("POST", "/bind?x=1"),
        ("POST", "/events/../bind"),
        ("GET", f"/sessions/{SESSION}/../ses_other"),
        ("GET", f"/sessions/{SESSION}/%2e%2e/ses_other"),
        ("GET", f"/sessions/{SESSION}/.%2e/ses_other"),
        ("GET", f"/sessions/{SESSION}/%252e%252e/ses_other"),
        ("GET", f"/sessions/{SESSION}%2f..%2fses_other"),
        ("GET", f"/sessions/{SESSION}%5c..%5cses_other"),
        ("GET", f"/sessions//{SESSION}"),
        ("GET", f"//sessions/{SESSION}"),
        ("GET", f"/sessions/{SESSION};x"),
        ("GET", f"/sessions/{SESSION}/"),
        ("GET", f"/sessions/{SESSION}%00"),
        ("GET", f"/sessions/{SESSION}/a%0d%0aHost:%20x"),
        ("GET", "/agents/../sessions/ses_other"),
        ("GET", f"/sessions/{SESSION}/%ff"),
        ("GET", f"/SESSIONS/{SESSION}"),
    ],
)
def test_everything_else_is_forbidden(
    gateway: Gateway, upstream: Upstream, admitted: Pass, method: str, path: str
) -> None:
    status, document = ask(gateway, method, f"/{admitted.token}{path}", None if method == "GET" else {"a": 1})
    assert (status, list(document), upstream.asked) == (403, ["detail"], [])


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD", "TRACE", "CONNECT", "BREW"])
def test_methods_that_nobody_has_are_not_implemented(
    gateway: Gateway, upstream: Upstream, admitted: Pass, method: str
) -> None:
    answer = send(gateway, f"{method} /{admitted.token}/bind HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 501 ")
    assert answer.endswith(b"\r\n\r\n") == (method == "HEAD")
    assert upstream.asked == []


@pytest.mark.parametrize("path", ["/bind", "/", "/x/bind", f"/{'0' * TOKEN_LENGTH}/bind", "/sessions/../x", "//bind"])
def test_without_a_token_nothing_is_had(gateway: Gateway, upstream: Upstream, admitted: Pass, path: str) -> None:
    status, document = ask(gateway, "POST", path, {"session_id": SESSION, "executor_session_id": "x"})
    assert (status, list(document), upstream.asked) == (401, ["detail"], [])


def test_a_token_is_that_of_one_session(gateway: Gateway, upstream: Upstream, admitted: Pass) -> None:
    other = gateway.admit("ses_other")
    assert other.token != admitted.token
    assert ask(gateway, "GET", f"/{other.token}/sessions/{SESSION}")[0] == 403
    assert ask(gateway, "GET", f"/{other.token}/sessions/ses_other")[0] == 200


def test_a_token_that_was_revoked_is_none(gateway: Gateway, upstream: Upstream, admitted: Pass) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
    connection.request("GET", f"/{admitted.token}/agents")
    assert connection.getresponse().read() == b'{"ok":true}'
    kept = connection.sock
    gateway.revoke(admitted)
    assert kept is not None
    assert kept.recv(1) == b""
    connection.close()
    assert ask(gateway, "GET", f"/{admitted.token}/agents")[0] == 401


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"GET http://elsewhere/TOKEN/agents HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET TOKEN/agents HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /TOKEN/agents#x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /TOKEN/\xc3\xbc HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /TOKEN/agents\x0bx HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /TOKEN/agents HTTP/1.1 more\r\n\r\n", 400),
        (b"GET /TOKEN/agents\r\n\r\n", 400),
        (b"GET /TOKEN/agents HTTP/2.0\r\n\r\n", 505),
        (b"nonsense\r\n\r\n", 400),
        (b"POST /TOKEN/bind HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /TOKEN/bind HTTP/1.1\r\nContent-Length: 1_0\r\n\r\n", 400),
        (b"POST /TOKEN/bind HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
        (b"POST /TOKEN/bind HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 411),
        (b"POST /TOKEN/bind HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 411),
        (b"POST /TOKEN/bind HTTP/1.1\r\nContent-Length: 16777217\r\n\r\n", 413),
        (b"POST /TOKEN/bind HTTP/1.1\r\nContent-Length: " + b"9" * 400 + b"\r\n\r\n", 413),
        (b"GET /TOKEN/" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET /TOKEN/agents HTTP/1.1\r\n" + b"x: y\r\n" * 200 + b"\r\n", 431),
    ],
)
def test_what_is_no_plain_request_is_refused_and_ends_the_connection(
    gateway: Gateway, upstream: Upstream, admitted: Pass, content: bytes, status: int
) -> None:
    answer = send(gateway, content.replace(b"TOKEN", admitted.token.encode()) + b"GET /x HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close" in answer
    assert admitted.token.encode() not in answer
    assert upstream.asked == []


def test_a_body_of_the_largest_size_is_taken(gateway: Gateway, upstream: Upstream, admitted: Pass) -> None:
    frame = len(json.dumps({"session_id": SESSION, "event_type": "e", "x": ""}))
    event = {"session_id": SESSION, "event_type": "e", "x": "a" * (gateway_http.LARGEST_BODY - frame)}
    assert ask(gateway, "POST", f"/{admitted.token}/events", event) == (200, {"ok": True})


def test_one_byte_more_is_refused_so_that_the_sender_hears_it(
    gateway: Gateway, upstream: Upstream, admitted: Pass
) -> None:
    status, document = ask(gateway, "POST", f"/{admitted.token}/events", b" " * (gateway_http.LARGEST_BODY + 1))
    assert (status, document) == (413, {"detail": "Request body larger than 16777216 bytes"})


def test_who_expects_to_be_told_to_go_on_is_told(gateway: Gateway, upstream: Upstream, admitted: Pass) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
        body = json.dumps({"session_id": SESSION, "event_type": "e"}).encode()
        head = f"POST /{admitted.token}/events HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_stranger_who_expects_to_be_told_is_refused_at_once(gateway: Gateway, upstream: Upstream) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
        connection.sendall(b"POST /x/events HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 401 Unauthorized\r\n")


def test_a_connection_is_kept_for_many_requests(gateway: Gateway, upstream: Upstream, admitted: Pass) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
    sockets = set()
    for number in range(20):
        event = json.dumps({"session_id": SESSION, "event_type": "message", "number": number})
        connection.request("POST", f"/{admitted.token}/events", body=event)
        assert connection.getresponse().read() == b'{"ok":true}'
        sockets.add(id(connection.sock))
    connection.close()
    assert len(sockets) == 1
    assert [each[2]["number"] for each in upstream.asked] == list(range(20))


def test_an_old_client_gets_its_answer_and_the_end_of_the_connection(
    gateway: Gateway, upstream: Upstream, admitted: Pass
) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
        connection.sendall(f"GET /{admitted.token}/agents HTTP/1.0\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert answer == (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\nConnection: close\r\n\r\n"
        b'{"ok":true}'
    )


def test_requests_sent_together_are_answered_in_their_order(
    gateway: Gateway, upstream: Upstream, admitted: Pass
) -> None:
    one = f"GET /{admitted.token}/agents/%d HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = send(gateway, "".join(one % number for number in range(5)).encode())
    assert answer.count(b"HTTP/1.1 200 OK") == 5
    assert [each[1] for each in upstream.asked] == [f"/agents/{number}" for number in range(5)]


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (
            ConnectionRefusedError(111, "Connection refused"),
            "Failed to connect to Agent Coordinator: Connection refused",
        ),
        (TimeoutError("timed out"), "Failed to connect to Agent Coordinator: timed out"),
        (ConnectionError(), "Failed to connect to Agent Coordinator: ConnectionError"),
        (DoctorError("the token hunter2 was refused"), "Failed to connect to Agent Coordinator: no valid credentials"),
    ],
)
def test_a_coordinator_that_is_not_there_is_a_bad_gateway(
    gateway: Gateway, upstream: Upstream, admitted: Pass, error: Exception, detail: str
) -> None:
    upstream.answer = lambda: (_ for _ in ()).throw(error)
    assert ask(gateway, "GET", f"/{admitted.token}/agents") == (502, {"detail": detail})


def test_a_defect_is_told_to_the_runner_and_not_to_the_child(
    gateway: Gateway, upstream: Upstream, admitted: Pass, complaints: list[str]
) -> None:
    upstream.answer = lambda: (_ for _ in ()).throw(KeyError("hunter2"))
    assert ask(gateway, "GET", f"/{admitted.token}/agents")[0] == 500
    assert complaints == [f"the gateway failed at a GET of {SESSION}: KeyError"]


def test_an_answer_without_content_has_none(gateway: Gateway, upstream: Upstream, admitted: Pass) -> None:
    upstream.answer = lambda: Answer(status=204, content_type=None, body=b"")
    assert ask(gateway, "GET", f"/{admitted.token}/agents") == (204, b"")


def test_what_a_coordinator_says_of_its_content_cannot_add_headers(
    gateway: Gateway, upstream: Upstream, admitted: Pass
) -> None:
    upstream.answer = lambda: Answer(status=200, content_type="text/plain\r\nX-Evil: 1", body=b"x")
    answer = send(gateway, f"GET /{admitted.token}/agents HTTP/1.1\r\nConnection: close\r\n\r\n".encode())
    assert b"X-Evil" not in answer


def test_a_stranger_that_says_nothing_is_shown_out(
    gateway: Gateway, upstream: Upstream, admitted: Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_http, "HEAD_LIMIT", 0.2)
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as silent:
        assert silent.recv(1) == b""


def test_one_that_drips_is_shown_out_although_it_never_pauses_for_long(
    gateway: Gateway, upstream: Upstream, admitted: Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_http, "HEAD_LIMIT", 0.3)
    ended = threading.Event()
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as dripping:
        dripping.sendall(b"GET / HTTP/1.1\r\n")

        def drip() -> None:
            while not ended.wait(0.02):
                try:
                    dripping.sendall(b"x")
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        with suppress(ConnectionResetError):
            assert dripping.recv(1) in {b"", b"H"}
        ended.set()
        thread.join()


def test_a_body_that_does_not_come_ends_the_connection(
    gateway: Gateway, upstream: Upstream, admitted: Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_http, "BODY_LIMIT", 0.2)
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
        connection.sendall(f"POST /{admitted.token}/events HTTP/1.1\r\nContent-Length: 10\r\n\r\n{{".encode())
        assert connection.recv(1) == b""
    assert upstream.asked == []


def test_many_children_are_served_at_once(gateway: Gateway, upstream: Upstream) -> None:
    together = threading.Barrier(40)

    def answer() -> Answer:
        together.wait(timeout=20)
        return Answer(status=200, content_type="application/json", body=b"{}")

    upstream.answer = answer
    passes = [gateway.admit(f"ses_{number}") for number in range(40)]
    with ThreadPoolExecutor(40) as pool:
        said = list(pool.map(lambda each: ask(gateway, "GET", f"/{each.token}/sessions/{each.session_id}"), passes))
    assert said == [(200, {})] * 40
    assert sorted(each[1] for each in upstream.asked) == sorted(f"/sessions/ses_{number}" for number in range(40))


def test_one_connection_too_many_is_closed(
    gateway: Gateway, upstream: Upstream, admitted: Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("doctor.runner.gateway.MOST_CONNECTIONS", 1)
    first = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
    first.request("GET", f"/{admitted.token}/agents")
    assert first.getresponse().read() == b'{"ok":true}'
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as second:
        assert second.recv(1) == b""
    first.request("GET", f"/{admitted.token}/agents")
    assert first.getresponse().read() == b'{"ok":true}'
    first.close()


def test_strangers_make_room_for_a_child(
    gateway: Gateway, upstream: Upstream, admitted: Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("doctor.runner.gateway.MOST_CONNECTIONS", 3)
    strangers = [socket.create_connection(("127.0.0.1", gateway.port), timeout=20) for _ in range(6)]
    assert ask(gateway, "GET", f"/{admitted.token}/agents") == (200, {"ok": True})
    for stranger in strangers[:3]:
        assert stranger.recv(1) == b""
    for stranger in strangers:
        stranger.close()


def test_closing_ends_every_connection_and_every_thread(upstream: Upstream) -> None:
    before = threading.active_count()
    made = Gateway(upstream, hostname="here", executor_profile="coding")
    made.start()
    admitted, port = made.admit(SESSION), made.port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", f"/{admitted.token}/agents")
    connection.getresponse().read()
    kept = connection.sock
    made.close()
    assert kept is not None
    assert kept.recv(1) == b""
    connection.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=20)
    for thread in threading.enumerate():
        if thread.name.startswith("gateway"):
            thread.join(20)
    assert threading.active_count() <= before


def test_a_pass_that_is_printed_keeps_its_token_to_itself(admitted: Pass) -> None:
    assert admitted.token not in repr(admitted)
    assert len(admitted.token) == TOKEN_LENGTH


PARTS = st.lists(
    st.sampled_from(
        ["sessions", SESSION, "ses_other", "..", ".", "", "agents", "events", "bind", "runner", "a b", "%2e", "é"]
    )
    | st.text(max_size=6),
    max_size=5,
)


@given(PARTS, st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE"]), st.booleans(), st.text(max_size=8))
def test_whatever_is_asked_for_only_the_sessions_own_goes_up(
    parts: list[str], method: str, encode: bool, query: str
) -> None:
    upstream = Upstream()
    routes = Routes(upstream, hostname="here", executor_profile="coding")
    who = Pass(session_id=SESSION, token="t", url="http://x")
    path = "/".join(quote(part, safe="") if encode else part for part in parts)
    try:
        target = target_of(f"/t/{path}?{query}" if query else f"/t/{path}")
    except Refusal:
        return
    routes.answer(Request(method=method, target="", body=b'{"session_id": "ses_other"}'), target, who)
    for _, asked, _, _ in upstream.asked:
        place, _, _ = asked.partition("?")
        assert place.split("/")[1:3] in (["sessions", SESSION], ["agents"], ["agents", *place.split("/")[2:3]])
        assert asked.isascii()
        assert asked.isprintable()
        assert " " not in asked
        assert not {"", ".", ".."} & set(map(unquote, place.split("/")[1:]))
