"""What a runner says when it registers, and how it stays registered."""

import json
import signal
import socket
from collections.abc import Callable
from typing import Any

import pytest

from doctor.runner import DEFAULT_EXECUTOR_PATH
from tests.coordinator.client import Client
from tests.coordinator.server import Coordinator
from tests.runner.acceptance.machine import Machine, prompt, told_once


def payloads(coordinator: Client) -> list[dict[str, Any]]:
    """Everything that was registered, or tried to."""
    return [entry["body"] for entry in coordinator.history("POST", "/runner/register")]


def test_without_a_profile_the_seeds_default_is_registered(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator, profile=None)
    assert payloads(coordinator) == [
        {
            "hostname": socket.gethostname(),
            "project_dir": str(machine.project),
            "executor_profile": "claude-code",
            "executor": {"type": "claude-code", "command": DEFAULT_EXECUTOR_PATH, "config": {}},
        }
    ]
    assert DEFAULT_EXECUTOR_PATH == "executors/claude-code/ao-claude-code-exec"


def test_a_profile_is_registered_with_all_that_it_says(machine: Machine, coordinator: Coordinator) -> None:
    machine.profile("own", type="some type", command="probe", config={"model": "opus", "list": [1, None, True]})
    machine.ready(coordinator, "-p", ".", "--tags", " python, docker,,", "--require-matching-tags", profile="own")
    assert payloads(coordinator) == [
        {
            "hostname": socket.gethostname(),
            "project_dir": ".",
            "executor_profile": "own",
            "executor": {
                "type": "some type",
                "command": "probe",
                "config": {"model": "opus", "list": [1, None, True]},
            },
            "tags": ["python", "docker"],
            "require_matching_tags": True,
        }
    ]


def test_the_environment_says_what_the_command_line_does_not(machine: Machine, seed: Coordinator) -> None:
    more = {"AGENT_ORCHESTRATOR_API_URL": f"{seed.url}/", "RUNNER_TAGS": "a,b", "PROJECT_DIR": f"{machine.project}/."}
    machine.start(None, **more)
    seed.until_registered()
    [payload] = payloads(seed)
    assert (payload["tags"], payload["project_dir"]) == (["a", "b"], f"{machine.project}/.")


def test_the_command_line_wins(machine: Machine, seed: Coordinator) -> None:
    machine.ready(seed, "-t", "c", AGENT_ORCHESTRATOR_API_URL="http://127.0.0.1:9", RUNNER_TAGS="a,b")
    assert payloads(seed)[0]["tags"] == ["c"]


def test_only_the_registered_type_is_overridden(machine: Machine, current: Coordinator) -> None:
    machine.profile("own", type="claude-code", command="probe")
    machine.ready(current, "--executor-type-override", "procedural", profile="own")
    assert payloads(current)[0]["executor"] == {"type": "procedural", "command": "probe", "config": {}}
    current.create_agent("it", type="procedural")
    created = current.create(agent_name="it")
    assert current.until_ended(created["run_id"]) == ["completed"]


def test_a_runner_that_is_in_the_way_is_taken_over(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator).kill()
    assert len(coordinator.runners()) == 1
    machine.ready(coordinator)
    assert len(coordinator.until_registered()) == 1
    coordinator.until(lambda: coordinator.open_polls() == 1, "the poll of the dead to end")
    assert coordinator.marks() == []
    created = [coordinator.create()["run_id"] for _ in range(4)]
    assert coordinator.until_ended(*created) == ["completed"] * 4


def test_a_takeover_loses_no_run_that_the_poll_of_the_dead_took(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator).kill()
    created = coordinator.create()
    coordinator.until_status(created["run_id"], "claimed")
    machine.ready(coordinator)
    [status] = coordinator.until_ended(created["run_id"])
    assert status in {"completed", "failed"}
    assert told_once(coordinator, created["run_id"])


def test_runs_that_wait_are_not_lost_in_a_takeover(machine: Machine, seed: Coordinator) -> None:
    machine.ready(seed, "--max-concurrency", "1").kill()
    created = [seed.create()["run_id"] for _ in range(20)]
    machine.ready(seed)
    assert set(seed.until_ended(*created)) <= {"completed", "failed"}
    assert [run_id for run_id in created if not told_once(seed, run_id)] == []


def test_a_second_runner_of_the_same_identity_does_not_start(machine: Machine, coordinator: Coordinator) -> None:
    first = machine.ready(coordinator)
    second = machine.start(coordinator)
    assert second.wait() == 1
    assert str(first.pid) in second.said
    assert "Traceback" not in second.said
    assert (len(coordinator.runners()), coordinator.marks(), len(payloads(coordinator))) == (1, [], 1)


