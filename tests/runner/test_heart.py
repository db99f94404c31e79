"""Telling a coordinator that the runner lives."""

import threading
from collections.abc import Callable

import pytest

from doctor.runner import heart
from doctor.runner.client import Coordinator as Peer
from doctor.runner.heart import Heart
from doctor.runner.leaving import Departure
from doctor.runner.registration import Registration
from doctor.runner.talk import Talk
from tests.coordinator.server import Coordinator

Serve = Callable[..., Coordinator]
Register = Callable[[Coordinator], Registration]


def test_a_runner_that_was_silent_for_too_long_registers_again(
    serve: Serve,
    register: Register,
    peer: Callable[[str], Peer],
    departure: Departure,
    talk: Talk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    coordinator = serve(stale_after=0.2, lifecycle_interval=0.02)
    registration = register(coordinator)
    coordinator.until(lambda: coordinator.runners()[0]["status"] == "stale", "the runner to be stale")
    monkeypatch.setattr(heart, "MISSED", 0)
    made = Heart(peer(coordinator.url), registration, departure, at_most=0.02, talk=talk)
    made.start()
    coordinator.until(lambda: coordinator.runners()[0]["status"] == "online", "the runner to be online")
    made.stop()
    assert registration.is_known


def test_a_runner_that_slept_right_after_it_registered_registers_again(
    serve: Serve, register: Register, peer: Callable[[str], Peer], departure: Departure, talk: Talk
) -> None:
    coordinator = serve(stale_after=2.2, lifecycle_interval=0.02, heartbeat_interval=1)
    registration = register(coordinator)
    coordinator.until(lambda: coordinator.runners()[0]["status"] == "stale", "the runner to be stale")
    made = Heart(peer(coordinator.url), registration, departure, at_most=0.02, talk=talk)
    made.start()
    coordinator.until(lambda: coordinator.runners()[0]["status"] == "online", "the runner to be online")
    made.stop()


def test_a_runner_that_beats_in_time_registers_once(
    serve: Serve, register: Register, peer: Callable[[str], Peer], departure: Departure, talk: Talk
) -> None:
    coordinator = serve()
    registration = register(coordinator)
    made = Heart(peer(coordinator.url), registration, departure, at_most=0.02, talk=talk)
    made.start()
    coordinator.until(lambda: len(coordinator.history("POST", "/runner/heartbeat")) > 2, "beats")
    made.stop()
    assert len(coordinator.history("POST", "/runner/register")) == 1


def test_a_beat_that_is_answered_after_the_end_registers_nobody(
    serve: Serve,
    register: Register,
    peer: Callable[[str], Peer],
    departure: Departure,
    talk: Talk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heart, "MISSED", 0)
    coordinator = serve()
    made = Heart(peer(coordinator.url), register(coordinator), departure, at_most=0.02, talk=talk)
    coordinator.fault("slow", method="POST", path="/runner/heartbeat", seconds=0.2)
    made.start()
    coordinator.until(lambda: coordinator.history("POST", "/runner/heartbeat"), "a beat")
    made.stop()
    coordinator.until(lambda: all(thread.name != "heart" for thread in threading.enumerate()), "the heart's end")
    assert len(coordinator.history("POST", "/runner/register")) == 1
