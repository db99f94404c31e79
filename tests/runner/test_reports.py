import io
from collections.abc import Callable

import pytest

from doctor.runner import leaving, reports
from doctor.runner.client import Coordinator as Peer
from doctor.runner.leaving import Departure
from doctor.runner.registration import Identity, Registration
from doctor.runner.reports import End, Reporter, Told
from doctor.runner.talk import Talk
from tests.coordinator.server import Coordinator
from tests.runner.raw_server import RawServer, ok

Serve = Callable[..., Coordinator]
MakeReporter = Callable[[str], Reporter]


@pytest.fixture
def reporter(peer: Callable[[str], Peer], identity: Identity, departure: Departure, talk: Talk) -> MakeReporter:
    """Reports to a coordinator, as a runner that is registered there: ``reporter(url)``."""

    def make(url: str) -> Reporter:
        coordinator = peer(url)
        registration = Registration(coordinator, identity, departure, talk)
        registration.first()
        return Reporter(coordinator, registration, departure, talk)

    return make


def claimed(coordinator: Coordinator, reporter: MakeReporter) -> tuple[str, Reporter]:
    """A run that the runner has claimed."""
    made = reporter(coordinator.url)
    run_id = coordinator.create()["run_id"]
    [runner] = coordinator.runners()
    coordinator.poll(runner["runner_id"])
    return run_id, made


def test_a_run_begins_and_ends_once(serve: Serve, reporter: MakeReporter) -> None:
    coordinator = serve()
    run_id, made = claimed(coordinator, reporter)
    assert [made.started(run_id), made.ended(run_id, End.completed())] == [Told.TAKEN, Told.TAKEN]
    assert coordinator.reports(run_id) == ["started", "completed"]


@pytest.mark.parametrize("dialect", ["seed", "current"])
@pytest.mark.parametrize("what", ["started", "completed"])
def test_a_report_whose_answer_was_lost_is_not_repeated(
    what: str, dialect: str, serve: Serve, reporter: MakeReporter
) -> None:
    coordinator = serve(dialect=dialect)
    run_id, made = claimed(coordinator, reporter)
    coordinator.fault("drop_after", method="POST", path=f"/runner/runs/.*/{what}")
    assert [made.started(run_id), made.ended(run_id, End.completed())] == [Told.TAKEN, Told.TAKEN]
    assert coordinator.reports(run_id) == ["started", "completed"]


def test_a_report_that_never_arrived_is_repeated(serve: Serve, reporter: MakeReporter) -> None:
    coordinator = serve()
    run_id, made = claimed(coordinator, reporter)
    coordinator.fault("drop_before", method="POST", path="/runner/runs/.*")
    assert made.started(run_id) is Told.TAKEN
    assert coordinator.reports(run_id) == ["started"]


def test_a_coordinator_that_forgot_the_runner_hears_the_report_all_the_same(
    serve: Serve, reporter: MakeReporter
) -> None:
    coordinator = serve()
    run_id, made = claimed(coordinator, reporter)
    coordinator.forget_runners()
    assert made.started(run_id) is Told.TAKEN
    assert coordinator.reports(run_id)[-1] == "started"


def test_a_run_that_nobody_knows_is_not_reported_for_ever(serve: Serve, reporter: MakeReporter) -> None:
    made = reporter(serve().url)
    assert made.ended("run_unknown", End.failed("x")) is Told.REFUSED


def test_a_report_is_given_up_once_there_is_no_time(
    peer: Callable[[str], Peer],
    identity: Identity,
    departure: Departure,
    talk: Talk,
    said: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reports, "HASTY", 0.0)
    monkeypatch.setattr(leaving, "LONGEST_PAUSE", 0.01)
    answers = [ok(b'{"runner_id": "lnch_1"}')]
    with RawServer(lambda _: answers.pop() if answers else ok(status="503 Later")) as server:
        coordinator = peer(server.url)
        registration = Registration(coordinator, identity, departure, talk)
        registration.first()
        departure.ask()
        departure.ask()
        assert Reporter(coordinator, registration, departure, talk).started("run_1") is Told.NOT_YET
    assert "the next runner here does it" in said.getvalue()


def test_a_failure_has_a_reason() -> None:
    assert End.failed("").body == {"error": "the run failed"}
    assert End.completed(session_status="finished").body == {"status": "success", "session_status": "finished"}
    assert End.stopped("SIGKILL") == End(what="stopped", body={"signal": "SIGKILL"})


@pytest.mark.parametrize("what", ["started", "completed"])
def test_a_report_whose_answer_was_spoiled_is_not_repeated(what: str, serve: Serve, reporter: MakeReporter) -> None:
    coordinator = serve()
    run_id, report = claimed(coordinator, reporter)
    coordinator.fault("replace", method="POST", path=f"/runner/runs/.*/{what}", status=502, body="<html>")
    assert report.started(run_id) is Told.TAKEN
    assert report.ended(run_id, End.completed()) is Told.TAKEN
    assert coordinator.reports(run_id) == ["started", "completed"]
