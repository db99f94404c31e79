"""The launcher's side of a start: taking the lease, and handing over what never touches the disk."""

import errno
import json
import os
import selectors
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from doctor.executor.base import Place, Submission, Submitted
from doctor.executor.directories import (
    PROCESSES,
    UNFINISHED,
    ProcessDirectory,
    clear_litter,
    directory_of,
    known,
    one_at_a_time,
    read_record,
)
from doctor.executor.records import NEVER_TAKEN, observe
from doctor.executor.starting import start_argv
from doctor.model.failure import FailureKind
from doctor.os_processes import boot_id, start_time

__all__ = ["DEADLINE", "deliver", "payload", "prepare", "start_argv"]

DEADLINE = 30.0
"""Seconds after which a supervisor has to have taken its handover."""

LOG_LIMIT = 1024 * 1024
"""Bytes of each of the two parts of a log."""

_TICK = 0.002


def prepare(place: Place, submissions: Sequence[Submission], executor: str) -> tuple[ProcessDirectory | Submitted, ...]:
    """Take the lease of each submission: its directory, complete, in one step.

    Args:
        place: The project.
        submissions: Any number; two of one process or one spec among them are told apart as if they came later.
        executor: Name of the executor that will start them.

    Returns:
        In the same order, the directory of each that may be started now, or why it may not: its process id was used
        before, another attempt at its spec is alive, or the directory cannot be made. A directory that is not handed
        over in the end must be given up with ``ending.give_up``.
    """
    try:
        (place.directory / PROCESSES).mkdir(mode=0o700, exist_ok=True)
        with one_at_a_time(place):
            clear_litter(place)
            return tuple(_prepared(place, submissions, executor))
    except OSError as error:
        return tuple(_unwritable(each, place.directory / PROCESSES, error) for each in submissions)


def payload(submission: Submission) -> bytes:
    """What is handed over for a submission. It holds the secrets: never write it anywhere else."""
    typing = submission.typing
    document = {
        "environment": dict(submission.environment),
        "secrets": list(submission.secrets),
        "typing": None if typing is None else {"ready": list(typing.ready), "text": typing.text},
        "on_exit": list(submission.on_exit),
    }
    return json.dumps(document).encode("ascii")


def deliver(
    payloads: Mapping[ProcessDirectory, bytes],
    *,
    timeout: float = DEADLINE,
    is_gone: Callable[[ProcessDirectory], bool] | None = None,
) -> dict[ProcessDirectory, str]:
    """Write every handover into its gate, side by side, as soon as somebody waits there.

    Args:
        payloads: From ``payload``.
        timeout: Seconds for all of them together.
        is_gone: Tells that nobody will come to a gate any more; asked about twice a second.

    Returns:
        What went wrong, in one sentence, for each that was not handed over as a whole.
    """
    with _Deliveries(payloads) as deliveries:
        deliveries.run(time.monotonic() + timeout, is_gone or (lambda _: False))
        return deliveries.failures


