"""How a runner leaves, and what the next one finds."""

import json
import os
import signal
from collections.abc import Callable

import pytest

from tests.coordinator.server import Coordinator
from tests.runner.acceptance.machine import Machine, prompt, told_once


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_that_has_nothing_to_do_leaves_nothing_behind(
    machine: Machine, coordinator: Coordinator, number: signal.Signals
) -> None:
    runner = machine.ready(coordinator)
    assert runner.stop(number) == 0
    assert (coordinator.runners(), coordinator.marks(), coordinator.open_polls()) == ([], [], 0)
    assert machine.processes() == []
    waiting = coordinator.create()
    machine.ready(coordinator)
    assert coordinator.until_ended(waiting["run_id"]) == ["completed"]


def test_one_that_works_finishes_first(machine: Machine, coordinator: Coordinator) -> None:
    runner = machine.ready(coordinator)
    created = [coordinator.create(prompt(("wait", "go"))) for _ in range(3)]
    for each in created:
        coordinator.until_status(each["run_id"], "running")
        machine.received(each["session_id"])
    runner.send(signal.SIGTERM)
    machine.until(lambda: "SIGTERM" in runner.said or "leav" in runner.said or "shut" in runner.said, "it to be told")
    late = coordinator.create()
    machine.go()
    assert runner.wait() == 0
    ended = [each["run_id"] for each in created]
    assert coordinator.until_ended(*ended) == ["completed"] * 3
    assert [run_id for run_id in ended if not told_once(coordinator, run_id)] == []
    assert coordinator.run(late["run_id"])["status"] in {"pending", "failed"}
    assert (coordinator.runners(), coordinator.marks(), coordinator.open_polls()) == ([], [], 0)


@pytest.mark.parametrize("stubborn", [False, True])
def test_asked_twice_it_ends_its_runs(machine: Machine, coordinator: Coordinator, *, stubborn: bool) -> None:
    runner = machine.ready(coordinator)
    steps = [("stubborn",), ("fork", "own")] if stubborn else []
    created = coordinator.create(prompt(*steps, ("write", 1, "ready"), ("sleep", 600)))
    coordinator.until_status(created["run_id"], "running")
    machine.received(created["session_id"])
    if stubborn:
        machine.until(lambda: len(machine.children()) == 2, "the fork")
    runner.send(signal.SIGTERM)
    machine.until(lambda: "SIGTERM" in runner.said or "leav" in runner.said or "shut" in runner.said, "it to be told")
    runner.send(signal.SIGTERM)
    assert runner.wait() == 0
    assert coordinator.run(created["run_id"])["status"] == "failed"
    assert coordinator.reports(created["run_id"]) == ["started", "failed"]
    assert (machine.processes(), coordinator.runners(), coordinator.marks()) == ([], [], [])


def test_a_run_that_comes_while_it_leaves_is_not_lost(machine: Machine, coordinator: Coordinator) -> None:
    for _ in range(5):
        runner = machine.ready(coordinator)
        runner.send(signal.SIGTERM)
        created = coordinator.create()
        assert runner.wait() == 0
        assert coordinator.run(created["run_id"])["status"] != "claimed"
        if coordinator.run(created["run_id"])["status"] == "pending":
            coordinator.stop(created["run_id"])
        else:
            assert told_once(coordinator, created["run_id"]), (coordinator.reports(created["run_id"]), runner.said)


def test_a_run_timeout_bounds_how_long_it_leaves(machine: Machine, seed: Coordinator) -> None:
    runner = machine.ready(seed, "--run-timeout", "1")
    created = seed.create(prompt(("sleep", 600)))
    seed.until_status(created["run_id"], "running")
    assert runner.stop() == 0
    assert seed.run(created["run_id"])["status"] == "failed"


def test_once_is_one_run(machine: Machine, coordinator: Coordinator) -> None:
    created = [coordinator.create()["run_id"] for _ in range(3)]
    runner = machine.start(coordinator, "--once")
    assert runner.wait() == 0
    statuses = sorted(coordinator.run(run_id)["status"] for run_id in created)
    assert statuses.count("completed") == 1
    assert "claimed" not in statuses
    assert (coordinator.runners(), coordinator.open_polls()) == ([], 0)


