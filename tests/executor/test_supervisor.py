"""The first process of an agent, in a terminal that a test holds."""

import contextlib
import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from doctor.executor import family, handover
from doctor.executor.base import MARK, PROMPT_FILE, Place, Submission, Typing
from doctor.executor.directories import ProcessDirectory
from doctor.executor.records import NEVER_TAKEN, observe
from doctor.executor.starting import start_argv
from doctor.executor.supervisor import PROMPT_FILE as SUPERVISORS_PROMPT_FILE
from doctor.model.process import Observation, OutcomeKind, Receipt
from doctor.model.spec import Delivery, Mode

if TYPE_CHECKING:
    from tests.executor.conftest import Project


class Terminal:
    """A supervisor in a terminal of which the test has the other side."""

    def __init__(self, project: "Project", submission: Submission, *, rows: int = 30, columns: int = 90) -> None:
        (directory,) = handover.prepare(project.place, [submission], "process")
        assert isinstance(directory, ProcessDirectory)
        self.directory = directory
        self.project = project
        self.shown = b""
        self.pid, self.outside = pty.fork()
        if self.pid == 0:
            argv = start_argv(sys.executable, directory)
            os.execve(argv[0], argv, {"PATH": os.environ["PATH"], "TERM": "xterm"})
        self.resize(rows, columns)
        assert handover.deliver({directory: handover.payload(submission)}) == {}

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.outside, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys: bytes) -> None:
        os.write(self.outside, keys)

    def wait_for(self, text: bytes) -> None:
        def seen() -> bool:
            while select.select([self.outside], (), (), 0.01)[0]:
                try:
                    self.shown += os.read(self.outside, 65536)
                except OSError:
                    break
            return text in self.shown

        self.project.wait(seen, what=f"{text!r} in {self.directory.path}")

    def observe(self) -> Observation:
        return observe(self.directory, terminals=None)

    def ended(self) -> Observation:
        self.project.wait(lambda: self.observe().ended, what="the end")
        return self.observe()

    def exit_code(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


Open = Callable[..., Terminal]


@pytest.fixture
def open_terminal(project: "Project") -> Iterator[Open]:
    opened: list[Terminal] = []

    def open_(body: str, **submission: object) -> Terminal:
        program = project.harness("agent", body)
        options = {"mode": Mode.INTERACTIVE, **submission}
        opened.append(Terminal(project, project.submission(program, **options)))  # type: ignore[arg-type] # handed on
        return opened[-1]

    yield open_
    project.end_everything()
    for each in opened:
        with contextlib.suppress(OSError):
            os.close(each.outside)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(each.pid, 0)


def test_the_names_are_those_of_the_contract() -> None:
    assert (family.MARK, SUPERVISORS_PROMPT_FILE) == (MARK, PROMPT_FILE)


def test_an_interactive_agent_is_typed_to(open_terminal: Open) -> None:
    terminal = open_terminal("printf 'name? '; read -r name; echo \"hello $name\"; exit 3")

    terminal.wait_for(b"name? ")
    terminal.type(b"you\r")
    terminal.wait_for(b"hello you\r\n")

    assert (terminal.ended().code, terminal.exit_code()) == (3, 3)
    assert terminal.directory.log.read_bytes() == b"name? you\r\nhello you\r\n"


def test_an_interactive_agent_has_a_terminal_of_its_own(open_terminal: Open) -> None:
    terminal = open_terminal("tty; ps -o tty=,pid=,sid=,tpgid= -p $$ | tr -s ' '; echo $TERM; : </dev/tty && echo ok")
    terminal.wait_for(b"ok")
    tty, numbers, term, _ = (line.strip().decode() for line in terminal.shown.splitlines())

    name, pid, session, foreground = numbers.split()
    assert tty == f"/dev/{name}" != os.ttyname(terminal.outside)
    assert pid == session == foreground == str(terminal.ended().pid)
    assert term == "xterm"


def test_its_size_follows_the_outer_terminal(open_terminal: Open) -> None:
    terminal = open_terminal("trap 'stty size; exit' WINCH; stty size; while :; do sleep 0.02; done")

    terminal.wait_for(b"30 90")
    terminal.resize(40, 120)

    terminal.wait_for(b"40 120")


def test_keys_that_end_programs_reach_the_agent_alone(open_terminal: Open) -> None:
    terminal = open_terminal("trap 'echo interrupted' INT; echo ready; sleep 1000; exit 5")

    terminal.wait_for(b"ready")
    terminal.type(b"\x03")

    terminal.wait_for(b"interrupted")
    assert terminal.ended().code == 5


def test_an_interactive_agent_outlives_a_terminal_that_is_gone(open_terminal: Open, project: "Project") -> None:
    terminal = open_terminal("echo ready; until [ -e go ]; do sleep 0.02; done; echo more; exit 6")
    terminal.wait_for(b"ready")

    os.close(terminal.outside)
    project.wait(lambda: terminal.observe().terminal_lost_at, what="the loss of the terminal")
    lost = terminal.observe()
    (project.root / "go").touch()
    seen = terminal.ended()

    assert (lost.kind, lost.agent_alive, lost.ended) == (OutcomeKind.TERMINAL_LOST, True, False)
    assert (seen.kind, seen.code, seen.terminal_lost_at) == (OutcomeKind.EXITED, 6, lost.terminal_lost_at)
    assert terminal.directory.log.read_bytes() == b"ready\r\nmore\r\n"


def test_a_headless_agent_is_shown_without_its_secrets(open_terminal: Open) -> None:
    terminal = open_terminal(
        'echo "key $KEY"; echo end',
        mode=Mode.HEADLESS,
        environment={"KEY": "sk-planted-0123"},
        secrets=["sk-planted-0123"],
    )

    terminal.wait_for(b"end")

    assert terminal.shown == b"key [redacted]\r\nend\r\n"
    assert terminal.ended().code == 0


def test_a_headless_agent_has_no_terminal_to_ask(open_terminal: Open) -> None:
    terminal = open_terminal("(: </dev/tty) 2>/dev/null || echo none; [ -t 1 ] && stty size <&1", mode=Mode.HEADLESS)

    terminal.ended()

    assert terminal.directory.log.read_bytes() == b"none\n50 200\n"


def test_the_end_of_typing_is_not_the_end_of_a_terminal(open_terminal: Open) -> None:
    terminal = open_terminal("echo ready; sleep 0.5; exit 4", mode=Mode.HEADLESS)
    terminal.wait_for(b"ready")

    terminal.type(b"\x04")

    assert (terminal.ended().code, terminal.ended().terminal_lost_at) == (4, None)


FAKE_TUI = """\
stty -echo -icanon
printf '\\033[?2004hWhat shall I do?\\n\\033[1m> \\033[0m'
text=$(dd bs=1 count={length} 2>/dev/null)
printf '%s\\n' "$text" | sed 's/\\x1b\\[20[01]~//g'
key=$(dd bs=1 count=1 2>/dev/null | od -An -tx1)
echo "then$key"
"""


def test_a_line_is_typed_into_a_harness_that_is_ready(open_terminal: Open) -> None:
    line = "Read /a/prompt.md and do what it says."
    body = FAKE_TUI.format(length=len(line) + 12)
    typing = Typing(ready=("WhatshallIdo\\?",), text=line)
    terminal = open_terminal(body, delivery=Delivery.TYPED, prompt="long", typing=typing)

    terminal.wait_for(b"then")

    # The agent's own terminal turns the return key into a new line, as terminals do.
    assert terminal.shown.decode().splitlines()[-2:] == [f"\x1b[1m> \x1b[0m{line}", "then 0a"]
    assert terminal.ended().receipt == Receipt.DELIVERED


def test_a_harness_that_is_never_ready_got_nothing(open_terminal: Open) -> None:
    typing = Typing(ready=("never",), text="a line")
    terminal = open_terminal("echo starting", delivery=Delivery.TYPED, prompt="long", typing=typing)

    assert terminal.ended().receipt == Receipt.NOT_DELIVERED


def test_half_a_handover_starts_nothing(project: "Project") -> None:
    submission = project.submission(project.harness("agent", "touch ran"))
    (directory,) = handover.prepare(project.place, [submission], "process")
    assert isinstance(directory, ProcessDirectory)
    started = subprocess.Popen(start_argv(sys.executable, directory), stderr=subprocess.PIPE)

    assert handover.deliver({directory: handover.payload(submission)[:-5]}) == {}
    _, said = started.communicate(timeout=30)

    seen = observe(directory, terminals=None)
    assert (seen.kind, seen.detail) == (
        OutcomeKind.FAILED_TO_START,
        ("its launcher ended in the middle of handing it over",),
    )
    assert said == b"doctor: its launcher ended in the middle of handing it over\n"
    assert not (project.root / "ran").exists()


@pytest.fixture
def small_disk(project: "Project") -> Iterator[Path]:
    """Where processes have their directories: a disk of 256 kB."""
    path = project.place.directory / "processes"
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(path)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk takes root: run the tests as root in a container")
    yield path
    project.end_everything()
    subprocess.run(["umount", str(path)], check=True)


def test_an_end_is_recorded_on_a_full_disk(project: "Project", small_disk: Path) -> None:
    body = 'dd if=/dev/zero of="$1/full" bs=1k 2>/dev/null; echo much; exit 7'
    submission = project.submission(project.harness("agent", body), str(small_disk))
    (directory,) = handover.prepare(project.place, [submission], "process")
    assert isinstance(directory, ProcessDirectory)
    started = subprocess.Popen(start_argv(sys.executable, directory))

    assert handover.deliver({directory: handover.payload(submission)}) == {}
    assert started.wait(timeout=30) == 7

    seen = observe(directory, terminals=None)
    assert os.statvfs(small_disk).f_bavail == 0
    assert (seen.kind, seen.code) == (OutcomeKind.EXITED, 7)
    assert seen.detail == ("5 bytes of its output could not be kept",)


def test_nothing_is_started_that_could_not_be_recorded(project: "Project", small_disk: Path) -> None:
    submission = project.submission(project.harness("agent", "touch ran"))
    (directory,) = handover.prepare(project.place, [submission], "process")
    assert isinstance(directory, ProcessDirectory)
    with contextlib.suppress(OSError), (small_disk / "full").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1024))
    started = subprocess.Popen(start_argv(sys.executable, directory), stderr=subprocess.PIPE)

    failures = handover.deliver({directory: handover.payload(submission) + b" " * 200_000})
    _, said = started.communicate(timeout=30)

    assert failures == {directory: NEVER_TAKEN}
    assert b"No space left on device" in said
    assert not (project.root / "ran").exists()


