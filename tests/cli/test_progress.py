"""Progress is shown to those who wait, and leaves no trace."""

import io
import threading
from threading import Event

import pytest

from doctor.cli.progress import Progress, stream_for_progress


class Screen(io.StringIO):
    """Notices when something is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = Event()

    def write(self, text: str) -> int:
        count = super().write(text)
        self.written.set()
        return count


def test_what_is_over_in_time_shows_nothing() -> None:
    screen = Screen()
    with Progress(screen, patience=3600) as progress:
        progress("asking")
    assert screen.getvalue() == ""


def test_what_takes_longer_is_said_kept_up_to_date_and_removed() -> None:
    screen = Screen()
    with Progress(screen, patience=0, width=20) as progress:
        progress("asking 12 harnesses and more")
        assert screen.written.wait(10)
        progress("step\x1b[2J 2")
    start = "\r\x1b[K"
    assert screen.getvalue() == f"{start}asking 12 harnesses{start}step\\x1b[2J 2{start}"


def test_without_a_terminal_nothing_is_started() -> None:
    before = threading.active_count()
    with Progress(None) as progress:
        progress("asking")
        assert threading.active_count() == before


@pytest.mark.parametrize(
    ("out", "err", "quiet", "dumb", "shown"),
    [
        (True, True, False, False, True),
        (False, True, False, False, False),
        (True, False, False, False, False),
        (True, True, True, False, False),
        (True, True, False, True, False),
    ],
)
def test_only_a_person_at_two_terminals_sees_it(
    monkeypatch: pytest.MonkeyPatch, *, out: bool, err: bool, quiet: bool, dumb: bool, shown: bool
) -> None:
    class Stream(io.StringIO):
        def __init__(self, *, terminal: bool) -> None:
            super().__init__()
            self.terminal = terminal

        def isatty(self) -> bool:
            return self.terminal

    error = Stream(terminal=err)
    monkeypatch.setattr("sys.stdout", Stream(terminal=out))
    monkeypatch.setattr("sys.stderr", error)
    assert stream_for_progress(quiet=quiet, dumb=dumb) is (error if shown else None)
