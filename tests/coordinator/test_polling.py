"""What a poll brings, and what becomes of one that nobody waits for."""

import time
from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest

from tests.coordinator.bare import claimed, registered, report
from tests.coordinator.server import Coordinator

SEED_KEYS = {
    *("run_id", "type", "session_id", "agent_name", "prompt", "project_dir", "parent_session_id", "execution_mode"),
    *("demands", "status", "runner_id", "error", "created_at", "claimed_at", "started_at", "completed_at"),
    "timeout_at",
}
CURRENT_KEYS = (SEED_KEYS - {"prompt"}) | {"parameters", "scope", "resolved_agent_blueprint"}


def test_a_poll_has_to_say_who_polls(coordinator: Coordinator) -> None:
    answer = coordinator.request("GET", "/runner/runs")
    assert (answer.status, answer.body["detail"][0]["loc"]) == (422, ["query", "runner_id"])


def test_somebody_unknown_may_not_poll(coordinator: Coordinator) -> None:
    assert coordinator.poll("lnch_nobody") == (401, {"detail": "Runner not registered"})


@pytest.mark.parametrize(("dialect", "keys"), [("seed", SEED_KEYS), ("current", CURRENT_KEYS)])
def test_a_run_has_the_keys_of_its_dialect(
    serve: Callable[..., Coordinator], dialect: str, keys: frozenset[str]
) -> None:
    coordinator = serve(dialect=dialect)
    runner_id = registered(coordinator)
    created = coordinator.create("do it")
    run = coordinator.poll(runner_id).body["run"]
    assert set(run) == keys
    assert (run["run_id"], run["status"], run["runner_id"]) == (created["run_id"], "claimed", runner_id)
    assert run.get("prompt", run.get("parameters")) in ("do it", {"prompt": "do it"})


def test_runs_come_in_the_order_of_their_creation(coordinator: Coordinator) -> None:
    runner_id = registered(coordinator)
    created = [coordinator.create()["run_id"] for _ in range(3)]
    assert [coordinator.poll(runner_id).body["run"]["run_id"] for _ in created] == created


def test_a_poll_that_finds_nothing_ends_without_content(serve: Callable[..., Coordinator]) -> None:
    coordinator = serve(poll_timeout=0.1)
    assert coordinator.poll(registered(coordinator)) == (204, None)


def test_a_poll_takes_its_time_in_half_seconds(serve: Callable[..., Coordinator]) -> None:
    coordinator = serve(tick=0.5, poll_timeout=1)
    coordinator.poll(registered(coordinator))
    [entry] = coordinator.history("GET", "/runner/runs")
    assert entry["ended"] - entry["began"] >= 0.99


@pytest.mark.parametrize("dialect", ["seed", "current"])
def test_a_stop_wakes_the_poll_and_names_what_its_dialect_names(
    serve: Callable[..., Coordinator], dialect: str
) -> None:
    coordinator = serve(dialect=dialect, tick=25)
    runner_id = registered(coordinator)
    created = claimed(coordinator, runner_id)
    answers: list[object] = []
    waiting = Thread(target=lambda: answers.append(coordinator.poll(runner_id).body))
    waiting.start()
    coordinator.until(lambda: coordinator.open_polls() == 1, "the poll to be open")
    assert coordinator.stop(created["run_id"])["status"] == "stopping"
    waiting.join(20)
    named = {"stop_runs": [created["run_id"]]} if dialect == "seed" else {"stop_sessions": [created["session_id"]]}
    assert answers == [named]


def test_a_poll_goes_on_claiming_when_its_client_is_gone(coordinator: Coordinator) -> None:
    runner_id = registered(coordinator)
    with coordinator.abandoned_poll(runner_id):
        pass
    created = coordinator.create()
    coordinator.until_status(created["run_id"], "claimed")
    [entry] = coordinator.history("GET", "/runner/runs")
    assert (entry["claimed"], entry["delivered"]) == (created["run_id"], False)


def test_it_does_so_even_when_the_runner_has_deregistered_itself(coordinator: Coordinator) -> None:
    runner_id = registered(coordinator)
    with coordinator.abandoned_poll(runner_id):
        coordinator.request("DELETE", f"/runners/{runner_id}?self=true")
    created = coordinator.create()
    assert coordinator.until_status(created["run_id"], "claimed")["runner_id"] == runner_id


