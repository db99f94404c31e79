import io
import os
import sqlite3
import stat
import threading
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from doctor.config.names import name_problem
from doctor.executor import exit_record
from doctor.executor.base import Place
from doctor.executor.directories import PROCESSES, clear_litter, one_at_a_time
from doctor.executor.records import observe
from doctor.journal.journal import Journal
from doctor.model.process import Observation, OutcomeKind, State
from doctor.runner.carrying import outcome_of, verb_of
from doctor.runner.dialect import Dialect, Run
from doctor.runner.ledger import Ledger
from doctor.runner.records import About, RunRecord, begin, is_reported
from doctor.runner.reports import End
from doctor.runner.storage import KEPT, Storage
from doctor.runner.talk import Talk

RUN = Run(
    run_id="run_1",
    session_id="ses_1",
    mode="start",
    dialect=Dialect.SEED,
    prompt="hi",
    parameters={"prompt": "hi"},
    agent_name="bob",
)
ABOUT = About(run=RUN, profile="coding", runtime_id="claude_code", coordinator="http://c", cwd="/")


def seen(record: RunRecord) -> Observation:
    return observe(record.directory, terminals=frozenset())


def test_a_run_is_on_record_before_it_starts(tmp_path: Path) -> None:
    record = begin(tmp_path, ABOUT)
    look = seen(record)
    assert (look.process_id, look.executor, look.run_id, look.session) == ("bob-run_1", "runner", "run_1", "ses_1")
    assert (look.agent, look.runtime_id, look.ended, look.pid) == ("bob", "claude_code", False, None)
    assert [path.name for path in (tmp_path / "processes").iterdir()] == ["bob-run_1"]


def test_it_is_not_taken_for_what_a_killed_launcher_left(tmp_path: Path) -> None:
    place = Place(directory=tmp_path)
    (tmp_path / PROCESSES).mkdir()
    with one_at_a_time(place):
        making = threading.Thread(target=begin, args=(tmp_path, ABOUT))
        making.start()
        clear_litter(place)
        assert list((tmp_path / PROCESSES).iterdir()) == []
    making.join(30)
    assert [path.name for path in (tmp_path / PROCESSES).iterdir()] == ["bob-run_1"]


def test_nobody_else_may_look_into_it(tmp_path: Path) -> None:
    record = begin(tmp_path, ABOUT)
    assert stat.S_IMODE(record.directory.path.stat().st_mode) == 0o700


def test_its_executor_and_its_end_are_seen(tmp_path: Path) -> None:
    record = begin(tmp_path, ABOUT)
    record.started(os.getpid())
    assert (seen(record).pid, seen(record).agent_alive) == (os.getpid(), True)
    record.ended(exit_record.document(kind="exited", code=3, detail=["x"]))
    assert (seen(record).ended, seen(record).kind, seen(record).code) == (True, OutcomeKind.EXITED, 3)
    assert not is_reported(record.directory.path)
    record.reported()
    assert is_reported(record.directory.path)


def test_the_same_run_again_is_another_attempt(tmp_path: Path) -> None:
    made = [begin(tmp_path, ABOUT) for _ in range(3)]
    assert [(each.process_id, each.attempt) for each in made] == [
        ("bob-run_1", 1),
        ("bob-run_1-2", 2),
        ("bob-run_1-3", 3),
    ]


@pytest.mark.parametrize("run_id", ["../../x", "a/b", "..", "-x", ".x", "x" * 500, "ü", "a b", "\ud800", "a\nb"])
def test_any_run_id_makes_a_safe_name(run_id: str, tmp_path: Path) -> None:
    about = replace(ABOUT, run=replace(RUN, run_id=run_id, agent_name=run_id), profile="ü")
    name = begin(tmp_path, about).process_id
    assert name_problem(name) is None
    assert name.isascii()
    assert (tmp_path / "processes" / name / "request.json").is_file()


def test_what_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "processes").write_text("a file")
    with pytest.raises(OSError, match=r"."):
        begin(tmp_path, ABOUT)
    assert [path.name for path in tmp_path.iterdir()] == ["processes"]


def test_where_the_project_cannot_be_written_the_state_directory_is_used(
    tmp_path: Path, talk: Talk, said: io.StringIO
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / ".metawsm").write_text("in the way")
    storage = Storage(project, tmp_path / "state", talk)
    records = [storage.begin(replace(ABOUT, run=replace(RUN, run_id=f"run_{number}"))) for number in range(2)]
    storage.close(limit=10)
    assert all(each is not None and each.directory.path.is_relative_to(tmp_path / "state") for each in records)
    assert said.getvalue().count("runs cannot be recorded in") == 1


