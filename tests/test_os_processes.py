import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from doctor import os_processes
from doctor.os_processes import command_line, mark_of, marked

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux shows the environment of processes; run the tests there"
)

ENDLESS = 'exec sh -c "$SELF"'
"""A shell that becomes itself again and again, so that a look often falls into a change of program."""

LOOKS = 3000


@contextmanager
def running(*argv: str, **env: str) -> Iterator[int]:
    with subprocess.Popen(argv, env={"PATH": os.defpath, **env}) as process:
        try:
            yield process.pid
        finally:
            process.kill()


def test_a_process_that_changes_to_another_program_is_never_taken_for_a_stranger() -> None:
    with running("sh", "-c", ENDLESS, SELF=ENDLESS, MARK="ours") as pid:
        seen = {(mark_of(pid, "MARK"), *command_line(pid)) for _ in range(LOOKS)}

    assert seen == {("ours", "sh", "-c", ENDLESS)}


def test_a_process_without_environment_has_no_mark_after_a_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    with running("/usr/bin/env", "-i", "sleep", "600") as pid:
        while Path(f"/proc/{pid}/cmdline").read_bytes() != b"sleep\x00600\x00":
            pass

        assert mark_of(pid, "MARK") is None
        assert len(pauses) == 1


def test_a_zombie_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("waited"))
    process = subprocess.Popen(["/bin/true"], env={"MARK": "ours"})
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

    assert mark_of(process.pid, "MARK") is None
    assert process.wait() == 0


def test_kernel_threads_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("waited"))
    kernel = [pid for pid in os_processes.process_ids() if os_processes.parent(pid) == 2]

    assert {mark_of(pid, "MARK") for pid in kernel} <= {None}


def test_a_process_that_is_gone_has_no_mark() -> None:
    process = subprocess.Popen(["/bin/true"], env={"MARK": "ours"})
    process.wait()

    assert mark_of(process.pid, "MARK") is None


def test_only_processes_with_one_of_the_marks_are_found() -> None:
    with running("sleep", "600", MARK="a") as first, running("sleep", "600", MARK="b"):
        assert marked("MARK", {"a", "c"}) == {first: "a"}
