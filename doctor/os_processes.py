"""Processes of this machine: which one a number still means, and which carry a mark.

A number alone says nothing once its process has ended, so it always goes with the time at which that began.
"""

import os
import sys
import time
from collections.abc import Set as AbstractSet

BOOT_ID = "/proc/sys/kernel/random/boot_id"
CHANGE_SECONDS = 1.0
"""How long a process may take to change to another program before it is taken for one that was given nothing."""

GONE = frozenset({b"Z", b"X"})
"""States of processes that have ended and were not collected yet."""

_FLAGS_FIELD = 6
"""Where ``/proc/PID/stat`` has the kernel's flags, counted after the command's closing parenthesis (field 9)."""

_KERNEL_THREAD = 0x00200000
"""``PF_KTHREAD`` among them: it never has arguments or an environment."""

_ARGUMENT_FIELDS, _ENVIRONMENT_FIELDS = slice(45, 47), slice(47, 49)
"""Where ``/proc/PID/stat`` has their first and last addresses (fields 48 to 51), which are 0 during a change."""

_START_FIELD = 19
"""Where ``/proc/PID/stat`` has the start time, counted after the command's closing parenthesis (field 22)."""


def boot_id() -> str:
    """What tells this start of the machine from others; empty where that cannot be known."""
    try:
        with open(BOOT_ID, encoding="ascii") as file:  # noqa: PTH123 - pathlib would cost the start of every agent
            return file.read().strip()
    except OSError:
        return ""


def start_time(pid: int) -> str | None:
    """When a process began, in a form only fit for comparing; ``None`` when there is none, or only its zombie."""
    if sys.platform != "linux":
        return _start_time_by_ps(pid)
    fields = _stat(pid)
    return None if not fields or fields[0] in GONE else fields[_START_FIELD].decode()


def parent(pid: int) -> int:
    """The number of a process's parent; 0 where that cannot be known."""
    fields = _stat(pid)
    return int(fields[1]) if fields else 0


def _stat(pid: int) -> list[bytes]:
    """What stands in ``/proc/PID/stat`` after the command, from its third field on."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - see above
            return file.read().rpartition(b")")[2].split()
    except OSError:
        return []


def _start_time_by_ps(pid: int) -> str | None:
    import subprocess  # noqa: PLC0415 - not on Linux

    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],  # noqa: S607 - the system's own
        capture_output=True,
        text=True,
        check=False,
    )
    state, _, began = answer.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else began.strip()


def is_alive(pid: int, began: str) -> bool:
    """Whether the process of this number that began then still runs."""
    return start_time(pid) == began


def marked(variable: str, marks: AbstractSet[str]) -> dict[int, str]:
    """Processes whose environment gives ``variable`` one of ``marks``, by number; empty where that cannot be seen.

    They are found wherever they went: in a session of their own, or adopted by the first process of the machine.
    """
    found = {}
    for pid in process_ids():
        mark = mark_of(pid, variable)
        if mark is not None and mark in marks:
            found[pid] = mark
    return found


def process_ids() -> list[int]:
    """The numbers of all processes; empty where there is no ``/proc``."""
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - see above
    except OSError:
        return []


def mark_of(pid: int, variable: str) -> str | None:
    """The value that the environment of a process, as it was started, gives ``variable``."""
    variables = b"\0" + _given(pid, "environ", _ENVIRONMENT_FIELDS)
    # Searched and not taken apart: whoever looks for one process reads what every process has.
    _, found, after = variables.partition(f"\0{variable}=".encode())
    return after.partition(b"\0")[0].decode("ascii", "replace") if found else None


def command_line(pid: int) -> list[str]:
    """The arguments that a process was started with; empty where they cannot be seen."""
    return os.fsdecode(_given(pid, "cmdline", _ARGUMENT_FIELDS)).split("\0")[:-1]


def _given(pid: int, name: str, addresses: slice) -> bytes:
    """What a process was started with; empty where that cannot be seen.

    While a process changes to another program both read as empty (up to 9 of 100 looks on a busy machine, measured),
    and whoever looked just then would take it for a stranger; so it is looked at until it has changed.

    Args:
        pid: The process.
        name: Of the file that tells it.
        addresses: Where the fields are that say whether there is anything.
    """
    deadline, had_none = time.monotonic() + CHANGE_SECONDS, False
    while True:
        try:
            with open(f"/proc/{pid}/{name}", "rb", buffering=0) as file:  # noqa: PTH123 - see above
                content = file.read()
        except OSError:
            return b""
        if content or time.monotonic() >= deadline:
            return content
        fields = _stat(pid)
        if not fields or fields[0] in GONE or int(fields[_FLAGS_FIELD]) & _KERNEL_THREAD:
            return b""
        # Both addresses are the same of nothing, and for a moment before the second one is set: one more look tells.
        start, end = fields[addresses]
        has_none = start == end != b"0"
        if has_none and had_none:
            return b""
        had_none = has_none
        time.sleep(0.001)
