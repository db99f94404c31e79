"""From what lies in a process's directory to what is to be seen of it. Reads only, and takes any content."""

import contextlib
import os
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from doctor.executor.directories import ProcessDirectory, read_record
from doctor.executor.starting import waits_at_gate
from doctor.model.failure import FailureKind
from doctor.model.process import Observation, OutcomeKind, Receipt
from doctor.model.spec import Mode
from doctor.model.stage import Stage
from doctor.os_processes import boot_id, is_alive
from doctor.records import dataclass

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A process of this machine: its number, and when it began."""

    pid: int
    began: str

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return is_alive(self.pid, self.began)


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """The three records of a process, each empty where there is none that can be read."""

    request: dict[str, Any]
    live: dict[str, Any]
    exit: dict[str, Any] | None
    handed: float | None = None
    """When everything had been written into its gate, in seconds since the epoch."""

    rebooted: bool
    """Whether the machine was started anew since; no number means anything then."""

    @property
    def supervisor(self) -> Identity | None:
        """The supervisor, as long as its number means anything."""
        return None if self.rebooted else identity(self.live.get("supervisor"))

    @property
    def agent(self) -> Identity | None:
        """The agent, as long as its number means anything."""
        return None if self.rebooted else identity(self.live.get("agent"))

    @property
    def launcher(self) -> Identity | None:
        """Whoever submitted it, as long as its number means anything."""
        return None if self.rebooted else identity(self.request.get("launcher"))


def read(directory: ProcessDirectory) -> Records:
    """What lies in a process's directory.

    Raises:
        OSError: Something is there that cannot be looked at.
    """
    # The end first: a process that ends meanwhile is seen as running once more, never as gone.
    ended = read_record(directory.exit)
    request = read_record(directory.request) or {}
    booted, now = request.get("boot_id"), boot_id()
    return Records(
        request=request,
        live=read_record(directory.live) or {},
        exit=ended,
        handed=_modified(directory.handed),
        rebooted=isinstance(booted, str) and bool(booted) and bool(now) and booted != now,
    )


def observe(directory: ProcessDirectory, *, terminals: AbstractSet[str] | None) -> Observation:
    """What is to be seen of one process. Changes nothing, and never raises.

    Args:
        directory: Its directory.
        terminals: Sessions that are there now; empty for an executor that has none. ``None``: they cannot be looked
            at, and what the supervisor says is believed.

    Returns:
        An end is only told where it is recorded, or where neither supervisor nor agent nor anyone who could still
        start them lives. What cannot be looked at leaves everything open and says so in ``detail``.
    """
    try:
        look = _settled(directory)
    except OSError as error:
        return _observation(directory, _NOTHING, detail=(f"{directory.path} cannot be looked at: {error.strerror}",))
    if look.records.exit is not None:
        return _recorded(directory, look.records, look.records.exit)
    return _unrecorded(directory, look, terminals)


_NOTHING = Records(request={}, live={}, exit=None, rebooted=False)


def _recorded(directory: ProcessDirectory, records: Records, ended: dict[str, Any]) -> Observation:
    survivors = () if records.rebooted else tuple(each.pid for each in identities(ended.get("survivors")) if each.alive)
    supervisor = records.supervisor
    return _observation(
        directory,
        records,
        supervisor_alive=supervisor is not None and supervisor.alive,
        ended=True,
        ended_at=_number(ended.get("ended_at")),
        kind=_member(OutcomeKind, ended.get("kind")) or OutcomeKind.UNKNOWN,
        code=_integer(ended.get("code")),
        signal=_text(ended.get("signal")),
        cancelled=ended.get("cancelled") is True,
        problem=_member(FailureKind, ended.get("problem")),
        detail=_lines(ended.get("detail")),
        terminal_lost_at=_number(ended.get("terminal_lost_at")),
        receipt=_member(Receipt, ended.get("receipt")) or Receipt.UNCONFIRMED,
        survivors=survivors,
    )


class _Look(NamedTuple):
    """The records, and what lived just after they were read."""

    records: Records
    supervised: bool
    agent_alive: bool
    over: bool


def _settled(directory: ProcessDirectory) -> _Look:
    """A look that, where it says that it is over, another one with the same records has confirmed.

    A supervisor is on record before it removes the gate, and an end before its supervisor has ended: so what was not
    there after one of these was seen will not come.
    """
    look = _look(directory)
    while look.over and look.records.exit is None:
        later = _look(directory)
        if later.records == look.records:
            break
        look = later
    return look


def _look(directory: ProcessDirectory) -> _Look:
    records = read(directory)
    supervised = records.supervisor is not None and records.supervisor.alive
    agent_alive = records.agent is not None and records.agent.alive
    over = not supervised and not agent_alive and (bool(records.live) or not coming(directory, records))
    return _Look(records, supervised, agent_alive, over)


def _unrecorded(directory: ProcessDirectory, look: _Look, terminals: AbstractSet[str] | None) -> Observation:
    records, supervised, agent_alive, over = look
    lost_at = _number(records.live.get("terminal_lost_at"))
    kind: OutcomeKind | None = None
    detail: tuple[str, ...] = ()
    if over:
        kind, detail = unrecorded_kind(records), (why_unrecorded(records),)
    elif agent_alive and not supervised:
        kind, detail = OutcomeKind.UNKNOWN, (ORPHANED,)
    elif lost_at is not None:
        kind = OutcomeKind.TERMINAL_LOST
    return _observation(
        directory,
        records,
        supervisor_alive=supervised,
        agent_alive=agent_alive,
        ended=over,
        kind=kind,
        detail=detail,
        terminal=supervised and _has_terminal(records, terminals, lost_at),
        terminal_lost_at=lost_at,
        receipt=_member(Receipt, records.live.get("receipt")) or Receipt.UNCONFIRMED,
    )


NEVER_HANDED = "whoever launched this process ended before it was handed over, so it was never started"
NEVER_TAKEN = (
    "its first process ended before it took what was handed over, so the agent was never started; "
    "doctor check --in-pane looks from inside of such a place"
)

_END_OF_TIME = 253_402_300_800
"""Seconds from the epoch to the year 10,000, which no date can be written for."""

_TAKES = 1.0
"""Seconds in which nobody looks whether something still waits at a gate that everything was written into."""

ORPHANED = "the supervisor of this process was killed; the agent runs on, and its end cannot be recorded any more"


def coming(directory: ProcessDirectory, records: Records) -> bool:
    """Whether a process without a supervisor on record may still get one.

    It may while its launcher lives that has not handed it over, and while something waits at its gate, as long as
    nobody has removed that.
    """
    if records.rebooted or not directory.gate.exists():
        return False
    handed, launcher = records.handed, records.launcher
    if handed is None and launcher is not None and launcher.alive:
        return True
    # Whoever took it needs a moment to say so, and looking for it among all processes is not free.
    return (handed is not None and 0 <= time.time() - handed < _TAKES) or waits_at_gate(directory) is not None


def unrecorded_kind(records: Records) -> OutcomeKind:
    """How a process ended of which nothing is left, when nobody recorded it: no agent runs before it is on record."""
    never = bool(records.request) and identity(records.live.get("agent")) is None
    return OutcomeKind.FAILED_TO_START if never else OutcomeKind.UNKNOWN


def why_unrecorded(records: Records) -> str:
    """Why nobody recorded the end of a process of which nothing is left."""
    if not records.request:
        return "its request.json is not readable as what this tool writes, so nothing is known of it"
    if not records.live:
        return NEVER_HANDED if records.handed is None else NEVER_TAKEN
    if unrecorded_kind(records) == OutcomeKind.FAILED_TO_START:
        return "the supervisor of this process was killed before it started the agent, so that never ran"
    if records.rebooted:
        return "the machine was restarted while this process ran, so nobody recorded how it ended"
    return "the supervisor of this process was killed before it could record how the agent ended"


def last_sign(directory: ProcessDirectory, records: Records) -> float:
    """The last time at which a process was certainly there, in seconds since the epoch."""
    times = [_number(records.request.get("submitted_at")), _modified(directory.live), _modified(directory.log)]
    return max((each for each in times if each is not None), default=time.time())


def identity(value: object) -> Identity | None:
    """A process from ``[pid, began]`` as it stands in a record."""
    match value:
        case [int(pid), str(began)] if pid > 0 and not isinstance(pid, bool):
            return Identity(pid=pid, began=began)
    return None


def identities(value: object) -> tuple[Identity, ...]:
    """The processes of a list of ``[pid, began]``; anything else in it is left out."""
    found = [identity(each) for each in value] if isinstance(value, list) else []
    return tuple(each for each in found if each is not None)


def _has_terminal(records: Records, terminals: AbstractSet[str] | None, lost_at: float | None) -> bool:
    if terminals is None:
        return lost_at is None
    return lost_at is None and records.request.get("session") in terminals


def _observation(directory: ProcessDirectory, records: Records, **seen: Any) -> Observation:
    request, began = records.request, identity(records.live.get("agent"))
    return Observation(
        process_id=directory.process_id,
        spec_id=_text(request.get("spec_id")) or "",
        attempt=_integer(request.get("attempt")) or 0,
        executor=_text(request.get("executor")) or "",
        session=_text(request.get("session")) or "",
        run_id=_text(request.get("run_id")) or "",
        submitted_at=_number(request.get("submitted_at")) or 0.0,
        agent=_text(request.get("agent")) or "",
        stage=_member(Stage, request.get("stage")) or Stage.EXECUTE,
        runtime_id=_text(request.get("runtime_id")) or "",
        mode=_member(Mode, request.get("mode")) or Mode.HEADLESS,
        pid=began.pid if began else None,
        started_at=_number(records.live.get("started_at")),
        last_output_at=_written(directory.log),
        log_path=str(directory.log) if directory.log.exists() else None,
        **seen,
    )


def _modified(path: Path) -> float | None:
    with contextlib.suppress(OSError):
        return os.stat(path).st_mtime  # noqa: PTH116 - as cheap as can be: a list of a thousand processes looks often
    return None


def _written(log: Path) -> float | None:
    with contextlib.suppress(OSError):
        found = os.stat(log)  # noqa: PTH116 - see above
        return found.st_mtime if found.st_size else None
    return None


def _number(value: object) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < _END_OF_TIME:
        return float(value)
    return None


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _lines(value: object) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _member(kind: Callable[[str], T], value: object) -> T | None:
    if not isinstance(value, str):
        return None
    try:
        return kind(value)
    except ValueError:
        return None
