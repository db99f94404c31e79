"""Ending processes, and recording the ends that nobody is left to record. The same for every executor."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from doctor.config.writing import replace_file
from doctor.executor import exit_record, family
from doctor.executor.directories import ProcessDirectory
from doctor.executor.records import (
    Identity,
    Records,
    coming,
    identities,
    last_sign,
    observe,
    read,
    unrecorded_kind,
    why_unrecorded,
)

MARGIN = 5.0
"""Seconds beyond the patience that a supervisor may take to end its agent and to record it."""

_TICK = 0.01


def cancel(directories: Sequence[ProcessDirectory], *, patience: float) -> None:
    """End these processes and everything they started; look at them afterwards for what became of each.

    Whoever was not started yet never will be. A living supervisor is asked to end its agent. Where it is gone, or
    does not do it in time, that is done here and recorded as ``unknown``. What outlived its agent is ended too, also
    of processes that ended long ago.

    Args:
        directories: Any number; side by side.
        patience: Seconds between asking and killing.
    """
    for directory in directories:
        if not directory.exit.exists() and not call_off(directory, "it was stopped before it was started"):
            _ask(directory, patience)
    _wait(directories, _is_settled, patience + MARGIN)
    for directory in directories:
        _kill_supervisor(directory)
    _end_families(directories, patience)
    for directory in directories:
        _record_if_missing(directory, cancelled=True)
    _wait(directories, _is_unsupervised, MARGIN)


def cancel_foreign(directories: Sequence[ProcessDirectory], *, patience: float) -> None:
    """End agents whose supervisor also does other work, such as a runner: it is told, and never signalled.

    It finds the request beside its record, and records the end of its agent. Where it is gone, that is done here.

    Args:
        directories: Any number; side by side.
        patience: Seconds between asking and killing.
    """
    for directory in directories:
        if not directory.exit.exists():
            with suppress(OSError):
                replace_file(directory.cancel, f"{patience}\n".encode("ascii"), mode=0o600)
    _wait(directories, _may_be_ended, MARGIN)
    _end_families(directories, patience)
    _wait(directories, _is_settled, MARGIN)
    for directory in directories:
        _record_if_missing(directory, cancelled=True)


def adopt(directories: Sequence[ProcessDirectory]) -> None:
    """Record the end of each of these that ended with nobody left to record it; what lives is left alone."""
    waiting = [each for each in directories if _was_abandoned(each)]
    _wait(waiting, _is_nudged, MARGIN)
    for directory in directories:
        _record_if_missing(directory, cancelled=False)


def give_up(directory: ProcessDirectory, reason: str) -> bool:
    """Record that a process that was prepared could not be started.

    Args:
        directory: As ``prepare`` made it.
        reason: One sentence: what was seen.

    Returns:
        False when it cannot be given up, because its supervisor has the whole handover and starts it.
    """
    return call_off(directory, reason, cancelled=False)


def call_off(directory: ProcessDirectory, reason: str, *, cancelled: bool = True) -> bool:
    """Take the right to start a process away from its supervisor, and record that it was never started.

    Returns:
        False when somebody else has taken that right: its supervisor, to start it, or another one that called it off.
    """
    if not _take_gate(directory):
        return False
    record = exit_record.document(
        kind="failed-to-start", detail=[reason], cancelled=cancelled, receipt="not-delivered", problem="unknown"
    )
    _write(directory, record)
    return True


def _take_gate(directory: ProcessDirectory) -> bool:
    # Whoever waits for a writer is let through by this one, and finds nothing to read.
    flags = os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
    gate = None
    with suppress(OSError):
        gate = os.open(directory.gate, flags)
    try:
        directory.gate.unlink()
    except OSError:
        return False
    finally:
        if gate is not None:
            os.close(gate)
    return True


def _is_nudged(directory: ProcessDirectory) -> bool:
    """Let a supervisor that waits for a launcher that is gone find that out; a whole handover is not disturbed.

    To be repeated until this returns that the supervisor went on: it may not have come to the gate yet.
    """
    with suppress(OSError):
        os.close(os.open(directory.gate, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW))
    return directory.exit.exists() or not directory.gate.exists() or not _was_abandoned(directory)


def _ask(directory: ProcessDirectory, patience: float) -> None:
    with suppress(OSError):  # then it uses its own patience
        replace_file(directory.cancel, f"{patience}\n".encode("ascii"), mode=0o600)
    supervisor = _supervisor(directory)
    if supervisor is not None:
        _send(supervisor, signal.SIGTERM)
        _send(supervisor, signal.SIGCONT)


def _kill_supervisor(directory: ProcessDirectory) -> None:
    supervisor = None if directory.exit.exists() else _supervisor(directory)
    if supervisor is not None and supervisor.alive:
        _send(supervisor, signal.SIGKILL)
        _wait([directory], lambda _: not supervisor.alive, MARGIN)


def _end_families(directories: Sequence[ProcessDirectory], patience: float) -> None:
    marks = frozenset(each.process_id for each in directories)
    agents = [agent for each in directories if (agent := _agent(each)) is not None]
    survivors = {each.pid: each.began for directory in directories for each in _survivors(directory)}

    def look() -> family.Family:
        found = family.carriers(marks) | family.still_alive(survivors)
        for agent in agents:
            if agent.alive:
                found |= {agent.pid: agent.began} | family.session_members(agent.pid)
        survivors.update(found)
        return found

    family.end(look, patience=patience)


def _record_if_missing(directory: ProcessDirectory, *, cancelled: bool) -> None:
    if directory.exit.exists() or not observe(directory, terminals=None).ended:
        return
    records = _read(directory)
    if records is None or records.exit is not None:
        return
    if not records.live and call_off(directory, why_unrecorded(records), cancelled=cancelled):
        return
    with suppress(OSError):
        directory.gate.unlink(missing_ok=True)
    record = exit_record.document(
        kind=unrecorded_kind(records).value,
        detail=[why_unrecorded(records)],
        ended_at=time.time() if cancelled else last_sign(directory, records),
        cancelled=cancelled,
        terminal_lost_at=records.live.get("terminal_lost_at"),
        receipt=records.live.get("receipt", "unconfirmed"),
    )
    _write(directory, record)


def _write(directory: ProcessDirectory, record: dict[str, object]) -> None:
    with suppress(OSError):  # a full disk: the next look finds it unrecorded again
        replace_file(directory.exit, exit_record.encoded(record), mode=0o600)


def _wait(directories: Sequence[ProcessDirectory], is_done: Callable[[ProcessDirectory], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    left = list(directories)
    while left and time.monotonic() < deadline:
        left = [each for each in left if not is_done(each)]
        if left:
            time.sleep(_TICK)


def _is_settled(directory: ProcessDirectory) -> bool:
    return directory.exit.exists() or _is_unsupervised(directory)


def _may_be_ended(directory: ProcessDirectory) -> bool:
    """Whether what is to be ended is on record, or nothing will be."""
    return _is_settled(directory) or _agent(directory) is not None


def _is_unsupervised(directory: ProcessDirectory) -> bool:
    supervisor = _supervisor(directory)
    return supervisor is None or not supervisor.alive


def _was_abandoned(directory: ProcessDirectory) -> bool:
    """Whether a supervisor waits for a launcher that is gone."""
    if directory.exit.exists():
        return False
    records = _read(directory)
    if records is None or not coming(directory, records):
        return False
    return records.launcher is None or not records.launcher.alive


def _read(directory: ProcessDirectory) -> Records | None:
    try:
        return read(directory)
    except OSError:
        return None


def _supervisor(directory: ProcessDirectory) -> Identity | None:
    records = _read(directory)
    return records.supervisor if records else None


def _agent(directory: ProcessDirectory) -> Identity | None:
    records = _read(directory)
    return records.agent if records else None


def _survivors(directory: ProcessDirectory) -> tuple[Identity, ...]:
    records = _read(directory)
    if records is None or records.rebooted or records.exit is None:
        return ()
    return identities(records.exit.get("survivors"))


def _send(process: Identity, number: int) -> None:
    if process.alive:
        with suppress(OSError):
            os.kill(process.pid, number)
