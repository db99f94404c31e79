"""Registering, living and leaving, as the real coordinator has it."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.coordinator.bare import EXECUTOR, IDENTITY, claimed, register, registered
from tests.coordinator.server import Coordinator


def digest(text: str) -> str:
    return "lnch_" + hashlib.sha256(text.encode()).hexdigest()[:12]


def test_a_runner_is_told_its_id_and_how_to_poll(seed: Coordinator) -> None:
    assert register(seed) == (
        200,
        {
            "runner_id": digest("host:/project:coding"),
            "poll_endpoint": "/runner/runs",
            "poll_timeout_seconds": 30,
            "heartbeat_interval_seconds": 60,
        },
    )


def test_the_current_dialect_derives_the_id_from_the_command_too(current: Coordinator) -> None:
    assert registered(current) == digest("host:/project:coding:executors/some")


def test_a_second_runner_of_the_same_identity_is_refused(coordinator: Coordinator) -> None:
    runner_id = registered(coordinator)
    answer = register(coordinator)
    assert (answer.status, answer.body["detail"].pop("message")) == (
        409,
        f"Runner with identity (host, /project, coding) is already registered and online as {runner_id}",
    )
    assert answer.body == {"detail": {"error": "duplicate_runner", "runner_id": runner_id, **IDENTITY}}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"executor": None}, 200),
        ({"tags": None}, 200),
        ({"tags": ["a"]}, 200),
        ({"surplus": 1}, 200),
        ({"executor": "text"}, 422),
        ({"tags": "a,b"}, 422),
        ({"tags": [1]}, 422),
        ({"require_matching_tags": None}, 422),
        ({"hostname": 5}, 422),
        ({"hostname": None}, 422),
    ],
)
def test_a_registration_is_validated(coordinator: Coordinator, change: dict[str, Any], status: int) -> None:
    assert register(coordinator, **change).status == status


def test_what_is_missing_is_named(coordinator: Coordinator) -> None:
    answer = coordinator.request("POST", "/runner/register", {"hostname": "h", "project_dir": "/p"})
    assert answer.status == 422
    assert [(each["type"], each["loc"]) for each in answer.body["detail"]] == [
        ("missing", ["body", "executor_profile"])
    ]


def test_a_body_that_is_no_json_is_refused(coordinator: Coordinator) -> None:
    assert coordinator.request("POST", "/runner/register", "{").status == 422


def test_an_agents_name_belongs_to_one_runner(current: Coordinator) -> None:
    first = registered(current, agents=[{"name": "bob", "command": "b"}])
    answer = register(current, executor_profile="other", agents=[{"name": "bob", "command": "b"}])
    assert answer.status == 409
    assert {name: answer.body["detail"][name] for name in ("error", "agent_name", "existing_runner_id")} == {
        "error": "agent_name_collision",
        "agent_name": "bob",
        "existing_runner_id": first,
    }


def test_the_seeds_dialect_takes_no_notice_of_agents(seed: Coordinator) -> None:
    registered(seed, agents=[{"name": "bob", "command": "b"}])
    assert register(seed, executor_profile="other", agents=[{"name": "bob", "command": "b"}]).status == 200


def test_a_heartbeat_needs_a_registration(coordinator: Coordinator) -> None:
    runner_id = registered(coordinator)
    assert coordinator.request("POST", "/runner/heartbeat", {"runner_id": runner_id}) == (200, {"ok": True})
    unknown = coordinator.request("POST", "/runner/heartbeat", {"runner_id": "lnch_none"})
    assert unknown == (401, {"detail": "Runner not registered"})


def test_a_runner_that_leaves_is_gone_at_once(coordinator: Coordinator) -> None:
    runner_id = registered(coordinator)
    answer = coordinator.request("DELETE", f"/runners/{runner_id}?self=true")
    assert answer == (200, {"ok": True, "message": "Runner deregistered", "initiated_by": "self"})
    assert coordinator.runners() == []
    again = coordinator.request("DELETE", f"/runners/{runner_id}?self=true")
    assert again == (404, {"detail": "Runner not found"})


def test_a_runner_that_is_sent_away_is_told_at_its_next_poll(coordinator: Coordinator) -> None:
    runner_id = registered(coordinator)
    answer = coordinator.request("DELETE", f"/runners/{runner_id}")
    assert (answer.status, answer.body["initiated_by"]) == (200, "external")
    assert coordinator.poll(runner_id) == (200, {"deregistered": True})
    assert coordinator.poll(runner_id) == (401, {"detail": "Runner not registered"})


def test_an_open_poll_is_told_within_a_tick(coordinator: Coordinator) -> None:
    runner_id = registered(coordinator)
    with coordinator.abandoned_poll(runner_id):
        coordinator.deregister(runner_id)
        coordinator.until(lambda: coordinator.runners() == [], "the runner to be forgotten")
    assert coordinator.history("GET", "/runner/runs")[-1]["answer"] == {"deregistered": True}


def test_a_mark_outlives_the_runner_that_it_is_on(coordinator: Coordinator) -> None:
    runner_id = registered(coordinator)
    coordinator.deregister(runner_id)
    coordinator.request("DELETE", f"/runners/{runner_id}?self=true")
    assert coordinator.marks() == [runner_id]
    assert registered(coordinator) == runner_id
    assert coordinator.poll(runner_id) == (200, {"deregistered": True})


def test_a_stale_runner_stays_stale_until_it_registers(serve: Callable[..., Coordinator]) -> None:
    coordinator = serve(stale_after=0, removed_after=600, lifecycle_interval=0.02)
    runner_id = registered(coordinator)
    coordinator.until(lambda: coordinator.runners()[0]["status"] == "stale", "it to be stale")
    coordinator.request("POST", "/runner/heartbeat", {"runner_id": runner_id})
    assert coordinator.runners()[0]["status"] == "stale"
    assert registered(coordinator, tags=["new"]) == runner_id
    assert coordinator.runners()[0]["tags"] == ["new"]


def test_a_stale_runner_still_gets_runs(serve: Callable[..., Coordinator]) -> None:
    coordinator = serve(stale_after=0, lifecycle_interval=0.02)
    runner_id = registered(coordinator)
    coordinator.until(lambda: coordinator.runners()[0]["status"] == "stale", "it to be stale")
    created = coordinator.create()
    assert coordinator.poll(runner_id).body["run"]["run_id"] == created["run_id"]


def test_a_runner_that_is_silent_for_long_is_forgotten(serve: Callable[..., Coordinator]) -> None:
    coordinator = serve(stale_after=0.1, removed_after=0.3, lifecycle_interval=0.02)
    runner_id = registered(coordinator)
    created = coordinator.create()
    coordinator.poll(runner_id)
    coordinator.until(lambda: coordinator.runners() == [], "it to be forgotten")
    assert coordinator.poll(runner_id).status == 401
    assert coordinator.run(created["run_id"])["status"] == "claimed"


def test_the_current_dialect_fails_what_a_forgotten_runner_had(serve: Callable[..., Coordinator]) -> None:
    for dialect, found in (("seed", "claimed"), ("current", "failed")):
        coordinator = serve(dialect=dialect, stale_after=0.1, removed_after=0.5, lifecycle_interval=0.02)
        created = claimed(coordinator, registered(coordinator))
        coordinator.until_registered(0)
        coordinator.forget_runners()
        assert coordinator.run(created["run_id"])["status"] == found  # what the database said all the time


def test_no_executor_is_an_empty_one(coordinator: Coordinator) -> None:
    registered(coordinator, executor=None)
    registered(coordinator, executor_profile="other", executor=EXECUTOR)
    assert [each["executor"] for each in coordinator.runners()] == [{}, EXECUTOR]
