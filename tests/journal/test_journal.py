"""What is recorded, what is refused, and what reading tells."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from doctor.journal.errors import IllegalTransition
from doctor.journal.journal import Journal
from doctor.journal.projection import ProcessRow
from doctor.model.event import Spawn, Verb
from doctor.model.process import Outcome, OutcomeKind, State
from doctor.model.stage import Stage

MakeSpawn = Callable[..., Spawn]
Sql = Callable[..., list[tuple[Any, ...]]]

SEVEN = Outcome(
    kind=OutcomeKind.EXITED, code=7, failure="exited(7)", evidence=("boom",), remedy="look at the log", retry=False
)
ALWAYS = {
    "stage": "execute",
    "runtime_id": "codex",
    "harness_version": "0.169.0",
    "spec_id": "5" * 64,
    "policy_sha256": "a" * 64,
    "intent": "execute",
    "run_id": "run-1",
    "attempt": 1,
}


def test_no_file_reads_as_an_empty_journal_and_none_is_made(journal: Journal, database: Path) -> None:
    assert (journal.processes(), journal.process("p-1"), journal.events(), journal.rebuild()) == ((), None, (), 0)
    assert list(database.parent.iterdir()) == []


def test_a_spawned_process_is_told_whole(journal: Journal, make_spawn: MakeSpawn) -> None:
    assert journal.spawn(make_spawn(), at=1.5)
    assert journal.process("p-1") == ProcessRow(
        process_id="p-1",
        run_id="run-1",
        spec_id="5" * 64,
        attempt=1,
        agent="writer",
        stage="execute",
        runtime_id="codex",
        harness_version="0.169.0",
        policy_sha256="a" * 64,
        named_profile="fast",
        session="writer-shop",
        executor="tmux",
        mode="headless",
        cwd="/src/shop",
        ticket="T-1",
        intent="execute",
        state=State.RUNNING,
        directive_count=1,
        first_sequence=1,
        last_sequence=1,
        last_reason="execute: launched",
        spawned_at="1970-01-01T00:00:01.500000+00:00",
        changed_at="1970-01-01T00:00:01.500000+00:00",
    )


def test_the_event_of_a_spawn_carries_the_contract_s_payload(journal: Journal, make_spawn: MakeSpawn) -> None:
    journal.spawn(make_spawn(), at=1.5)
    [event] = journal.events()
    assert (event.sequence, event.event_type, event.target_type, event.target_id, event.occurred_at) == (
        1,
        "control.directive.emitted",
        "agent_process",
        "p-1",
        "1970-01-01T00:00:01.500000+00:00",
    )
    assert event.payload == {
        "schema_version": 1,
        "target_type": "agent_process",
        "target_id": "p-1",
        "emitted_by": "agent_process",
        "directive": "continue",
        "is_terminal": False,
        "reason": "execute: launched",
        "idempotency_key": "spawn",
        "extra": ALWAYS
        | {
            "lifecycle_status": "running",
            "agent": "writer",
            "named_profile": "fast",
            "session": "writer-shop",
            "executor": "tmux",
            "mode": "headless",
            "cwd": "/src/shop",
            "ticket": "T-1",
        },
    }


def test_every_later_event_says_what_the_process_is_and_how_it_ended(journal: Journal, make_spawn: MakeSpawn) -> None:
    journal.spawn(make_spawn(), at=1)
    assert journal.transition("p-1", Verb.PAUSE, reason="asked", at=2)
    assert journal.transition("p-1", Verb.RESUME, reason="asked", at=3)
    assert journal.transition("p-1", Verb.FAIL, reason="exit 7", at=4, outcome=SEVEN, extra={"receipt": "delivered"})
    told = [
        (event.payload["directive"], event.payload["is_terminal"], event.payload["reason"], event.payload["extra"])
        for event in journal.events("p-1", after=1)
    ]
    outcome = {
        "kind": "exited",
        "code": 7,
        "signal": None,
        "failure": "exited(7)",
        "evidence": ["boom"],
        "remedy": "look at the log",
        "retry": False,
    }
    assert told == [
        ("wait", False, "execute: asked", ALWAYS | {"lifecycle_status": "paused"}),
        ("continue", False, "execute: asked", ALWAYS | {"lifecycle_status": "running"}),
        (
            "cancel",
            True,
            "execute: exit 7",
            ALWAYS | {"lifecycle_status": "failed", "outcome": outcome, "receipt": "delivered"},
        ),
    ]


def test_the_end_of_a_process_is_kept_with_it(journal: Journal, make_spawn: MakeSpawn) -> None:
    journal.spawn(make_spawn(), at=1)
    journal.transition("p-1", Verb.FAIL, reason="exit 7", at=4, outcome=SEVEN, extra={"receipt": "delivered"})
    row = journal.process("p-1")
    assert row is not None
    assert (row.state, row.outcome, row.ended_at, row.last_reason, row.extra, row.directive_count) == (
        State.FAILED,
        SEVEN,
        "1970-01-01T00:00:04.000000+00:00",
        "execute: exit 7",
        {"receipt": "delivered"},
        2,
    )


def test_an_id_is_spawned_once_for_ever(journal: Journal, make_spawn: MakeSpawn) -> None:
    assert journal.spawn(make_spawn(), at=1)
    assert not journal.spawn(make_spawn(runtime_id="opencode"), at=2)
    journal.transition("p-1", Verb.COMPLETE, reason="done", at=3)
    assert not journal.spawn(make_spawn(), at=4)
    assert [event.sequence for event in journal.events()] == [1, 2]


def test_many_are_spawned_in_one_go(journal: Journal, make_spawn: MakeSpawn) -> None:
    journal.spawn(make_spawn("p-2"), at=1)
    assert journal.spawn_all([make_spawn(f"p-{number}") for number in (1, 2, 3)], at=2) == (True, False, True)
    assert [row.process_id for row in journal.processes()] == ["p-2", "p-1", "p-3"]


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("verb", [verb for verb in Verb if verb is not Verb.SPAWN])
def test_a_verb_is_recorded_only_where_the_state_allows_it(
    journal: Journal, make_spawn: MakeSpawn, state: State, verb: Verb
) -> None:
    journal.spawn(make_spawn(), at=1)
    for step in Verb:
        if step is not Verb.SPAWN and step.leads_to is state is not State.RUNNING:
            journal.transition("p-1", step, reason="set up", at=2)
    before = journal.process("p-1")
    assert before is not None
    assert before.state is state
    allowed = state in verb.starts_from
    assert journal.transition("p-1", verb, reason="asked", at=3) is allowed
    after = journal.process("p-1")
    assert after is not None
    assert (after.state, len(journal.events())) == (
        verb.leads_to if allowed else state,
        before.directive_count + allowed,
    )


def test_one_delivered_twice_is_recorded_once(journal: Journal, make_spawn: MakeSpawn) -> None:
    journal.spawn(make_spawn(), at=1)
    answers = []
    for verb, key in [("pause", "k1"), ("resume", "k2"), ("pause", "k1"), ("pause", "k3")]:
        answers.append(journal.transition("p-1", Verb(verb), reason="asked", at=2, idempotency_key=key))
    assert answers == [True, True, False, True]
    assert len(journal.events()) == 4


def test_the_same_key_of_another_process_is_another_key(journal: Journal, make_spawn: MakeSpawn) -> None:
    journal.spawn_all([make_spawn("p-1"), make_spawn("p-2")], at=1)
    for process_id in ("p-1", "p-2"):
        assert journal.transition(process_id, Verb.PAUSE, reason="asked", at=2, idempotency_key="k")


@pytest.mark.parametrize(("process_id", "verb"), [("p-2", Verb.PAUSE), ("p-1", Verb.SPAWN)])
def test_what_can_never_be_a_transition_is_an_error(
    journal: Journal, make_spawn: MakeSpawn, process_id: str, verb: Verb
) -> None:
    journal.spawn(make_spawn(), at=1)
    with pytest.raises(IllegalTransition):
        journal.transition(process_id, verb, reason="asked", at=2)
    assert len(journal.events()) == 1


@pytest.mark.parametrize("key", ["env", "environment", "argv", "command", "stage", "runtime_id", "outcome", "attempt"])
def test_extra_holds_no_environment_no_argv_and_nothing_of_the_journal_s(
    journal: Journal, make_spawn: MakeSpawn, key: str
) -> None:
    journal.spawn(make_spawn(), at=1)
    with pytest.raises(ValueError, match=rf"^extra must not have {key}:"):
        journal.transition("p-1", Verb.PAUSE, reason="asked", at=2, extra={key: "x"})
    assert len(journal.events()) == 1


@pytest.mark.parametrize("extra", [{"x": object()}, {"x": float("nan")}, {"x": {1, 2}}])
def test_what_is_no_json_leaves_nothing_behind(journal: Journal, make_spawn: MakeSpawn, extra: dict[str, Any]) -> None:
    journal.spawn(make_spawn(), at=1)
    before = journal.processes()
    with pytest.raises((TypeError, ValueError)):
        journal.transition("p-1", Verb.PAUSE, reason="asked", at=2, extra=extra)
    assert (journal.processes(), len(journal.events())) == (before, 1)
    assert journal.transition("p-1", Verb.PAUSE, reason="asked", at=3)


def test_a_blank_reason_is_refused(journal: Journal, make_spawn: MakeSpawn) -> None:
    with pytest.raises(ValueError, match=r"^reason must not be blank$"):
        journal.spawn(make_spawn(reason=" \n"), at=1)
    assert journal.events() == ()


def test_processes_are_found_by_run_and_by_state(journal: Journal, make_spawn: MakeSpawn) -> None:
    journal.spawn_all([make_spawn("p-1"), make_spawn("p-2", run_id="run-2"), make_spawn("p-3")], at=1)
    journal.transition("p-1", Verb.COMPLETE, reason="done", at=2)

    def ids(*arguments: str, **chosen: Any) -> list[str]:
        return [row.process_id for row in journal.processes(*arguments, **chosen)]

    assert ids() == ["p-1", "p-2", "p-3"]
    assert ids("run-1") == ["p-1", "p-3"]
    assert ids(states=[State.RUNNING, State.PAUSED]) == ["p-2", "p-3"]
    assert ids("run-1", states=[State.COMPLETED]) == ["p-1"]
    assert ids("run-9") == ids(states=[]) == []


def test_a_directory_whose_name_is_no_unicode_is_kept_readable(journal: Journal, make_spawn: MakeSpawn) -> None:
    journal.spawn(make_spawn(cwd="/src/\udcff", ticket="a\0b 字"), at=1)
    row = journal.process("p-1")
    assert row is not None
    assert (row.cwd, row.ticket) == ("/src/\\udcff", "a\0b 字")
    journal.rebuild()
    assert journal.process("p-1") == row


def test_the_file_is_its_owner_s_alone_and_nothing_else_is_left(
    journal: Journal, make_spawn: MakeSpawn, database: Path
) -> None:
    journal.spawn(make_spawn(), at=1)
    modes = {each.name: each.stat().st_mode & 0o777 for each in database.parent.iterdir()}
    assert modes == {"metawsm.db": 0o600, "metawsm.db-wal": 0o600, "metawsm.db-shm": 0o600}
    journal.close()
    assert [each.name for each in database.parent.iterdir()] == ["metawsm.db"]


def test_a_closed_journal_opens_again(journal: Journal, make_spawn: MakeSpawn) -> None:
    journal.spawn(make_spawn(), at=1)
    journal.close()
    assert journal.transition("p-1", Verb.COMPLETE, reason="done", at=2)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET payload = '{}'",
        "DELETE FROM events",
        "INSERT OR REPLACE INTO events SELECT * FROM events",
        "REPLACE INTO events SELECT 99, event_id, '', '', '', '', NULL, '' FROM events",
        "REPLACE INTO events SELECT 99, 'new', '', target_type, target_id, '', idempotency_key, '' FROM events",
    ],
)
def test_the_database_itself_refuses_to_change_an_event(
    journal: Journal, make_spawn: MakeSpawn, database: Path, sql: Sql, statement: str
) -> None:
    journal.spawn(make_spawn(), at=1)
    before = journal.events()
    with pytest.raises(sqlite3.IntegrityError, match="events are append-only"):
        sql(database, statement)
    assert journal.events() == before


def test_a_spoilt_table_is_made_again_from_the_events(
    journal: Journal, make_spawn: MakeSpawn, database: Path, sql: Sql
) -> None:
    journal.spawn_all([make_spawn("p-1"), make_spawn("p-2", stage=Stage.REFLECT, runtime_id="hermes")], at=1)
    journal.transition("p-1", Verb.FAIL, reason="exit 7", at=4, outcome=SEVEN, extra={"receipt": "delivered"})
    stored = sql(database, "SELECT * FROM processes ORDER BY process_id")
    sql(database, "DELETE FROM processes WHERE process_id = 'p-2'")
    sql(database, "UPDATE processes SET state = 'running', runtime_id = 'nex'")
    assert journal.rebuild() == 2
    assert sql(database, "SELECT * FROM processes ORDER BY process_id") == stored


def test_preparing_makes_the_journal_and_records_nothing(journal: Journal, database: Path) -> None:
    journal.prepare()
    assert database.is_file()
    assert journal.events() == ()
