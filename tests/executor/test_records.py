"""What is seen of a process whose records are torn, missing or somebody else's."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.executor.base import Place
from doctor.executor.directories import ProcessDirectory, chosen, known
from doctor.executor.exit_record import SIZE, ReservedRecord, document, encoded
from doctor.executor.records import observe
from doctor.model.failure import FailureKind
from doctor.model.process import OutcomeKind, Receipt
from doctor.os_processes import boot_id, start_time

GONE = [2**22 - 1, "1"]
REQUEST = {"spec_id": "s", "attempt": 1, "executor": "process", "session": "t", "run_id": "r", "submitted_at": 5.0}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def _own() -> list[Any]:
    return [os.getpid(), start_time(os.getpid())]


def _directory(
    tmp_path: Path, *, request: Any = None, live: Any = None, ended: Any = None, gate: bool = False
) -> ProcessDirectory:
    directory = ProcessDirectory(path=tmp_path / ".metawsm" / "processes" / "agent-1")
    directory.path.mkdir(parents=True)
    records = ((directory.request, request), (directory.live, live), (directory.exit, ended))
    for path, content in records:
        if content is not None:
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    if gate:
        os.mkfifo(directory.gate)
    return directory


def _request(**more: Any) -> dict[str, Any]:
    return {**REQUEST, "boot_id": boot_id(), "launcher": GONE, **more}


def test_a_launcher_that_lives_may_still_start_it(tmp_path: Path) -> None:
    directory = _directory(tmp_path, request=_request(launcher=_own()), gate=True)

    seen = observe(directory, terminals=frozenset())

    assert (seen.ended, seen.kind, seen.supervisor_alive) == (False, None, False)


def test_without_launcher_and_supervisor_it_was_never_started(tmp_path: Path) -> None:
    seen = observe(_directory(tmp_path, request=_request(), gate=True), terminals=frozenset())

    assert (seen.ended, seen.kind) == (True, OutcomeKind.FAILED_TO_START)
    assert seen.detail == ("whoever launched this process ended before it was handed over, so it was never started",)


def test_a_supervisor_killed_before_the_agent_was_on_record_started_none(tmp_path: Path) -> None:
    live = {"supervisor": GONE, "agent": None}

    seen = observe(_directory(tmp_path, request=_request(), live=live), terminals=frozenset())

    assert (seen.ended, seen.kind) == (True, OutcomeKind.FAILED_TO_START)
    assert seen.detail == ("the supervisor of this process was killed before it started the agent, so that never ran",)


@pytest.mark.parametrize("file", ["live", "exit"])
def test_a_record_that_is_written_while_it_is_looked_for_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    live = {"supervisor": GONE, "agent": GONE} if file == "exit" else None
    directory = _directory(tmp_path, request=_request(launcher=_own()), live=live)
    late = {"live": {"supervisor": _own(), "agent": None}, "exit": document(kind="exited", code=3)}
    reads = []

    def read_record(path: Path) -> Any:
        reads.append(path)
        if len(reads) == 4:
            getattr(directory, file).write_text(json.dumps(late[file]), encoding="utf-8")
        return json.loads(path.read_bytes()) if path.exists() else None

    monkeypatch.setattr("doctor.executor.records.read_record", read_record)

    seen = observe(directory, terminals=frozenset())

    expected = (False, None, None) if file == "live" else (True, OutcomeKind.EXITED, 3)
    assert (seen.ended, seen.kind, seen.code) == expected


def test_a_number_that_was_given_to_another_process_is_not_alive(tmp_path: Path) -> None:
    live = {"supervisor": [os.getpid(), "1"], "agent": [os.getpid(), "1"], "started_at": 6.0}

    seen = observe(_directory(tmp_path, request=_request(), live=live), terminals=frozenset())

    assert (seen.ended, seen.kind, seen.supervisor_alive, seen.agent_alive) == (True, OutcomeKind.UNKNOWN, False, False)


@pytest.mark.parametrize(
    ("terminals", "terminal"), [(None, True), (frozenset({"t"}), True), (frozenset({"t-abc"}), False)]
)
def test_a_terminal_is_there_if_its_session_is(
    tmp_path: Path, terminals: frozenset[str] | None, terminal: bool
) -> None:
    live = {"supervisor": _own(), "agent": _own(), "started_at": 6.0, "receipt": "delivered"}

    seen = observe(_directory(tmp_path, request=_request(), live=live), terminals=terminals)

    assert (seen.terminal, seen.kind, seen.receipt) == (terminal, None, Receipt.DELIVERED)


def test_a_lost_terminal_is_told_while_the_agent_runs_on(tmp_path: Path) -> None:
    live = {"supervisor": _own(), "agent": _own(), "terminal_lost_at": 7.0}

    seen = observe(_directory(tmp_path, request=_request(), live=live), terminals=None)

    assert (seen.kind, seen.ended, seen.terminal, seen.terminal_lost_at) == (
        OutcomeKind.TERMINAL_LOST,
        False,
        False,
        7.0,
    )


def test_a_survivor_counts_only_while_it_lives(tmp_path: Path) -> None:
    ended = document(kind="exited", code=0, survivors=[_own(), GONE, "torn"])

    seen = observe(_directory(tmp_path, request=_request(), ended=ended), terminals=frozenset())

    assert (seen.kind, seen.code, seen.survivors) == (OutcomeKind.EXITED, 0, (os.getpid(),))


def test_after_a_restart_of_the_machine_a_recorded_end_still_counts(tmp_path: Path) -> None:
    ended = document(kind="failed-to-start", problem="cli-missing", ended_at=9.0, survivors=[_own()])

    seen = observe(_directory(tmp_path, request=_request(boot_id="other"), ended=ended), terminals=frozenset())

    assert (seen.kind, seen.problem, seen.ended_at, seen.survivors) == (
        OutcomeKind.FAILED_TO_START,
        FailureKind.CLI_MISSING,
        9.0,
        (),
    )


def test_after_a_restart_no_number_means_anything(tmp_path: Path) -> None:
    live = {"supervisor": _own(), "agent": _own()}

    seen = observe(_directory(tmp_path, request=_request(boot_id="other"), live=live), terminals=frozenset({"t"}))

    assert (seen.ended, seen.kind, seen.agent_alive, seen.terminal) == (True, OutcomeKind.UNKNOWN, False, False)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"spec_id": 3', "\x00" * 20])
def test_a_torn_request_is_told(tmp_path: Path, content: str) -> None:
    seen = observe(_directory(tmp_path, request=content), terminals=frozenset())

    assert (seen.ended, seen.kind, seen.spec_id) == (True, OutcomeKind.UNKNOWN, "")
    assert seen.detail == ("its request.json is not readable as what this tool writes, so nothing is known of it",)


@given(records=st.tuples(JSON, JSON, JSON), keys=st.dictionaries(st.sampled_from([*document(kind="x")]), JSON))
def test_any_content_is_taken(
    records: tuple[Any, Any, Any], keys: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    request, live, ended = records
    tmp_path = tmp_path_factory.mktemp("any")
    directory = _directory(tmp_path, request=json.dumps(request), live=live, ended=json.dumps(ended))
    if keys:
        directory.exit.write_text(json.dumps(keys), encoding="utf-8")

    assert observe(directory, terminals=None).process_id == "agent-1"


def test_what_may_not_be_looked_at_is_not_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = _directory(tmp_path, request=_request())

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("doctor.config.files.os.open", denied)

    seen = observe(directory, terminals=frozenset())

    assert (seen.ended, seen.kind) == (False, None)
    assert seen.detail == (f"{directory.path} cannot be looked at: Permission denied",)


def test_what_somebody_else_put_there_is_left_out(tmp_path: Path) -> None:
    directory = _directory(tmp_path, request=_request())
    (directory.path.parent / "notes.txt").write_text("mine", encoding="utf-8")
    (directory.path.parent / "empty").mkdir()
    (directory.path.parent / ".new-123").mkdir()
    (directory.path.parent / ".new-123" / "request.json").write_text("{}", encoding="utf-8")

    assert known(Place(directory=tmp_path / ".metawsm")) == (directory,)


def test_only_an_executors_own_processes_are_its_own(tmp_path: Path) -> None:
    directory = _directory(tmp_path, request=_request())
    place = Place(directory=tmp_path / ".metawsm")

    assert chosen(place, None, executor="tmux") == ()
    assert chosen(place, ["agent-1", "agent-1-abc", "", ".", "a/b"], executor="process") == (directory,)


def test_where_nothing_was_ever_launched_nothing_is_known(tmp_path: Path) -> None:
    assert known(Place(directory=tmp_path)) == ()


@given(st.lists(st.text(), max_size=30), st.integers(0, 3000))
def test_a_record_always_has_its_size(detail: list[str], survivors: int) -> None:
    content = encoded(document(kind="unknown", detail=detail, survivors=[[2**22, "123456789"]] * survivors))

    assert len(content) == SIZE
    assert json.loads(content)["kind"] == "unknown"


def test_a_record_has_only_known_keys() -> None:
    with pytest.raises(TypeError, match="signl"):
        document(kind="killed", signl="SIGKILL")


def test_reserved_room_is_given_back(tmp_path: Path) -> None:
    record = ReservedRecord(str(tmp_path))
    (reserved,) = tmp_path.iterdir()

    assert reserved.stat().st_blocks * 512 >= SIZE
    record.drop()
    assert list(tmp_path.iterdir()) == []
