import io
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from doctor.runner.auth import AuthError
from doctor.runner.client import Coordinator as Peer
from doctor.runner.leaving import Departure
from doctor.runner.registration import CannotRegister, Identity, Left, Registration
from doctor.runner.talk import Talk
from tests.coordinator.server import Coordinator
from tests.runner.raw_server import RawServer, ok

Serve = Callable[..., Coordinator]
Register = Callable[[Coordinator], Registration]


def test_what_is_said_of_a_runner(identity: Identity) -> None:
    expected: dict[str, Any] = {
        "hostname": "here",
        "project_dir": "/srv/shop",
        "executor_profile": "test",
        "executor": {"type": "autonomous", "command": "executors/test", "config": {"a": 1}},
    }
    assert identity.document() == expected
    tagged = replace(identity, tags=("a", "b"))
    assert tagged.document() == expected | {"tags": ["a", "b"], "require_matching_tags": False}
    strict = replace(tagged, require_matching_tags=True)
    assert strict.document() == expected | {"tags": ["a", "b"], "require_matching_tags": True}


def test_what_the_coordinator_announces_is_kept(serve: Serve, register: Register) -> None:
    now = register(serve(poll_timeout=3, heartbeat_interval=7)).now
    assert (now.runner_id[:5], now.poll_timeout, now.heartbeat_interval, now.number) == ("lnch_", 3, 7, 1)


def test_an_earlier_registration_is_taken_over(serve: Serve, register: Register) -> None:
    coordinator = serve()
    first, second = register(coordinator), register(coordinator)
    assert (first.now.runner_id, first.took_over, second.took_over) == (second.now.runner_id, False, True)
    assert [each["runner_id"] for each in coordinator.runners()] == [second.now.runner_id]


def test_a_run_that_comes_in_between_is_kept(serve: Serve, register: Register) -> None:
    coordinator = serve()
    register(coordinator)
    run_id = coordinator.create()["run_id"]
    brought = register(coordinator).brought.runs
    # The mark may be heard first; then the run is left for somebody who is registered.
    assert [each.run_id for each in brought] == [run_id] or coordinator.run(run_id)["status"] == "pending"


def test_only_one_thread_registers_again(serve: Serve, register: Register) -> None:
    coordinator = serve()
    registration = register(coordinator)
    coordinator.forget_runners()
    seen, never = registration.now, threading.Event()
    threads = [threading.Thread(target=registration.renew, args=(seen,), kwargs={"until": never}) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert registration.now.number == 2
    assert len(coordinator.runners()) == 1


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (
            ok(b'{"detail": "no"}', status="422 Unprocessable"),
            CannotRegister,
            "refused to register.*: 422 no",
        ),
        (ok(b"", status="404 Not Found"), CannotRegister, "refused to register this runner: 404"),
        (ok(b"", status="302 Found"), CannotRegister, "refused to register this runner: 302"),
        (ok(b"<html>"), CannotRegister, "without a runner_id: 200 <html>"),
        (ok(b'{"runner_id": 5}'), CannotRegister, "without a runner_id"),
        (
            ok(b'{"detail": "Missing token"}', status="401 Unauthorized"),
            AuthError,
            "authentication failed.*Missing",
        ),
        (ok(b'{"detail": "Expired"}', status="403 Forbidden"), AuthError, "authentication failed.*Expired"),
        (
            ok(
                b'{"detail": {"error": "agent_name_collision", "agent_name": "x", "existing_runner_id": "lnch_9"}}',
                status="409 Conflict",
            ),
            CannotRegister,
            "the agent 'x' is offered by lnch_9 already",
        ),
        (
            ok(
                b'{"detail": {"error": "duplicate_runner", "runner_id": "lnch_9", "hostname": "there"}}',
                status="409 Conflict",
            ),
            CannotRegister,
            "lnch_9 is another runner's: its hostname is 'there', this one's is 'here'",
        ),
        (ok(b'{"detail": "conflict"}', status="409 Conflict"), CannotRegister, "409 conflict"),
    ],
    ids=str,
)
def test_a_refusal_is_final(
    answer: bytes,
    error: type[Exception],
    said: str,
    peer: Callable[[str], Peer],
    identity: Identity,
    departure: Departure,
    talk: Talk,
) -> None:
    with RawServer(lambda _: answer) as server, pytest.raises(error, match=said):
        Registration(peer(server.url), identity, departure, talk).first()


def test_trouble_is_waited_out(
    peer: Callable[[str], Peer], identity: Identity, departure: Departure, talk: Talk, said: io.StringIO
) -> None:
    answers = [ok(status="503 Later"), None, ok(status="429 Slowly"), ok(b'{"runner_id": "lnch_1"}')]
    with RawServer(lambda _: answers.pop(0)) as server:
        registration = Registration(peer(server.url), identity, departure, talk)
        registration.first()
    assert registration.now.runner_id == "lnch_1"
    assert "503" in said.getvalue()


def test_nobody_waits_once_the_runner_is_to_leave(
    peer: Callable[[str], Peer], identity: Identity, departure: Departure, talk: Talk
) -> None:
    departure.ask()
    with pytest.raises(Left):
        Registration(peer("http://127.0.0.1:9"), identity, departure, talk).first()


@pytest.mark.parametrize("value", ["null", "0", "-5", '"x"', "true", "1e300"])
def test_a_time_that_cannot_be_meant_is_the_usual_one(
    value: str, peer: Callable[[str], Peer], identity: Identity, departure: Departure, talk: Talk
) -> None:
    document = f'{{"runner_id": "r", "poll_timeout_seconds": {value}, "heartbeat_interval_seconds": {value}}}'
    with RawServer(lambda _: ok(document.encode())) as server:
        registration = Registration(peer(server.url), identity, departure, talk)
        registration.first()
    assert (registration.now.poll_timeout, registration.now.heartbeat_interval) == (30, 60)


def test_whoever_leaves_reports_beside_its_successor(
    serve: Serve, departure: Departure, peer: Callable[[str], Peer], identity: Identity, talk: Talk
) -> None:
    coordinator = serve()
    leaving = Registration(peer(coordinator.url), identity, departure, talk)
    leaving.first()
    successor = Registration(peer(coordinator.url), identity, Departure(), talk)
    successor.first()
    departure.begin()
    leaving.forget()
    assert leaving.renew(leaving.now, until=departure.at_once)
    assert (leaving.now.runner_id, leaving.is_borrowed, successor.is_borrowed) == (successor.now.runner_id, True, False)
    assert ([each["runner_id"] for each in coordinator.runners()], coordinator.marks()) == (
        [successor.now.runner_id],
        [],
    )