def test_only_so_many_ended_runs_are_kept(tmp_path: Path, talk: Talk) -> None:
    storage = Storage(tmp_path, tmp_path / "state", talk)
    for number in range(KEPT + 3):
        record = storage.begin(replace(ABOUT, run=replace(RUN, run_id=f"run_{number:03}")))
        assert record is not None
        document, end = exit_record.document(kind="exited", code=0), End.completed()
        storage.ended(record, end, document)
        storage.reported(record, verb_of(end), outcome_of(document, end))
    storage.close(limit=30)
    left = sorted(path.name for path in (tmp_path / ".metawsm" / "processes").iterdir())
    assert (len(left), left[0]) == (KEPT, "bob-run_003")
    with Journal(tmp_path / ".metawsm" / "metawsm.db") as journal:
        assert {row.state for row in journal.processes()} == {State.COMPLETED}
        assert len(journal.processes()) == KEPT + 3


def test_a_journal_that_cannot_be_written_is_said_once(tmp_path: Path, talk: Talk, said: io.StringIO) -> None:
    path = tmp_path / "metawsm.db"
    path.write_text("no database" * 1000)
    ledger = Ledger(path, talk)
    for _ in range(3):
        ledger.spawned(begin(tmp_path, ABOUT))
    ledger.close(limit=30)
    assert said.getvalue().count("not journalled") == 1


def test_the_journal_tells_of_a_run(tmp_path: Path, talk: Talk) -> None:
    ledger = Ledger(tmp_path / "metawsm.db", talk)
    record = begin(tmp_path, ABOUT)
    end = End.failed("it broke")
    document = exit_record.document(kind="exited", code=2, detail=["it broke"])
    ledger.spawned(record)
    ledger.ended(record.process_id, verb_of(end), reason="reported failed", outcome=outcome_of(document, end))
    ledger.close(limit=30)
    with Journal(tmp_path / "metawsm.db") as journal:
        [row] = journal.processes()
    assert (row.process_id, row.run_id, row.session, row.executor) == ("bob-run_1", "run_1", "ses_1", "runner")
    assert (row.agent, row.runtime_id, row.state) == ("bob", "claude_code", State.FAILED)
    assert row.outcome is not None
    assert (row.outcome.code, row.outcome.failure, row.outcome.evidence) == (2, "exited(2)", ("it broke",))


def test_a_project_that_is_not_there_is_not_made(tmp_path: Path, talk: Talk) -> None:
    storage = Storage(tmp_path / "missing", tmp_path / "state", talk)
    record = storage.begin(ABOUT)
    storage.close(limit=10)
    assert record is not None
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_what_cannot_be_journalled_takes_nothing_along(tmp_path: Path, talk: Talk, said: io.StringIO) -> None:
    ledger = Ledger(tmp_path / "metawsm.db", talk)
    record = begin(tmp_path, ABOUT)
    document = exit_record.document(kind="exited", code=0)
    outcome = outcome_of(document, End.completed())
    ledger.spawned(record)
    for process_id, reason in (("unknown", "reported"), (record.process_id, " "), (record.process_id, "reported")):
        ledger.ended(process_id, verb_of(End.completed()), reason=reason, outcome=outcome)
    ledger.close(limit=30)
    with Journal(tmp_path / "metawsm.db") as journal:
        assert [row.state for row in journal.processes()] == [State.COMPLETED]
    assert said.getvalue().count("not journalled") == 2


def test_a_run_does_not_end_before_it_begins(tmp_path: Path, talk: Talk) -> None:
    path = tmp_path / "metawsm.db"
    with Journal(path) as journal:
        journal.prepare()
    ledger = Ledger(path, talk)
    record = begin(tmp_path, ABOUT)
    document = exit_record.document(kind="exited", code=0)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ledger.spawned(record)
        ledger.ended(
            record.process_id,
            verb_of(End.completed()),
            reason="reported",
            outcome=outcome_of(document, End.completed()),
        )
        other.execute("ROLLBACK")
    ledger.close(limit=30)
    with Journal(path) as journal:
        began, ended = (datetime.fromisoformat(each.occurred_at).timestamp() for each in journal.events())
    assert began == pytest.approx(record.submitted_at, abs=0.001)
    assert began <= ended
