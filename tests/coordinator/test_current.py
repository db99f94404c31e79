"""What the current dialect alone knows: agents with schemas, owners and hooks, sessions that wait, who leaves."""

from threading import Thread
from typing import Any

import pytest

from tests.coordinator.bare import claimed, guarded, hook_run, register, registered, report, say_result
from tests.coordinator.server import Coordinator

BOUND = {"executor_session_id": "e", "hostname": "host", "executor_profile": "coding"}
PROCEDURAL = {"type": "procedural", "command": "executors/some", "config": {}}
OWN = {"name": "own", "command": "c", "description": "d"}


def start(coordinator: Coordinator, parameters: dict[str, Any], **more: Any) -> Any:
    return coordinator.request("POST", "/runs", {"type": "start_session", "parameters": parameters, **more})


def test_only_a_poll_tells_what_was_filled_in(current: Coordinator) -> None:
    current.create_agent("bob", system_prompt="${scope.k} ${scope.none} ${params.prompt} ${env.NONE_SUCH} ${odd}")
    runner_id = registered(current)
    created = current.create("hi", agent_name="bob", scope={"k": "v"})
    run = current.poll(runner_id).body["run"]
    said = run["resolved_agent_blueprint"]["system_prompt"]
    assert (run["scope"], said) == ({"k": "v"}, "v ${scope.none} hi ${env.NONE_SUCH} ${odd}")
    for shown in (current.run(created["run_id"]), *current.runs()):
        assert set(run) - set(shown) == {"scope", "resolved_agent_blueprint"}


def test_parameters_that_do_not_fit_are_refused(current: Coordinator) -> None:
    answer = start(current, {"prompt": "", "more": 1})
    assert (answer.status, answer.body["detail"]["error"]) == (400, "parameter_validation_failed")
    assert answer.body["detail"]["agent_name"] == "(no agent)"
    assert {each["path"] for each in answer.body["detail"]["validation_errors"]} == {"$", "$.prompt"}


def test_an_agents_own_schema_takes_the_place_of_the_prompt(current: Coordinator) -> None:
    current.create_agent("typed", parameters_schema={"type": "object", "required": ["n"]})
    assert start(current, {"n": 1}, agent_name="typed").status == 201
    assert start(current, {"prompt": "x"}, agent_name="typed").status == 400


def test_an_agent_has_a_name_and_no_servers_of_its_own(current: Coordinator) -> None:
    said = {"name": "a b", "description": "d"}
    assert current.request("POST", "/agents", said).status == 400
    servers = {"mcp_servers": {"x": {"type": "http", "url": "u"}}}
    assert current.request("POST", "/agents", {**said, "name": "ab", **servers}).status == 409


def test_procedural_sessions_do_not_go_on(current: Coordinator) -> None:
    current.create_agent("script", type="procedural")
    created = start(current, {"any": 1}, agent_name="script").body
    assert current.run(created["run_id"])["demands"] == {"executor_type": "procedural", "tags": []}
    again = {"type": "resume_session", "session_id": created["session_id"], "parameters": {"prompt": "x"}}
    answer = current.request("POST", "/runs", again)
    assert (answer.status, answer.body["detail"]["error"]) == (400, "procedural_agent_no_resume")


def test_a_runner_brings_agents(current: Coordinator) -> None:
    runner_id = registered(current, executor=PROCEDURAL, agents=[OWN])
    agent = current.request("GET", "/agents/own").body
    assert (agent["type"], agent["command"]) == ("procedural", "c")
    created = start(current, {"any": 1}, agent_name="own").body
    demands = current.run(created["run_id"])["demands"]
    assert (demands["hostname"], demands["executor_type"]) == ("host", "procedural")
    assert current.poll(runner_id).body["run"]["run_id"] == created["run_id"]
    current.request("DELETE", f"/runners/{runner_id}?self=true")
    assert current.request("GET", "/agents/own").status == 404


def test_an_agent_that_a_runner_brings_has_a_name_and_a_command(current: Coordinator) -> None:
    answer = register(current, executor=PROCEDURAL, agents=[{"name": "own"}])
    assert (answer.status, answer.body["detail"][0]["loc"]) == (422, ["body", "agents", 0, "command"])


def test_a_session_says_whatever_a_runner_says_of_it(current: Coordinator) -> None:
    runner_id = registered(current)
    created = claimed(current, runner_id)
    for said, status in ((None, "finished"), ("odd", "odd")):
        report(current, runner_id, created["run_id"], "completed", session_status=said)
        assert current.session(created["session_id"])["status"] == status


def test_a_session_that_waits_has_a_result_and_goes_on(current: Coordinator) -> None:
    runner_id = registered(current)
    created = claimed(current, runner_id)
    say_result(current, created["session_id"], result_text="done")
    report(current, runner_id, created["run_id"], "completed", session_status="idle")
    result = current.request("GET", f"/sessions/{created['session_id']}/result").body
    assert result == {"result_text": "done", "result_data": None}
    resumed = current.resume(created["session_id"])
    current.poll(runner_id)
    report(current, runner_id, resumed["run_id"], "started")
    assert current.session(created["session_id"])["status"] == "running"


