import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from doctor.executor import exit_record
from doctor.executor.family import MARK
from doctor.journal.journal import Journal
from doctor.model.process import State
from doctor.os_processes import is_alive, start_time
from doctor.runner import orphans
from doctor.runner.client import Coordinator as Peer
from doctor.runner.leaving import Departure
from doctor.runner.records import RunRecord, begin, is_reported
from doctor.runner.registration import Identity, Registration
from doctor.runner.reports import End, Reporter
from doctor.runner.storage import Storage
from doctor.runner.talk import Talk
from tests.coordinator.server import Coordinator
from tests.runner.test_records import ABOUT, RUN


@pytest.fixture
def coordinator(serve: Callable[..., Coordinator]) -> Coordinator:
    """Where the runs come from."""
    return serve()


@pytest.fixture
def storage(tmp_path: Path, talk: Talk) -> Iterator[Storage]:
    """The new runner's."""
    made = Storage(tmp_path, tmp_path / "state", talk)
    yield made
    made.close(limit=30)


@pytest.fixture
def settle(
    coordinator: Coordinator,
    peer: Callable[[str], Peer],
    identity: Identity,
    departure: Departure,
    talk: Talk,
    storage: Storage,
) -> Callable[[], None]:
    """What a runner does about orphans when it starts."""

    def run() -> None:
        connection = peer(coordinator.url)
        registration = Registration(connection, identity, departure, talk)
        registration.first()
        orphans.settle(storage, coordinator.url, Reporter(connection, registration, departure, talk), talk)

    return run


@pytest.fixture
def leave(tmp_path: Path, coordinator: Coordinator) -> Callable[[], RunRecord]:
    """A run that a runner took which is gone."""
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        began = start_time(gone.pid)

    def made() -> RunRecord:
        run = replace(RUN, run_id=coordinator.create()["run_id"])
        record = begin(tmp_path / ".metawsm", replace(ABOUT, run=run, coordinator=coordinator.url))
        for name, key in (("request.json", "launcher"), ("live.json", "supervisor")):
            path = record.directory.path / name
            path.write_text(json.dumps({**json.loads(path.read_text()), key: [gone.pid, began or "1"]}))
        return record

    return made


def test_what_a_dead_runner_had_is_ended_recorded_and_reported_once(
    leave: Callable[[], RunRecord], settle: Callable[[], None], coordinator: Coordinator, tmp_path: Path
) -> None:
    record = leave()
    code = "import time; print(1, flush=True); time.sleep(60)"
    environment = {**os.environ, MARK: record.process_id}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE) as left:
        assert left.stdout is not None
        left.stdout.readline()
        began = start_time(left.pid) or ""
        settle()
        assert not is_alive(left.pid, began)
    settle()
    run = coordinator.run(record.about.run.run_id)
    assert (run["status"], run["error"]) == ("failed", "the runner that ran it was killed")
    assert coordinator.reports(record.about.run.run_id) == ["failed"]
    assert json.loads(record.directory.exit.read_text())["kind"] == "unknown"


def test_an_end_that_was_recorded_is_reported_as_it_was(
    leave: Callable[[], RunRecord], settle: Callable[[], None], coordinator: Coordinator, storage: Storage
) -> None:
    record = leave()
    storage.ended(record, End.completed(), exit_record.document(kind="exited", code=0))
    settle()
    assert coordinator.reports(record.about.run.run_id) == ["completed"]


def test_an_end_that_was_told_just_before_the_runner_was_killed_is_not_told_again(
    leave: Callable[[], RunRecord],
    settle: Callable[[], None],
    coordinator: Coordinator,
    storage: Storage,
    register: Callable[[Coordinator], Registration],
    peer: Callable[[str], Peer],
    talk: Talk,
) -> None:
    record = leave()
    storage.ended(record, End.completed(), exit_record.document(kind="exited", code=0))
    Reporter(peer(coordinator.url), register(coordinator), Departure(), talk).ended(
        record.about.run.run_id, End.completed()
    )
    settle()
    assert coordinator.reports(record.about.run.run_id) == ["completed"]
    assert is_reported(record.directory.path)


def test_one_that_a_person_ended_meanwhile_was_stopped(
    leave: Callable[[], RunRecord], settle: Callable[[], None], coordinator: Coordinator
) -> None:
    record = leave()
    record.ended(exit_record.document(kind="unknown", cancelled=True))
    settle()
    assert coordinator.reports(record.about.run.run_id) == ["stopped"]


def test_the_journal_hears_of_it(
    leave: Callable[[], RunRecord], settle: Callable[[], None], storage: Storage, tmp_path: Path
) -> None:
    record = leave()
    settle()
    storage.close(limit=30)
    with Journal(tmp_path / ".metawsm" / "metawsm.db") as journal:
        [row] = journal.processes()
    assert (row.process_id, row.state) == (record.process_id, State.FAILED)


def test_what_a_living_runner_has_is_left_alone(
    settle: Callable[[], None], coordinator: Coordinator, tmp_path: Path
) -> None:
    run = replace(RUN, run_id=coordinator.create()["run_id"])
    record = begin(tmp_path / ".metawsm", replace(ABOUT, run=run, coordinator=coordinator.url))
    settle()
    assert coordinator.reports(run.run_id) == []
    assert not is_reported(record.directory.path)


def test_what_belongs_to_another_coordinator_is_left_alone(
    leave: Callable[[], RunRecord], settle: Callable[[], None]
) -> None:
    record = leave()
    path = record.directory.request
    path.write_text(json.dumps({**json.loads(path.read_text()), "coordinator": "http://elsewhere"}))
    settle()
    assert not is_reported(record.directory.path)


def test_two_runners_do_not_settle_the_same(leave: Callable[[], RunRecord], tmp_path: Path) -> None:
    record = leave()
    url = record.about.coordinator
    [held] = orphans.orphans(tmp_path / ".metawsm", url)
    assert list(orphans.orphans(tmp_path / ".metawsm", url)) == []
    held.release()
    [again] = orphans.orphans(tmp_path / ".metawsm", url)
    again.release()


@pytest.mark.parametrize("content", ["", "[]", "{", "null", '{"executor": "runner", "launcher": [0, 5]}'])
def test_any_content_of_a_record_is_taken(
    content: str, leave: Callable[[], RunRecord], settle: Callable[[], None], said: io.StringIO
) -> None:
    record = leave()
    for name in ("request.json", "live.json", "exit.json", "end.json"):
        (record.directory.path / name).write_text(content)
    settle()
    assert "Traceback" not in said.getvalue()


def test_what_another_runner_has_in_hand_is_known(tmp_path: Path) -> None:
    place, url = tmp_path / ".metawsm", ABOUT.coordinator
    made = {run_id: begin(place, replace(ABOUT, run=replace(RUN, run_id=run_id))) for run_id in ("a", "b", "c", "d")}
    made["b"].reported()
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as other:
        for run_id in ("a", "b"):
            path = made[run_id].directory.request
            request = json.loads(path.read_bytes())
            path.write_text(json.dumps({**request, "launcher": [other.pid, start_time(other.pid)]}))
        found = orphans.carried_by_others([place, tmp_path / "missing"], url)
        elsewhere = orphans.carried_by_others([place], "http://elsewhere")
        assert other.stdin is not None
        other.stdin.close()
    assert (found, elsewhere) == (frozenset({"a"}), frozenset())
    assert orphans.carried_by_others([place], url) == frozenset()
