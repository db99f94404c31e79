import socket
import threading
from collections.abc import Iterator

import pytest

from doctor.control.protocol import (
    LONGEST_LINE,
    ProtocolError,
    Reply,
    Request,
    read_reply,
    read_request,
    receive_line,
    reply_line,
    request_line,
)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


@pytest.mark.parametrize("profile", [None, "codex", "名前"])
def test_a_request_is_read_as_it_was_written(profile: str | None) -> None:
    assert read_request(request_line(Request(profile=profile))) == Request(profile=profile)


def test_the_lines_are_those_of_the_contract() -> None:
    assert request_line(Request(profile="codex")) == b'{"cmd": "reconfigure", "profile": "codex"}\n'
    reply = Reply(ok=True, profile="codex", values={"agent.model": "codex:m"})
    assert reply_line(reply) == (
        b'{"ok": true, "status": "reconfigured", "profile": "codex", "values": {"agent.model": "codex:m"}}\n'
    )
    assert reply_line(Reply(ok=False, error="broken")) == b'{"ok": false, "error": "broken"}\n'


@pytest.mark.parametrize("reply", [Reply(ok=True, profile="x", values={"k": "v"}), Reply(ok=False, error="why")])
def test_a_reply_is_read_as_it_was_written(reply: Reply) -> None:
    assert read_reply(reply_line(reply)) == reply


def test_values_that_do_not_fit_in_a_line_are_left_out() -> None:
    assert read_reply(reply_line(Reply(ok=True, profile="x", values={"k": "v" * LONGEST_LINE}))) == Reply(
        ok=True, profile="x"
    )


def test_members_that_nobody_knows_are_passed_over() -> None:
    assert read_request(b'{"cmd": "reconfigure", "model": null, "max_agents": 3}') == Request(profile=None)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"", "is no JSON"),
        (b"\xff", "is no JSON"),
        (b"[" * 60_000, "is no JSON"),
        (b"[]", "is no JSON object"),
        (b"{}", "asks for None; only 'reconfigure' is understood"),
        (b'{"cmd": "stop"}', "asks for 'stop'; only 'reconfigure' is understood"),
        (b'{"cmd": "reconfigure", "profile": 3}', "has a profile that is neither a name nor null"),
    ],
)
def test_what_is_no_request_is_refused_with_what_was_seen(line: bytes, said: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        read_request(line)
    assert str(caught.value) == said


@pytest.mark.parametrize("line", [b"{}", b'{"ok": 1}', b'{"ok": false}', b'{"ok": false, "error": 3}'])
def test_a_reply_has_to_say_whether_it_is_ok(line: bytes) -> None:
    with pytest.raises(ProtocolError, match="neither that it is ok"):
        read_reply(line)


def test_a_line_may_come_in_pieces(pair: tuple[socket.socket, socket.socket]) -> None:
    one, other = pair

    def send() -> None:
        for piece in (b"ab", b"c", b"\nrest"):
            one.sendall(piece)

    sender = threading.Thread(target=send)
    sender.start()
    assert receive_line(other, limit=30) == b"abc"
    sender.join()


def test_a_line_that_is_too_long_is_not_read_to_its_end(pair: tuple[socket.socket, socket.socket]) -> None:
    one, other = pair
    sender = threading.Thread(target=one.sendall, args=(b"x" * (LONGEST_LINE + 1),))
    sender.start()
    with pytest.raises(ProtocolError, match="longer than 65536 bytes"):
        receive_line(other, limit=30)
    sender.join()


def test_a_line_that_does_not_end_in_time_is_given_up(pair: tuple[socket.socket, socket.socket]) -> None:
    one, other = pair
    one.sendall(b"half")
    with pytest.raises(TimeoutError):
        receive_line(other, limit=0.01)


@pytest.mark.parametrize(("sent", "said"), [(b"", "said nothing"), (b"half", "ended before the line did")])
def test_a_line_that_breaks_off_is_told_from_silence(
    pair: tuple[socket.socket, socket.socket], sent: bytes, said: str
) -> None:
    one, other = pair
    one.sendall(sent)
    one.close()
    with pytest.raises(ProtocolError, match=said):
        receive_line(other, limit=30)
