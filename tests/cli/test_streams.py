"""When colour and symbols are used."""

import io
from collections.abc import Iterator, Mapping
from threading import Event
from typing import NoReturn

import pytest

from doctor.cli.streams import (
    encodable,
    put,
    put_pieces,
    say,
    style_for,
    takes_symbols,
    talking,
    wants_color,
    width_of_terminal,
)
from doctor.diagnosis.crew import Crew, Job
from doctor.report.style import Style


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("choice", "terminal", "environment", "expected"),
    [
        (None, True, {}, True),
        (None, False, {}, False),
        ("auto", True, {}, True),
        (None, True, {"NO_COLOR": "1"}, False),
        (None, True, {"NO_COLOR": ""}, True),
        (None, True, {"TERM": "dumb"}, False),
        (None, False, {"FORCE_COLOR": "1"}, True),
        (None, False, {"FORCE_COLOR": "0"}, False),
        (None, False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ("always", False, {"NO_COLOR": "1", "TERM": "dumb"}, True),
        ("never", True, {"FORCE_COLOR": "1"}, False),
    ],
)
def test_the_option_wins_over_variables_and_those_over_the_terminal(
    choice: str | None, environment: Mapping[str, str], *, terminal: bool, expected: bool
) -> None:
    stream = Terminal() if terminal else io.StringIO()
    assert wants_color(choice, stream, environment) is expected


def test_a_closed_stream_is_no_terminal() -> None:
    stream = io.StringIO()
    stream.close()
    assert not wants_color(None, stream, {})


@pytest.mark.parametrize(("encoding", "expected"), [("utf-8", True), ("ascii", False), ("latin-1", False)])
def test_symbols_are_used_where_the_encoding_has_them(encoding: str, *, expected: bool) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    assert takes_symbols(stream) is expected
    assert style_for(stream, {}, color=None, verbose=False, quiet=True, home="/h") == Style(
        unicode=expected, quiet=True, home="/h"
    )


def test_what_an_encoding_cannot_take_is_written_as_an_escape() -> None:
    assert encodable("é世\ud800", io.TextIOWrapper(io.BytesIO(), encoding="latin-1")) == "é\\u4e16\\ud800"


def test_talk_carries_no_secret_and_no_escape_sequence(capsys: pytest.CaptureFixture[str]) -> None:
    say("line 1 \x1b[2J\nTOKEN=abcdefgh")
    assert capsys.readouterr() == ("", "line 1 \\x1b[2J\nTOKEN=[redacted]\n")


def test_talk_carries_no_value_of_a_secret_variable(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "plain-looking-word")
    say("refused: plain-looking-word")
    assert capsys.readouterr().err == "refused: [redacted]\n"


@pytest.mark.parametrize(
    ("columns", "expected"), [("40", 40), ("0", 80), ("", 80), ("many", 80), ("9" * 5000, 999999999)]
)
def test_the_width_is_what_columns_says_or_80(columns: str, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr("sys.__stdout__", io.StringIO())
    assert width_of_terminal() == expected


def test_whoever_goes_on_printing_learns_that_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    class Left(io.StringIO):
        def write(self, text: str) -> NoReturn:
            raise BrokenPipeError

    monkeypatch.setattr("sys.stdout", io.StringIO())
    assert put("read") is True
    monkeypatch.setattr("sys.stdout", Left())
    assert put("lost") is False


class Gone(io.StringIO):
    """A pipe whose reader leaves after the first piece."""

    def write(self, text: str) -> int:
        if self.getvalue():
            raise BrokenPipeError
        return super().write(text)

    def fileno(self) -> int:
        raise OSError("no descriptor")


def test_pieces_are_asked_for_one_by_one_and_no_more_once_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def pieces() -> Iterator[str]:
        for number in range(5):
            asked.append(number)
            yield str(number)

    monkeypatch.setattr("sys.stdout", Gone())
    assert not put_pieces(pieces())
    assert asked == [0, 1]


def test_all_pieces_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert put_pieces(iter(("a", "", "b\n")))
    assert capsys.readouterr().out == "ab\n"


def test_talk_is_no_command_to_a_workflow_runner(capsys: pytest.CaptureFixture[str]) -> None:
    say("wrote /a\n::error::pwned\n  ::add-mask::x\nfine::so ##[error]no")
    assert capsys.readouterr().err == "wrote /a\n\\::error::pwned\n\\  ::add-mask::x\nfine::so ##\\[error]no\n"


def test_what_a_thread_prints_that_was_given_up_stays_talk(capsys: pytest.CaptureFixture[str]) -> None:
    crew, given_up, go_on, printed = Crew(1), Event(), Event(), Event()

    def work() -> None:
        go_on.wait()
        print("noise")  # noqa: T201 - what a plugin does
        printed.set()

    with talking():
        with crew.lock:
            crew.submit(Job(work, lambda _: given_up.set(), limit=0.01))
        crew.watch(given_up.is_set)
    go_on.set()
    assert printed.wait(30)
    put("data\n")
    assert capsys.readouterr() == ("data\n", "noise\n")
