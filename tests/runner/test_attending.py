"""Stops that no poll tells, and runs that were claimed for a poll that was lost."""

import io
import select
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from doctor.runner import attending, recovering
from doctor.runner.attending import Attendant
from doctor.runner.client import Coordinator as Peer
from doctor.runner.dialect import Run, read_run
from doctor.runner.ending import Cause
from doctor.runner.leaving import Departure
from doctor.runner.polling import Polling
from doctor.runner.registration import Identity, Registration
from doctor.runner.reports import End, Reporter
from doctor.runner.runs import Active, Runs
from doctor.runner.talk import Talk
from tests.coordinator import bare
from tests.coordinator.server import Coordinator

Serve = Callable[..., Coordinator]
MOST = 30


class Rig:
    """A runner that does not poll; its runs last until they are stopped."""

    def __init__(self, coordinator: Coordinator, peer: Peer, identity: Identity, talk: Talk) -> None:
        self.departure = departure = Departure()
        self.registration = Registration(peer, identity, departure, talk)
        self.registration.first()
        self.reporter = Reporter(peer, self.registration, departure, talk)
        self.runs = Runs(most=MOST, carry=self._carry, reporter=self.reporter, departure=departure, talk=talk)
        polling = Polling(peer, self.registration, self.runs, departure, floor=0, once=False, talk=talk)
        self.attendant = Attendant(
            coordinator=peer,
            registration=self.registration,
            runs=self.runs,
            reporter=self.reporter,
            polling=polling,
            departure=departure,
            talk=talk,
        )
        self.coordinator = coordinator
        self.taken: list[Run] = []

    def claim(self, **more: Any) -> str:
        """A run that the coordinator gave to a poll nobody listened to."""
        run_id = str(self.coordinator.create(**more)["run_id"])
        self.coordinator.poll(self.registration.now.runner_id)
        return run_id

    def _carry(self, active: Active) -> End:
        self.taken.append(active.run)
        self.reporter.started(active.run.run_id)
        select.select([active.ending.wake], [], [])
        end = End.stopped("SIGTERM") if active.ending.cause is Cause.STOPPED else End.failed("left")
        self.reporter.ended(active.run.run_id, end)
        return end


@pytest.fixture
def rigged(
    peer: Callable[[str], Peer], identity: Identity, talk: Talk, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Rig]]:
    """At a coordinator of its own; it looks often, and waits for nothing that could be on its way."""
    monkeypatch.setattr(attending, "EVERY", 0.02)
    monkeypatch.setattr(attending, "ON_ITS_WAY", 0.01)
    rigs = []

    def make(dialect: str) -> Rig:
        coordinator = serve(dialect=dialect)
        rigs.append(Rig(coordinator, peer(coordinator.url), identity, talk))
        return rigs[-1]

    yield make
    for made in rigs:
        made.attendant.stop()
        made.runs.end_all()
        assert made.runs.wait_until_idle(30)


@pytest.fixture
def rig(rigged: Callable[[str], Rig]) -> Rig:
    """At a coordinator of the seed's dialect."""
    return rigged("seed")


@pytest.fixture
def current(rigged: Callable[[str], Rig]) -> Rig:
    """At a current one."""
    return rigged("current")


def test_a_stop_is_heard_without_a_poll(rig: Rig) -> None:
    run_ids = [rig.claim() for _ in range(3)]
    rig.attendant.start(frozenset, search=False)
    for run_id in run_ids:
        rig.coordinator.until_status(run_id, "running")
    before = len(rig.coordinator.history("GET", "/runs/"))
    for run_id in (run_ids[0], run_ids[-1]):
        rig.coordinator.stop(run_id)
    look_often(rig)
    assert len(rig.coordinator.history("GET", "/runs/")) == before, "one question is about all runs"
    assert rig.coordinator.until_ended(run_ids[0], run_ids[-1]) == ["stopped", "stopped"]
    assert rig.coordinator.run(run_ids[1])["status"] == "running"


