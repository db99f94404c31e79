"""Stops that no poll tells, and runs that were claimed for a poll that was lost."""

import io
import select
from collections.abc import Callable, Iterator

import pytest

from doctor.runner import attending
from doctor.runner.attending import Attendant
from doctor.runner.client import Coordinator as Peer
from doctor.runner.dialect import read_run
from doctor.runner.ending import Cause
from doctor.runner.leaving import Departure
from doctor.runner.polling import Polling
from doctor.runner.registration import Identity, Registration
from doctor.runner.reports import End, Reporter
from doctor.runner.runs import Active, Runs
from doctor.runner.talk import Talk
from tests.coordinator.server import Coordinator

Serve = Callable[..., Coordinator]
MOST = 30


class Rig:
    """A runner that does not poll; its runs last until they are stopped."""

    def __init__(self, coordinator: Coordinator, peer: Peer, identity: Identity, talk: Talk) -> None:
        departure = Departure()
        self.registration = Registration(peer, identity, departure, talk)
        self.registration.first()
        self.reporter = Reporter(peer, self.registration, departure, talk)
        self.runs = Runs(most=MOST, carry=self._carry, reporter=self.reporter, talk=talk)
        polling = Polling(peer, self.registration, self.runs, departure, floor=0, once=False, talk=talk)
        self.attendant = Attendant(
            coordinator=peer,
            registration=self.registration,
            runs=self.runs,
            polling=polling,
            departure=departure,
            talk=talk,
        )
        self.coordinator = coordinator

    def claim(self) -> str:
        """A run that the coordinator gave to a poll nobody listened to."""
        run_id = str(self.coordinator.create()["run_id"])
        self.coordinator.poll(self.registration.now.runner_id)
        return run_id

    def _carry(self, active: Active) -> End:
        self.reporter.started(active.run.run_id)
        select.select([active.ending.wake], [], [])
        end = End.stopped("SIGTERM") if active.ending.cause is Cause.STOPPED else End.failed("left")
        self.reporter.ended(active.run.run_id, end)
        return end


@pytest.fixture
def rig(
    peer: Callable[[str], Peer], identity: Identity, talk: Talk, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Rig]:
    """At a coordinator of its own; it looks often."""
    monkeypatch.setattr(attending, "EVERY", 0.02)
    coordinator = serve()
    made = Rig(coordinator, peer(coordinator.url), identity, talk)
    yield made
    made.attendant.stop()
    made.runs.end_all()
    assert made.runs.wait_until_idle(30)


def test_a_stop_is_heard_without_a_poll(rig: Rig) -> None:
    run_ids = [rig.claim() for _ in range(attending.MOST_AT_ONCE + 3)]
    rig.attendant.start(frozenset, search=False)
    for run_id in run_ids:
        rig.coordinator.until_status(run_id, "running")
    for run_id in (run_ids[0], run_ids[-1]):
        rig.coordinator.stop(run_id)
    assert rig.coordinator.until_ended(run_ids[0], run_ids[-1]) == ["stopped", "stopped"]
    assert rig.coordinator.run(run_ids[1])["status"] == "running"


def test_a_run_that_was_claimed_and_never_arrived_is_taken(rig: Rig) -> None:
    run_id = rig.claim()
    rig.attendant.start(frozenset, search=False)
    rig.coordinator.until_status(run_id, "running")


def test_one_that_comes_to_light_later_is_taken_too(rig: Rig) -> None:
    rig.attendant.start(frozenset, search=True)
    run_id = rig.claim()
    rig.coordinator.until_status(run_id, "running")


def test_one_that_ran_under_a_runner_that_is_gone_has_failed(rig: Rig) -> None:
    run_id = rig.claim()
    rig.reporter.started(run_id)
    rig.attendant.start(frozenset, search=False)
    assert rig.coordinator.until_ended(run_id) == ["failed"]
    assert rig.coordinator.run(run_id)["error"] == "the runner that ran it was killed"


def test_a_list_that_cannot_be_had_is_no_trouble(rig: Rig) -> None:
    rig.coordinator.fault("answer", method="GET", path="/runs", status=404, body="{}", times=-1)
    first = []

    def do_first() -> frozenset[str]:
        first.append(1)
        return frozenset()

    rig.attendant.start(do_first, search=True)
    rig.coordinator.until(lambda: len(rig.coordinator.history("GET", "/runs")) > 4, "questions")
    assert first == [1]


def test_what_a_poll_brings_just_now_is_not_lost(rig: Rig, said: io.StringIO) -> None:
    run_id = rig.claim()
    [run] = [each for each in rig.coordinator.runs() if each["run_id"] == run_id]
    rig.attendant.start(frozenset, search=False)
    rig.coordinator.until(lambda: rig.coordinator.history("GET", "/runs"), "a look")
    arrived = read_run(run)
    assert arrived is not None
    rig.runs.take(arrived)
    rig.coordinator.until_status(run_id, "running")
    rig.coordinator.until(
        lambda: sum(each["ended"] is not None for each in rig.coordinator.history("GET", "/runs")) > 2, "every look"
    )
    assert "never arrived" not in said.getvalue()


@pytest.mark.parametrize(
    ("status", "body", "room"),
    [
        (404, '{"detail":"Not Found"}', True),
        (405, '{"detail":"Method Not Allowed"}', True),
        (422, "{}", True),
        (500, "{}", False),
        (404, '{"detail":"Run not found"}', False),
        (200, '{"status":"running"}', False),
    ],
)
def test_a_full_runner_polls_on_where_only_polls_tell_of_stops(status: int, body: str, room: bool, rig: Rig) -> None:
    rig.coordinator.fault("answer", method="GET", path="/runs/.*", status=status, body=body, times=-1)
    for _ in range(MOST):
        run = read_run({"run_id": rig.claim(), "session_id": "ses_1", "type": "start_session", "prompt": "x"})
        assert run is not None
        rig.runs.take(run)
    assert not rig.runs.has_room()
    rig.attendant.start(frozenset, search=False)
    rig.coordinator.until(lambda: len(rig.coordinator.history("GET", "/runs/")) > 2 * attending.MOST_AT_ONCE, "looks")
    assert rig.runs.has_room() is room


def test_one_that_another_runner_still_carries_out_is_left_to_it(rig: Rig) -> None:
    theirs, lost = rig.claim(), rig.claim()
    for run_id in (theirs, lost):
        rig.reporter.started(run_id)
    rig.attendant.start(lambda: frozenset({theirs}), search=False)
    assert rig.coordinator.until_ended(lost) == ["failed"]
    assert rig.coordinator.run(theirs)["status"] == "running"
