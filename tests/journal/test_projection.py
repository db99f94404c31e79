"""The table is nothing but what the events tell."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from doctor.journal.journal import Journal
from doctor.journal.projection import project
from doctor.model.event import ControlDirective, Directive, Event, Spawn, Verb
from doctor.model.process import Outcome, OutcomeKind, State
from doctor.model.spec import Mode
from doctor.model.stage import Stage

IDS = ("p-1", "p-2", "p-3")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
OUTCOMES = st.none() | st.builds(
    Outcome,
    kind=st.sampled_from(OutcomeKind),
    code=st.none() | st.integers(0, 255),
    signal=st.none() | st.just("SIGKILL"),
    failure=st.none() | st.text(),
    evidence=st.lists(st.text(), max_size=3).map(tuple),
    remedy=st.none() | st.text(),
    retry=st.none() | st.booleans(),
)
STEPS = st.fixed_dictionaries(
    {
        "process_id": st.sampled_from(IDS),
        "verb": st.sampled_from(Verb),
        "reason": st.text().filter(str.strip),
        "at": st.floats(0, 4e9),
        "key": st.none() | st.sampled_from(["k1", "k2"]),
        "outcome": OUTCOMES,
        "extra": st.dictionaries(st.sampled_from(["pid", "receipt", "notes"]), JSON, max_size=2),
        "stage": st.sampled_from(Stage),
        "cwd": st.text(st.characters()),
    }
)


def take(journal: Journal, step: dict[str, Any]) -> None:
    process_id, verb, reason, at = step["process_id"], step["verb"], step["reason"], step["at"]
    if verb is Verb.SPAWN:
        journal.spawn(spawn_of(process_id, stage=step["stage"], cwd=step["cwd"], reason=reason), at=at)
    elif journal.process(process_id) is not None:
        journal.transition(
            process_id,
            verb,
            reason=reason,
            at=at,
            extra=step["extra"],
            outcome=step["outcome"],
            idempotency_key=step["key"],
        )


def spawn_of(process_id: str, *, stage: Stage, cwd: str, reason: str) -> Spawn:
    return Spawn(
        process_id=process_id,
        run_id="run-1",
        spec_id="spec",
        attempt=1,
        agent="writer",
        stage=stage,
        runtime_id="codex",
        harness_version=None,
        policy_sha256=None,
        named_profile=None,
        session="writer",
        executor="process",
        mode=Mode.HEADLESS,
        cwd=cwd,
        reason=reason,
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(STEPS, max_size=15))
def test_after_any_verbs_the_table_is_what_the_events_give_again(steps: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as directory, Journal(Path(directory) / "metawsm.db") as journal:
        for step in steps:
            take(journal, step)
        stored = journal.processes()
        assert stored == tuple(project(journal.events()).processes.values())
        assert journal.rebuild() == len(stored)
        assert journal.processes() == stored


@settings(max_examples=40, deadline=None)
@given(st.lists(STEPS, max_size=15))
def test_the_number_of_events_is_the_number_of_answers_that_said_so(steps: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as directory, Journal(Path(directory) / "metawsm.db") as journal:
        for step in steps:
            take(journal, step)
        events, rows = journal.events(), journal.processes()
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        assert sum(row.directive_count for row in rows) == len(events)
        ended = [event.target_id for event in events if event.payload["is_terminal"]]
        assert sorted(ended) == sorted(row.process_id for row in rows if row.state.is_final)


def event_of(sequence: int, payload: Any, **changes: Any) -> Event:
    values: dict[str, Any] = {
        "sequence": sequence,
        "event_id": f"e{sequence}",
        "event_type": "control.directive.emitted",
        "target_type": "agent_process",
        "target_id": "p-1",
        "occurred_at": "2026-01-01T00:00:00+00:00",
        "payload": payload,
    }
    return Event(**(values | changes))


def payload_of(directive: str, **extra: Any) -> dict[str, Any]:
    return ControlDirective(
        target_type="agent_process",
        target_id="p-1",
        emitted_by="agent_process",
        directive=Directive(directive),
        reason="execute: asked",
        extra=extra,
    ).to_payload()


@given(
    st.dictionaries(
        st.sampled_from([*ControlDirective.__dataclass_fields__, "is_terminal", "schema_version"]),
        JSON | st.sampled_from(["cancel", "wait", "agent_process"]),
    )
)
def test_no_payload_whatsoever_breaks_the_projection(payload: dict[str, Any]) -> None:
    projection = project([event_of(1, payload)])
    assert len(projection.processes) + len(projection.unreadable) == 1


@given(
    st.dictionaries(
        st.sampled_from(["stage", "runtime_id", "attempt", "lifecycle_status", "outcome", "run_id", "pid"]),
        JSON | st.fixed_dictionaries({"kind": JSON, "code": JSON, "evidence": JSON}),
    )
)
def test_no_extra_whatsoever_breaks_the_projection(extra: dict[str, Any]) -> None:
    assert list(project([event_of(1, payload_of("continue", **extra))]).processes) == ["p-1"]


def test_without_a_status_the_directive_tells_the_state() -> None:
    told = {
        directive: project([event_of(1, payload_of(directive))]).processes["p-1"].state
        for directive in ("continue", "wait", "cancel", "converge", "evaluate")
    }
    assert told == {
        "continue": State.RUNNING,
        "wait": State.PAUSED,
        "cancel": State.CANCELLED,
        "converge": State.COMPLETED,
        "evaluate": State.RUNNING,
    }


def test_an_end_stays_whatever_is_said_after_it() -> None:
    events = [event_of(1, payload_of("converge")), event_of(2, payload_of("continue", lifecycle_status="running"))]
    row = project(events).processes["p-1"]
    assert (row.state, row.ended_at, row.directive_count) == (State.COMPLETED, events[0].occurred_at, 2)


def test_what_was_said_first_of_a_process_is_never_overwritten() -> None:
    events = [
        event_of(1, payload_of("continue", stage="execute", runtime_id="codex")),
        event_of(2, payload_of("continue", stage="reflect", runtime_id="hermes", run_id="run-1")),
    ]
    row = project(events).processes["p-1"]
    assert (row.stage, row.runtime_id, row.run_id) == ("execute", "codex", "run-1")


def test_other_events_are_none_of_its_business() -> None:
    events = [
        event_of(1, payload_of("cancel"), target_type="session"),
        event_of(2, payload_of("cancel"), event_type="orchestrator.session.started"),
    ]
    assert project(events) == ({}, ())


def test_malformed_directives_are_passed_over_and_named() -> None:
    events = [event_of(1, {}), event_of(2, payload_of("continue")), event_of(3, {"directive": "explode"})]
    projection = project(events)
    assert (list(projection.processes), projection.unreadable) == (["p-1"], (1, 3))
