"""How a process does."""

import pytest

from doctor.model.policy import Health as Limits
from doctor.model.process import Health, State
from doctor.processes.health import health_of

LIMITS = Limits(idle_seconds=300, activity_stalled_seconds=900, progress_stalled_seconds=1200)
NOW = 1_000_000.0


def health(
    *, silent: float = 0, stuck: float = 0, state: State = State.RUNNING, blocked: bool = False, limits: Limits = LIMITS
) -> Health:
    return health_of(
        state, blocked=blocked, now=NOW, last_output=NOW - silent, last_progress=NOW - stuck, limits=limits
    )


@pytest.mark.parametrize(
    ("silent", "expected"),
    [
        (0, Health.HEALTHY),
        (299.9, Health.HEALTHY),
        (300, Health.IDLE),
        (899.9, Health.IDLE),
        (900, Health.STALLED),
        (10_000, Health.STALLED),
    ],
)
def test_silence_makes_a_process_idle_and_then_stalled(silent: float, expected: Health) -> None:
    assert health(silent=silent) is expected


@pytest.mark.parametrize(("stuck", "expected"), [(1199.9, Health.HEALTHY), (1200, Health.STALLED)])
def test_a_process_that_prints_without_progress_stalls(stuck: float, expected: Health) -> None:
    assert health(stuck=stuck) is expected


def test_the_limits_are_the_policys() -> None:
    limits = Limits(idle_seconds=1, activity_stalled_seconds=2, progress_stalled_seconds=50)
    assert [health(silent=silent, limits=limits) for silent in (0, 1, 2)] == [
        Health.HEALTHY,
        Health.IDLE,
        Health.STALLED,
    ]


def test_equal_limits_leave_no_room_for_idling() -> None:
    limits = Limits(idle_seconds=10, activity_stalled_seconds=10, progress_stalled_seconds=10)
    assert health(silent=10, limits=limits) is Health.STALLED


@pytest.mark.parametrize("silent", [0, 500, 5000])
def test_what_waits_for_a_person_is_blocked_however_long_it_waits(silent: float) -> None:
    assert health(silent=silent, stuck=silent, blocked=True) is Health.BLOCKED


@pytest.mark.parametrize("state", [State.COMPLETED, State.FAILED, State.CANCELLED])
@pytest.mark.parametrize("blocked", [False, True])
def test_what_has_ended_is_dead(state: State, blocked: bool) -> None:
    assert health(state=state, blocked=blocked) is Health.DEAD


def test_a_paused_process_idles_however_long_it_is_silent() -> None:
    assert health(state=State.PAUSED, silent=100_000, stuck=100_000) is Health.IDLE


def test_a_clock_that_was_set_back_makes_nothing_stall() -> None:
    assert health(silent=-5000, stuck=-5000) is Health.HEALTHY