def test_a_session_that_waits_is_stopped_by_its_runner(current: Coordinator) -> None:
    runner_id = registered(current)
    created = claimed(current, runner_id)
    report(current, runner_id, created["run_id"], "completed", session_status="idle")
    answer = current.request("POST", f"/sessions/{created['session_id']}/stop").body
    assert answer["status"] == current.session(created["session_id"])["status"] == "stopping"
    assert current.poll(runner_id).body == {"stop_sessions": [created["session_id"]]}


def test_a_run_is_stopped_as_its_session(current: Coordinator) -> None:
    runner_id = registered(current)
    created = claimed(current, runner_id)
    report(current, runner_id, created["run_id"], "failed", error="e")
    answer = current.request("POST", f"/runs/{created['run_id']}/stop")
    assert answer.body["message"] == "Session already failed"
    assert [each["event_type"] for each in current.events(created["session_id"])] == []


def test_a_runner_that_leaves_by_itself_loses_its_runs(current: Coordinator) -> None:
    runner_id = registered(current)
    lost, idle = claimed(current, runner_id), claimed(current, runner_id)
    report(current, runner_id, idle["run_id"], "completed", session_status="idle")
    current.request("DELETE", f"/runners/{runner_id}?self=true")
    statuses = [current.session(each["session_id"])["status"] for each in (lost, idle)]
    assert statuses == ["failed", "finished"]
    assert current.run(lost["run_id"])["status"] == "claimed"
    current.forget_runners()
    assert current.run(lost["run_id"])["status"] == "failed"


@pytest.mark.parametrize("word", ["maybe", "", "2"])
def test_leaving_is_a_question_of_yes_or_no(coordinator: Coordinator, word: str) -> None:
    assert coordinator.request("DELETE", f"/runners/{registered(coordinator)}?self={word}").status == 422


def test_a_childs_scope_holds_its_parents(current: Coordinator) -> None:
    parent = current.create(scope={"a": 1, "b": 1})
    runner_id = registered(current)
    current.poll(runner_id)
    current.create(scope={"b": 2}, parent_session_id=parent["session_id"])
    assert current.poll(runner_id).body["run"]["scope"] == {"a": 1, "b": 2}


class Guarded:
    """A run whose agent's hook looks at it, and the poll that claimed it."""

    def __init__(self, coordinator: Coordinator, **hook: Any) -> None:
        self.coordinator = coordinator
        self.runner_id = registered(coordinator)
        self.created = guarded(coordinator, **hook)
        self.answers: list[Any] = []
        self._poll = Thread(target=lambda: self.answers.append(coordinator.poll(self.runner_id).body), daemon=True)
        self._poll.start()
        coordinator.until_status(self.created["run_id"], "claimed")
        self.hook = hook_run(coordinator)

    def end(self, what: str, **said: Any) -> None:
        """The hook's agent has looked."""
        say_result(self.coordinator, self.hook["session_id"], result_data=said)
        report(self.coordinator, self.runner_id, self.hook["run_id"], what, error="why")

    @property
    def events(self) -> list[str]:
        return [each["event_type"] for each in self.coordinator.events(self.created["session_id"])]


def test_a_hook_lets_a_run_pass_and_changes_it(current: Coordinator) -> None:
    held = Guarded(current)
    assert held.answers == []
    held.end("completed", action="continue", parameters={"prompt": "after"})
    current.until(lambda: held.answers, "the poll's answer")
    assert held.answers[0]["run"]["parameters"] == {"prompt": "after"}
    assert held.events == ["hook_start", "hook_complete"]


@pytest.mark.parametrize(
    ("what", "said", "why", "event"),
    [
        ("completed", {"action": "block", "block_reason": "no"}, "no", "hook_blocked"),
        ("failed", {}, "Hook failed: why", "hook_failed"),
    ],
)
def test_a_hook_forbids_a_run(current: Coordinator, what: str, said: dict[str, Any], why: str, event: str) -> None:
    held = Guarded(current)
    held.end(what, **said)
    run = current.until_status(held.created["run_id"], "failed")
    assert run["error"] == f"Blocked by on_run_start hook: {why}"
    assert held.events == ["hook_start", event]


@pytest.mark.parametrize(("policy", "status"), [("block", "failed"), ("continue", "claimed")])
def test_a_hook_that_takes_too_long(current: Coordinator, policy: str, status: str) -> None:
    held = Guarded(current, on_error=policy, timeout_seconds=1)
    current.until(lambda: held.events == ["hook_start", "hook_timeout"], "the hook's end")
    assert current.run(held.created["run_id"])["status"] == status
