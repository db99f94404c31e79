import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from doctor.executor.family import MARK, carriers
from doctor.os_processes import start_time
from doctor.runner import child as module
from doctor.runner.child import Child, Ended
from doctor.runner.ending import Cause, Ending

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows what left an executor's session")


class Started:
    """An executor of the test's own: a program in Python."""

    def __init__(self, tmp_path: Path, code: str) -> None:
        self.mark = f"test-{os.getpid()}-{tmp_path.name}"
        self.heard = {"stdout": b"", "stderr": b""}
        self.ending = Ending()
        self.child = Child(
            [sys.executable, "-Ic", code],
            environment={**os.environ, MARK: self.mark},
            cwd=str(tmp_path),
            mark=self.mark,
        )

    def until_the_end(self, payload: bytes = b"", *, limit: float | None = None) -> Ended:
        def hear(name: str, data: bytes) -> None:
            self.heard[name] += data

        with closing(self.ending):
            return self.child.until_the_end(payload, hear, self.ending, limit=limit)

    def left(self) -> dict[int, str]:
        return carriers(frozenset({self.mark}))


@pytest.fixture
def start(tmp_path: Path) -> Callable[[str], Started]:
    return lambda code: Started(tmp_path, code)


def test_it_gets_its_input_and_is_heard(start: Callable[[str], Started]) -> None:
    started = start("import sys; sys.stdout.write(sys.stdin.read().upper()); sys.stderr.write('e'); sys.exit(3)")
    ended = started.until_the_end(b"abc" * 200_000)
    assert ended == Ended(code=3, signal=None, cause=None, forced=False, survivors={})
    assert started.heard == {"stdout": b"ABC" * 200_000, "stderr": b"e"}


def test_a_mebibyte_on_each_stream_blocks_nobody(start: Callable[[str], Started]) -> None:
    started = start("import sys\nfor s in (sys.stderr, sys.stdout): s.write('x' * 2**20)")
    assert started.until_the_end(b"y" * 2**20).code == 0
    assert {name: len(data) for name, data in started.heard.items()} == {"stdout": 2**20, "stderr": 2**20}


def test_it_may_close_its_input_unread(start: Callable[[str], Started]) -> None:
    assert start("import os; os.close(0); print('on')").until_the_end(b"x" * 2**20).code == 0


def test_it_leads_a_session_of_its_own(start: Callable[[str], Started]) -> None:
    started = start("import os; print(os.getsid(0) == os.getpid() == os.getpgid(0))")
    started.until_the_end()
    assert started.heard["stdout"] == b"True\n"


def test_its_signal_is_told(start: Callable[[str], Started]) -> None:
    ended = start("import os; os.kill(os.getpid(), 9)").until_the_end()
    assert (ended.code, ended.signal, ended.forced) == (None, "SIGKILL", False)


def test_it_is_asked_to_end(start: Callable[[str], Started]) -> None:
    started = start("import time; print('on', flush=True); time.sleep(60)")
    started.ending.ask(Cause.STOPPED)
    ended = started.until_the_end()
    assert (ended.signal, ended.cause, ended.forced) == ("SIGTERM", Cause.STOPPED, False)


def test_one_that_does_not_listen_is_killed(start: Callable[[str], Started], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"
    started = start(code)
    hear = threading.Event()

    def ask() -> None:
        hear.wait(30)
        started.ending.ask(Cause.STOPPED)

    thread = threading.Thread(target=ask)
    thread.start()
    with closing(started.ending):
        ended = started.child.until_the_end(b"", lambda _name, _data: hear.set(), started.ending, limit=None)
    thread.join()
    assert (ended.signal, ended.cause, ended.forced) == ("SIGKILL", Cause.STOPPED, True)


def test_it_may_take_too_long(start: Callable[[str], Started]) -> None:
    ended = start("import time; time.sleep(60)").until_the_end(limit=0.1)
    assert (ended.signal, ended.cause) == ("SIGTERM", Cause.TOO_LONG)


def test_one_that_is_paused_ends_too(start: Callable[[str], Started]) -> None:
    started = start("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)")
    wait_until(lambda: b"T" in state_of(started.child.pid))
    started.ending.ask(Cause.LEAVING)
    assert started.until_the_end().signal == "SIGTERM"


DAEMON = """
import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    {more}
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)
    os._exit(0)
os.wait()
print('done', flush=True)
"""


@LINUX
@pytest.mark.parametrize("more", ["pass", "[os.close(n) for n in (0, 1, 2)]"], ids=["holds the pipes", "lets them go"])
def test_nothing_that_it_started_is_left(
    more: str, start: Callable[[str], Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    started = start(DAEMON.format(more=more))
    ended = started.until_the_end()
    assert (ended.code, ended.cause, ended.survivors) == (0, None, {})
    assert started.heard["stdout"] == b"done\n"
    assert started.left() == {}


@LINUX
def test_a_stop_ends_the_whole_family(start: Callable[[str], Started], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    started = start(DAEMON.format(more="pass") + "time.sleep(60)")
    wait_until(lambda: len(started.left()) > 1)
    started.ending.ask(Cause.STOPPED)
    assert started.until_the_end().cause is Cause.STOPPED
    assert started.left() == {}


def test_what_cannot_be_started_is_an_error(tmp_path: Path) -> None:
    for argv in (["/nowhere/at/all"], [str(tmp_path)], ["a\0b"]):
        with pytest.raises((OSError, ValueError)):
            Child(argv, environment={}, cwd=str(tmp_path), mark="m")


def test_no_descriptor_and_no_zombie_stays(start: Callable[[str], Started]) -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    started = [start("pass") for _ in range(5)]
    for each in started:
        each.until_the_end(b"x")
    assert len(list(Path("/dev/fd").iterdir())) == before
    assert [start_time(each.child.pid) for each in started] == [None] * 5
    with pytest.raises(ChildProcessError):
        os.waitpid(started[0].child.pid, os.WNOHANG)


def test_an_end_that_is_asked_for_twice_has_its_first_cause() -> None:
    ending = Ending()
    ending.ask(Cause.STOPPED)
    ending.ask(Cause.LEAVING)
    assert ending.cause is Cause.STOPPED
    ending.close()
    ending.close()
    ending.ask(Cause.TOO_LONG)


def wait_until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.005)


def state_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
