"""What executors do while their coordinator cannot be reached, and when it does not take what they tell."""

from collections.abc import Callable, Iterator

import pytest

from doctor.runner.executors import echo, reporting
from doctor.runner.executors.reporting import ReportError
from doctor.runner.gateway import Gateway
from tests.runner.executors.conftest import SESSION, Told

Tell = Callable[[], None]
EVENT = f'{{"session_id": "{SESSION}", "event_type": "message", "timestamp": "2026-01-01T00:00:00.000000Z"}}'


class Clock:
    """Time that passes only in pauses."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    for module in (echo, reporting):
        monkeypatch.setattr(module, "time", found)
    return found


@pytest.fixture(params=["echo", "reporting"])
def tell(request: pytest.FixtureRequest, gateway: Gateway) -> Iterator[Tell]:
    """Tell the coordinator of one event, as either kind of executor does."""
    url = gateway.admit(SESSION).url
    own, reporter = echo._Gateway(url), reporting.Reporter(url, SESSION, current=False)
    if request.param == "echo":
        yield lambda: own.send("POST", "/events", EVENT)
    else:
        yield lambda: reporter.message("user", "hello")
    own.close()
    reporter.close()


def test_an_outage_is_waited_out(told: Told, clock: Clock, tell: Tell) -> None:
    told.down = 20
    tell()
    assert (told.down, len(told.events)) == (0, 1)
    assert clock.pauses == sorted(clock.pauses)
    assert len(clock.pauses) == 20
    assert max(clock.pauses) == 5.0


def test_a_coordinator_that_does_not_come_back_ends_the_run(told: Told, clock: Clock, tell: Tell) -> None:
    told.down = 10**6
    with pytest.raises((ReportError, echo._Failure), match=r"was answered with 502: .*Connection refused"):
        tell()
    assert reporting.PATIENCE <= sum(clock.pauses) <= reporting.PATIENCE + 5


@pytest.mark.parametrize(("status", "most"), [(422, 1), (500, 4)])
def test_what_is_not_taken_is_not_told_for_ever(told: Told, clock: Clock, tell: Tell, status: int, most: int) -> None:
    told.refuse, told.refusal = "/events", status
    with pytest.raises((ReportError, echo._Failure), match=f"was answered with {status}: "):
        tell()
    assert len(told.asked) <= most
