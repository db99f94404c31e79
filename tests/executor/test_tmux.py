"""The tmux client: what it hands on, and how it tells answers apart."""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doctor.executor import tmux as module
from doctor.executor.scrubbing import scrubbed
from doctor.executor.tmux import (
    CannotLook,
    Command,
    NoAnswer,
    NoServer,
    NoSession,
    Session,
    SessionExists,
    Tmux,
    TmuxError,
    chained,
    chunks,
    new_session,
    pane_target,
    session_problem,
)

SLEEP = ("sleep", "600")


@pytest.fixture(scope="module")
def tmux() -> Iterator[Tmux]:
    """A socket of its own; its server is ended afterwards."""
    root = Path(tempfile.mkdtemp(prefix="doctor-t-", dir="/tmp"))
    made = Tmux("test", {"PATH": os.environ["PATH"], "HOME": str(root), "TMUX_TMPDIR": str(root)})
    yield made
    kill_server(made)
    shutil.rmtree(root)


@pytest.fixture
def empty(tmux: Tmux) -> Tmux:
    """The same, with no server."""
    kill_server(tmux)
    return tmux


def kill_server(tmux: Tmux) -> None:
    try:
        tmux.run(("kill-server",))
    except NoServer:
        return


def socket_path(tmux: Tmux) -> Path:
    return Path(tmux.environment["TMUX_TMPDIR"]) / f"tmux-{os.getuid()}" / tmux.socket


@pytest.mark.parametrize("name", ["a", "agent-t-1", "ünïcode_9", "A" * 200])
def test_names_that_tmux_keeps_are_sessions(name: str) -> None:
    assert session_problem(name) is None


@pytest.mark.parametrize("name", ["", "-a", "a.b", "a:b", "=a", "$1", "@1", "a b", "a\n", "#{pid}", "#(x)", "a;", "a*"])
def test_names_that_tmux_reads_in_its_own_way_are_not(name: str) -> None:
    assert "letters, digits" in (session_problem(name) or "")
    with pytest.raises(ValueError, match="the session name"):
        new_session(name, "p-1", SLEEP)


def test_a_name_that_is_too_long_is_no_session() -> None:
    assert session_problem("a" * 201) == "has 201 characters, expected 200 at most"


def test_only_what_is_on_the_list_is_handed_on() -> None:
    kept = {"PATH": "/bin", "HOME": "/h", "LC_ALL": "C", "TMUX_TMPDIR": "/t", "XDG_RUNTIME_DIR": "/r"}
    rest = {"API_KEY": "x", "TMUX": "/s,1,0", "https_proxy": "http://u:p@h", "LD_PRELOAD": "x"}
    assert scrubbed({**kept, **rest}) == kept


def test_commands_are_chained_and_a_semicolon_at_an_end_stays_part_of_its_argument() -> None:
    assert chained([("a", "x;", ";"), ("b", "y;z", "")]) == ["a", "x\\;", "\\;", ";", "b", "y;z", ""]


@given(sizes=st.lists(st.integers(0, 60), max_size=40))
def test_chunks_keep_every_item_in_its_order_and_below_the_limit(sizes: list[int]) -> None:
    def commands(item: tuple[int, int]) -> list[Command]:
        return [("x" * item[1],)]

    items = list(enumerate(sizes))
    groups = chunks(items, commands, limit=100)
    assert [item for group in groups for item in group] == items
    assert all(len("".join(chained(c for item in group for c in commands(item)))) <= 100 for group in groups)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=30))
@pytest.mark.parametrize("end", ["", ";", "\\;", "\\\\;", ";;"])
def test_arguments_reach_the_program_byte_for_byte(tmux: Tmux, end: str, text: str) -> None:
    out = Path(tmux.environment["HOME"]) / "out"
    out.unlink(missing_ok=True)
    os.mkfifo(out)
    argv = ("/bin/sh", "-c", 'printf %s "$1" > "$0"', str(out), text + end)
    tmux.run(*new_session("bytes", "p-1", argv))
    assert out.read_bytes() == (text + end).encode()
    tmux.kill("bytes")


def test_without_a_server_there_are_no_sessions_and_that_is_certain(empty: Tmux) -> None:
    assert empty.sessions() == {}
    assert empty.kill("agent") is False
    with pytest.raises(NoServer):
        empty.run(("has-session", "-t", "=agent"))


def test_a_stale_socket_is_no_server_and_the_next_session_starts_one(empty: Tmux) -> None:
    path = socket_path(empty)
    path.unlink(missing_ok=True)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as abandoned:
        abandoned.bind(str(path))
    assert empty.sessions() == {}
    empty.run(*new_session("agent", "p-1", SLEEP))
    assert list(empty.sessions()) == ["agent"]


def test_every_session_is_listed_with_its_tag_and_all_its_panes(empty: Tmux) -> None:
    empty.run(*new_session("agent", "p-1", SLEEP), ("new-session", "-d", "-s", "a person's own", *SLEEP))
    empty.run(("split-window", "-t", pane_target("agent"), *SLEEP))
    found = empty.sessions()
    assert {name: (each.process_id, len(each.pids), each.dead) for name, each in found.items()} == {
        "agent": ("p-1", 2, False),
        "a person's own": ("", 1, False),
    }


