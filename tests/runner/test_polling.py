"""Claiming and leaving, against a coordinator that keeps an open poll as the real one does."""

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from doctor.runner import polling
from doctor.runner.client import Coordinator as Peer
from doctor.runner.dialect import read_run
from doctor.runner.leaving import Departure
from doctor.runner.polling import Polling
from doctor.runner.registration import Identity, Registration
from doctor.runner.reports import End, Reporter
from doctor.runner.runs import Active, Runs
from doctor.runner.talk import Talk
from tests.coordinator import bare
from tests.coordinator.server import Coordinator

Serve = Callable[..., Coordinator]


class Rig:
    """A runner without executors: a run lasts until ``go`` is set."""

    def __init__(self, coordinator: Coordinator, peer: Peer, identity: Identity, talk: Talk, **given: Any) -> None:
        self.go = threading.Event()
        self.given_up = threading.Event()
        self.begun: list[str] = []
        self.departure = Departure()
        self.registration = Registration(peer, identity, self.departure, talk)
        self.reporter = Reporter(peer, self.registration, self.departure, talk)
        self.runs = Runs(
            most=given.pop("most", 1), carry=self._carry, reporter=self.reporter, departure=self.departure, talk=talk
        )
        given = {"floor": 0.0, "once": False, **given}
        self.polling = Polling(peer, self.registration, self.runs, self.departure, talk=talk, **given)
        self.coordinator = coordinator

    def start(self) -> None:
        self.registration.first()
        self.polling.start()
        self.coordinator.until(self.coordinator.open_polls, "a poll")

    def leave(self) -> None:
        self.departure.begin()
        assert self.runs.wait_until_idle(30)
        self.polling.leave(self.given_up.set)

    def _carry(self, active: Active) -> End:
        self.begun.append(active.run.run_id)
        self.reporter.started(active.run.run_id)
        self.go.wait(30)
        end = End.completed()
        self.reporter.ended(active.run.run_id, end)
        return end


@pytest.fixture
def rig(peer: Callable[[str], Peer], identity: Identity, talk: Talk) -> Iterator[Callable[..., Rig]]:
    """A runner at a coordinator: ``rig(coordinator, most=2)``."""
    with ExitStack() as stack:

        def make(coordinator: Coordinator, **given: Any) -> Rig:
            made = Rig(coordinator, peer(coordinator.url), identity, talk, **given)
            stack.callback(made.leave)
            stack.callback(made.go.set)
            return made

        yield make


def test_leaving_ends_the_open_poll(serve: Serve, rig: Callable[..., Rig]) -> None:
    coordinator = serve(poll_timeout=30)
    made = rig(coordinator)
    made.start()
    made.leave()
    assert (coordinator.runners(), coordinator.open_polls(), coordinator.marks()) == ([], 0, [])
    run_id = coordinator.create()["run_id"]
    assert coordinator.run(run_id)["status"] == "pending"


def test_a_run_that_comes_while_leaving_is_reported(serve: Serve, rig: Callable[..., Rig]) -> None:
    coordinator = serve(poll_timeout=30)
    made = rig(coordinator)
    made.start()
    made.departure.begin()
    run_id = coordinator.create()["run_id"]
    coordinator.until_ended(run_id)
    assert (coordinator.run(run_id)["status"], coordinator.run(run_id)["error"]) == (
        "failed",
        "runner is shutting down",
    )
    made.leave()
    assert (coordinator.runners(), coordinator.open_polls(), coordinator.marks()) == ([], 0, [])


def test_nothing_is_claimed_without_room(serve: Serve, rig: Callable[..., Rig]) -> None:
    coordinator = serve()
    made = rig(coordinator)
    made.start()
    first, second = (coordinator.create()["run_id"] for _ in range(2))
    coordinator.until_status(first, "running")
    coordinator.until(lambda: coordinator.open_polls() == 0, "the poll's end")
    assert coordinator.run(second)["status"] == "pending"
    made.go.set()
    assert coordinator.until_ended(first, second) == ["completed", "completed"]


def test_without_an_open_poll_the_runner_removes_itself(serve: Serve, rig: Callable[..., Rig]) -> None:
    coordinator = serve()
    made = rig(coordinator)
    made.start()
    run_id = coordinator.create()["run_id"]
    coordinator.until_status(run_id, "running")
    made.go.set()
    made.leave()
    assert (coordinator.runners(), coordinator.marks()) == ([], [])


def test_once_is_one_run(serve: Serve, rig: Callable[..., Rig]) -> None:
    coordinator = serve()
    made = rig(coordinator, once=True)
    made.start()
    first = coordinator.create()["run_id"]
    made.go.set()
    assert made.departure.asked.wait(30)
    made.leave()
    assert coordinator.run(first)["status"] == "completed"
    assert coordinator.runners() == []


