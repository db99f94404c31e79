"""Typing a prompt into a harness that is ready."""

from doctor.executor.typed_prompt import Typist

LINE = "Read /some/where/prompt.md and do what it says."


def test_nothing_is_typed_before_the_harness_is_ready() -> None:
    typist = Typist([r"Type@"], LINE)

    assert [typist.feed(each) for each in (b"starting\r\n", b"Ty", b"pe")] == [b"", b"", b""]
    assert typist.finish() == "not-delivered"


def test_the_line_is_typed_once_it_is_ready_however_that_is_drawn() -> None:
    typist = Typist([r"Type@path"], LINE)

    assert typist.feed(b"\x1b[2J\x1b[1;1HTy\x1b[1mpe\x1b[0m  @") == b""
    assert typist.feed(b"path to\r\n") == LINE.encode()
    assert typist.feed(b"more") == b""


def test_it_is_pasted_where_the_harness_asked_for_that() -> None:
    typist = Typist(["ready"], LINE)

    assert typist.feed(b"\x1b[?1004;20") + typist.feed(b"04hready") == b"\x1b[200~" + LINE.encode() + b"\x1b[201~"


def test_it_is_not_pasted_where_the_harness_took_that_back() -> None:
    typist = Typist(["ready"], LINE)

    assert typist.feed(b"\x1b[?2004h\x1b[?2004lready") == LINE.encode()


def test_it_is_sent_by_itself_once_it_is_shown() -> None:
    typist = Typist(["ready"], LINE)
    typist.feed(b"ready")

    sent = [typist.feed(each) for each in (b"Read /some/where/", b"prompt.md and do\r\n what it says.", LINE.encode())]

    assert (sent, typist.receipt, typist.finish()) == ([b"", b"\r", b""], "delivered", "delivered")


def test_a_line_that_is_never_shown_is_not_confirmed() -> None:
    typist = Typist(["ready"], LINE)
    typist.feed(b"ready")

    assert (typist.feed(b"ready"), typist.tick(), typist.finish()) == (b"", b"", "unconfirmed")


def test_a_line_that_is_not_shown_in_time_is_sent_all_the_same() -> None:
    typist = Typist(["ready"], LINE)
    typist.feed(b"ready")
    typist._typed_at = 0.0

    assert (typist.tick(), typist.tick(), typist.wakes_at, typist.finish()) == (b"\r", b"", None, "unconfirmed")
