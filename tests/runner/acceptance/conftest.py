"""A machine and a coordinator for a runner."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.coordinator.server import Coordinator
from tests.coordinator.settings import Settings
from tests.runner.acceptance.machine import Machine

TICK = 0.05


@pytest.fixture
def serve() -> Iterator[Callable[..., Coordinator]]:
    """Start a coordinator: ``serve(dialect="current")``."""
    with ExitStack() as stack:

        def start(**settings: Any) -> Coordinator:
            return stack.enter_context(Coordinator(Settings(**{"tick": TICK, **settings})))

        yield start


@pytest.fixture
def machine(serve: object) -> Iterator[Machine]:
    """A machine without a runner; its coordinators outlive its runners."""
    found = Machine()
    try:
        yield found
    finally:
        found.close()


@pytest.fixture(params=["seed", "current"])
def coordinator(request: pytest.FixtureRequest, serve: Callable[..., Coordinator]) -> Coordinator:
    """One of each dialect."""
    return serve(dialect=request.param)


@pytest.fixture
def seed(serve: Callable[..., Coordinator]) -> Coordinator:
    """One of the seed's dialect."""
    return serve(dialect="seed")


@pytest.fixture
def current(serve: Callable[..., Coordinator]) -> Coordinator:
    """One of the current dialect."""
    return serve(dialect="current")
