import os
import subprocess
import sys
from pathlib import Path

import pytest

from doctor.runner.lock import AlreadyRunning, RunnerLock

KIND = ("http://c", "here", "/p", "test")


def test_a_second_one_is_told_who_holds_it(tmp_path: Path) -> None:
    lock = RunnerLock(tmp_path, KIND)
    with pytest.raises(AlreadyRunning, match=f"already running, pid {os.getpid()}"):
        RunnerLock(tmp_path, KIND)
    lock.release()
    RunnerLock(tmp_path, KIND).release()


@pytest.mark.parametrize("index", range(len(KIND)))
def test_another_kind_has_a_lock_of_its_own(index: int, tmp_path: Path) -> None:
    other = tuple("other" if number == index else each for number, each in enumerate(KIND))
    locks = [RunnerLock(tmp_path, KIND), RunnerLock(tmp_path, other)]
    for each in locks:
        each.release()


def test_it_ends_with_its_process_however_that_ends(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from doctor.runner.lock import RunnerLock;"
        f"lock = RunnerLock(Path(sys.argv[1]), {KIND!r}); print('held', flush=True); sys.stdin.read()"
    )
    argv = [sys.executable, "-Ic", code, str(tmp_path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunning):
            RunnerLock(tmp_path, KIND)
        holder.kill()
    RunnerLock(tmp_path, KIND).release()


def test_no_child_keeps_it(tmp_path: Path) -> None:
    lock = RunnerLock(tmp_path, KIND)
    argv = [sys.executable, "-c", "import sys; print('on', flush=True); sys.stdin.read()"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False) as child:
        assert child.stdout is not None
        child.stdout.readline()
        lock.release()
        RunnerLock(tmp_path, KIND).release()


def test_where_nothing_can_be_written_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "runners").write_text("in the way")
    with pytest.raises(OSError, match=r"."):
        RunnerLock(tmp_path, KIND)