def test_a_mark_ends_an_abandoned_poll(coordinator: Coordinator) -> None:
    runner_id = registered(coordinator)
    with coordinator.abandoned_poll(runner_id):
        pass
    coordinator.deregister(runner_id)
    coordinator.until(lambda: coordinator.open_polls() == 0, "the poll to end")
    created = coordinator.create()
    time.sleep(3 * coordinator.settings.tick)
    assert coordinator.run(created["run_id"])["status"] == "pending"


@pytest.mark.parametrize(
    ("demanded", "takers"),
    [
        (None, {"tags", "none"}),
        (["python"], {"tags", "tags and insists"}),
        (["nodejs"], set()),
        (["python", "nodejs"], set()),
        (["python", "docker"], {"tags", "tags and insists"}),
    ],
)
def test_tags_decide_who_may_have_a_run(coordinator: Coordinator, demanded: list[str] | None, takers: set[str]) -> None:
    tags = ["python", "docker"]
    kinds: dict[str, dict[str, Any]] = {
        "tags and insists": {"tags": tags, "require_matching_tags": True},
        "tags": {"tags": tags},
        "insists": {"require_matching_tags": True},
        "none": {},
    }
    found = set()
    for kind, more in kinds.items():
        runner_id = registered(coordinator, executor_profile=kind, **more)
        created = coordinator.create(additional_demands={"tags": demanded} if demanded else None)
        with coordinator.abandoned_poll(runner_id):
            time.sleep(2 * coordinator.settings.tick)
        if coordinator.run(created["run_id"])["status"] == "claimed":
            found.add(kind)
        coordinator.stop(created["run_id"])
        coordinator.deregister(runner_id)
    assert found == takers


@pytest.mark.parametrize("name", ["hostname", "project_dir", "executor_profile"])
def test_other_demands_have_to_be_equal(coordinator: Coordinator, name: str) -> None:
    runner_id = registered(coordinator, **{name: "mine"})
    other = coordinator.create(additional_demands={name: "other"})
    mine = coordinator.create(additional_demands={name: "mine"})
    assert coordinator.poll(runner_id).body["run"]["run_id"] == mine["run_id"]
    assert coordinator.run(other["run_id"])["status"] == "pending"


def test_the_current_dialect_demands_a_type_of_executor(current: Coordinator) -> None:
    claude = registered(current, executor={"type": "claude-code", "command": "x"})
    created = current.create()
    with current.abandoned_poll(claude):
        time.sleep(3 * current.settings.tick)
    assert current.run(created["run_id"])["demands"] == {"executor_type": "autonomous", "tags": []}
    assert current.run(created["run_id"])["status"] == "pending"


def test_the_seeds_dialect_does_not_look_at_the_type(seed: Coordinator) -> None:
    claude = registered(seed, executor={"type": "claude-code", "command": "x"})
    claimed(seed, claude)


def test_a_run_with_demands_that_nobody_meets_fails(serve: Callable[..., Coordinator]) -> None:
    coordinator = serve(no_match_timeout=0.05, lifecycle_interval=0.02)
    without = coordinator.create()
    created = coordinator.create(additional_demands={"tags": ["nobody"]})
    run = coordinator.until_status(created["run_id"], "failed")
    assert run["error"] == "No matching runner available within timeout"
    assert coordinator.run(without["run_id"])["status"] == "pending"


def test_a_resumed_session_goes_where_it_was_bound(coordinator: Coordinator) -> None:
    runner_id = registered(coordinator)
    created = claimed(coordinator, runner_id)
    bound = {"executor_session_id": "e", "hostname": "host", "executor_profile": "coding"}
    assert coordinator.request("POST", f"/sessions/{created['session_id']}/bind", bound).status == 200
    report(coordinator, runner_id, created["run_id"], "completed")
    resumed = coordinator.resume(created["session_id"])
    demands = coordinator.run(resumed["run_id"])["demands"]
    assert (demands["hostname"], demands["executor_profile"]) == ("host", "coding")
    assert "project_dir" not in demands
