import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest

from doctor.harness import process
from doctor.harness.process import MARK, OUTPUT_LIMIT, end_all, run, sweep

Gone = Callable[[Path], bool]
ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
FOREVER = 3000.0


def test_both_streams_and_the_exit_code_come_back_apart() -> None:
    answer = run(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"], timeout=FOREVER, env=ENV)

    assert (answer.returncode, answer.stdout, answer.stderr) == (3, "out\n", "err\n")
    assert (answer.timed_out, answer.error) == (False, None)


def test_standard_input_is_empty() -> None:
    assert run(["cat"], timeout=FOREVER, env=ENV).returncode == 0


def test_it_runs_in_the_root_directory_unless_told_otherwise(tmp_path: Path) -> None:
    assert run(["/bin/pwd"], timeout=FOREVER, env=ENV).stdout == "/\n"
    assert run(["/bin/pwd"], timeout=FOREVER, env=ENV, cwd=str(tmp_path)).stdout == f"{tmp_path}\n"


def test_the_environment_is_the_given_one_with_a_mark_and_without_colour() -> None:
    answer = run(["env"], timeout=FOREVER, env={**ENV, "SAID": "yes"})

    names = {line.partition("=")[0] for line in answer.stdout.splitlines()}
    assert names - {"PWD", "_"} == {"PATH", "SAID", "NO_COLOR", MARK}


def test_a_flood_is_read_to_its_end_but_not_kept(tmp_path: Path) -> None:
    done = tmp_path / "done"
    script = f"head -c 3000000 /dev/zero | tr '\\0' x; head -c 3000000 /dev/zero >&2; touch {done}"

    answer = run(["/bin/sh", "-c", script], timeout=FOREVER, env=ENV)

    assert (len(answer.stdout), len(answer.stderr)) == (OUTPUT_LIMIT, OUTPUT_LIMIT)
    assert done.exists()


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert run(["printf", r"\377\376ok"], timeout=FOREVER, env=ENV).stdout == "\ufffd\ufffdok"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("missing", "no such program"),
        ("folder", "may not be executed"),
        ("plain", "may not be executed"),
        ("shebangless", "exec format error"),
        ("lost-interpreter", "no such program, or its interpreter is missing"),
        ("nul\0byte", "null byte"),
    ],
)
def test_a_program_that_cannot_be_started_is_an_answer(tmp_path: Path, name: str, expected: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "plain").write_text("text")
    (tmp_path / "shebangless").write_text("echo hello")
    (tmp_path / "lost-interpreter").write_text("#!/nowhere/python\n")
    for script in ("shebangless", "lost-interpreter"):
        (tmp_path / script).chmod(0o755)

    answer = run([f"{tmp_path}/{name}"], timeout=FOREVER, env=ENV)

    assert answer.returncode is None
    assert expected in (answer.error or "")


def test_an_end_by_a_signal_is_a_negative_exit_code() -> None:
    assert run(["/bin/sh", "-c", "kill -9 $$"], timeout=FOREVER, env=ENV).returncode == -9


def test_a_hang_is_ended_at_the_limit_and_what_it_said_is_kept() -> None:
    answer = run(["/bin/sh", "-c", "echo begun; sleep 600"], timeout=0.5, env=ENV)

    assert (answer.timed_out, answer.returncode, answer.stdout) == (True, None, "begun\n")


def test_a_program_that_closed_its_output_is_still_held_to_the_limit() -> None:
    assert run(["/bin/sh", "-c", "exec >&- 2>&-; sleep 600"], timeout=0.3, env=ENV).timed_out


def test_a_hang_that_ignores_the_request_to_end_is_killed_with_its_children(tmp_path: Path, gone: Gone) -> None:
    pids = tmp_path / "own", tmp_path / "child"
    script = f"trap '' TERM; sleep 600 & echo $! > {pids[1]}; echo $$ > {pids[0]}; while :; do sleep 600; done"

    answer = run(["/bin/sh", "-c", script], timeout=0.5, env=ENV)

    assert answer.timed_out
    assert all(gone(path) for path in pids)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to find processes by their mark")
def test_a_child_that_left_the_group_of_a_hang_is_found_and_killed(tmp_path: Path, gone: Gone) -> None:
    pid = tmp_path / "pid"
    script = f"setsid sh -c 'echo $$ > {pid}; exec sleep 600' & while [ ! -s {pid} ]; do :; done; sleep 600"

    answer = run(["/bin/sh", "-c", script], timeout=1.0, env=ENV)

    assert answer.timed_out
    assert gone(pid)


