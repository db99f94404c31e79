import threading
from collections.abc import Callable

import pytest

from doctor.runner import client
from doctor.runner.answers import Answer
from doctor.runner.client import Coordinator, Line, quoted
from tests.runner.raw_server import RawServer, ok


def test_a_connection_is_used_again(peer: Callable[[str], Coordinator]) -> None:
    with RawServer(lambda _: ok(b'{"a": 1}')) as server:
        ask = peer(server.url)
        assert [ask.ask("GET", "/a").document, ask.ask("POST", "/b", {"x": "é"}).document] == [{"a": 1}] * 2
        assert server.connections == 1
        assert server.requests[1].partition(b"\r\n\r\n")[2] == b'{"x":"\\u00e9"}'


def test_a_connection_that_the_server_has_left_is_replaced_before_anything_is_sent(
    peer: Callable[[str], Coordinator],
) -> None:
    with RawServer(lambda _: ok()) as server:
        ask = peer(server.url)
        ask.ask("POST", "/first")
        server.hang_up()
        assert ask.ask("POST", "/second").status == 200
        assert [each.split()[1] for each in server.requests] == [b"/first", b"/second"]


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        None,
    ],
    ids=["no HTTP", "short", "bad chunk", "many headers", "long header", "nothing"],
)
def test_what_is_no_whole_answer_is_a_lost_connection(answer: bytes | None, peer: Callable[[str], Coordinator]) -> None:
    replies = [answer, None]

    def reply(_: bytes) -> bytes | None:
        first = replies.pop(0) if replies else None
        return None if first is None else first

    with RawServer(reply) as server:
        threading.Timer(0.2, server.hang_up).start()
        with pytest.raises(OSError, match=r".") as caught:
            peer(server.url).ask("GET", "/")
        assert isinstance(caught.value, ConnectionError | TimeoutError)


def test_an_answer_has_a_limit(peer: Callable[[str], Coordinator], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "LARGEST", 1000)
    with (
        RawServer(lambda _: ok(b" " * 1001)) as server,
        pytest.raises(ConnectionError, match="longer than 1,000 bytes"),
    ):
        peer(server.url).ask("GET", "/")


def test_an_answer_that_does_not_come_is_given_up(peer: Callable[[str], Coordinator]) -> None:
    enough = threading.Event()

    def wait(_: bytes) -> None:
        enough.wait(10)

    with RawServer(wait) as server:
        with pytest.raises(TimeoutError):
            peer(server.url).request("GET", "/", limit=0.05)
        enough.set()


def test_a_redirect_is_not_followed(peer: Callable[[str], Coordinator]) -> None:
    with RawServer(lambda _: ok(status="302 Found", more=b"Location: http://127.0.0.1:1/\r\n")) as server:
        answer = peer(server.url).ask("GET", "/")
        assert (answer.status, answer.succeeded, answer.is_definite) == (302, False, False)


def test_a_wait_is_cut_from_another_thread(peer: Callable[[str], Coordinator]) -> None:
    asked, enough = threading.Event(), threading.Event()

    def wait(_: bytes) -> None:
        asked.set()
        enough.wait(10)

    with RawServer(wait) as server:
        ask = peer(server.url)
        line = ask.line()

        def cut() -> None:
            asked.wait(10)
            line.cut()

        thread = threading.Thread(target=cut)
        thread.start()
        with pytest.raises(ConnectionError):
            ask.request("GET", "/", line=line)
        thread.join()
        enough.set()
        line.close()


def test_the_base_may_have_a_path(peer: Callable[[str], Coordinator]) -> None:
    with RawServer(lambda _: ok()) as server:
        peer(f"{server.url}/below").ask("GET", "/a")
        assert server.requests[0].startswith(b"GET /below/a HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("run_1", "run_1"),
        ("../x", "..%2Fx"),
        ("..", "%2E%2E"),
        ("a b?c#d", "a%20b%3Fc%23d"),
        ("é\r\n", "%C3%A9%0D%0A"),
        ("\ud800", "%ED%A0%80"),
    ],
)
def test_a_part_of_a_path_stays_one(part: str, expected: str) -> None:
    assert quoted(part) == expected


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100_000, b'"text"', b"\xff"])
def test_what_is_no_object_is_an_empty_one(body: bytes) -> None:
    assert Answer(status=200, content_type=None, body=body).document == {}


@pytest.mark.parametrize(
    ("status", "body", "not_registered", "about_credentials"),
    [
        (401, b'{"detail": "Runner not registered"}', True, False),
        (401, b'{"detail": "Missing credentials"}', False, True),
        (401, b"", False, True),
        (403, b'{"detail": "Invalid or expired token"}', False, True),
        (404, b'{"detail": "Runner not found"}', False, False),
    ],
)
def test_refusals_are_told_apart_by_their_detail(
    status: int, body: bytes, not_registered: bool, about_credentials: bool
) -> None:
    answer = Answer(status=status, content_type=None, body=body)
    assert (answer.not_registered, answer.about_credentials) == (not_registered, about_credentials)


def test_an_address_of_version_6_needs_no_port() -> None:
    connection = Line("::1", None, None)._connection
    assert (connection.host, connection.port) == ("::1", 80)


@pytest.mark.parametrize("host", ["a..b", "a" * 70 + ".test"])
def test_a_host_that_can_be_no_machine_is_one_that_does_not_answer(
    host: str, peer: Callable[[str], Coordinator]
) -> None:
    with pytest.raises(ConnectionRefusedError, match="is no name of a machine"):
        peer(f"http://{host}").ask("GET", "/")
