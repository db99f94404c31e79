"""From events to processes: the only way in which a row of the table comes about. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from typing import Any, NamedTuple

from doctor.config.words import encodable
from doctor.model.event import AGENT_PROCESS, DIRECTIVE_EMITTED, ControlDirective, Directive, Event
from doctor.model.process import Outcome, OutcomeKind, State
from doctor.records import dataclass

OF_PROCESS = (
    "run_id",
    "spec_id",
    "agent",
    "stage",
    "runtime_id",
    "harness_version",
    "policy_sha256",
    "named_profile",
    "session",
    "executor",
    "mode",
    "cwd",
    "ticket",
    "intent",
)
"""Texts of ``extra`` that say what a process is."""

OF_JOURNAL = (*OF_PROCESS, "attempt", "lifecycle_status", "outcome")
"""The keys of ``extra`` with a meaning of their own; whatever else is in it is kept as it is."""

_LARGEST = 2**63 - 1
_STATES: Mapping[Directive, State] = {
    Directive.CONTINUE: State.RUNNING,
    Directive.WAIT: State.PAUSED,
    Directive.CANCEL: State.CANCELLED,
    Directive.CONVERGE: State.COMPLETED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRow:
    """One process as its events tell it. ``None``: they do not say."""

    process_id: str
    run_id: str | None = None
    spec_id: str | None = None
    attempt: int | None = None
    agent: str | None = None
    stage: str | None = None
    runtime_id: str | None = None
    harness_version: str | None = None
    policy_sha256: str | None = None
    named_profile: str | None = None
    session: str | None = None
    executor: str | None = None
    mode: str | None = None
    cwd: str | None = None
    ticket: str | None = None
    intent: str | None = None
    state: State
    directive_count: int
    first_sequence: int
    last_sequence: int
    last_reason: str
    spawned_at: str
    """ISO 8601 in UTC, like the other times."""

    changed_at: str
    ended_at: str | None = None
    outcome: Outcome | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What else its events carry, the latest value of each key."""


class Projection(NamedTuple):
    """What events tell."""

    processes: Mapping[str, ProcessRow]
    """By process id, in the order in which they began."""

    unreadable: tuple[int, ...]
    """Sequences of the events about processes that are no valid directive, and were passed over."""


def project(events: Iterable[Event]) -> Projection:
    """All processes that the events tell of; a decision that was delivered twice counts once."""
    processes: dict[str, ProcessRow] = {}
    unreadable: list[int] = []
    for event, directive in counted(events):
        if directive is None:
            unreadable.append(event.sequence)
        else:
            processes[event.target_id] = apply(processes.get(event.target_id), event, directive)
    return Projection(processes, tuple(unreadable))


def counted(events: Iterable[Event]) -> Iterator[tuple[Event, ControlDirective | None]]:
    """The events about processes in their order, each decision once, with their directives where those are valid."""
    seen = set()
    for event in sorted(events, key=lambda each: each.sequence):
        if event.event_type != DIRECTIVE_EMITTED or event.target_type != AGENT_PROCESS:
            continue
        directive = directive_of(event)
        decision = directive.decision if directive else None
        if decision is None or decision not in seen:
            yield event, directive
        if decision is not None:
            seen.add(decision)


def directive_of(event: Event) -> ControlDirective | None:
    """The directive that the event carries; ``None`` when it carries no valid one."""
    try:
        return ControlDirective.from_payload(event.payload)
    except (TypeError, ValueError):
        return None


def apply(row: ProcessRow | None, event: Event, directive: ControlDirective) -> ProcessRow:
    """The process after one more event. What was said first of what a process is stays, and so does a final state."""
    state = _state(row, directive)
    ends_now = state.is_final and not (row and row.state.is_final)
    before = row or ProcessRow(
        process_id=event.target_id,
        state=state,
        directive_count=0,
        first_sequence=event.sequence,
        last_sequence=event.sequence,
        last_reason=directive.reason,
        spawned_at=event.occurred_at,
        changed_at=event.occurred_at,
    )
    texts = {name: _first(getattr(before, name), _text(directive.extra.get(name))) for name in OF_PROCESS}
    rest = {name: value for name, value in directive.extra.items() if name not in OF_JOURNAL}
    return replace(
        before,
        **texts,
        attempt=_first(before.attempt, _number(directive.extra.get("attempt"))),
        state=state,
        directive_count=before.directive_count + 1,
        last_sequence=event.sequence,
        last_reason=encodable(directive.reason),
        changed_at=event.occurred_at,
        ended_at=event.occurred_at if ends_now else before.ended_at,
        outcome=_first(before.outcome, outcome_from(directive.extra.get("outcome"))),
        extra={**before.extra, **rest},
    )


def _state(row: ProcessRow | None, directive: ControlDirective) -> State:
    if row is not None and row.state.is_final:
        return row.state
    told = directive.extra.get("lifecycle_status")
    if isinstance(told, str) and told in set(State):
        return State(told)
    return _STATES.get(directive.directive, row.state if row else State.RUNNING)


def _first(known: Any, told: Any) -> Any:
    return told if known is None else known


def _text(value: Any) -> str | None:
    return encodable(value) if isinstance(value, str) else None


def _number(value: Any) -> int | None:
    is_number = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST
    return value if is_number else None


def outcome_to(outcome: Outcome) -> dict[str, Any]:
    """The JSON object of an outcome."""
    return {
        "kind": str(outcome.kind),
        "code": outcome.code,
        "signal": outcome.signal,
        "failure": outcome.failure,
        "evidence": list(outcome.evidence),
        "remedy": outcome.remedy,
        "retry": outcome.retry,
    }


def outcome_from(value: Any) -> Outcome | None:
    """The outcome in a JSON value of any origin; ``None`` where it is none. What is not usable in it is unknown."""
    if not isinstance(value, Mapping):
        return None
    kind, evidence, retry = value.get("kind"), value.get("evidence"), value.get("retry")
    lines = evidence if isinstance(evidence, list | tuple) else ()
    return Outcome(
        kind=OutcomeKind(kind) if isinstance(kind, str) and kind in set(OutcomeKind) else OutcomeKind.UNKNOWN,
        code=_number(value.get("code")),
        signal=_text(value.get("signal")),
        failure=_text(value.get("failure")),
        evidence=tuple(encodable(line) for line in lines if isinstance(line, str)),
        remedy=_text(value.get("remedy")),
        retry=retry if isinstance(retry, bool) else None,
    )
