"""What the children of runners tell of their sessions."""

from typing import Any

import pytest

from tests.coordinator.bare import registered, report
from tests.coordinator.server import Coordinator

BOUND = {"executor_session_id": "e-1", "hostname": "host", "executor_profile": "coding", "project_dir": "/there"}


def event(session_id: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"event_type": kind, "session_id": session_id, "timestamp": "2026-01-01T00:00:00Z"} | more


def say(coordinator: Coordinator, session_id: str, kind: str, **more: Any) -> int:
    return coordinator.request("POST", f"/sessions/{session_id}/events", event(session_id, kind, **more)).status


def test_a_session_that_is_bound_runs(coordinator: Coordinator) -> None:
    session_id = coordinator.create()["session_id"]
    answer = coordinator.request("POST", f"/sessions/{session_id}/bind", BOUND)
    assert (answer.status, answer.body["ok"], answer.body["session"]["status"]) == (200, True, "running")
    affinity = coordinator.request("GET", f"/sessions/{session_id}/affinity").body["affinity"]
    shown = {"session_id": session_id, **BOUND}
    if coordinator.settings.dialect == "current":
        del shown["executor_session_id"]
    assert affinity == shown


@pytest.mark.parametrize("name", ["executor_session_id", "hostname", "executor_profile"])
def test_a_bind_has_to_be_whole(coordinator: Coordinator, name: str) -> None:
    session_id = coordinator.create()["session_id"]
    body = {key: value for key, value in BOUND.items() if key != name}
    assert coordinator.request("POST", f"/sessions/{session_id}/bind", body).status == 422


def test_sessions_that_nobody_knows(coordinator: Coordinator) -> None:
    missing = (404, {"detail": "Session not found"})
    assert coordinator.request("POST", "/sessions/ses_none/bind", BOUND) == missing
    assert coordinator.request("POST", "/sessions/ses_none/events", event("ses_none", "message")) == missing
    assert coordinator.request("PATCH", "/sessions/ses_none/metadata", {}) == missing
    assert coordinator.request("GET", "/sessions/ses_none") == missing
    assert coordinator.request("POST", "/sessions/ses_none/stop") == missing
    assert coordinator.request("GET", "/sessions/ses_none/status") == (200, {"status": "not_existent"})


@pytest.mark.parametrize("name", ["event_type", "timestamp", "session_id"])
def test_an_event_has_to_be_whole(coordinator: Coordinator, name: str) -> None:
    session_id = coordinator.create()["session_id"]
    body = {key: value for key, value in event(session_id, "message").items() if key != name}
    assert coordinator.request("POST", f"/sessions/{session_id}/events", body).status == 422


def test_an_event_belongs_to_its_session(coordinator: Coordinator) -> None:
    session_id = coordinator.create()["session_id"]
    answer = coordinator.request("POST", f"/sessions/{session_id}/events", event("other", "message"))
    assert answer == (400, {"detail": "Event session_id must match URL session_id"})


def test_an_event_of_any_type_is_kept(seed: Coordinator, current: Coordinator) -> None:
    for coordinator, status in ((seed, 200), (current, 201)):
        session_id = coordinator.create()["session_id"]
        assert say(coordinator, session_id, "unheard_of", more=1) == status
        unsaid = dict.fromkeys(("tool_name", "tool_input", "tool_output", "error", "exit_code", "reason", "role"))
        unsaid |= {"content": None, **(dict.fromkeys(("result_text", "result_data")) if coordinator is current else {})}
        assert coordinator.events(session_id) == [{"id": 1, **event(session_id, "unheard_of"), **unsaid}]


@pytest.mark.parametrize(
    "more", [{"role": 5}, {"content": "text"}, {"content": ["text"]}, {"tool_input": []}, {"exit_code": "none"}]
)
def test_an_event_says_things_of_their_types(coordinator: Coordinator, more: dict[str, Any]) -> None:
    session_id = coordinator.create()["session_id"]
    assert say(coordinator, session_id, "message", **more) == 422


def test_events_are_told_by_their_timestamps(coordinator: Coordinator) -> None:
    session_id = coordinator.create()["session_id"]
    for second, kind in (("02", "third"), ("01", "second"), ("01", "first")):
        say(coordinator, session_id, kind, timestamp=f"2026-01-01T00:00:{second}Z")
    assert [each["event_type"] for each in coordinator.events(session_id)] == ["first", "second", "third"]


def test_the_first_hundred_events_are_told(coordinator: Coordinator) -> None:
    session_id = coordinator.create()["session_id"]
    for number in range(101):
        say(coordinator, session_id, f"e{number}", timestamp=f"{number:03}")
    assert [each["event_type"] for each in coordinator.events(session_id)] == [f"e{number}" for number in range(100)]


def test_the_seeds_result_is_the_first_part_of_what_was_said_last(seed: Coordinator) -> None:
    session_id = seed.create()["session_id"]
    for second, text in (("01", "early"), ("03", "late"), ("03", "too late"), ("02", "between")):
        parts = [{"type": "text", "text": text}, {"type": "text", "text": "more"}]
        say(seed, session_id, "message", role="assistant", content=parts, timestamp=f"2026-01-01T00:00:{second}Z")
    say(seed, session_id, "session_stop")
    assert seed.request("GET", f"/sessions/{session_id}/result").body == {"result": "late"}


def test_metadata_changes_what_it_names(coordinator: Coordinator) -> None:
    session_id = coordinator.create(project_dir="/there")["session_id"]
    answer = coordinator.request("PATCH", f"/sessions/{session_id}/metadata", {"last_resumed_at": "now", "odd": 1})
    assert answer.status == 200
    session = coordinator.session(session_id)
    assert (session["last_resumed_at"], session["project_dir"]) == ("now", "/there")


def test_the_seeds_sessions_end_with_an_event(seed: Coordinator) -> None:
    session_id = seed.create()["session_id"]
    said = {"role": "assistant", "content": [{"type": "text", "text": "done"}]}
    say(seed, session_id, "message", **said)
    assert seed.request("GET", f"/sessions/{session_id}/result") == (400, {"detail": "Session not finished"})
    say(seed, session_id, "session_stop", exit_code=0, reason="completed")
    assert seed.session(session_id)["status"] == "finished"
    assert seed.request("GET", f"/sessions/{session_id}/result").body == {"result": "done"}


def test_that_event_means_nothing_in_the_current_dialect(current: Coordinator) -> None:
    session_id = current.create()["session_id"]
    say(current, session_id, "session_stop", exit_code=0, reason="completed")
    assert current.session(session_id)["status"] == "pending"


def test_the_current_dialect_has_an_event_for_the_result(current: Coordinator) -> None:
    session_id = current.create()["session_id"]
    say(current, session_id, "result", result_text="done")
    report(current, registered(current), current.runs()[0]["run_id"], "completed")
    assert current.request("GET", f"/sessions/{session_id}/result").body == {
        "result_text": "done",
        "result_data": None,
    }
