"""One executor while it runs: fed, listened to, ended when that is asked for, and nothing of it left behind."""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from doctor.executor import family
from doctor.executor.signal_pipe import name_of
from doctor.runner.ending import Cause, Ending

PATIENCE = 5.0
"""Seconds between asking an executor to end and killing it."""

LINGER = 0.5
"""Seconds that are left, after an executor's end, to whatever it started and that holds its output open."""

_CHUNK = 64 * 1024
_LOOK = 0.05
"""Seconds between two looks where the system cannot tell of an end."""

Hear = Callable[[str, bytes], None]
"""Given ``stdout`` or ``stderr`` and what came from it; empty when that has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How an executor ended."""

    code: int | None
    """Its exit code; ``None`` where a signal ended it."""

    signal: str | None
    """Such as ``SIGKILL``."""

    cause: Cause | None
    """Why it was ended, where it did not end by itself."""

    forced: bool
    """Whether it had to be killed."""

    survivors: Mapping[int, str]
    """What it started and what could not be ended; empty but for processes of other users."""


class Child:
    """One executor in a session of its own.

    Args:
        argv: The command.
        environment: All of it; it carries ``mark``.
        cwd: Where it starts.
        mark: What it, and everything it starts, is found by.

    Raises:
        OSError: It cannot be started.
        ValueError: Something of it has a NUL character.
    """

    def __init__(self, argv: Sequence[str], *, environment: Mapping[str, str], cwd: str, mark: str) -> None:
        self._process = subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environment),
            cwd=cwd,
            start_new_session=True,
            bufsize=0,
        )
        self.pid = self._process.pid
        self._marks = frozenset({mark})
        self._left = b""
        self._ended_at: float | None = None
        self._kill_at: float | None = None
        self._give_up_at: float | None = None
        self._forced = False

    def until_the_end(self, payload: bytes, hear: Hear, ending: Ending, *, limit: float | None) -> Ended:
        """Feed it and stay with it until nothing of it is left.

        Args:
            payload: Its whole standard input.
            hear: Told what it prints.
            ending: Ends it, when that is asked for.
            limit: Seconds after which it has taken too long.
        """
        try:
            self._stay(payload, hear, ending, limit)
        except BaseException:
            family.send_to_group(self.pid, signal.SIGKILL)
            self._cleaned_up(ending)
            raise
        finally:
            self._close_pipes()
        return self._cleaned_up(ending)

    def _stay(self, payload: bytes, hear: Hear, ending: Ending, limit: float | None) -> None:
        self._left = payload
        deadline = None if limit is None else time.monotonic() + limit
        watch = _watch(self.pid)
        try:
            with selectors.DefaultSelector() as selector:
                self._listen(selector, ending, watch)
                while not self._is_over(selector):
                    self._step(selector, hear, ending, deadline)
                    if deadline is not None and time.monotonic() >= deadline:
                        ending.ask(Cause.TOO_LONG)
                        deadline = None
        finally:
            if watch is not None:
                os.close(watch)

    def _listen(self, selector: selectors.BaseSelector, ending: Ending, watch: int | None) -> None:
        for name in ("stdout", "stderr"):
            pipe = getattr(self._process, name)
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, selectors.EVENT_READ, name)
        if self._process.stdin is not None:
            os.set_blocking(self._process.stdin.fileno(), False)
            selector.register(self._process.stdin, selectors.EVENT_WRITE, "stdin")
        selector.register(ending.wake, selectors.EVENT_READ, "ending")
        if watch is not None:
            selector.register(watch, selectors.EVENT_READ, "end")

    def _step(self, selector: selectors.BaseSelector, hear: Hear, ending: Ending, deadline: float | None) -> None:
        for key, _ in selector.select(self._wait_for(deadline)):
            match key.data:
                case "stdin":
                    self._feed(selector)
                case "ending":
                    selector.unregister(ending.wake)
                    self._ask()
                case "end":
                    selector.unregister(key.fileobj)
                    self._note_end()
                case name:
                    self._read(selector, name, hear)
        if self._ended_at is None and not _has_pidfd():
            self._note_end()
        if self._kill_at is not None and time.monotonic() >= self._kill_at:
            self._kill_at = None
            self._forced = True
            family.send_to_group(self.pid, signal.SIGKILL)
            family.send(self._look(), signal.SIGKILL)

    def _wait_for(self, deadline: float | None) -> float | None:
        times = [each for each in (deadline, self._kill_at, self._give_up_at) if each is not None]
        left = max(0.0, min(times) - time.monotonic()) if times else None
        if not _has_pidfd() and self._ended_at is None:
            return _LOOK if left is None else min(left, _LOOK)
        return left

    def _is_over(self, selector: selectors.BaseSelector) -> bool:
        """Whether it has ended, and so has its output, or that was waited for long enough."""
        if self._ended_at is None:
            return False
        if not any(key.data in {"stdout", "stderr"} for key in selector.get_map().values()):
            return True
        return self._give_up_at is not None and time.monotonic() >= self._give_up_at

    def _feed(self, selector: selectors.BaseSelector) -> None:
        pipe = self._process.stdin
        if pipe is None:
            return
        try:
            self._left = self._left[os.write(pipe.fileno(), self._left[:_CHUNK]) :]
        except BlockingIOError:
            return
        except OSError:  # it does not want to read it
            self._left = b""
        if not self._left:
            selector.unregister(pipe)
            pipe.close()

    def _read(self, selector: selectors.BaseSelector, name: str, hear: Hear) -> None:
        pipe = getattr(self._process, name)
        try:
            data = os.read(pipe.fileno(), _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        hear(name, data)
        if not data:
            selector.unregister(pipe)

    def _note_end(self) -> None:
        """Note that it has ended, without collecting it: its number stays its own until everything is gone."""
        with suppress(ChildProcessError):
            if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return
        self._ended_at = time.monotonic()
        self._give_up_at = self._ended_at + LINGER
        self._kill_at = None

    def _ask(self) -> None:
        if self._ended_at is not None:
            return
        self._kill_at = time.monotonic() + PATIENCE
        family.send_to_group(self.pid, signal.SIGTERM)
        family.send({pid: began for pid, began in self._look().items() if pid != self.pid}, signal.SIGTERM)
        family.send_to_group(self.pid, signal.SIGCONT)  # one that is stopped cannot hear the request

    def _look(self) -> family.Family:
        """What it started and what still runs."""
        return family.carriers(self._marks) | family.session_members(self.pid)

    def _cleaned_up(self, ending: Ending) -> Ended:
        # Whoever ended by request had time to end its own; what an executor forgot gets a little.
        survivors = family.end(self._look, patience=PATIENCE if ending.cause is None else LINGER)
        code = self._process.wait()
        return Ended(
            code=code if code >= 0 else None,
            signal=None if code >= 0 else name_of(-code),
            cause=ending.cause,
            forced=self._forced,
            survivors=survivors,
        )

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()


def _has_pidfd() -> bool:
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


def _watch(pid: int) -> int | None:
    """A descriptor that can be read from once a process has ended."""
    return os.pidfd_open(pid) if sys.platform == "linux" else None