def kill_with_orphans(machine: Machine, coordinator: Coordinator, *steps: tuple[object, ...]) -> dict[str, str]:
    """Kill a runner while a run of it goes on."""
    runner = machine.ready(coordinator)
    created: dict[str, str] = coordinator.create(prompt(*steps, ("write", 1, "ready"), ("sleep", 600)))
    coordinator.until_status(created["run_id"], "running")
    forks = sum(step[0] == "fork" for step in steps)
    machine.until(lambda: len(machine.children()) == 1 + forks, "the children")
    runner.kill()
    return created


@pytest.mark.parametrize("steps", [[], [("stubborn",), ("fork", "same"), ("fork", "own")]], ids=["polite", "stubborn"])
def test_the_next_one_ends_the_orphans_of_one_that_was_killed(
    machine: Machine, coordinator: Coordinator, steps: list[tuple[object, ...]]
) -> None:
    created = kill_with_orphans(machine, coordinator, *steps)
    machine.ready(coordinator)
    assert coordinator.until_ended(created["run_id"]) == ["failed"]
    assert coordinator.reports(created["run_id"]) == ["started", "failed"]
    assert "killed" in coordinator.run(created["run_id"])["error"]
    machine.until_alone()
    [process] = machine.doctor("ps", "--all")["processes"]
    assert process["run_id"] == created["run_id"]
    assert machine.doctor("ps")["processes"] == []


def test_orphans_are_reported_once(machine: Machine, coordinator: Coordinator) -> None:
    created = kill_with_orphans(machine, coordinator)
    for _ in range(2):
        runner = machine.ready(coordinator)
        coordinator.until_ended(created["run_id"])
        runner.stop()
    assert coordinator.reports(created["run_id"]) == ["started", "failed"]


def test_two_that_start_together_report_an_orphan_once(machine: Machine, seed: Coordinator) -> None:
    machine.profile("other", type="t", command="probe")
    created = kill_with_orphans(machine, seed)
    machine.start(seed)
    machine.start(seed, profile="other")
    seed.until_ended(created["run_id"])
    seed.until_registered(2)
    machine.until_alone()
    assert seed.reports(created["run_id"]) == ["started", "failed"]


def test_a_run_whose_end_was_not_told_is_told_by_the_next(machine: Machine, serve: Callable[..., Coordinator]) -> None:
    coordinator = serve()
    runner = machine.ready(coordinator)
    coordinator.fault("answer", path=r".*/completed", status=503, times=-1)
    created = coordinator.create()
    coordinator.until(lambda: coordinator.history("POST", "/completed"), "the report")
    runner.kill()
    coordinator.mend()
    machine.ready(coordinator)
    [status] = coordinator.until_ended(created["run_id"])
    assert status in {"completed", "failed"}
    assert told_once(coordinator, created["run_id"])


def test_a_killed_runner_leaves_what_others_run(machine: Machine, coordinator: Coordinator) -> None:
    machine.profile("other", type="autonomous", command="probe")
    machine.ready(coordinator, profile="other")
    kept = coordinator.create(prompt(("wait", "go")))
    coordinator.until_status(kept["run_id"], "running")
    machine.received(kept["session_id"])
    machine.ready(coordinator, "--tags", "mine").kill()
    machine.ready(coordinator, "--tags", "mine")
    machine.go()
    assert coordinator.until_ended(kept["run_id"]) == ["completed"]


def test_a_number_that_another_process_has_now_is_not_killed(machine: Machine, seed: Coordinator) -> None:
    created = kill_with_orphans(machine, seed)
    [child] = machine.children()
    os.kill(child, signal.SIGKILL)
    machine.until_alone()
    for path in (machine.project / ".metawsm" / "processes").rglob("*.json"):
        text = path.read_text(encoding="utf-8")
        try:
            document = json.loads(text)
        except ValueError:
            continue
        path.write_text(json.dumps(document).replace(str(child), str(os.getpid())), encoding="utf-8")
    machine.ready(seed)
    assert seed.until_ended(created["run_id"]) == ["failed"]
