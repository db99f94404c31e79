"""A person at a terminal."""

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from doctor.harness.nex import Nex
from doctor.harness.signs import COMMON
from doctor.processes.evidence import dialog_on, is_ready, plain_lines
from tests.nex.conftest import LIMIT_SECONDS, NEX
from tests.nex.model_server import ModelServer, refused, runs, says

WITH_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
CONTROL = re.compile(rb"\x1b\[[?0-9;]*[a-zA-Z]")


class Screen:
    """The other side of a pseudo terminal, and the program at it."""

    def __init__(self, process: "subprocess.Popen[bytes]", descriptor: int) -> None:
        self.process = process
        self._descriptor = descriptor
        self._seen = b""

    def type(self, text: str) -> None:
        """Type ``text``, control characters included."""
        os.write(self._descriptor, text.encode())

    def until(self, text: str) -> str:
        """What appears up to and with ``text``."""
        wanted, deadline = text.encode(), time.monotonic() + LIMIT_SECONDS
        while wanted not in self._seen:
            assert select.select([self._descriptor], [], [], max(0.0, deadline - time.monotonic()))[0], self._seen
            self._seen = CONTROL.sub(b"", self._seen + os.read(self._descriptor, 65536))
        before, self._seen = self._seen.split(wanted, 1)
        return (before + wanted).decode()

    def status(self) -> int:
        """How the program ended."""
        return self.process.wait(LIMIT_SECONDS)


def judged_on(screen: str) -> str | None:
    """What the doctor takes a screen to wait for."""
    judged = dialog_on(plain_lines(screen), (*Nex.signs, *COMMON), ready=Nex.ready)
    return judged.kind if judged else None


StartScreen = Callable[..., Screen]


@pytest.fixture
def screen(server: ModelServer, project: Path, environment: dict[str, str]) -> Iterator[StartScreen]:
    """Start nex at a terminal: ``screen("--interactive")``."""
    opened: list[tuple[subprocess.Popen[bytes], int]] = []

    def start(*arguments: str, stdin: int | None = None) -> Screen:
        ours, theirs = os.openpty()
        process = subprocess.Popen(
            [sys.executable, "-c", WITH_TERMINAL, *NEX, "--model", "m", "--base-url", server.url, *arguments],
            cwd=project,
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        opened.append((process, ours))
        return Screen(process, ours)

    yield start
    for process, descriptor in opened:
        process.kill()
        process.wait()
        os.close(descriptor)


def test_prompts_are_asked_for_until_exit(server: ModelServer, screen: StartScreen) -> None:
    server.script(says("One."), says("Two."))
    person = screen("--interactive", "first")

    assert person.until("\r\n") == "nex> first\r\n"
    assert "One.\r\n" in person.until("nex> ")
    person.type("second\r")
    assert "Two.\r\n" in person.until("nex> ")
    person.type("/exit\r")

    assert person.status() == 0
    assert [message["content"] for message in server.requests[1].body["messages"][1:]] == ["first", "One.", "second"]


def test_the_end_of_the_input_ends_it(screen: StartScreen) -> None:
    person = screen("--interactive")
    person.until("nex> ")

    person.type("\x04")

    assert person.status() == 0


def test_an_interrupt_ends_it(screen: StartScreen) -> None:
    person = screen("--interactive")
    person.until("nex> ")

    # One that comes while the prompt is being set up is only noticed with the next key.
    deadline = time.monotonic() + LIMIT_SECONDS
    while person.process.poll() is None and time.monotonic() < deadline:
        person.type("\x03")
        select.select([], [], [], 0.05)

    assert person.status() == 130


def test_a_person_is_asked_before_a_command(server: ModelServer, screen: StartScreen, project: Path) -> None:
    server.script(runs("touch no"), runs("touch yes"), says("Done."))
    person = screen("--interactive", "go")

    asked = person.until("[y]es, [n]o")
    assert "touch no" in asked
    assert judged_on(asked) == "approval"
    person.type("n\r")
    person.until("[y]es, [n]o")
    person.type("y\r")
    person.until("Done.")

    assert [path.name for path in project.iterdir()] == ["yes"]
    assert server.requests[1].last["content"] == "Not run: the user refused this command."


def test_a_key_that_is_refused_is_told_from_the_screen(server: ModelServer, screen: StartScreen) -> None:
    server.script(refused(401, "who are you"))
    person = screen("--interactive", "go")

    shown = person.until("nex> go\r\n")
    assert is_ready(plain_lines(shown), Nex.ready)
    shown += person.until("nex> ")

    assert judged_on(shown) == "auth-expired"


def test_a_failure_leaves_the_prompt_and_no_trace_in_the_conversation(server: ModelServer, screen: StartScreen) -> None:
    server.script(refused(400, "not now"), says("Now."))
    person = screen("--interactive", "first")

    person.until("nex> first\r\n")
    assert "nex: " in person.until("not now")
    person.until("nex> ")
    person.type("second\r")
    person.until("Now.")

    assert [message["content"] for message in server.requests[1].body["messages"][1:]] == ["second"]


def test_text_of_the_model_cannot_drive_the_terminal(server: ModelServer, screen: StartScreen) -> None:
    server.script(says("\x1b]0;title\x07"))
    person = screen("--interactive", "go")

    person.until("nex> go\r\n")
    assert "\\x1b]0;title\\x07" in person.until("nex> ")


def test_without_a_prompt_at_a_terminal_one_is_asked_for_in_a_line(screen: StartScreen) -> None:
    person = screen()

    assert person.until("--help") == "nex: there is no prompt; give one, or use --interactive; see nex --help"
    assert person.status() == 2
