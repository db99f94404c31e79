"""What is left to do once a supervisor is gone, and who does it."""

import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

_ZOMBIE_SECONDS = 0.3
"""How long a terminal server usually takes at most to collect what has ended."""


def leave_behind(on_exit: Sequence[str]) -> None:
    """Leave a process behind that waits for this one's end, wakes a terminal server that missed it, and runs a command.

    To be called last: everything that is open here is closed in that process.

    Args:
        on_exit: Program and arguments; nothing is run where it is empty.
    """
    socket = os.environ.get("TMUX", "").split(",")[0]
    if not on_exit and not socket:
        return
    supervisor = os.getpid()
    ended, _ = os.pipe()
    if os.fork():
        os.close(ended)  # the other end is closed by this process's end, however that comes
        return
    try:
        _cut_loose(ended)
        os.read(0, 1)
        _use_the_null_device()
        if socket and _stays_a_zombie(supervisor):
            _run(["tmux", "-S", socket, "run-shell", "true"])
        if on_exit:
            os.execvp(on_exit[0], list(on_exit))  # noqa: S606 - never a shell
    except OSError:
        pass
    finally:
        os._exit(0)


def _cut_loose(ended: int) -> None:
    os.setsid()
    os.dup2(ended, 0)
    os.closerange(1, 256)
    os.chdir("/")
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGCHLD, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)


def _use_the_null_device() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    os.close(null)


def _stays_a_zombie(pid: int) -> bool:
    deadline = time.monotonic() + _ZOMBIE_SECONDS
    while _is_zombie(pid):
        if time.monotonic() >= deadline:
            return True
        time.sleep(0.01)
    return False


def _is_zombie(pid: int) -> bool:
    if sys.platform != "linux":
        return False
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - pathlib costs the start of every agent
            return file.read().rpartition(b")")[2].split()[0] == b"Z"
    except OSError:
        return False


def _run(argv: Sequence[str]) -> None:
    with suppress(OSError):
        child = os.posix_spawnp(argv[0], list(argv), os.environ)
        os.waitpid(child, 0)