def test_a_grandchild_that_keeps_the_pipe_open_does_not_hold_the_answer_up(tmp_path: Path, gone: Gone) -> None:
    pid = tmp_path / "pid"

    answer = run(["/bin/sh", "-c", f"echo 1.2.3; sleep 600 & echo $! > {pid}"], timeout=FOREVER, env=ENV)

    assert (answer.returncode, answer.stdout, answer.timed_out) == (0, "1.2.3\n", False)
    assert gone(pid)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to find processes by their mark")
def test_a_daemon_of_its_own_session_that_keeps_the_pipe_open_is_ended_too(tmp_path: Path, gone: Gone) -> None:
    pid = tmp_path / "pid"
    script = f"setsid sh -c 'echo $$ > {pid}; exec sleep 600' & while [ ! -s {pid} ]; do :; done; echo 1.2.3"

    answer = run(["/bin/sh", "-c", script], timeout=FOREVER, env=ENV)

    assert (answer.returncode, answer.stdout, answer.timed_out) == (0, "1.2.3\n", False)
    assert gone(pid)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to find processes by their mark")
def test_a_sweep_ends_the_daemons_of_ended_probes_and_no_running_one(
    tmp_path: Path, written: Callable[[Path], None], gone: Gone
) -> None:
    daemon, running = tmp_path / "daemon", tmp_path / "running"
    waiting = threading.Thread(
        target=run,
        args=(["/bin/sh", "-c", f"echo $$ > {running}; exec sleep 600"],),
        kwargs={"timeout": FOREVER, "env": ENV},
    )
    waiting.start()
    written(running)
    escape = f"setsid sh -c 'echo $$ > {daemon}; exec sleep 600' >/dev/null 2>&1 &"
    answer = run(
        ["/bin/sh", "-c", f"{escape} while [ ! -s {daemon} ]; do :; done; echo 1.2.3"], timeout=FOREVER, env=ENV
    )

    sweep()

    assert answer.stdout == "1.2.3\n"
    assert gone(daemon)
    os.kill(int(running.read_text()), 0)
    assert waiting.is_alive()
    end_all()
    waiting.join()


def test_a_sweep_looks_at_nothing_where_nothing_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    sweep()
    monkeypatch.setattr(process, "marked", lambda *_: pytest.fail("looked"))

    sweep()


def test_what_a_program_left_running_in_its_group_is_ended(tmp_path: Path, gone: Gone) -> None:
    pid = tmp_path / "pid"

    answer = run(["/bin/sh", "-c", f"sleep 600 >/dev/null 2>&1 & echo $! > {pid}"], timeout=FOREVER, env=ENV)

    assert answer.returncode == 0
    assert gone(pid)


@pytest.fixture
def interrupting_signal() -> Iterator[None]:
    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, interrupt)
    yield
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.usefixtures("interrupting_signal")
def test_an_interrupt_ends_the_program_and_goes_on(tmp_path: Path, written: Callable[[Path], None], gone: Gone) -> None:
    pid = tmp_path / "pid"

    def interrupt() -> None:
        written(pid)
        while not process._running:
            threading.Event().wait(0.001)
        os.kill(os.getpid(), signal.SIGUSR1)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        run(["/bin/sh", "-c", f"echo $$ > {pid}; exec sleep 600"], timeout=FOREVER, env=ENV)

    assert gone(pid)


def test_nothing_is_started_once_everything_was_ended_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_closed", False)

    end_all(for_good=True)

    answer = run(["/bin/sh", "-c", "echo started"], timeout=FOREVER, env=ENV)
    assert (answer.returncode, answer.stdout) == (None, "")
    assert "doctor is ending" in str(answer.error)


def test_end_all_ends_the_programs_that_other_threads_wait_for(
    tmp_path: Path, written: Callable[[Path], None], gone: Gone
) -> None:
    pid = tmp_path / "pid"
    script = f"echo $$ > {pid}; exec sleep 600"
    waiting = threading.Thread(target=run, args=(["/bin/sh", "-c", script],), kwargs={"timeout": FOREVER, "env": ENV})
    waiting.start()
    written(pid)

    end_all()
    waiting.join()

    assert gone(pid)
    assert not process._running