def test_a_removal_from_outside_ends_the_work(serve: Serve, rig: Callable[..., Rig]) -> None:
    coordinator = serve()
    made = rig(coordinator)
    made.start()
    coordinator.deregister(made.registration.now.runner_id)
    assert made.departure.asked.wait(30)
    made.leave()
    assert (coordinator.runners(), coordinator.marks()) == ([], [])


def test_what_runs_when_the_runner_is_removed_is_still_reported(serve: Serve, rig: Callable[..., Rig]) -> None:
    coordinator = serve()
    made = rig(coordinator, most=2)
    made.start()
    run_id = coordinator.create()["run_id"]
    coordinator.until_status(run_id, "running")
    coordinator.until(coordinator.open_polls, "another poll")
    coordinator.deregister(made.registration.now.runner_id)
    assert made.departure.asked.wait(30)
    made.go.set()
    made.leave()
    assert (coordinator.run(run_id)["status"], coordinator.runners()) == ("completed", [])


def test_a_coordinator_that_forgot_the_runner_gets_it_again(serve: Serve, rig: Callable[..., Rig]) -> None:
    coordinator = serve(poll_timeout=1)
    made = rig(coordinator)
    made.start()
    coordinator.forget_runners()
    made.go.set()
    assert coordinator.until_ended(coordinator.create()["run_id"]) == ["completed"]


@pytest.mark.parametrize("body", ["null", "[]", "5", "text", "{", '{"run": {}}', '{"run": 5}', '{"nobody": "knows"}'])
def test_an_answer_that_cannot_be_used_is_survived(
    body: str, serve: Serve, rig: Callable[..., Rig], said: io.StringIO
) -> None:
    coordinator = serve()
    made = rig(coordinator)
    coordinator.answer_poll(body)
    made.go.set()
    made.start()
    assert coordinator.until_ended(coordinator.create()["run_id"]) == ["completed"]


def test_the_same_run_twice_runs_once_and_is_told_again_where_its_end_is_not_known(
    serve: Serve, rig: Callable[..., Rig]
) -> None:
    coordinator = serve()
    made = rig(coordinator)
    made.go.set()
    made.start()
    run_id = coordinator.create()["run_id"]
    coordinator.until_ended(run_id)
    run = coordinator.run(run_id)
    coordinator.fault("answer", method="GET", path=f"/runs/{run_id}", status=200, body='{"status":"claimed"}')
    coordinator.answer_poll({"run": run})
    coordinator.until(lambda: coordinator.reports(run_id).count("completed") == 2, "the end, again")
    assert made.begun == [run_id]


def test_a_lost_poll_is_ended_before_leaving(serve: Serve, rig: Callable[..., Rig]) -> None:
    coordinator = serve(poll_timeout=30)
    made = rig(coordinator)
    made.start()
    with coordinator.abandoned_poll(made.registration.now.runner_id):
        pass
    made.polling.dropped_at = time.monotonic()
    made.leave()
    assert (coordinator.runners(), coordinator.open_polls(), coordinator.marks()) == ([], 0, [])


@pytest.mark.parametrize(("status", "body"), [(502, "<html>"), (504, ""), (200, "<html>"), (200, '{"run":{}}')])
def test_an_answer_that_was_spoiled_may_have_been_a_run(
    status: int, body: str, serve: Serve, rig: Callable[..., Rig]
) -> None:
    coordinator = serve()
    made = rig(coordinator)
    coordinator.fault("replace", method="GET", path="/runner/runs", status=status, body=body)
    coordinator.create()
    made.start()
    coordinator.until(lambda: made.polling.dropped_at is not None, "the loss to be known")


def test_an_end_that_the_coordinator_knows_is_not_told_again(serve: Serve, rig: Callable[..., Rig]) -> None:
    coordinator = serve()
    made = rig(coordinator)
    made.go.set()
    made.start()
    run = coordinator.create()
    coordinator.until_ended(run["run_id"])
    coordinator.answer_poll({"run": coordinator.run(run["run_id"])})
    coordinator.until(lambda: len(coordinator.history("GET", f"/runs/{run['run_id']}")) == 2, "the question")
    made.leave()
    assert coordinator.reports(run["run_id"]) == ["started", "completed"]


def test_a_run_that_has_ended_is_not_failed_by_leaving(serve: Serve, rig: Callable[..., Rig]) -> None:
    coordinator = serve()
    made = rig(coordinator)
    made.go.set()
    made.start()
    run = coordinator.create()
    coordinator.until_ended(run["run_id"])
    given = read_run(coordinator.run(run["run_id"]))
    assert given is not None
    assert made.runs.wait_until_idle(30)
    made.runs.refuse(given, "leaving")
    assert coordinator.reports(run["run_id"]) == ["started", "completed"]


def test_a_poll_that_a_hook_holds_back_is_given_up(
    serve: Serve, rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "LEAVING_LIMIT", 0.1)
    coordinator = serve(dialect="current")
    made = rig(coordinator)
    made.start()
    created = bare.guarded(coordinator)
    coordinator.until_status(created["run_id"], "claimed")
    made.leave()
    assert made.given_up.is_set()
    assert made.begun == []
