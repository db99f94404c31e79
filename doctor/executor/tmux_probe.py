"""Looking from inside of a pane: what a process finds there that is started as an agent is."""

import json
import os
import selectors
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from doctor.executor import handover, in_pane, starting
from doctor.executor.base import Probe
from doctor.executor.directories import ProcessDirectory
from doctor.executor.tmux import Tmux, new_session, pane_target
from doctor.executor.tmux_sessions import close_sessions, is_over
from doctor.identity import program_identity

LIMIT = 10.0
"""Seconds for the whole of one look."""

_GLANCE = 0.25
"""Seconds between two looks at whether the pane still lives."""

_MOST = 1024 * 1024
"""Bytes accepted of an answer."""

_SAID = "said"
"""The file beside the gate that holds what the shell and the interpreter say of a failure."""


def probe(
    tmux: Tmux, *, programs: Sequence[str], cwd: str, python: str = sys.executable, limit: float = LIMIT
) -> Probe:
    """Start a process in a pane exactly as a supervisor is started, and ask it what it finds; nothing is left.

    Args:
        tmux: The server, started where there is none.
        programs: Paths of programs that agents would be.
        cwd: Directory that agents would start in.
        python: The interpreter that supervisors run on.
        limit: Seconds for all of it.
    """
    deadline = time.monotonic() + limit
    try:
        with _session(tmux, python) as directory:
            question = json.dumps({"programs": list(programs), "cwd": cwd}).encode("ascii")
            is_gone = _gone(tmux, directory.process_id)
            missed = handover.deliver({directory: question}, timeout=limit, is_gone=lambda _: is_gone())
            answer = None if missed else _answer(directory.path / "answer", deadline, is_gone)
            if answer is None:
                return Probe(reachable=False, problem=_why(tmux, directory, python, limit))
            beside = in_pane.told(tmux.global_environment())
    except OSError as error:
        return Probe(reachable=False, problem=str(error))
    return Probe(
        reachable=True,
        environment=answer["environment"],
        beside=beside,
        programs={path: _program_problem(path, seen) for path, seen in answer["programs"].items()},
        cwd_problem=answer["cwd_problem"],
    )


@contextmanager
def _session(tmux: Tmux, python: str) -> Iterator[ProcessDirectory]:
    """A session whose process waits at the gate of a private directory; both are gone afterwards."""
    directory = ProcessDirectory(path=Path(tempfile.mkdtemp(prefix="doctor-pane-")))
    name = directory.process_id
    try:
        os.mkfifo(directory.gate, 0o600)
        os.mkfifo(directory.path / "answer", 0o600)
        shell, option, script, *rest = starting.start_argv(python, directory)
        rest = [in_pane.BOOTSTRAP if each == starting.BOOTSTRAP else each for each in rest]
        # To a file: what is printed just before the end may never get to the screen.
        argv = (shell, option, f'exec 2>"$4/{_SAID}"; {script}', *rest)
        # The server of this session alone would end with it, before it has told its environment.
        keep = ("set-option", "-w", "-t", pane_target(name), "remain-on-exit", "on")
        tmux.run(*new_session(name, name, argv), keep)
        yield directory
    finally:
        close_sessions(tmux, {name})
        shutil.rmtree(directory.path, ignore_errors=True)


def _gone(tmux: Tmux, name: str) -> Callable[[], bool]:
    """Tells that nothing runs in the session any more; asks at most every ``_GLANCE`` seconds."""
    looked_at = time.monotonic()

    def is_gone() -> bool:
        nonlocal looked_at
        if time.monotonic() - looked_at < _GLANCE:
            return False
        looked_at = time.monotonic()
        return _is_over(tmux, name)

    return is_gone


def _is_over(tmux: Tmux, name: str) -> bool:
    session = tmux.sessions().get(name)
    return session is None or is_over(session)


def _answer(fifo: Path, deadline: float, is_gone: Callable[[], bool]) -> dict[str, Any] | None:
    """The one line that comes through; ``None`` when none does."""
    received = b""
    # Opened for writing too, so that it does not end before the other side has come.
    descriptor = os.open(fifo, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    with selectors.DefaultSelector() as selector, os.fdopen(descriptor, "rb", buffering=0) as file:
        selector.register(file, selectors.EVENT_READ)
        while not received.endswith(b"\n") and len(received) < _MOST:
            if selector.select(0.05):
                received += file.read(65536) or b""
            elif time.monotonic() > deadline or is_gone():
                return None
    answer = json.loads(received)
    return answer if isinstance(answer, dict) else None


def _why(tmux: Tmux, directory: ProcessDirectory, python: str, limit: float) -> str:
    """What is known of a process that gave no answer."""
    said = ""
    with suppress(OSError):
        said = (directory.path / _SAID).read_text(encoding="utf-8", errors="replace")
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if lines or _is_over(tmux, directory.process_id):
        words = " ".join(lines[:5]) or "it ended without a word"
        return f"{python} could not be run there as agents need it: {words}"
    return f"{python} was started there and gave no answer within {limit:g} s"


def _program_problem(path: str, seen: Mapping[str, Any]) -> str | None:
    """Why a program cannot be run there, or that another one would be."""
    problem = seen["problem"]
    if problem is not None:
        return str(problem)
    try:
        here = program_identity(path)
    except OSError:
        return None
    there = seen["identity"]
    return None if there == here else f"it is another program there: {there['real_path']}, {there['size']} bytes"
