"""What goes wrong when a test says so, and the history that tells of it."""

import http.client
from pathlib import Path

import pytest

from tests.coordinator.bare import claimed, registered, report
from tests.coordinator.client import Answer
from tests.coordinator.server import Coordinator, CoordinatorProcess
from tests.coordinator.settings import Settings


def test_the_history_tells_who_said_what(seed: Coordinator) -> None:
    runner_id = registered(seed)
    created = claimed(seed, runner_id)
    report(seed, runner_id, created["run_id"], "started")
    [entry] = seed.history("POST", "/runner/runs/")
    assert (entry["path"], entry["body"], entry["status"], entry["effect"], entry["delivered"]) == (
        f"/runner/runs/{created['run_id']}/started",
        {"runner_id": runner_id},
        200,
        True,
        True,
    )


@pytest.mark.parametrize(("kind", "effect"), [("drop_before", []), ("drop_after", ["started"])])
def test_a_connection_is_cut_before_or_after_the_effect(seed: Coordinator, kind: str, effect: list[str]) -> None:
    runner_id = registered(seed)
    created = claimed(seed, runner_id)
    seed.fault(kind, path=".*/started")
    with pytest.raises(http.client.RemoteDisconnected):
        report(seed, runner_id, created["run_id"], "started")
    assert seed.reports(created["run_id"]) == effect
    assert report(seed, runner_id, created["run_id"], "started").status == 200


def test_an_answer_without_an_effect(seed: Coordinator) -> None:
    runner_id = registered(seed)
    created = claimed(seed, runner_id)
    seed.fault("answer", path=".*/started", status=503, body="busy", times=2)
    answers = [report(seed, runner_id, created["run_id"], "started") for _ in range(3)]
    assert answers == [(503, "busy"), (503, "busy"), (200, {"ok": True})]
    assert seed.reports(created["run_id"]) == ["started"]


def test_an_effect_with_another_answer(seed: Coordinator) -> None:
    runner_id = registered(seed)
    created = claimed(seed, runner_id)
    seed.fault("replace", path=".*/started", status=204, body="")
    assert report(seed, runner_id, created["run_id"], "started") == Answer(204, None)
    assert seed.run(created["run_id"])["status"] == "running"


def test_an_answer_that_ends_early(seed: Coordinator) -> None:
    runner_id = registered(seed)
    seed.create()
    seed.fault("truncate", path="/runner/runs")
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        seed.poll(runner_id)
    assert [run["status"] for run in seed.runs()] == ["claimed"]


@pytest.mark.parametrize("kind", ["slow", "slow_answer"])
def test_a_slow_answer(seed: Coordinator, kind: str) -> None:
    seed.fault(kind, path="/health", seconds=0.2)
    with pytest.raises(TimeoutError):
        seed.request("GET", "/health", seconds=0.05)
    assert seed.request("GET", "/health").status == 200


def test_a_fault_lets_others_through(seed: Coordinator) -> None:
    seed.fault("answer", method="GET", path="/health", skip=1)
    assert [seed.request("GET", "/health").status for _ in range(3)] == [200, 500, 200]
    assert registered(seed)


def test_a_poll_is_answered_as_a_test_wants_it(seed: Coordinator) -> None:
    runner_id = registered(seed)
    seed.answer_poll({"sync_scripts": ["a"]})
    seed.answer_poll("{half", runner_id=runner_id)
    answers = {str(seed.poll(runner_id).body) for _ in range(2)}
    assert answers == {"{half", "{'sync_scripts': ['a']}"}


def test_a_run_is_handed_out_as_a_test_wants_it(seed: Coordinator) -> None:
    runner_id = registered(seed)
    created = seed.create_verbatim({"type": "dance", "prompt": None}, remove=("session_id",))
    run = seed.poll(runner_id).body["run"]
    assert (run["run_id"], run["type"], run["prompt"], "session_id" in run) == (created["run_id"], "dance", None, False)


def test_a_coordinator_that_forgets_its_runners_keeps_its_runs(coordinator: Coordinator) -> None:
    runner_id = registered(coordinator)
    first, second = coordinator.create(), coordinator.create()
    with coordinator.abandoned_poll(runner_id):
        coordinator.forget_runners()
    assert coordinator.poll(runner_id).status == 401
    registered(coordinator)
    assert {run["run_id"] for run in coordinator.runs()} == {first["run_id"], second["run_id"]}


def test_a_process_that_is_killed_knows_its_runs_when_it_comes_back(tmp_path: Path) -> None:
    with CoordinatorProcess(tmp_path, Settings(tick=0.02)) as coordinator:
        runner_id = registered(coordinator)
        running = claimed(coordinator, runner_id)
        report(coordinator, runner_id, running["run_id"], "started")
        older, newer = coordinator.create("older"), coordinator.create("newer")
        coordinator.kill()
        with pytest.raises(TimeoutError):
            coordinator.request("GET", "/health", seconds=0.1)
        coordinator.start()
        assert coordinator.runners() == []
        assert coordinator.poll(runner_id).status == 401
        assert coordinator.run(running["run_id"])["status"] == "running"
        registered(coordinator)
        handed = [coordinator.poll(runner_id).body["run"]["run_id"] for _ in range(2)]
        assert handed == [newer["run_id"], older["run_id"]]
        assert (tmp_path / "history.jsonl").is_file()
