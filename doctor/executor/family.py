"""What one agent started, wherever it went, and ending all of it.

Linux only sees what left the agent's session; elsewhere the agent's process group is all that can be had.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from doctor.os_processes import is_alive, marked, parent, process_ids, start_time

MARK = "DOCTOR_PROCESS"
"""Variable in every agent's environment that holds its process id."""

_SET_CHILD_SUBREAPER = 36
"""The number of this request in Linux's ``prctl``."""

Family = dict[int, str]
"""Processes by number, with the time at which each began."""

SWEEPS = 20
"""Looks at most, until nothing is left: a program that is being killed may still start another."""


def carriers(process_ids_: frozenset[str]) -> Family:
    """Every process that was started with the mark of one of these; the asking process is never among them."""
    return _identified(marked(MARK, process_ids_))


def session_members(agent: int) -> Family:
    """Every process of the session that an agent leads. Only for one that lives, or was not waited for yet."""
    found = []
    for pid in process_ids():
        with suppress(OSError):
            if os.getsid(pid) == agent:
                found.append(pid)
    return _identified(dict.fromkeys(found, ""))


def adopt_orphans() -> None:
    """Become the parent, on Linux, of whatever loses its own among what this process started.

    So it stays to be found, also where it cleared its environment and left the session.
    """
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - 8 ms, while the agent starts

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def collect_orphans(agent: int) -> None:
    """Collect the children that have ended, all but the agent."""
    with suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid != agent:
            os.waitpid(ended.si_pid, 0)


def descendants() -> Family:
    """The children of this process that still run, their children, and so on."""
    children: dict[int, list[int]] = {}
    for pid in process_ids():
        children.setdefault(parent(pid), []).append(pid)
    found, next_ones = [], [os.getpid()]
    while next_ones:
        next_ones = [child for pid in next_ones for child in children.get(pid, ())]
        found += next_ones
    return _identified(dict.fromkeys(found, ""))


def still_alive(family: Mapping[int, str]) -> Family:
    """Those that still run."""
    return {pid: began for pid, began in family.items() if is_alive(pid, began)}


def send(family: Mapping[int, str], number: int) -> None:
    """Signal each that still is the process it was."""
    for pid, began in family.items():
        if is_alive(pid, began):
            with suppress(OSError):
                os.kill(pid, number)


def send_to_group(leader: int, number: int) -> None:
    """Signal a whole process group."""
    with suppress(OSError):
        os.killpg(leader, number)


def end(look: Callable[[], Family], *, patience: float) -> Family:
    """End what ``look`` finds: asked first, and killed if it is still there after ``patience`` seconds.

    Returns:
        What could not be ended, such as a process of another user.
    """
    found = look()
    if not found:
        return {}
    send(found, signal.SIGTERM)
    send(found, signal.SIGCONT)  # one that is stopped cannot hear the request
    deadline = time.monotonic() + patience
    while found and time.monotonic() < deadline:
        time.sleep(0.01)
        found = still_alive(found)
    for _ in range(SWEEPS):
        found = look()
        if not found:
            return {}
        send(found, signal.SIGKILL)
        _wait_for_end(found)
    return look()


def _wait_for_end(found: Family) -> None:
    deadline = time.monotonic() + 0.5
    while found and time.monotonic() < deadline:
        time.sleep(0.005)
        found = still_alive(found)


def _identified(pids: Mapping[int, str]) -> Family:
    own = os.getpid()
    began = {pid: start_time(pid) for pid in pids if pid != own}
    return {pid: time_ for pid, time_ in began.items() if time_ is not None}
