"""Which harness ran which stage is told by the events alone, by a program that knows nothing else."""

import json
import sqlite3
import subprocess
from collections.abc import Callable, Mapping
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from doctor import diagnose
from doctor.journal.agent_process import AgentProcess
from doctor.journal.journal import Journal
from doctor.journal.replay import replayed
from doctor.model.event import AGENT_PROCESS, DIRECTIVE_EMITTED, ControlDirective, Directive, Spawn
from doctor.model.options import Options
from doctor.model.process import Outcome, OutcomeKind
from doctor.model.stage import Stage

MakeSpawn = Callable[..., Spawn]
RunPython = Callable[..., subprocess.CompletedProcess[str]]

ROUTES = {"interview": "codex_cli", "execute": "opencode", "evaluate": "claude", "reflect": "hermes"}
"""As a policy may spell them."""

EXPECTED = {"interview": ["codex"], "execute": ["opencode"], "evaluate": ["claude_code"], "reflect": ["hermes"]}

REPLAY = """
import json, sys
from pathlib import Path
from doctor.journal.journal import Journal
journal = Journal(Path(sys.argv[1]))
replay = journal.replay(sys.argv[2] if len(sys.argv) > 2 else None)
print(json.dumps({
    "stages": replay.stages,
    "processes": [[row.process_id, row.stage, row.runtime_id, row.state] for row in replay.processes],
    "events": [[event.target_id, event.payload] for event in journal.events()],
    "unreadable": replay.unreadable,
}))
"""


def policy_text(stages: Mapping[str, str]) -> str:
    return json.dumps(
        {
            "version": 2,
            "orchestrator": {
                "runtime_backend": "claude",
                "runtime_profile": {"default": "claude_code", "stages": stages},
            },
            "agent_profiles": [{"name": "plain", "runner": "nex", "base_prompt": "Work."}],
            "agents": [{"name": "writer", "profile": "plain"}],
        }
    )


@pytest.fixture
def configure(database: Path) -> Callable[[Mapping[str, str]], None]:
    """Write the policy that routes stages to harnesses."""

    def write(stages: Mapping[str, str]) -> None:
        (database.parent / "policy.json").write_text(policy_text(stages), encoding="utf-8")

    return write


@pytest.fixture
def resolve_stages(database: Path, tmp_path: Path) -> Callable[[], dict[Stage, str]]:
    """Ask the resolver which harness runs each stage; none of them is installed."""

    def resolve() -> dict[Stage, str]:
        options = Options(
            cwd=database.parents[1], home=tmp_path, environment={"PATH": "", "HOME": str(tmp_path)}, cache=False
        )
        return {row.stage: str(row.runtime.value) for row in diagnose(options).stages}

    return resolve


def run_stages(journal: Journal, make_spawn: MakeSpawn, runtimes: Mapping[Stage, str]) -> None:
    """Take a process of every stage through its life, all at once and all at the same instant."""
    processes = [AgentProcess(journal, f"{stage}-1") for stage in runtimes]
    for process, (stage, runtime_id) in zip(processes, runtimes.items(), strict=True):
        process.spawn(make_spawn(process.process_id, stage=stage, runtime_id=runtime_id), at=1)
    for process in processes:
        process.pause(reason="asked", at=1)
    for process in reversed(processes):
        process.resume(reason="asked", at=1)
    *passed, last = processes
    for process in passed:
        process.complete(reason="exit 0", at=1, outcome=Outcome(kind=OutcomeKind.EXITED, code=0))
    last.fail(reason="exit 7", at=1, outcome=Outcome(kind=OutcomeKind.EXITED, code=7, failure="exited(7)"))


def assert_told(told: Mapping[str, Any]) -> None:
    """The one statement of what the fixture's journal has to tell."""
    assert told["stages"] == EXPECTED
    assert told["processes"] == [
        ["interview-1", "interview", "codex", "completed"],
        ["execute-1", "execute", "opencode", "completed"],
        ["evaluate-1", "evaluate", "claude_code", "completed"],
        ["reflect-1", "reflect", "hermes", "failed"],
    ]
    pairs: dict[str, list[tuple[str, str]]] = {}
    for process_id, payload in told["events"]:
        pairs.setdefault(process_id, []).append((payload["extra"]["stage"], payload["extra"]["runtime_id"]))
    assert pairs == {f"{stage}-1": [(stage, runtimes[0])] * 4 for stage, runtimes in EXPECTED.items()}
    for _, payload in told["events"]:
        assert payload["is_terminal"] is (payload["directive"] in {"cancel", "converge"})
    assert told["unreadable"] == []


