"""What the tests of the runner's parts may ask for."""

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from doctor.runner.auth import Nobody
from doctor.runner.client import Coordinator as Peer
from doctor.runner.leaving import Departure
from doctor.runner.registration import Identity, Registration
from doctor.runner.talk import Talk
from tests.coordinator.server import Coordinator
from tests.coordinator.settings import Settings


@pytest.fixture
def serve() -> Iterator[Callable[..., Coordinator]]:
    """Start a coordinator: ``serve(dialect="current", poll_timeout=1)``."""
    with ExitStack() as stack:

        def start(**settings: Any) -> Coordinator:
            return stack.enter_context(Coordinator(Settings(**{"tick": 0.02, **settings})))

        yield start


@pytest.fixture
def said() -> io.StringIO:
    """What was said so far."""
    return io.StringIO()


@pytest.fixture
def talk(said: io.StringIO) -> Talk:
    """Says everything."""
    return Talk(said, verbose=True)


@pytest.fixture
def departure() -> Departure:
    """Nobody has to leave yet."""
    return Departure()


@pytest.fixture
def identity() -> Identity:
    """What a runner says of itself."""
    executor = {"type": "autonomous", "command": "executors/test", "config": {"a": 1}}
    return Identity(hostname="here", project_dir="/srv/shop", executor_profile="test", executor=executor)


@pytest.fixture
def peer() -> Iterator[Callable[[str], Peer]]:
    """The runner's side of a connection: ``peer(url)``."""
    with ExitStack() as stack:

        def connect(url: str) -> Peer:
            made = Peer(url, Nobody())
            stack.callback(made.close)
            return made

        yield connect


@pytest.fixture
def register(
    peer: Callable[[str], Peer], identity: Identity, departure: Departure, talk: Talk
) -> Callable[[Coordinator], Registration]:
    """Register at a coordinator: ``register(coordinator)``."""

    def registered(coordinator: Coordinator) -> Registration:
        registration = Registration(peer(coordinator.url), identity, departure, talk)
        registration.first()
        return registration

    return registered
