"""What is journalled: events, the directives they carry, and the verbs of an agent process."""

from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from doctor.model.process import State
from doctor.model.spec import Mode
from doctor.model.stage import Stage
from doctor.records import dataclass

DIRECTIVE_EMITTED = "control.directive.emitted"
"""Type of the events that carry a control directive."""

AGENT_PROCESS = "agent_process"
"""Target type, and emitter, of the directives of a launched process."""

DIRECTIVE_SCHEMA_VERSION = 1


class Directive(StrEnum):
    """The closed set of decisions that are journalled."""

    CONTINUE = "continue"
    EVALUATE = "evaluate"
    EVOLVE = "evolve"
    UNSTUCK = "unstuck"
    RETRY = "retry"
    COMPACT = "compact"
    WAIT = "wait"
    CANCEL = "cancel"
    CONVERGE = "converge"

    @property
    def is_terminal(self) -> bool:
        """Whether its target has come to its end."""
        return self in {Directive.CANCEL, Directive.CONVERGE}


class Verb(StrEnum):
    """What can be done with an agent process. They are cooperative: a verb is journalled, whoever runs it acts."""

    SPAWN = "spawn"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    COMPLETE = "complete"
    FAIL = "fail"

    @property
    def directive(self) -> Directive:
        """What is emitted for it."""
        return _VERBS[self][0]

    @property
    def starts_from(self) -> frozenset[State]:
        """The states in which it is legal; none for ``spawn``, which makes the process."""
        return _VERBS[self][1]

    @property
    def leads_to(self) -> State:
        """The state after it."""
        return _VERBS[self][2]


_LIVE = frozenset({State.RUNNING, State.PAUSED})
_VERBS: Mapping[Verb, tuple[Directive, frozenset[State], State]] = {
    Verb.SPAWN: (Directive.CONTINUE, frozenset(), State.RUNNING),
    Verb.PAUSE: (Directive.WAIT, frozenset({State.RUNNING}), State.PAUSED),
    Verb.RESUME: (Directive.CONTINUE, frozenset({State.PAUSED}), State.RUNNING),
    Verb.CANCEL: (Directive.CANCEL, _LIVE, State.CANCELLED),
    Verb.COMPLETE: (Directive.CONVERGE, _LIVE, State.COMPLETED),
    # There is no directive of its own for a failure: the state in `extra` tells it from a cancelled process.
    Verb.FAIL: (Directive.CANCEL, _LIVE, State.FAILED),
}

_NEEDED = ("target_type", "target_id", "emitted_by", "reason")
_OPTIONAL = (
    "phase",
    "context_snapshot_id",
    "session_id",
    "execution_id",
    "lineage_id",
    "parent_directive_id",
    "idempotency_key",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlDirective:
    """One decision about one target: the payload of a ``control.directive.emitted`` event, schema version 1.

    Texts are trimmed. Within the schema version fields are added, never renamed or removed.

    Raises:
        ValueError: A text that is needed, or an optional one that is given, is blank, or the generation is below 1.
        TypeError: A text is none, the generation is no whole number, or ``extra`` is no ``dict``.
    """

    target_type: str
    target_id: str
    emitted_by: str
    directive: Directive
    reason: str
    phase: str | None = None
    context_snapshot_id: str | None = None
    session_id: str | None = None
    execution_id: str | None = None
    lineage_id: str | None = None
    generation_number: int | None = None
    parent_directive_id: str | None = None
    idempotency_key: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "directive", Directive(self.directive))
        for name in _NEEDED:
            object.__setattr__(self, name, _text(name, getattr(self, name)))
        for name in _OPTIONAL:
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _text(name, getattr(self, name)))
        if self.generation_number is not None:
            _require_generation(self.generation_number)
        if not isinstance(self.extra, dict):
            raise TypeError(f"extra must be a dict, found {type(self.extra).__name__}")

    @property
    def is_terminal(self) -> bool:
        """Follows from the directive; nobody supplies it."""
        return self.directive.is_terminal

    @property
    def decision(self) -> tuple[str, str, str, str] | None:
        """What two deliveries of the same decision have in common; ``None`` without an idempotency key."""
        if self.idempotency_key is None:
            return None
        return self.target_type, self.target_id, self.directive, self.idempotency_key

    def to_payload(self) -> dict[str, Any]:
        """The JSON object; optional fields stand in it only where they are given."""
        payload: dict[str, Any] = {
            "schema_version": DIRECTIVE_SCHEMA_VERSION,
            "target_type": self.target_type,
            "target_id": self.target_id,
            "emitted_by": self.emitted_by,
            "directive": str(self.directive),
            "is_terminal": self.is_terminal,
            "reason": self.reason,
        }
        optional = {name: getattr(self, name) for name in (*_OPTIONAL, "generation_number")}
        payload |= {name: value for name, value in optional.items() if value is not None}
        return payload | ({"extra": self.extra} if self.extra else {})

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> "ControlDirective":
        """Read a payload of any origin. Fields that are not known are passed over, and so is ``is_terminal``.

        Raises:
            ValueError: A field is missing or has no usable value.
            TypeError: A field has a value of a wrong type.
        """
        missing = [name for name in (*_NEEDED, "directive") if name not in payload]
        if missing:
            raise ValueError(f"a directive without {', '.join(missing)}")
        names = (*_NEEDED, *_OPTIONAL, "directive", "generation_number", "extra")
        return cls(**{name: payload[name] for name in names if name in payload})


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a text, found {type(value).__name__}")
    if not value.strip():
        raise ValueError(f"{name} must not be blank")
    return value.strip()


def _require_generation(value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"generation_number must be a whole number, found {type(value).__name__}")
    if value < 1:
        raise ValueError(f"generation_number must be at least 1, found {value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened, as it was recorded; never changed afterwards."""

    sequence: int
    """The order of recording, and the only order there is: times may be equal, or run backwards."""

    event_id: str
    event_type: str
    target_type: str
    target_id: str
    occurred_at: str
    """ISO 8601 in UTC."""

    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawn:
    """A process about to be launched. Neither its argv nor its environment are here: they may hold what is secret."""

    process_id: str
    """Unique for ever; another attempt is another process."""

    run_id: str
    spec_id: str
    attempt: int
    agent: str
    stage: Stage
    runtime_id: str
    """Canonical registry name of the harness."""

    harness_version: str | None
    policy_sha256: str | None
    named_profile: str | None
    session: str
    executor: str
    mode: Mode
    cwd: str
    ticket: str | None = None
    reason: str = "launched"

    @property
    def intent(self) -> str:
        """What the process is for: its stage. The reason of each of its events starts with it."""
        return str(self.stage)


def utc_text(seconds: float) -> str:
    """ISO 8601 in UTC, to the microsecond, so that texts compare as times do.

    Args:
        seconds: Since the epoch.
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