def test_a_fresh_program_tells_the_harness_of_every_stage_though_the_policy_changed(
    database: Path,
    make_spawn: MakeSpawn,
    configure: Callable[[Mapping[str, str]], None],
    resolve_stages: Callable[[], dict[Stage, str]],
    run_python: RunPython,
) -> None:
    configure(ROUTES)
    with Journal(database) as journal:
        run_stages(journal, make_spawn, resolve_stages())
    configure(dict.fromkeys(ROUTES, "gemini"))
    before = {each.name: each.read_bytes() for each in database.parent.iterdir()}
    assert_told(json.loads(run_python(REPLAY, database).stdout))
    (database.parent / "policy.json").unlink()
    assert_told(json.loads(run_python(REPLAY, database).stdout))
    del before["policy.json"]
    assert {each.name: each.read_bytes() for each in database.parent.iterdir()} == before


def test_a_disk_that_is_read_only_tells_the_same(
    database: Path, make_spawn: MakeSpawn, run_read_only: Callable[..., str]
) -> None:
    with Journal(database) as journal:
        run_stages(journal, make_spawn, {Stage(stage): ids[0] for stage, ids in EXPECTED.items()})
    assert_told(json.loads(run_read_only(database.parent, REPLAY, database)))


def test_swapped_stages_are_noticed(
    database: Path,
    make_spawn: MakeSpawn,
    configure: Callable[[Mapping[str, str]], None],
    resolve_stages: Callable[[], dict[Stage, str]],
    run_python: RunPython,
) -> None:
    configure(ROUTES | {"execute": ROUTES["reflect"], "reflect": ROUTES["execute"]})
    with Journal(database) as journal:
        run_stages(journal, make_spawn, resolve_stages())
    told = json.loads(run_python(REPLAY, database).stdout)
    with pytest.raises(AssertionError):
        assert_told(told)


def test_a_retry_on_another_harness_stands_beside_the_first(journal: Journal, make_spawn: MakeSpawn) -> None:
    first, second = AgentProcess(journal, "writer-1"), AgentProcess(journal, "writer-2")
    first.spawn(make_spawn("writer-1", runtime_id="opencode"), at=1)
    first.fail(reason="exit 1", at=2)
    second.spawn(make_spawn("writer-2", runtime_id="codex", attempt=2), at=3)
    replay = journal.replay()
    assert replay.stages == {"execute": ("codex", "opencode")}
    assert [(row.process_id, row.attempt, row.runtime_id, row.state) for row in replay.processes] == [
        ("writer-1", 1, "opencode", "failed"),
        ("writer-2", 2, "codex", "running"),
    ]


def test_a_redispatch_under_the_same_id_does_not_hide_the_first_harness(tables: Journal) -> None:
    for runtime_id in ("opencode", "codex"):
        deliver(tables, target_id="evaluate:session:job", extra={"stage": "evaluate", "runtime_id": runtime_id})
    assert tables.replay().stages == {"evaluate": ("codex", "opencode")}


def test_interleaved_processes_are_not_mixed(journal: Journal, make_spawn: MakeSpawn) -> None:
    runtimes = {"agent-t-1": "codex", "agent-t-1-abc": "opencode", "agent-t": "hermes"}
    for process_id, runtime_id in runtimes.items():
        journal.spawn(make_spawn(process_id, runtime_id=runtime_id), at=1)
    for process_id in reversed(runtimes):
        AgentProcess(journal, process_id).pause(reason="asked", at=1)
    AgentProcess(journal, "agent-t-1").cancel(reason="stopped", at=1)
    assert [(row.process_id, row.runtime_id, row.state) for row in journal.replay().processes] == [
        ("agent-t-1", "codex", "cancelled"),
        ("agent-t-1-abc", "opencode", "paused"),
        ("agent-t", "hermes", "paused"),
    ]