def test_another_profile_is_another_runner(machine: Machine, coordinator: Coordinator) -> None:
    machine.profile("other", type="autonomous", command="probe")
    machine.ready(coordinator)
    machine.ready(coordinator, profile="other")
    assert len(coordinator.runners()) == 2


def test_a_name_that_another_runner_has_ends_it(machine: Machine, seed: Coordinator) -> None:
    detail = {"error": "agent_name_collision", "agent_name": "bob", "existing_runner_id": "lnch_other", "message": "m"}
    seed.fault("answer", path="/runner/register", status=409, body=json.dumps({"detail": detail}), times=-1)
    runner = machine.start(seed)
    assert runner.wait() == 1
    assert "bob" in runner.said
    assert "lnch_other" in runner.said


@pytest.mark.parametrize("running", [0, 1])
def test_a_coordinator_that_was_started_again_gets_it_back_once(
    machine: Machine, coordinator: Coordinator, running: int
) -> None:
    runner = machine.ready(coordinator)
    created = [coordinator.create(prompt(("wait", "go"))) for _ in range(running)]
    for each in created:
        coordinator.until_status(each["run_id"], "running")
    coordinator.forget_runners()
    coordinator.until_registered()
    assert len(payloads(coordinator)) == 2
    machine.go()
    after = coordinator.create()
    assert set(coordinator.until_ended(after["run_id"], *(each["run_id"] for each in created))) == {"completed"}
    assert runner.process.poll() is None
    assert len(payloads(coordinator)) == 2


def test_a_registration_that_was_lost_while_a_run_ends_is_made_again_once(machine: Machine, seed: Coordinator) -> None:
    machine.ready(seed)
    created = [seed.create(prompt(("wait", "go"))) for _ in range(6)]
    for each in created:
        seed.until_status(each["run_id"], "running")
    [known] = seed.runners()
    seed.request("DELETE", f"/runners/{known['runner_id']}?self=true")
    machine.go()
    assert seed.until_ended(*(each["run_id"] for each in created)) == ["completed"] * 6
    assert [seed.reports(each["run_id"]) for each in created] == [["started", "completed"]] * 6
    assert len(payloads(seed)) == 2


def test_it_goes_when_it_is_told_to(machine: Machine, coordinator: Coordinator) -> None:
    runner = machine.ready(coordinator)
    coordinator.deregister(coordinator.runners()[0]["runner_id"])
    assert runner.wait() == 0
    assert (coordinator.runners(), coordinator.marks(), coordinator.open_polls()) == ([], [], 0)


def test_it_finishes_its_runs_when_it_is_told_to_go(machine: Machine, coordinator: Coordinator) -> None:
    runner = machine.ready(coordinator)
    created = coordinator.create(prompt(("wait", "go")))
    coordinator.until_status(created["run_id"], "running")
    coordinator.deregister(coordinator.runners()[0]["runner_id"])
    coordinator.until(lambda: coordinator.marks() == [], "the mark to be taken off")
    machine.go()
    assert runner.wait() == 0
    assert coordinator.until_ended(created["run_id"]) == ["completed"]
    assert coordinator.runners() == []


def test_it_lives_by_heartbeats(machine: Machine, serve: Callable[..., Coordinator]) -> None:
    coordinator = serve(heartbeat_interval=1)
    machine.ready(coordinator)
    coordinator.until(lambda: len(coordinator.history("POST", "/runner/heartbeat")) >= 2, "two heartbeats")
    assert {entry["status"] for entry in coordinator.history("POST", "/runner/heartbeat")} == {200}


def test_it_comes_back_after_it_was_forgotten_for_silence(machine: Machine, serve: Callable[..., Coordinator]) -> None:
    coordinator = serve(stale_after=0.2, removed_after=0.5, lifecycle_interval=0.05, poll_timeout=1)
    runner = machine.ready(coordinator)
    coordinator.until(lambda: len(payloads(coordinator)) >= 2, "it to register again")
    assert coordinator.until_ended(coordinator.create()["run_id"]) == ["completed"]
    assert runner.stop(signal.SIGINT) == 0


def test_it_waits_for_a_coordinator_that_is_not_there_yet(machine: Machine, seed: Coordinator) -> None:
    seed.fault("drop_before", path="/runner/register", times=2)
    machine.ready(seed)
    assert len(seed.runners()) == 1
