"""An agent in a terminal of its own, which its supervisor holds: no other terminal's end is the agent's end."""

import errno
import fcntl
import os
import signal
import struct
import termios
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

HEADLESS_SIZE = (50, 200)
"""Rows and columns of the terminal that a headless agent writes to."""

_FLAGS = 1
"""Where ``termios`` has the flags of output."""

_GO = b"g"
_STEPS = {b"t": "its terminal could not be set up", b"c": "its working directory", b"x": "the program"}


class Program(NamedTuple):
    """What is to run."""

    path: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    cwd: str


class StartError(Exception):
    """An agent that could not be started.

    Args:
        reason: One sentence.
        missing: Whether the program, or what would run it, is not there.
    """

    def __init__(self, reason: str, *, missing: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.missing = missing


class Agent:
    """An agent and the other side of its terminal.

    Its process is there at once and waits for ``begin``; it ends by itself when its supervisor does before that, so
    that nothing ever runs which nobody wrote down.

    Args:
        program: What to run.
        stdin: Descriptor of its input. ``None``: the terminal is its input, and its controlling one too.
        attributes: ``termios`` attributes that the terminal gets; the system's own by default.
        size: Rows and columns.
    """

    def __init__(
        self, program: Program, *, stdin: int | None, attributes: list[Any] | None, size: tuple[int, int]
    ) -> None:
        self._program = program
        self.terminal, inner = os.openpty()
        _set_up(inner, attributes, interactive=stdin is None)
        self.resize(size)
        order, self._order = os.pipe()
        self._result, result = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _be(program, terminal=inner, stdin=stdin, order=order, result=result, others=(self._order,))
        for descriptor in (inner, order, result):
            os.close(descriptor)
        os.set_blocking(self.terminal, False)

    def begin(self) -> None:
        """Let it become the program.

        Raises:
            StartError: It could not. Its process is gone.
        """
        with suppress(BrokenPipeError):
            os.write(self._order, _GO)
        os.close(self._order)
        answer = os.read(self._result, 1024)
        os.close(self._result)
        if answer:
            os.waitpid(self.pid, 0)
            raise _explained(answer, self._program)

    def call_off(self) -> None:
        """End it instead."""
        os.close(self._order)
        os.close(self._result)
        os.waitpid(self.pid, 0)
        self.close()

    def resize(self, size: tuple[int, int]) -> None:
        """Give its terminal this many rows and columns."""
        with suppress(OSError):
            fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))

    def has_ended(self) -> bool:
        """Whether it ended. It is not collected yet, so that its number, and its session's, stay its own."""
        if hasattr(os, "waitid"):
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        return self._collected() is not None

    def collect(self) -> int:
        """Its wait status, once it has ended."""
        status = self._collected()
        return os.waitpid(self.pid, 0)[1] if status is None else status

    def close(self) -> None:
        """Give up its terminal; what still runs in it loses it."""
        os.close(self.terminal)

    _status: int | None = None

    def _collected(self) -> int | None:
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = status if pid else None
        return self._status


def _set_up(inner: int, attributes: list[Any] | None, *, interactive: bool) -> None:
    with suppress(termios.error):
        if attributes is not None:
            termios.tcsetattr(inner, termios.TCSANOW, attributes)
        if not interactive:
            raw = termios.tcgetattr(inner)
            raw[_FLAGS] &= ~termios.OPOST
            termios.tcsetattr(inner, termios.TCSANOW, raw)


def _be(program: Program, *, terminal: int, stdin: int | None, order: int, result: int, others: Sequence[int]) -> None:
    """The new process: never returns."""
    step = b"t"
    try:
        for descriptor in others:  # or it would itself keep the pipe open whose end it waits for
            os.close(descriptor)
        os.setsid()
        if stdin is None:
            fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        os.dup2(terminal if stdin is None else stdin, 0)
        os.dup2(terminal, 1)
        os.dup2(terminal, 2)
        if os.read(order, 1) == _GO:
            _default_signals()
            step = b"c"
            os.chdir(program.cwd)
            step = b"x"
            os.execve(program.path, list(program.argv), dict(program.environment))  # noqa: S606 - never a shell
    except OSError as error:
        os.write(result, step + str(error.errno).encode())
    except ValueError as error:  # a NUL, or what cannot be encoded
        os.write(result, step + str(error).encode("utf-8", "replace")[:500])
    finally:
        os._exit(127)


def _default_signals() -> None:
    # A shell ignores some for what it starts in the background, Python ignores SIGPIPE, its supervisor SIGHUP.
    for number in signal.valid_signals():
        with suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _explained(answer: bytes, program: Program) -> StartError:
    subject = _STEPS.get(answer[:1], "it")
    said = answer[1:].decode("utf-8", "replace")
    if not said.isdigit():
        return StartError(f"{subject} cannot be handed to the system: {said}", missing=False)
    number = int(said)
    if answer[:1] == b"x":
        return _program_problem(number, program)
    named = program.cwd if answer[:1] == b"c" else ""
    return StartError(f"{subject} {named}".strip() + f": {os.strerror(number)}", missing=False)


def _program_problem(number: int, program: Program) -> StartError:
    missing = number in {errno.ENOENT, errno.ENOTDIR}
    if missing and os.path.exists(program.path):  # noqa: PTH110 - pathlib costs the start of every agent
        return StartError(f"what runs {program.path} is missing: see its first line", missing=True)
    if missing:
        return StartError(f"there is no program {program.path}", missing=True)
    if number == errno.E2BIG:
        size = max(map(len, program.argv), default=0)
        return StartError(f"the system refuses so long a command line; its longest part has {size:,}", missing=False)
    return StartError(f"{program.path} cannot be run: {os.strerror(number)}", missing=False)
