"""Launched processes: their states, how they do, and how they ended."""

from enum import StrEnum

from doctor.model.failure import FailureKind
from doctor.model.spec import Mode
from doctor.model.stage import Stage
from doctor.records import dataclass


class State(StrEnum):
    """Where an agent process is in its life; the last three are final."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    """Ended because someone stopped it."""

    COMPLETED = "completed"
    """Exited 0."""

    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Whether nothing follows."""
        return self in {State.CANCELLED, State.COMPLETED, State.FAILED}


class Health(StrEnum):
    """How a process does, from its last output and its last progress."""

    HEALTHY = "healthy"
    IDLE = "idle"
    STALLED = "stalled"
    BLOCKED = "blocked"
    """A dialog waits for a person."""

    DEAD = "dead"


class OutcomeKind(StrEnum):
    """How a process ended."""

    EXITED = "exited"
    KILLED = "killed"
    FAILED_TO_START = "failed-to-start"
    TERMINAL_LOST = "terminal-lost"
    """The terminal's server is gone; the agent may outlive it."""

    UNKNOWN = "unknown"
    """Nobody was left to record it: the supervisor was killed, or the machine went down."""


class Receipt(StrEnum):
    """Whether the prompt arrived."""

    DELIVERED = "delivered"
    NOT_DELIVERED = "not-delivered"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a process ended, or that its terminal is lost."""

    kind: OutcomeKind
    code: int | None = None
    """Exit code, for ``exited``."""

    signal: str | None = None
    """Such as ``SIGKILL``, for ``killed``."""

    failure: str | None = None
    """A ``FailureKind``, ``exited(N)`` or ``killed(SIG)``; ``None`` for a success."""

    evidence: tuple[str, ...] = ()
    """The lines of screen or log that prove it, redacted."""

    remedy: str | None = None
    retry: bool | None = None
    """Whether starting it again can help; ``None``: not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What an executor sees of one process, without judging it. Times are seconds since the epoch."""

    process_id: str
    spec_id: str
    attempt: int
    executor: str
    session: str
    run_id: str
    submitted_at: float
    agent: str = ""
    stage: Stage = Stage.EXECUTE
    runtime_id: str = ""
    mode: Mode = Mode.HEADLESS
    supervisor_alive: bool = False
    pid: int | None = None
    """The agent's own process, once it was started."""

    agent_alive: bool = False
    started_at: float | None = None
    ended_at: float | None = None
    ended: bool = False
    """Whether the end is recorded, or nothing is left that could record one."""

    kind: OutcomeKind | None = None
    code: int | None = None
    signal: str | None = None
    cancelled: bool = False
    problem: FailureKind | None = None
    """What the executor itself knows of a failed start, such as a missing program."""

    detail: tuple[str, ...] = ()
    """Facts that prove it, one line each."""

    terminal: bool = False
    """Whether its terminal is there."""

    terminal_lost_at: float | None = None
    last_output_at: float | None = None
    receipt: Receipt = Receipt.UNCONFIRMED
    survivors: tuple[int, ...] = ()
    """Processes that it started and that outlived it."""

    log_path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessView:
    """One launched process as it is shown. Times are ISO 8601 in UTC."""

    process_id: str
    spec_id: str
    run_id: str
    attempt: int
    executor: str
    session: str
    agent: str
    stage: Stage
    runtime_id: str
    harness_version: str | None
    mode: Mode
    cwd: str | None
    policy_sha256: str | None = None
    named_profile: str | None = None
    ticket: str | None = None
    pid: int | None
    state: State
    health: Health
    started_at: str | None
    ended_at: str | None
    last_output_at: str | None = None
    last_progress_at: str | None = None
    receipt: Receipt = Receipt.UNCONFIRMED
    blocked: str | None = None
    """The dialog that waits, such as ``trust`` or ``login`` (``doctor.harness.signs.DIALOGS``), or the failure that it
    keeps running into, such as ``quota``."""

    evidence: tuple[str, ...] = ()
    """Lines that prove ``blocked``."""

    remedy: str | None = None
    """The next step, where something is blocked."""

    outcome: Outcome | None = None
    survivors: tuple[int, ...] = ()
    log_path: str | None = None
