"""Creating runs and agents, and stopping them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.coordinator.bare import claimed, registered, report
from tests.coordinator.server import Coordinator


def test_a_run_of_the_seeds_dialect_is_a_prompt(seed: Coordinator) -> None:
    answer = seed.request("POST", "/runs", {"type": "start_session", "prompt": "hello"})
    assert (answer.status, answer.body["status"]) == (200, "pending")
    assert (answer.body["run_id"][:4], answer.body["session_id"][:4]) == ("run_", "ses_")


def test_a_run_of_the_current_dialect_is_parameters(current: Coordinator) -> None:
    answer = current.request("POST", "/runs", {"type": "start_session", "parameters": {"prompt": "hello"}})
    assert (answer.status, answer.body["status"]) == (201, "pending")


def test_neither_understands_the_others(seed: Coordinator, current: Coordinator) -> None:
    assert seed.request("POST", "/runs", {"type": "start_session", "parameters": {"prompt": "x"}}).status == 422
    assert current.request("POST", "/runs", {"type": "start_session", "prompt": "x"}).status == 422


@pytest.mark.parametrize("parameters", [{}, {"prompt": ""}, {"prompt": 5}, {"prompt": "x", "other": 1}])
def test_parameters_are_a_prompt_and_nothing_else(current: Coordinator, parameters: dict[str, Any]) -> None:
    answer = current.request("POST", "/runs", {"type": "start_session", "parameters": parameters})
    assert (answer.status, answer.body["detail"]["error"]) == (400, "parameter_validation_failed")


def test_a_type_that_nobody_knows_is_refused(coordinator: Coordinator) -> None:
    said = {"prompt": "x", "parameters": {"prompt": "x"}}
    assert coordinator.request("POST", "/runs", {"type": "dance", **said}).status == 422


def test_a_session_is_resumed_by_its_name(coordinator: Coordinator) -> None:
    said = {"prompt": "x", "parameters": {"prompt": "x"}}
    assert coordinator.request("POST", "/runs", {"type": "resume_session", **said}).status == 400
    unknown = coordinator.request("POST", "/runs", {"type": "resume_session", "session_id": "ses_none", **said})
    assert unknown == (404, {"detail": "Session 'ses_none' not found"})


def test_a_session_is_started_once(coordinator: Coordinator) -> None:
    said = {"type": "start_session", "session_id": "ses_mine", "prompt": "x", "parameters": {"prompt": "x"}}
    assert coordinator.request("POST", "/runs", said).status in {200, 201}
    assert coordinator.request("POST", "/runs", said) == (409, {"detail": "Session 'ses_mine' already exists"})


def test_a_resumed_run_knows_the_sessions_agent_and_directory(coordinator: Coordinator) -> None:
    created = coordinator.create(agent_name="bob", project_dir="/there")
    run = coordinator.run(coordinator.resume(created["session_id"])["run_id"])
    assert (run["agent_name"], run["project_dir"], run["type"]) == ("bob", "/there", "resume_session")


def test_a_run_that_nobody_knows(coordinator: Coordinator) -> None:
    assert coordinator.request("GET", "/runs/run_none") == (404, {"detail": "Run not found"})
    assert coordinator.request("POST", "/runs/run_none/stop") == (404, {"detail": "Run not found"})


def test_a_run_that_waits_is_stopped_at_once(coordinator: Coordinator) -> None:
    created = coordinator.create()
    assert coordinator.stop(created["run_id"]) == {
        "ok": True,
        **{name: created[name] for name in ("run_id", "session_id")},
        "status": "stopped",
        "message": "Run cancelled before execution",
    }
    assert coordinator.run(created["run_id"])["status"] == "stopped"


def test_a_run_is_stopped_once(coordinator: Coordinator) -> None:
    runner_id = registered(coordinator)
    created = claimed(coordinator, runner_id)
    coordinator.stop(created["run_id"])
    again = coordinator.request("POST", f"/runs/{created['run_id']}/stop")
    current = coordinator.settings.dialect == "current"
    assert (again.status, again.body.get("message")) == (
        (200, "Session is already being stopped") if current else (400, None)
    )


def test_a_run_whose_runner_is_gone_cannot_be_stopped(coordinator: Coordinator) -> None:
    runner_id = registered(coordinator)
    created = claimed(coordinator, runner_id)
    coordinator.deregister(runner_id)
    assert coordinator.poll(runner_id).body == {"deregistered": True}
    answer = coordinator.request("POST", f"/runs/{created['run_id']}/stop")
    assert answer == (500, {"detail": "Failed to queue stop command"})


def test_a_resumed_session_is_not_really_stopped(coordinator: Coordinator) -> None:
    runner_id = registered(coordinator)
    created = claimed(coordinator, runner_id)
    bound = {"executor_session_id": "e", "hostname": "host", "executor_profile": "coding"}
    coordinator.request("POST", f"/sessions/{created['session_id']}/bind", bound)
    report(coordinator, runner_id, created["run_id"], "completed")
    resumed = coordinator.resume(created["session_id"])
    coordinator.poll(runner_id)
    coordinator.request("POST", f"/sessions/{created['session_id']}/bind", bound)
    answer = coordinator.request("POST", f"/sessions/{created['session_id']}/stop")
    assert (answer.body["run_id"], answer.body["status"]) == (created["run_id"], "stopped")
    assert coordinator.run(resumed["run_id"])["status"] == "claimed"


def test_an_agent_that_nobody_knows(coordinator: Coordinator) -> None:
    assert coordinator.request("GET", "/agents/bob") == (404, {"detail": "Agent not found: bob"})


def test_the_seeds_dialect_leaves_the_blueprint_to_the_runner(seed: Coordinator) -> None:
    servers = {"a": {"type": "http", "url": "${AGENT_SESSION_ID}"}}
    seed.create_agent("bob", mcp_servers=servers)
    claimed(seed, registered(seed), agent_name="bob")
    agent = seed.request("GET", "/agents/bob").body
    assert agent | {"created_at": "t", "modified_at": "t"} == {
        "name": "bob",
        "description": "bob",
        "mcp_servers": servers,
        "tags": [],
        "capabilities": [],
        "status": "active",
        "created_at": "t",
        "modified_at": "t",
    }


def test_the_current_dialect_resolves_it(current: Coordinator) -> None:
    text = "${params.prompt} ${runtime.session_id} ${runner.orchestrator_mcp_url}"
    current.create_agent("bob", system_prompt=text)
    created = current.create("hi", agent_name="bob")
    run = current.poll(registered(current)).body["run"]
    said = f"hi {created['session_id']} ${{runner.orchestrator_mcp_url}}"
    assert run["resolved_agent_blueprint"]["system_prompt"] == said


def test_an_unknown_agent_is_no_error_of_a_run(coordinator: Coordinator) -> None:
    created = coordinator.create(agent_name="nobody")
    assert coordinator.run(created["run_id"])["agent_name"] == "nobody"


def test_an_agents_demands_are_the_runs(coordinator: Coordinator) -> None:
    coordinator.create_agent("bob", demands={"tags": ["a"], "hostname": "first"})
    created = coordinator.create(agent_name="bob", additional_demands={"tags": ["b"], "hostname": "second"})
    demands = coordinator.run(created["run_id"])["demands"]
    assert (demands["tags"], demands["hostname"]) == (["a", "b"], "first")


def test_the_seeds_dialect_forgets_an_agents_demands_when_a_session_goes_on(seed: Coordinator) -> None:
    seed.create_agent("bob", demands={"tags": ["a"]})
    created = seed.create(agent_name="bob")
    bound = {"executor_session_id": "e", "hostname": "host", "executor_profile": "coding"}
    seed.request("POST", f"/sessions/{created['session_id']}/bind", bound)
    demands = seed.run(seed.resume(created["session_id"])["run_id"])["demands"]
    assert demands == {"hostname": "host", "executor_profile": "coding", "tags": []}


def test_demands_that_nobody_knows_are_none(seed: Coordinator) -> None:
    created = seed.create(additional_demands={"executor_type": "autonomous", "odd": 1, "tags": []})
    assert seed.run(created["run_id"])["demands"] is None


def test_a_coordinator_that_starts_again_takes_a_stop_for_done(coordinator: Coordinator) -> None:
    runner_id = registered(coordinator)
    created = claimed(coordinator, runner_id)
    coordinator.stop(created["run_id"])
    coordinator.forget_runners()
    assert coordinator.run(created["run_id"])["status"] == "stopped"


def test_a_coordinator_that_starts_again_takes_what_is_old_for_lost(serve: Callable[..., Coordinator]) -> None:
    coordinator = serve(recovered_after=0)
    runner_id = registered(coordinator)
    running, waiting = claimed(coordinator, runner_id), claimed(coordinator, runner_id)
    report(coordinator, runner_id, running["run_id"], "started")
    coordinator.forget_runners()
    found = [coordinator.run(each["run_id"]) for each in (running, waiting)]
    assert [(run["status"], run["error"]) for run in found] == [
        ("failed", "Coordinator restarted during execution"),
        ("pending", None),
    ]