def test_a_stop_that_was_lost_with_the_answer_to_a_poll_is_heard(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = rig.claim()
    rig.attendant.start(frozenset, search=True)
    rig.coordinator.until_status(run_id, "running")
    monkeypatch.setattr(Polling, "is_open", True)
    rig.coordinator.stop(run_id)
    assert rig.coordinator.until_ended(run_id) == ["stopped"]


def test_a_stop_is_told_once(rig: Rig, said: io.StringIO) -> None:
    run_id = rig.claim()
    rig.attendant.start(frozenset, search=False)
    rig.coordinator.until_status(run_id, "running")
    rig.coordinator.fault("slow", method="POST", path=".*/stopped", seconds=0.3)
    rig.coordinator.stop(run_id)
    rig.coordinator.until_ended(run_id)
    assert said.getvalue().count(f"stopping {run_id}") == 1


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


def test_what_a_poll_brings_just_now_is_not_lost(rig: Rig, said: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attending, "ON_ITS_WAY", 0.5)
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
        (200, "{}", True),
        (500, "{}", False),
        (200, '{"runs":[]}', False),
    ],
)
def test_a_full_runner_polls_on_where_only_polls_tell_of_stops(status: int, body: str, room: bool, rig: Rig) -> None:
    rig.coordinator.fault("answer", method="GET", path="/runs", status=status, body=body, times=-1)
    for _ in range(MOST):
        run = read_run({"run_id": rig.claim(), "session_id": "ses_1", "type": "start_session", "prompt": "x"})
        assert run is not None
        rig.runs.take(run)
    assert not rig.runs.has_room()
    rig.attendant.start(frozenset, search=False)
    look_often(rig)
    assert rig.runs.has_room() is room


def test_one_that_another_runner_still_carries_out_is_left_to_it(rig: Rig) -> None:
    theirs, lost = rig.claim(), rig.claim()
    for run_id in (theirs, lost):
        rig.reporter.started(run_id)
    rig.attendant.start(lambda: frozenset({theirs}), search=False)
    assert rig.coordinator.until_ended(lost) == ["failed"]
    assert rig.coordinator.run(theirs)["status"] == "running"


def test_a_lost_run_has_its_agent_with_it(current: Rig) -> None:
    current.coordinator.create_agent("bob", system_prompt="Be ${runner.brief}.")
    run_id = current.claim(agent_name="bob")
    current.attendant.start(frozenset, search=False)
    current.coordinator.until_status(run_id, "running")
    [run] = current.taken
    assert run.blueprint == current.coordinator.request("GET", "/agents/bob").body


@pytest.mark.parametrize("agent", [None, "nobody"])
def test_a_lost_run_without_an_agent_has_none(current: Rig, agent: str | None) -> None:
    run_id = current.claim(agent_name=agent)
    current.attendant.start(frozenset, search=False)
    current.coordinator.until_status(run_id, "running")
    assert [run.blueprint for run in current.taken] == [None]


@pytest.mark.parametrize(
    "more", [{"system_prompt": "Work on ${params.prompt}."}, {"mcp_servers": {"tools": {"ref": "some"}}}]
)
def test_a_lost_run_whose_agent_was_filled_in_has_failed(current: Rig, more: dict[str, Any]) -> None:
    current.coordinator.create_agent("bob", **more)
    run_id = current.claim(agent_name="bob")
    current.attendant.start(frozenset, search=False)
    assert current.coordinator.until_ended(run_id) == ["failed"]
    assert current.taken == []
    assert "filled in for the agent 'bob'" in current.coordinator.run(run_id)["error"]


def test_an_agent_that_cannot_be_asked_for_is_asked_for_again(current: Rig) -> None:
    current.coordinator.create_agent("bob")
    current.coordinator.fault("answer", method="GET", path="/agents/.*", status=502, times=3)
    run_id = current.claim(agent_name="bob")
    current.attendant.start(frozenset, search=False)
    current.coordinator.until_status(run_id, "running")
    assert [run.agent_name for run in current.taken] == ["bob"]


def guarded(rig: Rig) -> tuple[str, str]:
    """A run that its agent's hook looks at, claimed for a poll that nobody listens to, and the hook's own run."""
    created = bare.guarded(rig.coordinator)
    threading.Thread(target=rig.coordinator.poll, args=(rig.registration.now.runner_id,), daemon=True).start()
    rig.coordinator.until_status(created["run_id"], "claimed")
    return str(created["run_id"]), str(bare.hook_run(rig.coordinator)["run_id"])


def look_often(rig: Rig) -> None:
    """Wait until the list of runs was asked for some more times."""
    before = len(rig.coordinator.history("GET", "/runs"))
    rig.coordinator.until(lambda: len(rig.coordinator.history("GET", "/runs")) > before + 8, "some looks")


def end_hook(rig: Rig, run_id: str, **said: Any) -> None:
    """The hook's agent has looked, and says something."""
    bare.say_result(rig.coordinator, rig.coordinator.run(run_id)["session_id"], result_data=said)
    rig.reporter.ended(run_id, End.completed())


