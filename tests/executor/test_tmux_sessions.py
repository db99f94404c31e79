"""Sessions of processes: screens, lingering sessions, and what a server forgets to collect."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from doctor.executor.base import Place
from doctor.executor.directories import ProcessDirectory, directory_of
from doctor.executor.tmux import Session, Tmux, TmuxError, new_session, pane_target
from doctor.executor.tmux_sessions import (
    Refused,
    Wanted,
    close_sessions,
    is_over,
    make_sessions,
    screens_of,
    sessions_of,
)

SLEEP = ("sleep", "600")


def until(condition: Callable[[], object]) -> None:
    """Return as soon as the condition holds."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)


@pytest.fixture
def place() -> Iterator[Place]:
    """A project in a directory whose name leaves room for a socket's."""
    root = Path(tempfile.mkdtemp(prefix="doctor-s-", dir="/tmp"))
    environment = {"PATH": os.environ["PATH"], "HOME": str(root), "TMUX_TMPDIR": str(root)}
    yield Place(directory=root, socket="test", environment=environment)
    shutil.rmtree(root)


@pytest.fixture
def tmux(place: Place) -> Iterator[Tmux]:
    """Its server; ended afterwards."""
    made = Tmux(place.socket, place.environment)
    yield made
    try:
        made.run(("kill-server",))
    except TmuxError:
        return


@pytest.fixture
def prepared(place: Place) -> Callable[[str], ProcessDirectory]:
    """The directory of a process, with a gate that nobody opens."""

    def make(process_id: str) -> ProcessDirectory:
        directory = directory_of(place, process_id)
        directory.path.mkdir(parents=True)
        os.mkfifo(directory.gate)
        return directory

    return make


def test_screens_are_read_in_one_question_and_a_session_that_is_gone_is_left_out(
    tmux: Tmux, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {"one": "first  line", "two": "", "three": "#{session_name}; 'quoted'"}
    for name, text in words.items():
        tmux.run(*new_session(name, f"p-{name}", ("/bin/sh", "-c", 'printf "%s\\n" "$0"; exec sleep 600', text)))
    expected = {"one": ("first  line",), "two": (), "three": ("#{session_name}; 'quoted'",)}
    until(lambda: screens_of(tmux, list(words)) == expected)
    asked: list[Sequence[str]] = []
    original = Tmux._client

    def client(self: Tmux, argv: Sequence[str]) -> tuple[int, str, str]:
        asked.append(argv)
        return original(self, argv)

    monkeypatch.setattr(Tmux, "_client", client)
    assert screens_of(tmux, list(words)) == expected
    assert len(asked) == 1
    assert screens_of(tmux, ["one", "gone", "three"]) == {name: expected[name] for name in ("one", "three")}


def test_no_names_are_no_question(tmux: Tmux) -> None:
    assert screens_of(tmux, []) == {}


def test_only_sessions_of_processes_count(tmux: Tmux) -> None:
    tmux.run(*new_session("ours", "p-1", SLEEP), ("new-session", "-d", "-s", "theirs", *SLEEP))
    assert {process_id: each.name for process_id, each in sessions_of(tmux).items()} == {"p-1": "ours"}


def test_a_session_in_which_a_person_works_is_left_alone_unless_it_is_to_be_closed(tmux: Tmux) -> None:
    tmux.run(*new_session("agent", "p-1", SLEEP))
    close_sessions(tmux, {"p-1"}, only_dead=True)
    assert list(tmux.sessions()) == ["agent"]
    close_sessions(tmux, {"p-2"})
    assert list(tmux.sessions()) == ["agent"]
    close_sessions(tmux, {"p-1"})
    assert tmux.sessions() == {}


def test_a_dead_pane_is_closed_and_its_process_is_collected(tmux: Tmux) -> None:
    keep = ("set-option", "-w", "-t", pane_target("agent"), "remain-on-exit", "on")
    tmux.run(("new-session", "-d", "-s", "anchor", *SLEEP), *new_session("agent", "p-1", SLEEP), keep)
    (pid,) = tmux.sessions()["agent"].pids
    os.kill(pid, signal.SIGKILL)
    until(lambda: is_over(tmux.sessions()["agent"]))
    close_sessions(tmux, {"p-1"}, only_dead=True)
    assert list(tmux.sessions()) == ["anchor"]
    assert not Path(f"/proc/{pid}").exists()


def test_a_session_is_over_when_its_processes_are_even_if_tmux_does_not_know() -> None:
    ended = subprocess.Popen(["true"])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    assert is_over(Session("agent", "p-1", (ended.pid,), dead=False))
    assert not is_over(Session("agent", "p-1", (ended.pid, os.getpid()), dead=False))
    ended.wait()


def test_the_name_of_an_ended_process_whose_dead_session_lingers_is_free(
    tmux: Tmux, place: Place, prepared: Callable[[str], ProcessDirectory]
) -> None:
    keep = ("set-option", "-w", "-t", pane_target("agent"), "remain-on-exit", "on")
    tmux.run(("new-session", "-d", "-s", "anchor", *SLEEP), *new_session("agent", "p-1", ("true",)), keep)
    until(lambda: is_over(tmux.sessions()["agent"]))
    before, wanted = prepared("p-1"), Wanted("agent", prepared("p-2"))
    taken = Refused("the session name agent is taken by p-1", "stop it first: doctor stop p-1")
    assert make_sessions(tmux, place, [wanted]) == {wanted.directory: taken}
    before.exit.write_text("{}")
    assert make_sessions(tmux, place, [wanted]) == {}
    assert tmux.sessions()["agent"].process_id == "p-2"


def test_one_that_fails_keeps_none_of_its_neighbours_from_being_made(
    tmux: Tmux, place: Place, prepared: Callable[[str], ProcessDirectory]
) -> None:
    tmux.run(("new-session", "-d", "-s", "agent-1", *SLEEP))
    wanted = [Wanted(f"agent-{number}", prepared(f"p-{number}")) for number in range(3)]
    failed = make_sessions(tmux, place, wanted)
    assert list(failed) == [wanted[1].directory]
    assert {name: each.process_id for name, each in tmux.sessions().items()} == {
        "agent-0": "p-0",
        "agent-1": "",
        "agent-2": "p-2",
    }
