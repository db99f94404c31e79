"""How a process does, from what is known of it."""

from doctor.model.policy import Health as Limits
from doctor.model.process import Health, State


def health_of(
    state: State, *, blocked: bool, now: float, last_output: float, last_progress: float, limits: Limits
) -> Health:
    """Dead once it ended; blocked while a person is waited for; else by how long ago the last sign of life was.

    A limit is reached when exactly that many seconds have passed. A process that was paused on purpose is idle, however
    long that lasts.

    Args:
        state: Its state.
        blocked: Whether something stands in its way that it cannot get past by itself.
        now: Seconds since the epoch, like the next two.
        last_output: When it last printed something.
        last_progress: When its work was last seen to go on; the caller decides whether output is progress, as it is not
            where a screen is redrawn all the time.
        limits: The policy's.
    """
    if state.is_final:
        return Health.DEAD
    if blocked:
        return Health.BLOCKED
    if state is State.PAUSED:
        return Health.IDLE
    silent = now - last_output
    if silent >= limits.activity_stalled_seconds or now - last_progress >= limits.progress_stalled_seconds:
        return Health.STALLED
    return Health.IDLE if silent >= limits.idle_seconds else Health.HEALTHY