def test_a_session_is_dead_once_all_its_panes_are(empty: Tmux) -> None:
    keep = ("set-option", "-w", "-t", pane_target("agent"), "remain-on-exit", "on")
    empty.run(*new_session("agent", "p-1", ("/bin/sh", "-c", "read -r _")), keep)
    assert [each.dead for each in empty.sessions().values()] == [False]
    empty.run(("send-keys", "-t", pane_target("agent"), "Enter"))
    while not empty.sessions()["agent"].dead:
        empty.reap()
    assert empty.sessions()["agent"] == Session("agent", "p-1", empty.sessions()["agent"].pids, dead=True)


def test_an_unknown_session_and_a_taken_name_are_told_apart(empty: Tmux) -> None:
    empty.run(*new_session("agent-t-1-abc", "p-1", SLEEP))
    with pytest.raises(NoSession, match="agent-t-1"):
        empty.run(("capture-pane", "-p", "-t", pane_target("agent-t-1")))
    assert empty.kill("agent-t-1") is False
    with pytest.raises(SessionExists, match="agent-t-1-abc"):
        empty.run(*new_session("agent-t-1-abc", "p-2", SLEEP))
    assert empty.sessions()["agent-t-1-abc"].process_id == "p-1"


def test_anything_else_says_nothing_about_sessions(tmux: Tmux, tmp_path: Path) -> None:
    with pytest.raises(CannotLook, match="unknown command"):
        tmux.run(("frobnicate",))
    with pytest.raises(NoAnswer, match="not found on PATH"):
        Tmux("test", {"PATH": str(tmp_path)}).sessions()
    broken = tmp_path / "tmux"
    broken.write_text("#!/nowhere/sh\n")
    broken.chmod(0o755)
    with pytest.raises(NoAnswer, match="cannot be run"):
        Tmux("test", {"PATH": str(tmp_path)}).sessions()


def test_a_directory_of_sockets_that_tmux_does_not_trust_is_not_taken_for_no_server(empty: Tmux) -> None:
    empty.run(*new_session("agent", "p-1", SLEEP))
    directory = socket_path(empty).parent
    directory.chmod(0o777)
    with pytest.raises(CannotLook, match="permissions"):
        empty.sessions()
    directory.chmod(0o700)
    assert list(empty.sessions()) == ["agent"]


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("no server running on /tmp/tmux-0/x", NoServer),
        ("error connecting to /tmp/tmux-0/x (No such file or directory)", NoServer),
        ("error connecting to /tmp/tmux-0/x (Connection refused)", NoServer),
        ("error connecting to /tmp/tmux-0/x (Permission denied)", CannotLook),
        ("can't find session: a", NoSession),
        ("can't find pane: a", NoSession),
        ("no current target", NoSession),
        ("duplicate session: a", SessionExists),
        ("server exited unexpectedly", CannotLook),
        ("couldn't create directory /x (No such file or directory)", CannotLook),
        ("", CannotLook),
    ],
)
def test_what_tmux_says_is_told_apart(said: str, error: type[TmuxError]) -> None:
    assert type(module._error_of(said)) is error


def test_a_server_that_ends_meanwhile_is_asked_again_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(1, "", "server exited unexpectedly"), (1, "", "lost server"), (0, "fine\n", "")]
    tmux = Tmux("test", {"PATH": os.environ["PATH"]})
    monkeypatch.setattr(tmux, "_client", lambda argv: answers.pop(0))
    assert tmux.run(("list-sessions",)) == "fine\n"
    monkeypatch.setattr(module, "_PAUSE", 0)
    monkeypatch.setattr(tmux, "_client", lambda argv: (1, "", "server exited unexpectedly"))
    with pytest.raises(CannotLook, match="server exited unexpectedly"):
        tmux.run(("list-sessions",))


def test_sessions_made_while_the_last_one_ends_are_made(empty: Tmux) -> None:
    for number in range(30):
        empty.run(*new_session(f"brief-{number}", "p-1", ("true",)))
    empty.run(*new_session("agent", "p-2", SLEEP))
    assert "agent" in empty.sessions()


@pytest.mark.parametrize("name", ["a b;", "#{pid}", "#(touch gotcha)", "new\nline"])
def test_sessions_start_in_the_root_wherever_the_doctor_is(
    name: str, empty: Tmux, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / name)
    empty.run(*new_session("agent", "p-1", SLEEP))
    (pid,) = empty.sessions()["agent"].pids
    assert Path(f"/proc/{pid}/cwd").readlink() == Path("/")
    assert list(tmp_path.rglob("gotcha")) == []


def test_the_server_knows_nothing_but_what_was_handed_on(empty: Tmux) -> None:
    knowing = Tmux(empty.socket, {**empty.environment, "API_KEY": "planted-secret-4711", "LANG": "C.UTF-8"})
    knowing.run(*new_session("agent", "p-1", SLEEP))
    known = knowing.global_environment()
    assert {name: known.get(name) for name in ("HOME", "LANG", "API_KEY")} == {
        "HOME": empty.environment["HOME"],
        "LANG": "C.UTF-8",
        "API_KEY": None,
    }
