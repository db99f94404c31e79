import os
import signal
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from doctor.config.paths import Paths
from doctor.control import client
from doctor.control.client import notify_all
from doctor.control.protocol import Reply, Request, request_line
from doctor.control.server import MOST_AT_ONCE, ControlServer
from doctor.control.sockets import LONGEST_ADDRESS, connect
from doctor.errors import DoctorError, UsageError
from doctor.settings.results import Daemon
from tests.control.conftest import Listen


def echo(request: Request) -> Reply:
    return Reply(ok=True, profile=request.profile, values={"profile": str(request.profile)})


def answer_of(values: dict[str, str]) -> tuple[Daemon, ...]:
    return (Daemon(pid=os.getpid(), ok=True, error=None, values=values),)


def run_files(paths: Paths) -> list[str]:
    return sorted(path.name for path in (paths.state_dir / "run").iterdir())


def test_nobody_is_told_where_nobody_listens(paths: Paths) -> None:
    assert notify_all(paths, "x") == ()
    assert not paths.state_dir.exists()


def test_a_process_that_listens_answers_with_its_values(paths: Paths) -> None:
    with ControlServer(paths, echo):
        assert notify_all(paths, "codex") == answer_of({"profile": "codex"})
        assert notify_all(paths, None) == answer_of({"profile": "None"})


def test_all_processes_are_told(paths: Paths, listen: Listen) -> None:
    pids = sorted(listen(kind).pid for kind in ("one", "two", "three"))
    answers = notify_all(paths, "codex")
    assert [answer.pid for answer in answers] == pids
    assert {answer.values["kind"] for answer in answers} == {"one", "two", "three"}


def test_an_error_of_the_handler_is_its_answer(paths: Paths) -> None:
    def refuse(request: Request) -> Reply:
        raise UsageError(f"{request.profile} is broken")

    with ControlServer(paths, refuse):
        assert notify_all(paths, "x") == (Daemon(pid=os.getpid(), ok=False, error="x is broken", values={}),)


def test_a_process_that_does_not_answer_is_told_as_such_and_holds_up_nobody(
    paths: Paths, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "ANSWER_LIMIT", 1.0)
    silent, stopped, defect, good = (listen(kind).pid for kind in ("silent", "stopped", "defect", "good"))
    os.kill(stopped, signal.SIGSTOP)
    answers = {answer.pid: answer.error for answer in notify_all(paths, "x")}
    assert answers == {
        silent: "it did not answer within 1 s",
        stopped: "it did not answer within 1 s",
        defect: "its answer said nothing",
        good: None,
    }


def test_what_a_killed_process_left_is_removed_and_not_told(paths: Paths, listen: Listen) -> None:
    process = listen()
    assert run_files(paths) == [f"{process.pid}.json", f"{process.pid}.sock"]
    process.kill()
    process.wait()
    assert notify_all(paths, "x") == ()
    assert run_files(paths) == []


def test_a_socket_without_a_record_of_a_process_that_is_gone_is_removed(paths: Paths, listen: Listen) -> None:
    process = listen()
    process.kill()
    process.wait()
    (paths.state_dir / "run" / f"{process.pid}.json").unlink()
    with ControlServer(paths, echo):
        assert run_files(paths) == [f"{os.getpid()}.json", f"{os.getpid()}.sock"]


def test_a_record_of_a_process_that_takes_connections_stays_whatever_its_number_says(paths: Paths) -> None:
    with ControlServer(paths, echo):
        record = paths.state_dir / "run" / f"{os.getpid()}.json"
        record.write_text(record.read_text(encoding="utf-8").replace('"start": "', '"start": "9'), encoding="utf-8")
        assert notify_all(paths, "x") == answer_of({"profile": "x"})
        assert record.exists()


def test_a_record_of_another_machine_is_let_be(paths: Paths, listen: Listen) -> None:
    process = listen()
    process.kill()
    process.wait()
    record = paths.state_dir / "run" / f"{process.pid}.json"
    here = f'"host": "{socket.gethostname()}"'
    record.write_text(record.read_text(encoding="utf-8").replace(here, '"host": "elsewhere"'), encoding="utf-8")
    notify_all(paths, "x")
    assert record.exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"start": 1}', "[" * 10_000])
def test_a_record_that_says_nothing_is_passed_over(paths: Paths, content: str) -> None:
    directory = paths.state_dir / "run"
    directory.mkdir(parents=True)
    (directory / "1.json").write_text(content, encoding="utf-8")
    assert notify_all(paths, "x") == ()


def test_a_process_that_follows_other_settings_is_not_told(paths: Paths) -> None:
    with ControlServer(replace(paths, config_dir=paths.config_dir / "other"), echo):
        assert notify_all(paths, "x") == ()


def test_settings_reached_through_a_symlink_are_the_same(paths: Paths, short_home: Path) -> None:
    (short_home / "link").symlink_to(paths.config_dir)
    paths.config_dir.mkdir(parents=True)
    with ControlServer(replace(paths, config_dir=short_home / "link"), echo):
        assert notify_all(paths, "x") == answer_of({"profile": "x"})


