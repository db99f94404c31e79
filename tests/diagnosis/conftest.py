"""An engine over a handful of checks and facts, and something to hang on."""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from doctor.diagnosis.check import Check
from doctor.diagnosis.collect import make_checks, make_facts
from doctor.diagnosis.engine import Engine
from doctor.diagnosis.facts_graph import FactGraph
from doctor.model.options import Options

MakeEngine = Callable[..., Engine]


@pytest.fixture
def make_engine() -> MakeEngine:
    """Build an engine: ``make_engine(A, B, facts={...}, values={...}, options=Options(...), ...)``."""

    def build(
        *classes: type[Check],
        facts: Mapping[str, Callable[..., Any]] | None = None,
        values: Mapping[str, Any] | None = None,
        options: Options | None = None,
        select: tuple[str, ...] | None = None,
        **more: Any,
    ) -> Engine:
        checks = make_checks(("tests", check) for check in classes)
        graph = FactGraph(make_facts([("tests", facts or {})]), values or {})
        selected = None if select is None else [check for check in checks if check.code in select]
        return Engine(checks, graph, options or Options(), selected=selected, **more)

    return build


@pytest.fixture
def forever() -> Iterator[threading.Event]:
    """An event that is set only after the test, so that threads that hang on it end."""
    event = threading.Event()
    yield event
    event.set()
