"""Networks and coordinators that do not do what they should."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.coordinator.server import Coordinator, CoordinatorProcess
from tests.coordinator.settings import Settings
from tests.runner.acceptance.conftest import TICK
from tests.runner.acceptance.machine import Machine, prompt, told_once

REPORTS = r"/runner/runs/\w+/"


def test_a_poll_that_brings_nothing_is_followed_by_another(machine: Machine, serve: Callable[..., Coordinator]) -> None:
    coordinator = serve(poll_timeout=1)
    machine.ready(coordinator)
    coordinator.until(lambda: len(coordinator.history("GET", "/runner/runs")) >= 3, "three polls")
    statuses = [entry["status"] for entry in coordinator.history("GET", "/runner/runs") if entry["ended"]]
    assert set(statuses) == {204}
    assert coordinator.until_ended(coordinator.create()["run_id"]) == ["completed"]


def test_polls_come_one_at_a_time(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator)
    coordinator.until_ended(*(coordinator.create()["run_id"] for _ in range(30)))
    polls = coordinator.history("GET", "/runner/runs")
    assert [one for one, next_ in pairwise(polls) if one["ended"] > next_["began"]] == []


def test_polls_that_are_answered_at_once_with_nothing_are_no_storm(machine: Machine, seed: Coordinator) -> None:
    seed.fault("answer", path="/runner/runs", status=204, body="", times=-1)
    runner = machine.ready(seed)
    first = len(seed.history("GET", "/runner/runs"))
    seed.until(
        lambda: seed.history("GET", "/runner/runs")[-1]["began"] - seed.history("GET", "/runner/runs")[0]["began"] > 2,
        "two seconds",
    )
    assert len(seed.history("GET", "/runner/runs")) - first < 60
    assert runner.process.poll() is None


@pytest.mark.parametrize(
    "body",
    [
        {"sync_scripts": ["a"], "remove_scripts": []},
        {"something": {"new": 1}},
        {},
        [],
        "null",
        "5",
        "{half",
        "<html>proxy</html>",
        "[" * 100_000,
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
    ids=lambda body: str(body)[:20],
)
def test_a_poll_that_brings_something_odd_is_nothing(machine: Machine, seed: Coordinator, body: Any) -> None:
    runner = machine.ready(seed)
    seed.answer_poll(body)
    assert seed.until_ended(seed.create()["run_id"]) == ["completed"]
    assert (runner.process.poll(), "Traceback" in runner.said) == (None, False)


@pytest.mark.parametrize("status", [400, 404, 422, 429, 500, 502, 503])
def test_a_poll_that_fails_is_tried_again(machine: Machine, seed: Coordinator, status: int) -> None:
    runner = machine.ready(seed)
    seed.answer_poll("trouble", status=status, content_type="text/plain")
    seed.answer_poll({"detail": "trouble"}, status=status)
    assert seed.until_ended(seed.create()["run_id"]) == ["completed"]
    assert (runner.process.poll(), "Traceback" in runner.said) == (None, False)


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncate"])
def test_a_run_survives_a_poll_that_is_cut(machine: Machine, coordinator: Coordinator, kind: str) -> None:
    machine.ready(coordinator)
    coordinator.fault(kind, path="/runner/runs", times=2)
    created = [coordinator.create()["run_id"] for _ in range(5)]
    assert set(coordinator.until_ended(*created)) <= {"completed", "failed"}
    assert [run_id for run_id in created if not told_once(coordinator, run_id)] == []


def test_a_run_survives_an_answer_that_nobody_can_read(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator)
    coordinator.fault("replace", path="/runner/runs", status=502, body="<html>")
    created = coordinator.create()
    [status] = coordinator.until_ended(created["run_id"])
    assert status in {"completed", "failed"}


@pytest.mark.parametrize("what", ["started", "completed", "failed", "stopped"])
@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncate", "slow_answer"])
def test_a_report_takes_effect_once(machine: Machine, coordinator: Coordinator, kind: str, what: str) -> None:
    machine.ready(coordinator)
    coordinator.fault(kind, path=REPORTS + what, seconds=1)
    steps = {"failed": ("exit", 1), "stopped": ("sleep", 600)}
    created = coordinator.create(prompt(steps.get(what, ("exit", 0))))
    if what == "stopped":
        coordinator.until_status(created["run_id"], "running")
        coordinator.stop(created["run_id"])
    end = "completed" if what == "started" else what
    assert coordinator.until_ended(created["run_id"]) == [end]
    after = coordinator.create()
    coordinator.until_ended(after["run_id"])
    assert coordinator.reports(created["run_id"]) == ["started", end]


@pytest.mark.parametrize("what", ["started", "completed"])
@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_report_that_fails_is_made_again(machine: Machine, coordinator: Coordinator, status: int, what: str) -> None:
    machine.ready(coordinator)
    coordinator.fault("answer", path=REPORTS + what, status=status, times=2)
    created = coordinator.create()
    assert coordinator.until_ended(created["run_id"]) == ["completed"]
    assert coordinator.reports(created["run_id"]) == ["started", "completed"]


def test_a_report_that_is_refused_is_not_made_again(machine: Machine, seed: Coordinator) -> None:
    machine.ready(seed)
    refused = {"status": 404, "body": '{"detail": "Run not found"}', "content_type": "application/json"}
    seed.fault("answer", path=REPORTS + "completed", **refused)
    created = seed.create()
    seed.until(lambda: seed.history("POST", "/completed"), "the report")
    assert seed.until_ended(seed.create()["run_id"]) == ["completed"]
    assert len(seed.history("POST", f"{created['run_id']}/completed")) == 1


def test_slow_answers_keep_nobody_from_working(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator)
    coordinator.fault("slow", path=REPORTS + "started", seconds=0.5, times=3)
    coordinator.fault("slow_answer", path=REPORTS + "completed", seconds=0.5, times=3)
    created = [coordinator.create()["run_id"] for _ in range(6)]
    assert coordinator.until_ended(*created) == ["completed"] * 6
    assert [coordinator.reports(run_id) for run_id in created] == [["started", "completed"]] * 6


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "slow_answer"])
def test_a_heartbeat_that_fails_is_nothing(machine: Machine, serve: Callable[..., Coordinator], kind: str) -> None:
    coordinator = serve(heartbeat_interval=1)
    coordinator.fault(kind, path="/runner/heartbeat", times=2, seconds=2)
    runner = machine.ready(coordinator)
    coordinator.until(lambda: len(coordinator.history("POST", "/runner/heartbeat")) >= 3, "heartbeats")
    assert coordinator.until_ended(coordinator.create()["run_id"]) == ["completed"]
    assert runner.process.poll() is None


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncate"])
def test_a_registration_whose_answer_is_lost_is_made_again(
    machine: Machine, coordinator: Coordinator, kind: str
) -> None:
    coordinator.fault(kind, path="/runner/register")
    machine.ready(coordinator)
    assert coordinator.until_ended(coordinator.create()["run_id"]) == ["completed"]
    assert (len(coordinator.runners()), coordinator.marks()) == (1, [])


@pytest.mark.parametrize("body", ["{}", "[]", "no json", '{"runner_id": 5}', '{"runner_id": ""}'])
def test_a_registration_that_is_answered_oddly_is_told(machine: Machine, seed: Coordinator, body: str) -> None:
    seed.fault("answer", path="/runner/register", status=200, body=body, content_type="application/json", times=-1)
    runner = machine.start(seed)
    seed.until(lambda: seed.history("POST", "/runner/register"), "the registration")
    machine.until(lambda: "[ERROR]" in runner.said or "[WARNING]" in runner.said, "it to be told")
    assert "Traceback" not in runner.said
    assert seed.history("GET", "/runner/runs") == []


@pytest.mark.parametrize(
    "timeouts",
    [
        {"poll_timeout_seconds": "x"},
        {"poll_timeout_seconds": -1},
        {"heartbeat_interval_seconds": None},
        {"heartbeat_interval_seconds": 0},
    ],
    ids=str,
)
def test_odd_intervals_are_no_trouble(machine: Machine, seed: Coordinator, timeouts: dict[str, Any]) -> None:
    seed.answer_poll({})
    document = {
        "runner_id": "lnch_odd",
        "poll_endpoint": "/runner/runs",
        "poll_timeout_seconds": 30,
        "heartbeat_interval_seconds": 60,
        **timeouts,
    }
    seed.fault(
        "replace", path="/runner/register", status=200, body=json.dumps(document), content_type="application/json"
    )
    runner = machine.start(seed)
    seed.until(lambda: seed.runners() and seed.history("GET", "/runner/runs"), "it to poll")
    assert "Traceback" not in runner.said
    assert len(seed.history("POST", "/runner/heartbeat")) < 20


def test_a_coordinator_that_is_killed_and_comes_back_finds_everything_done(machine: Machine, tmp_path: Path) -> None:
    with CoordinatorProcess(tmp_path, Settings(tick=TICK)) as coordinator:
        runner = machine.ready(coordinator)
        created = [coordinator.create(prompt(("wait", "go"))) for _ in range(3)]
        for each in created:
            coordinator.until_status(each["run_id"], "running")
        coordinator.kill()
        coordinator.refuse()
        machine.go()
        machine.until(lambda: not machine.children(), "the children to end")
        coordinator.start_again()
        after = coordinator.create()
        assert coordinator.until_ended(after["run_id"], *(each["run_id"] for each in created)) == ["completed"] * 4
        assert len(coordinator.runners()) == 1
        assert runner.stop() == 0
        assert coordinator.runners() == []


def test_it_leaves_at_once_when_there_is_no_coordinator(machine: Machine, tmp_path: Path) -> None:
    with CoordinatorProcess(tmp_path, Settings(tick=TICK)) as coordinator:
        runner = machine.ready(coordinator)
        coordinator.kill()
        coordinator.refuse()
        assert runner.stop() == 0


def test_nobody_at_the_address_is_told_and_tried_again(machine: Machine, tmp_path: Path) -> None:
    coordinator = CoordinatorProcess(tmp_path, Settings(tick=TICK))
    coordinator.refuse()
    runner = machine.start(coordinator)
    machine.until(lambda: str(coordinator.port) in runner.said, "it to be told")
    assert runner.process.poll() is None
    coordinator.start_again()
    try:
        assert coordinator.until_ended(coordinator.create()["run_id"]) == ["completed"]
    finally:
        runner.stop()
        coordinator.kill()
        coordinator.refuse()
