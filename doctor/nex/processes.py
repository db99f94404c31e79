"""Everything that a command started ends with it, also what went into a session of its own."""

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

BECOME_SUBREAPER = 36
PATIENCE_SECONDS = 5.0


def adopt_orphans() -> None:
    """Make this process the parent of all that its children leave behind; on other systems than Linux, nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(BECOME_SUBREAPER, *(ctypes.c_ulong(value) for value in (1, 0, 0, 0)))


def end_group(leader: int) -> None:
    """Kill the process group of ``leader``, which has not been waited for or has just ended."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def end_orphans() -> None:
    """Kill what is left below this process, generation by generation, until nothing is or patience ends.

    To be called where no child is wanted any more.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (children := _children()) and time.monotonic() < deadline:
        for child in children:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(child, 0)


def _children() -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in Path("/proc/self/task").iterdir():
            found += map(int, (task / "children").read_text(encoding="ascii").split())
    return found