def test_only_this_user_can_look_into_the_directory_or_connect(paths: Paths) -> None:
    directory = paths.state_dir / "run"
    directory.mkdir(parents=True, mode=0o755)
    with ControlServer(paths, echo) as server:
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (directory, Path(server.path))]
        assert modes == [0o700, 0o600]


def test_a_peer_of_another_user_gets_no_answer(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Request] = []

    def note(request: Request) -> Reply:
        asked.append(request)
        return Reply(ok=True)

    monkeypatch.setattr("doctor.control.server.is_ours", lambda connection: False)
    with ControlServer(paths, note):
        [answer] = notify_all(paths, "x")
    assert (answer.ok, asked) == (False, [])


def test_a_server_of_another_user_is_told_nothing(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Request] = []

    def note(request: Request) -> Reply:
        asked.append(request)
        return Reply(ok=True)

    monkeypatch.setattr("doctor.control.client.is_ours", lambda connection: False)
    with ControlServer(paths, note):
        [answer] = notify_all(paths, "x")
    assert (answer.error, asked) == ("it cannot be reached: another user listens there", [])


def test_the_login_s_directory_is_preferred_and_both_are_looked_into(
    paths: Paths, listen: Listen, short_home: Path
) -> None:
    elsewhere = listen().pid
    login = replace(paths, login_dir=short_home / "harness-doctor")
    with ControlServer(login, echo) as server:
        assert server.path == str(short_home / "harness-doctor" / f"{os.getpid()}.sock")
        assert {answer.pid for answer in notify_all(login, "x")} == {elsewhere, os.getpid()}


def test_a_login_s_directory_that_is_not_there_gives_way(paths: Paths) -> None:
    with ControlServer(replace(paths, login_dir=Path("/nowhere/harness-doctor")), echo) as server:
        assert Path(server.path).parent == paths.state_dir / "run"


def test_a_process_that_cannot_listen_is_told_where_it_tried(paths: Paths) -> None:
    paths.state_dir.parent.mkdir(parents=True)
    paths.state_dir.write_text("", encoding="utf-8")
    with pytest.raises(DoctorError, match=f"no control socket in {paths.state_dir}/run"):
        ControlServer(paths, echo)


def test_a_directory_that_is_a_symlink_is_not_used(paths: Paths, short_home: Path) -> None:
    paths.state_dir.mkdir(parents=True)
    (paths.state_dir / "run").symlink_to(short_home)
    with pytest.raises(DoctorError, match="no directory of this user"):
        ControlServer(paths, echo)


def test_a_long_path_is_no_obstacle(paths: Paths) -> None:
    deep = replace(paths, state_dir=paths.state_dir / ("d" * LONGEST_ADDRESS))
    with ControlServer(deep, echo):
        assert notify_all(deep, "x") == answer_of({"profile": "x"})
    assert list((deep.state_dir / "run").iterdir()) == []


def test_closing_leaves_nothing_and_may_be_repeated(paths: Paths) -> None:
    server = ControlServer(paths, echo)
    server.close()
    server.close()
    assert run_files(paths) == []
    with ControlServer(paths, echo):
        assert notify_all(paths, "x") == answer_of({"profile": "x"})


def test_a_socket_left_by_a_process_of_the_same_number_gives_way(paths: Paths) -> None:
    directory = paths.state_dir / "run"
    directory.mkdir(parents=True, mode=0o700)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(directory / f"{os.getpid()}.sock"))
    with ControlServer(paths, echo):
        assert notify_all(paths, "x") == answer_of({"profile": "x"})


def test_idle_connections_give_way(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doctor.control.server.LIMIT", 0.5)
    with ControlServer(paths, echo) as server, ExitStack() as idle:
        for _ in range(MOST_AT_ONCE):
            idle.enter_context(connect(Path(server.path), limit=10))
        assert notify_all(paths, "x") == answer_of({"profile": "x"})


def test_two_hundred_at_once_are_answered(paths: Paths) -> None:
    with ControlServer(paths, echo), ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(lambda number: notify_all(paths, f"p{number}"), range(200)))
    assert answers == [answer_of({"profile": f"p{number}"}) for number in range(200)]


@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\n\r\n", b"\0\n", b"{}\n"])
def test_nonsense_gets_an_error_and_the_next_request_its_answer(paths: Paths, sent: bytes) -> None:
    with ControlServer(paths, echo) as server:
        with connect(Path(server.path), limit=10) as connection:
            connection.sendall(sent)
            assert connection.recv(1000).startswith(b'{"ok": false, "error": "the request ')
        assert notify_all(paths, "x") == answer_of({"profile": "x"})


def test_a_peer_that_leaves_early_is_nothing_to_the_server(paths: Paths) -> None:
    with ControlServer(paths, echo) as server:
        for line in (b"", request_line(Request(profile="x"))):
            with connect(Path(server.path), limit=10) as connection:
                connection.sendall(line)
        assert notify_all(paths, "x") == answer_of({"profile": "x"})