def test_a_lost_run_whose_agent_is_not_told_of_has_failed(current: Rig) -> None:
    current.coordinator.create_agent("bob")
    current.coordinator.fault("answer", method="GET", path="/agents/.*", status=403, body="{}", times=-1)
    run_id = current.claim(agent_name="bob")
    current.attendant.start(frozenset, search=False)
    assert current.coordinator.until_ended(run_id) == ["failed"]
    assert "of the agent 'bob' is said only: 403" in current.coordinator.run(run_id)["error"]


def test_a_run_that_a_hook_looks_at_is_not_lost(current: Rig) -> None:
    run_id, hook = guarded(current)
    current.attendant.start(frozenset, search=False)
    look_often(current)
    assert (current.taken, current.coordinator.run(run_id)["status"]) == ([], "claimed")
    end_hook(current, hook, action="block", block_reason="no")
    assert current.coordinator.until_ended(run_id) == ["failed"]
    assert (current.taken, current.coordinator.reports(run_id)) == ([], [])


def test_a_run_is_lost_that_its_hook_let_pass(current: Rig) -> None:
    run_id, hook = guarded(current)
    current.attendant.start(frozenset, search=False)
    look_often(current)
    end_hook(current, hook, action="continue", parameters={"prompt": "after"})
    current.coordinator.until_status(run_id, "running")
    assert [run.prompt for run in current.taken] == ["after"]


def test_a_run_whose_hook_is_silent_for_too_long_has_failed(current: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovering, "_hook_limit", lambda agent: 0.01)
    monkeypatch.setattr(recovering, "LATE", 0.01)
    run_id, _ = guarded(current)
    current.attendant.start(frozenset, search=False)
    assert current.coordinator.until_ended(run_id) == ["failed"]
    assert "hook" in current.coordinator.run(run_id)["error"]


def test_a_run_that_waits_for_its_hook_has_failed_when_the_runner_leaves(current: Rig) -> None:
    run_id, _ = guarded(current)
    current.attendant.start(frozenset, search=True)
    current.coordinator.until(lambda: current.coordinator.history("GET", "/sessions/"), "a look at the hook")
    current.departure.begin()
    current.attendant.stop()
    assert (current.taken, current.coordinator.run(run_id)["status"]) == ([], "failed")
    assert [thread for thread in threading.enumerate() if thread.name == "attendant"] == []


def test_nothing_is_taken_once_the_runner_is_to_leave(rig: Rig) -> None:
    run_id = rig.claim()
    given = read_run(rig.coordinator.run(run_id))
    assert given is not None
    rig.departure.begin()
    rig.runs.take(given)
    assert (rig.taken, rig.coordinator.reports(run_id)) == ([], ["failed"])
    assert rig.coordinator.run(run_id)["error"] == "runner is shutting down"


def test_a_lost_run_that_is_to_be_stopped_is_stopped(current: Rig) -> None:
    run_id = current.claim()
    current.coordinator.stop(run_id)
    current.coordinator.fault("answer", method="GET", path="/runs", status=502)  # so that it comes to light later
    current.attendant.start(frozenset, search=True)
    current.coordinator.until_status(run_id, "stopped")
    assert current.taken == []


def test_a_session_without_a_run_is_stopped_at_once(current: Rig) -> None:
    run_id = current.claim()
    session_id = current.coordinator.run(run_id)["session_id"]
    current.reporter.ended(run_id, End.completed(session_status="idle"))
    current.coordinator.request("POST", f"/sessions/{session_id}/stop")
    current.runs.stop_sessions((session_id,))
    current.coordinator.until(lambda: current.coordinator.session(session_id)["status"] == "stopped", "its end")


def test_a_session_whose_run_has_just_ended_is_left_alone(current: Rig) -> None:
    run_id = current.claim()
    session_id = current.coordinator.run(run_id)["session_id"]
    current.reporter.ended(run_id, End.completed())
    current.runs.stop_sessions((session_id,))
    path = f"/sessions/{session_id}"
    current.coordinator.until(lambda: current.coordinator.history("GET", path), "a question")
    assert current.coordinator.session(session_id)["status"] == "finished"
    assert current.coordinator.history("POST", f"/runner{path}") == []


def test_a_runner_that_has_left_does_not_register_for_a_session(current: Rig) -> None:
    run_id = current.claim()
    session_id = current.coordinator.run(run_id)["session_id"]
    current.coordinator.stop(run_id)
    current.registration.forget()
    current.reporter.session_stopped(session_id)
    assert len(current.coordinator.history("POST", "/runner/register")) == 1
