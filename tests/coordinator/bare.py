"""A runner that is nothing but requests."""

from collections.abc import Callable
from typing import Any

from tests.coordinator.client import Answer, Client

IDENTITY = {"hostname": "host", "project_dir": "/project", "executor_profile": "coding"}
EXECUTOR = {"type": "autonomous", "command": "executors/some", "config": {}}
HOOK = {"type": "agent", "agent_name": "gate", "on_error": "block", "timeout_seconds": 60}


def register(coordinator: Client, **more: Any) -> Answer:
    """Register; what is given is added or takes the place of the usual."""
    return coordinator.request("POST", "/runner/register", {**IDENTITY, "executor": EXECUTOR, **more})


def registered(coordinator: Client, **more: Any) -> str:
    """Register, and return the runner's id."""
    answer = register(coordinator, **more)
    assert answer.status == 200, answer
    return str(answer.body["runner_id"])


def report(coordinator: Client, runner_id: str, run_id: str, what: str, **more: Any) -> Answer:
    """Report on a run."""
    return coordinator.request("POST", f"/runner/runs/{run_id}/{what}", {"runner_id": runner_id, **more})


def claimed(coordinator: Client, runner_id: str, **more: Any) -> dict[str, Any]:
    """Create a run and have the runner take it."""
    created = coordinator.create(**more)
    answer = coordinator.poll(runner_id)
    assert answer.body["run"]["run_id"] == created["run_id"]
    return created


def say_result(coordinator: Client, session_id: str, **said: Any) -> None:
    """Say what came of a session, as the current dialect has it."""
    event = {"event_type": "result", "session_id": session_id, "timestamp": "1", **said}
    assert coordinator.request("POST", f"/sessions/{session_id}/events", event).status == 201


def guarded(coordinator: Client, **hook: Any) -> dict[str, Any]:
    """Create a run that the hook of its agent looks at before a poll brings it."""
    coordinator.create_agent("bob", hooks={"on_run_start": {**HOOK, **hook}})
    return coordinator.create("before", agent_name="bob")


def hook_run(coordinator: Client) -> dict[str, Any]:
    """The run of that hook, which there is once the other run is claimed."""
    [looks] = [run for run in coordinator.runs() if run["agent_name"] == HOOK["agent_name"]]
    return looks


def work(coordinator: Client, runner_id: str, until: Callable[[], bool]) -> None:
    """Take runs, start and complete them at once, until there is nothing left to do."""
    while not until():
        answer = coordinator.poll(runner_id)
        if answer.body is not None and "run" in answer.body:
            run_id = answer.body["run"]["run_id"]
            report(coordinator, runner_id, run_id, "started")
            report(coordinator, runner_id, run_id, "completed", status="success")
