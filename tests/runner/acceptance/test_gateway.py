"""What a child may ask of its gateway, and what nobody may."""

import http.client
from typing import Any
from urllib.parse import urlsplit

from tests.coordinator.server import Coordinator
from tests.runner.acceptance.machine import Machine, prompt

BIND = {"session_id": "SESSION", "executor_session_id": "e-1", "project_dir": "/there"}


def asked(machine: Machine, coordinator: Coordinator, *requests: tuple[Any, ...]) -> tuple[str, list[tuple[int, str]]]:
    """Have a child ask, with its own session where ``SESSION`` stands; the session, and the answers."""
    session_id = "ses_of_this_test"
    steps = [("ask", *request) for request in requests]
    text = prompt(*steps).replace("SESSION", session_id)
    created = coordinator.create(text, session_id=session_id)
    coordinator.until_ended(created["run_id"])
    [record] = machine.received(session_id)
    return session_id, [(status, text) for status, text in record["answers"]]


def event(kind: str, session_id: str = "SESSION") -> dict[str, str]:
    return {"session_id": session_id, "event_type": kind, "timestamp": "2026-01-01T00:00:00Z"}


def test_a_child_binds_and_tells(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator)
    session_id, answers = asked(
        machine,
        coordinator,
        ("POST", "/bind", BIND),
        ("POST", "/events", event("message")),
        ("PATCH", "/metadata", {"session_id": "SESSION", "last_resumed_at": "now"}),
        ("GET", "/sessions/SESSION"),
    )
    told = 201 if coordinator.settings.dialect == "current" else 200
    assert [status for status, _ in answers] == [200, told, 200, 200]
    session = coordinator.session(session_id)
    names = ("executor_session_id", "executor_profile", "project_dir", "last_resumed_at")
    assert [session[name] for name in names] == ["e-1", "probe", "/there", "now"]
    assert [each["timestamp"] for each in coordinator.events(session_id) if each["event_type"] == "message"] == [
        event("message")["timestamp"]
    ]


def test_a_child_may_speak_for_its_own_session_only(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator)
    other = coordinator.create(additional_demands={"tags": ["nobody"]})
    requests = [
        ("POST", "/bind", {**BIND, "session_id": other["session_id"]}),
        ("POST", "/events", event("session_stop", other["session_id"])),
        ("PATCH", "/metadata", {"session_id": other["session_id"], "project_dir": "/x"}),
        ("GET", f"/sessions/{other['session_id']}"),
        ("POST", f"/sessions/{other['session_id']}/events", event("message", other["session_id"])),
        ("POST", f"/sessions/SESSION/../{other['session_id']}/stop"),
        ("POST", f"/sessions/SESSION/%2e%2e/{other['session_id']}/stop"),
        ("POST", f"/sessions/SESSION%2f..%2f{other['session_id']}/stop"),
        ("DELETE", "/sessions/SESSION"),
        ("DELETE", "/runners/lnch_x"),
        ("GET", "/runners"),
        ("GET", "/runs"),
        ("POST", "/runs", {"type": "start_session", "prompt": "x", "parameters": {"prompt": "x"}}),
        ("POST", "/runner/heartbeat", {"runner_id": "x"}),
    ]
    _, answers = asked(machine, coordinator, *requests)
    assert [status for status, _ in answers] == [403] * len(requests)
    assert (coordinator.session(other["session_id"])["status"], coordinator.events(other["session_id"])) == (
        "pending",
        [],
    )
    assert len(coordinator.runs()) == 2


def test_a_child_may_look_at_agents(machine: Machine, coordinator: Coordinator) -> None:
    coordinator.create_agent("bob")
    machine.ready(coordinator)
    _, answers = asked(machine, coordinator, ("GET", "/agents/bob"), ("GET", "/agents/nobody"))
    assert [status for status, _ in answers] == [200, 404]


def raw(url: str, method: str, path: str, body: bytes = b"") -> int:
    """A request of anybody on this machine."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
    try:
        connection.request(method, path, body or None, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def test_nobody_else_may_use_it(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator)
    created = coordinator.create(prompt(("wait", "go")))
    [record] = machine.received(created["session_id"])
    url = record["environment"]["AGENT_ORCHESTRATOR_API_URL"]
    token = urlsplit(url).path.strip("/")
    body = str(BIND).replace("'", '"').replace("SESSION", created["session_id"]).encode()
    assert len(token) >= 32
    assert [raw(url, "POST", path, body) for path in ("/bind", "/wrong/bind", f"/{token[:-1]}/bind")] == [401] * 3
    assert raw(url, "GET", f"/sessions/{created['session_id']}") == 401
    assert raw(url, "GET", "/") == 401
    assert raw(url, "POST", f"/{token}/bind", body) == 200
    machine.go()
    coordinator.until_ended(created["run_id"])


def test_a_token_ends_with_its_run(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator)
    created = coordinator.create()
    [record] = machine.received(created["session_id"])
    coordinator.until_ended(created["run_id"])
    url = record["environment"]["AGENT_ORCHESTRATOR_API_URL"]
    assert raw(url, "GET", f"{urlsplit(url).path}/sessions/{created['session_id']}") == 401


def test_every_child_has_a_token_of_its_own(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator)
    sessions = [coordinator.create()["session_id"] for _ in range(5)]
    urls = {machine.received(session_id)[0]["environment"]["AGENT_ORCHESTRATOR_API_URL"] for session_id in sessions}
    assert len(urls) == 5


def test_what_the_coordinator_answers_is_passed_through(machine: Machine, seed: Coordinator) -> None:
    machine.ready(seed)
    seed.fault(
        "answer", path=r"/sessions/\w+/bind", status=418, body='{"detail": "tea"}', content_type="application/json"
    )
    _, answers = asked(machine, seed, ("POST", "/bind", BIND), ("POST", "/events", {"session_id": "SESSION"}))
    assert answers[0] == (418, '{"detail": "tea"}')
    assert answers[1][0] == 422


def test_a_bad_body_is_a_bad_request(machine: Machine, seed: Coordinator) -> None:
    machine.ready(seed)
    _, answers = asked(
        machine, seed, ("POST", "/bind", []), ("POST", "/bind", {"session_id": "SESSION"}), ("POST", "/bind")
    )
    assert [status for status, _ in answers] == [400, 400, 400]
    assert '"executor_session_id required"' in answers[1][1]
    assert '"Request body required"' in answers[2][1]