def test_a_launcher_without_room_is_told(project: "Project", small_disk: Path) -> None:
    with contextlib.suppress(OSError), (small_disk / "full").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1024))

    (answer,) = handover.prepare(project.place, [project.submission(project.harness("agent", "exit"))], "process")

    assert not isinstance(answer, ProcessDirectory)
    assert answer.detail == f"{small_disk} cannot be written to: No space left on device"
    assert [each.name for each in small_disk.iterdir()] == ["full"]


def test_what_a_killed_launcher_left_half_made_is_removed(project: "Project") -> None:
    litter = project.place.directory / "processes" / ".new-0123"
    litter.mkdir(parents=True)
    (litter / "request.json").write_text("{", encoding="utf-8")

    (directory,) = handover.prepare(project.place, [project.submission(project.harness("agent", "exit"))], "process")

    assert isinstance(directory, ProcessDirectory)
    assert [each.name for each in litter.parent.iterdir()] == [directory.process_id]


def test_a_gate_that_nobody_comes_to_is_given_up(project: "Project") -> None:
    submission = project.submission(project.harness("agent", "exit"))
    (directory,) = handover.prepare(project.place, [submission], "process")
    assert isinstance(directory, ProcessDirectory)
    payloads = {directory: handover.payload(submission)}

    assert handover.deliver(payloads, timeout=0.05) == {directory: "nobody took its handover in time"}
    assert handover.deliver(payloads, is_gone=lambda _: True) == {directory: NEVER_TAKEN}


def test_a_supervisor_imports_little(project: "Project") -> None:
    code = "import sys; sys.path.append(sys.argv[1]); import doctor.executor.supervisor; print(sorted(sys.modules))"
    root = Path(handover.__file__).parents[2]

    answer = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(root)], capture_output=True, text=True, check=True
    )

    assert not {"dataclasses", "subprocess", "inspect", "threading", "selectors"} & set(
        json.loads(answer.stdout.replace("'", '"'))
    )


def test_a_project_that_is_gone_is_told(project: "Project", tmp_path: Path) -> None:
    submission = project.submission(project.harness("agent", "exit"))

    (answer,) = handover.prepare(Place(directory=tmp_path / "missing"), [submission], "process")

    assert not isinstance(answer, ProcessDirectory)
    assert answer.detail == f"{tmp_path / 'missing' / 'processes'} cannot be written to: No such file or directory"