def test_only_the_asked_run_is_told(journal: Journal, make_spawn: MakeSpawn) -> None:
    journal.spawn(make_spawn("p-1", run_id="run-1", stage=Stage.EXECUTE, runtime_id="codex"), at=1)
    journal.spawn(make_spawn("p-2", run_id="run-2", stage=Stage.REFLECT, runtime_id="hermes"), at=1)
    replay = journal.replay("run-2")
    assert (replay.stages, [row.process_id for row in replay.processes]) == ({"reflect": ("hermes",)}, ["p-2"])
    assert journal.replay("run-3").processes == ()


@pytest.fixture
def tables(journal: Journal) -> Journal:
    """A journal without an event."""
    journal.spawn_all([], at=0)
    return journal


_numbers = count(1)


def deliver(journal: Journal, payload: str | None = None, **values: Any) -> None:
    """Write an event as another program, or an earlier release, would have: around the journal's own checks."""
    least = {
        "target_type": AGENT_PROCESS,
        "target_id": "p-1",
        "emitted_by": AGENT_PROCESS,
        "reason": "execute: launched",
    }
    directive = ControlDirective(**{"directive": Directive.CONTINUE} | least | values)
    text = json.dumps(directive.to_payload()) if payload is None else payload
    with closing(sqlite3.connect(journal.path, isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO events (event_id, event_type, target_type, target_id, occurred_at, payload)"
            " VALUES (?, ?, ?, ?, '2026-01-01T00:00:00+00:00', ?)",
            (f"delivered-{next(_numbers)}", DIRECTIVE_EMITTED, AGENT_PROCESS, directive.target_id, text),
        )


def test_rows_of_before_stages_were_recorded_are_unknown_and_not_today_s_setting(
    tables: Journal, configure: Callable[[Mapping[str, str]], None]
) -> None:
    configure(ROUTES)
    deliver(tables, extra={"intent": "evaluate", "lifecycle_status": "running"})
    deliver(tables, directive=Directive.CANCEL, extra={"intent": "evaluate", "lifecycle_status": "failed"})
    replay = tables.replay()
    assert replay.stages == {}
    assert [(row.process_id, row.stage, row.runtime_id, row.state) for row in replay.processes] == [
        ("p-1", None, None, "failed")
    ]


def test_a_stage_without_a_harness_is_listed_with_an_unknown_one(tables: Journal) -> None:
    deliver(tables, target_id="p-1", extra={"stage": "reflect", "runtime_id": "hermes"})
    deliver(tables, target_id="p-2", extra={"stage": "reflect"})
    assert tables.replay().stages == {"reflect": ("hermes", None)}


def test_one_delivered_twice_counts_once_and_without_a_key_every_one_counts(tables: Journal) -> None:
    for key in ("k", "k", "other", None, None):
        deliver(tables, idempotency_key=key, extra={"stage": "execute", "runtime_id": "codex"})
    [row] = tables.replay().processes
    assert (row.directive_count, row.last_sequence) == (4, 5)


def test_the_order_is_that_of_the_sequence_whatever_the_times_say(journal: Journal, make_spawn: MakeSpawn) -> None:
    process = AgentProcess(journal, "p-1")
    process.spawn(make_spawn(), at=30)
    process.pause(reason="asked", at=20)
    process.complete(reason="exit 0", at=10)
    events = journal.events()
    assert replayed(reversed(events)) == replayed(events) == journal.replay()
    [row] = journal.replay().processes
    assert (row.state, row.directive_count) == ("completed", 3)


def test_stages_stand_in_their_own_order_and_unknown_ones_behind_them(tables: Journal) -> None:
    for stage in ("reflect", "ship", "audit", "interview", "evaluate", "execute"):
        deliver(tables, target_id=stage, extra={"stage": stage, "runtime_id": "codex"})
    assert list(tables.replay().stages) == ["interview", "execute", "evaluate", "reflect", "audit", "ship"]


def test_rows_that_no_one_can_read_are_named_and_spoil_nothing(journal: Journal, make_spawn: MakeSpawn) -> None:
    journal.spawn(make_spawn(), at=1)
    for payload in ("", "[]", "{", "{}", "[" * 100_000, '{"directive": 7}'):
        deliver(journal, payload)
    replay = journal.replay()
    assert (replay.stages, replay.unreadable) == ({"execute": ("codex",)}, (2, 3, 4, 5, 6, 7))