class _Deliveries:
    """Gates that are waited for, and those that are written to."""

    def __init__(self, payloads: Mapping[ProcessDirectory, bytes]) -> None:
        self.failures: dict[ProcessDirectory, str] = {}
        self._closed = dict(payloads)
        self._left: dict[ProcessDirectory, memoryview] = {}
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for key in tuple(self._selector.get_map().values()):
            self._finish(key.fd)
        self._selector.close()

    def run(self, deadline: float, is_gone: Callable[[ProcessDirectory], bool]) -> None:
        look_at = time.monotonic() + 0.5
        while self._closed or self._left:
            for directory in tuple(self._closed):
                self._open(directory)
            for key, _ in self._selector.select(_TICK if self._closed else 0.1):
                self._write(key.fd, key.data)
            now = time.monotonic()
            if now >= deadline:
                self._fail(lambda _: True, "nobody took its handover in time")
            elif now >= look_at:
                self._fail(is_gone, NEVER_TAKEN)
                look_at = now + 0.5

    def _open(self, directory: ProcessDirectory) -> None:
        try:
            gate = os.open(directory.gate, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as error:
            if error.errno != errno.ENXIO:  # nobody reads yet
                self.failures[directory] = _gate_problem(error)
                del self._closed[directory]
            return
        self._left[directory] = memoryview(self._closed.pop(directory))
        self._selector.register(gate, selectors.EVENT_WRITE, directory)

    def _write(self, gate: int, directory: ProcessDirectory) -> None:
        try:
            written = os.write(gate, self._left[directory])
        except BlockingIOError:
            return
        except OSError as error:
            self.failures[directory] = _gate_problem(error)
            written = len(self._left[directory])
        self._left[directory] = self._left[directory][written:]
        if not self._left[directory]:
            del self._left[directory]
            self._finish(gate)
            if directory not in self.failures:
                _note(directory)

    def _finish(self, gate: int) -> None:
        self._selector.unregister(gate)
        os.close(gate)

    def _fail(self, chosen: Callable[[ProcessDirectory], bool], reason: str) -> None:
        for directory in tuple(self._closed):
            if chosen(directory):
                del self._closed[directory]
                self.failures[directory] = reason
        for key in tuple(self._selector.get_map().values()):
            if chosen(key.data):
                del self._left[key.data]
                self.failures[key.data] = reason
                self._finish(key.fd)


def _note(directory: ProcessDirectory) -> None:
    """Note that everything was written: from now on only a reader at the gate can still start the process."""
    with suppress(OSError):
        directory.handed.touch(mode=0o600)


def _gate_problem(error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return "it was called off before it took its handover"
    if error.errno == errno.EPIPE:
        return NEVER_TAKEN
    return f"its handover failed: {error.strerror}"


def _prepared(place: Place, submissions: Sequence[Submission], executor: str) -> Iterator[ProcessDirectory | Submitted]:
    holders = _holders(place, {each.spec.id for each in submissions})
    for submission in submissions:
        holder = holders.get(submission.spec.id)
        if holder is not None:
            yield _spec_is_held(submission, holder)
            continue
        try:
            directory = _made(place, submission, executor)
        except OSError as error:
            yield _unwritable(submission, place.directory / PROCESSES, error)
            continue
        if directory is None:
            yield _was_used(submission)
        else:
            holders[submission.spec.id] = directory.process_id
            yield directory


def _holders(place: Place, spec_ids: set[str]) -> dict[str, str]:
    """The live process of each of these specs that has one."""
    found: dict[str, str] = {}
    for directory in known(place):
        if directory.exit.exists():
            continue
        spec_id = (read_record(directory.request) or {}).get("spec_id")
        if isinstance(spec_id, str) and spec_id in spec_ids and not observe(directory, terminals=None).ended:
            found[spec_id] = directory.process_id
    return found


def _made(place: Place, submission: Submission, executor: str) -> ProcessDirectory | None:
    """The new directory of a process; ``None`` when there is one already."""
    final = directory_of(place, submission.process_id)
    temporary = final.path.with_name(f"{UNFINISHED}{os.urandom(8).hex()}")
    temporary.mkdir(mode=0o700)
    try:
        _fill(temporary, _request(place, submission, executor))
        # Atomic, and refused when the other one is a directory with something in it.
        temporary.rename(final.path)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if error.errno in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}:
            return None
        raise
    except BaseException:  # an interrupt leaves no litter either
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return final


def _fill(temporary: Path, request: Mapping[str, Any]) -> None:
    os.mkfifo(temporary / "gate", 0o600)
    content = json.dumps(request, indent=1, ensure_ascii=True)
    # Without a sync: the directory appears as a whole, and nothing of it runs on after the machine went down.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(temporary / "request.json", flags, 0o600), "wb") as file:
        file.write(content.encode("ascii"))


def _request(place: Place, submission: Submission, executor: str) -> dict[str, Any]:
    spec = submission.spec
    return {
        "schema": 1,
        "process_id": submission.process_id,
        "spec_id": spec.id,
        "spec_path": str(submission.spec_path),
        "attempt": submission.attempt,
        "run_id": submission.run_id,
        "executor": executor,
        "socket": place.socket,
        "session": spec.session,
        "mode": spec.mode.value,
        "agent": spec.agent,
        "stage": str(spec.stage),
        "runtime_id": spec.runtime_id,
        "submitted_at": time.time(),
        "boot_id": boot_id(),
        "launcher": [os.getpid(), start_time(os.getpid())],
        "log_limit": LOG_LIMIT,
    }


def _spec_is_held(submission: Submission, holder: str) -> Submitted:
    return Submitted(
        process_id=submission.process_id,
        problem=FailureKind.UNKNOWN,
        detail=f"{holder} runs from the same spec, so it is not started a second time",
        remedy=f"stop it first: doctor stop {holder}",
    )


def _was_used(submission: Submission) -> Submitted:
    return Submitted(
        process_id=submission.process_id,
        problem=FailureKind.UNKNOWN,
        detail=f"a process {submission.process_id} was started before, and no name is used twice",
        remedy="start it again as a new attempt",
    )


def _unwritable(submission: Submission, where: Path, error: OSError) -> Submitted:
    return Submitted(
        process_id=submission.process_id,
        problem=FailureKind.UNKNOWN,
        detail=f"{where} cannot be written to: {error.strerror or error}",
        remedy="make room there, or give yourself permission to write to it",
    )
