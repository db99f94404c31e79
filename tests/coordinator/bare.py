"""A runner that is nothing but requests."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from tests.coordinator.client import Answer, Client

IDENTITY = {"hostname": "host", "project_dir": "/project", "executor_profile": "coding"}
EXECUTOR = {"type": "autonomous", "command": "executors/some", "config": {}}


def register(coordinator: Client, **more: Any) -> Answer:
    """Register; what is given is added or takes the place of the usual."""
    return coordinator.request("POST", "/runner/register", {**IDENTITY, "executor": EXECUTOR, **more})


def registered(coordinator: Client, **more: Any) -> str:
    """Register, and return the runner's id."""
    answer = register(coordinator, **more)
    assert answer.status == 200, answer
    return str(answer.body["runner_id"])


def poll(coordinator: Client, runner_id: str) -> Answer:
    """Poll once."""
    return coordinator.request("GET", f"/runner/runs?{urlencode({'runner_id': runner_id})}")


def report(coordinator: Client, runner_id: str, run_id: str, what: str, **more: Any) -> Answer:
    """Report on a run."""
    return coordinator.request("POST", f"/runner/runs/{run_id}/{what}", {"runner_id": runner_id, **more})


def claimed(coordinator: Client, runner_id: str, **more: Any) -> dict[str, Any]:
    """Create a run and have the runner take it."""
    created = coordinator.create(**more)
    answer = poll(coordinator, runner_id)
    assert answer.body["run"]["run_id"] == created["run_id"]
    return created


def work(coordinator: Client, runner_id: str, until: Callable[[], bool]) -> None:
    """Take runs, start and complete them at once, until there is nothing left to do."""
    while not until():
        answer = poll(coordinator, runner_id)
        if answer.body is not None and "run" in answer.body:
            run_id = answer.body["run"]["run_id"]
            report(coordinator, runner_id, run_id, "started")
            report(coordinator, runner_id, run_id, "completed", status="success")
