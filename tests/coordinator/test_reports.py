"""Reports on runs: believed whatever they say, and whoever says it."""

import pytest

from tests.coordinator.bare import claimed, registered, report
from tests.coordinator.server import Coordinator


@pytest.mark.parametrize("what", ["started", "completed", "failed", "stopped"])
def test_a_report_needs_a_registered_runner_and_a_run(coordinator: Coordinator, what: str) -> None:
    runner_id = registered(coordinator)
    created = coordinator.create()
    body = {"error": "e"}
    assert report(coordinator, "lnch_none", created["run_id"], what, **body) == (
        401,
        {"detail": "Runner not registered"},
    )
    assert report(coordinator, runner_id, "run_none", what, **body) == (404, {"detail": "Run not found"})


@pytest.mark.parametrize(
    ("what", "more", "status"),
    [
        ("started", {}, "running"),
        ("completed", {"status": "success"}, "completed"),
        ("failed", {"error": "why"}, "failed"),
        ("stopped", {"signal": "SIGKILL"}, "stopped"),
    ],
)
def test_a_report_gives_the_run_its_status(
    coordinator: Coordinator, what: str, more: dict[str, str], status: str
) -> None:
    runner_id = registered(coordinator)
    created = claimed(coordinator, runner_id)
    assert report(coordinator, runner_id, created["run_id"], what, **more) == (200, {"ok": True})
    run = coordinator.run(created["run_id"])
    assert (run["status"], run["error"]) == (status, more.get("error"))
    assert coordinator.reports(created["run_id"]) == [what]


def test_a_failure_has_to_say_why(coordinator: Coordinator) -> None:
    runner_id = registered(coordinator)
    created = claimed(coordinator, runner_id)
    assert report(coordinator, runner_id, created["run_id"], "failed").status == 422
    assert coordinator.reports(created["run_id"]) == []


def test_nothing_keeps_a_run_that_ended_from_changing(coordinator: Coordinator) -> None:
    runner_id = registered(coordinator)
    created = claimed(coordinator, runner_id)
    for what in ("completed", "completed", "failed", "started"):
        assert report(coordinator, runner_id, created["run_id"], what, error="late").status == 200
    assert coordinator.run(created["run_id"])["status"] == "running"


def test_any_runner_may_report_on_any_run(coordinator: Coordinator) -> None:
    created = claimed(coordinator, registered(coordinator))
    other = registered(coordinator, executor_profile="other")
    assert report(coordinator, other, created["run_id"], "completed").status == 200


def test_in_the_seeds_dialect_the_session_does_not_end_with_the_run(seed: Coordinator) -> None:
    runner_id = registered(seed)
    created = claimed(seed, runner_id)
    report(seed, runner_id, created["run_id"], "completed")
    assert (seed.session(created["session_id"])["status"], seed.events(created["session_id"])) == ("pending", [])


@pytest.mark.parametrize(
    ("more", "status"),
    [({}, "finished"), ({"session_status": "idle"}, "idle"), ({"session_status": "finished"}, "finished")],
)
def test_in_the_current_dialect_the_run_ends_the_session(
    current: Coordinator, more: dict[str, str], status: str
) -> None:
    runner_id = registered(current)
    created = claimed(current, runner_id)
    report(current, runner_id, created["run_id"], "started")
    report(current, runner_id, created["run_id"], "completed", **more)
    assert current.session(created["session_id"])["status"] == status
    assert [each["event_type"] for each in current.events(created["session_id"])] == ["run_start", "run_completed"]


def test_the_seeds_dialect_takes_no_notice_of_a_sessions_status(seed: Coordinator) -> None:
    runner_id = registered(seed)
    created = claimed(seed, runner_id)
    assert report(seed, runner_id, created["run_id"], "completed", session_status="idle").status == 200


def test_a_stopped_run_stops_its_session(coordinator: Coordinator) -> None:
    runner_id = registered(coordinator)
    created = claimed(coordinator, runner_id)
    report(coordinator, runner_id, created["run_id"], "stopped")
    assert coordinator.session(created["session_id"])["status"] == "stopped"


def test_only_the_current_dialect_hears_how_a_session_ended(current: Coordinator, seed: Coordinator) -> None:
    runner_id = registered(current)
    created = claimed(current, runner_id)
    path = f"/runner/sessions/{created['session_id']}/status"
    assert current.request("POST", path, {"runner_id": runner_id, "status": "idle"}).status == 400
    assert current.request("POST", path, {"runner_id": "none", "status": "failed"}).status == 401
    assert current.request("POST", path, {"runner_id": runner_id, "status": "failed"}) == (200, {"ok": True})
    assert current.session(created["session_id"])["status"] == "failed"
    assert seed.request("POST", path, {"runner_id": runner_id, "status": "failed"}).status == 404
