"""Running a program to ask it something: no input, its own process group, a limit, and nothing left behind."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from doctor.os_processes import marked
from doctor.records import dataclass

if TYPE_CHECKING:
    from selectors import BaseSelector
    from subprocess import Popen

MARK = "DOCTOR_PROBE"
"""Variable that tells a probe's descendants from everything else on the machine."""

OUTPUT_LIMIT = 256 * 1024
"""Bytes kept of each stream. The rest is read and dropped, so that a talkative program still comes to its end."""

GRACE = 0.3
"""Seconds that output may still come in after the program itself has ended; whoever holds the pipe then is ended."""

PATIENCE = 0.2
"""Seconds between the request to end and the order to."""

SWEEPS = 5
"""Looks for escaped descendants; more than one because a dying program may still start another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """What a program answered."""

    returncode: int | None
    """``None`` when it could not be started or was ended at the limit."""

    stdout: str = ""
    stderr: str = ""
    timed_out: bool = False
    error: str | None = None
    """Why it could not be started."""

    duration_ms: float = 0.0


def run(argv: Sequence[str], *, timeout: float, env: Mapping[str, str], cwd: str | None = None) -> Completed:
    """Run ``argv`` to its end or to ``timeout`` seconds and return what it printed.

    Standard input is empty, colour is asked off, and the program leads a process group of its own that is gone when
    this returns or raises, ``KeyboardInterrupt`` included. At the limit the group gets SIGTERM, then SIGKILL; on Linux
    descendants that left the group are found by a variable in their environment and killed too. After an end in time
    that is left to ``sweep``, which looks once for many probes.

    Args:
        argv: Program first; never a shell string.
        timeout: Seconds.
        env: The whole environment, to which ``NO_COLOR`` and the mark of this probe are added.
        cwd: Working directory; default ``/``, because some programs write to the directory they are asked in.

    Returns:
        At most ``OUTPUT_LIMIT`` bytes of each stream, decoded as UTF-8 with replacement characters. A program that
        cannot be started is an answer with ``error``, not an exception.
    """
    begun = time.monotonic()
    mark = os.urandom(12).hex()
    process: Popen[bytes] | None = None
    try:
        process = _start(argv, {**env, "NO_COLOR": "1", MARK: mark}, cwd or "/")
        output = _Output(process)
        ended = output.read(begun + timeout)
    except BaseException as error:
        _abandon(process, mark)
        if process is None and isinstance(error, (OSError, ValueError)):
            return Completed(returncode=None, error=_start_problem(error), duration_ms=_milliseconds(begun))
        raise
    finally:
        if process is not None:
            _running.discard(process)
    _finish(process, mark, ended=ended, held=output.held)
    return Completed(
        returncode=process.returncode if ended else None,
        stdout=output.text("stdout"),
        stderr=output.text("stderr"),
        timed_out=not ended,
        duration_ms=_milliseconds(begun),
    )


def end_all(*, for_good: bool = False) -> None:
    """Kill the process group of every probe that other threads wait for.

    Args:
        for_good: Start none from now on either: this process is about to end.
    """
    global _closed  # noqa: PLW0603 - probes belong to the process, whoever asked for them
    with _gate:
        _closed = _closed or for_good
        for process in tuple(_running):
            _signal_group(process, signal.SIGKILL)


def sweep() -> None:
    """Kill, on Linux, what the probes that ended in time left running in sessions of their own.

    One look through the processes for all probes since the last call (10 microseconds each, measured), and none where
    nothing was run. Probes that still run keep theirs.
    """
    marks = set()
    while _unswept:
        marks.add(_unswept.pop())
    if marks:
        _sweep(marks)


_unswept: set[str] = set()
"""Marks of probes that ended in time."""

_running: "set[Popen[bytes]]" = set()
_closed = False
_gate = threading.Lock()
"""Held while a probe is started, so that each is either among those that ``end_all`` ends or not started at all."""


def _start(argv: Sequence[str], env: Mapping[str, str], cwd: str) -> "Popen[bytes]":
    from subprocess import DEVNULL, PIPE, Popen  # noqa: PLC0415 - not needed while every answer is cached

    with _gate:
        if _closed:
            raise InterruptedError("nothing is started any more: doctor is ending")
        process = Popen(list(argv), stdin=DEVNULL, stdout=PIPE, stderr=PIPE, cwd=cwd, env=env, start_new_session=True)
        _running.add(process)
    return process


def _finish(process: "Popen[bytes]", mark: str, *, ended: bool, held: bool) -> None:
    """Collect a program that ended or has to, and whatever it left running."""
    if ended:
        _reap(process)
    else:
        _end(process)
    if held or not ended:
        _sweep({mark})
    else:
        _unswept.add(mark)


def _abandon(process: "Popen[bytes] | None", mark: str) -> None:
    """End a program that is not waited for any more; while it was being started only its mark tells which it is."""
    if process is not None:
        _end(process)
    _sweep({mark})


class _Output:
    """Both pipes of one program, read until they close, the program has ended, or the limit has come."""

    def __init__(self, process: "Popen[bytes]") -> None:
        self.held = False
        """Whether a descendant still held a pipe when the reading was given up."""
        self._process = process
        self._kept = {"stdout": bytearray(), "stderr": bytearray()}

    def text(self, stream: str) -> str:
        """What came on one stream."""
        return self._kept[stream].decode("utf-8", "replace")

    def read(self, deadline: float) -> bool:
        """Read to the end; returns whether the program ended by itself before ``deadline`` (monotonic seconds)."""
        from selectors import EVENT_READ, DefaultSelector  # noqa: PLC0415 - see run

        with DefaultSelector() as selector:
            for name in self._kept:
                pipe = getattr(self._process, name)
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe, EVENT_READ, name)
            try:
                return self._follow(selector, deadline)
            finally:
                self.held = bool(selector.get_map())
                for key in tuple(selector.get_map().values()):
                    selector.unregister(key.fileobj)
                    key.fileobj.close()  # type: ignore[union-attr] # only pipes are registered

    def _follow(self, selector: "BaseSelector", deadline: float) -> bool:
        tick, ended_at = 0.002, None
        while True:
            now = time.monotonic()
            if ended_at is None and _has_ended(self._process):
                ended_at = now
            if ended_at is not None and (not selector.get_map() or now >= min(deadline, ended_at + GRACE)):
                return True
            if now >= deadline:
                return False
            # Once the pipes are closed only the end is awaited, and nothing wakes us for that.
            tick = 0.05 if selector.get_map() else min(tick * 2, 0.02)
            for key, _ in selector.select(min(tick, deadline - now)):
                self._take(selector, key.data)

    def _take(self, selector: "BaseSelector", name: str) -> None:
        pipe, kept = getattr(self._process, name), self._kept[name]
        try:
            chunk = os.read(pipe.fileno(), 65536)
        except BlockingIOError:
            return
        kept += chunk[: OUTPUT_LIMIT - len(kept)]
        if not chunk:
            selector.unregister(pipe)
            pipe.close()


def _has_ended(process: "Popen[bytes]") -> bool:
    """Whether the program ended. It stays unreaped where that can be had, so that its group's number stays its own."""
    if hasattr(os, "waitid") and process.returncode is None:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    return process.poll() is not None


def _reap(process: "Popen[bytes]") -> None:
    """End what the program left in its group, and collect it."""
    _signal_group(process, signal.SIGKILL)
    process.wait()


def _end(process: "Popen[bytes]") -> None:
    """End the program and its group: asked first, then killed."""
    _signal_group(process, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and not _has_ended(process):
        time.sleep(0.01)
    _reap(process)


def _signal_group(process: "Popen[bytes]", number: signal.Signals) -> None:
    # PermissionError: macOS says so of a group that holds only zombies.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _sweep(marks: AbstractSet[str]) -> None:
    """Kill the descendants that made a session of their own; they still carry the mark of their probe."""
    if sys.platform != "linux":
        return
    for _ in range(SWEEPS):
        escaped = marked(MARK, marks)
        for pid in escaped:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not escaped:
            return


def _start_problem(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such program, or its interpreter is missing"
    if isinstance(error, PermissionError):
        return "it may not be executed"
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return str(error)


def _milliseconds(begun: float) -> float:
    return (time.monotonic() - begun) * 1000
