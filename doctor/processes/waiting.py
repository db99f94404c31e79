"""Waiting until processes have started, or have ended: by looking, never by a fixed time."""

import time
from collections.abc import Callable, Sequence

from doctor.model.failure import FailureKind
from doctor.model.process import Observation, Outcome, OutcomeKind, ProcessView, Receipt
from doctor.model.spec import Delivery, LaunchSpec, Mode
from doctor.processes.evidence import dialog_on, is_ready
from doctor.processes.look import observe, screens, views
from doctor.processes.views import Viewer
from doctor.processes.workplace import Workplace
from doctor.records import dataclass

EARLY = 1.0
"""Seconds that a process without a prompt has to live to count as started: a rejected flag or a missing file shows
sooner in all but one of the harnesses that were measured, and one that ends sooner is not waited for."""

STAYS = 1.0
"""Seconds for which a prompt has to stay: Codex draws its own once before it asks whether to trust the directory."""

READY_LIMIT = 45.0
"""Seconds in which an interactive harness has to be at its prompt; the slowest one measured takes 6.5."""

LOOK_AGAIN = 0.05
"""Seconds between two looks while starting; one look costs one question to tmux."""

LOOK_LATER = 0.25
"""The same while waiting for the end."""

LOOK_CLOSELY = 3.0
"""Seconds between two looks for what blocks those that are waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What is known of a process once its start is settled."""

    observation: Observation
    ready: bool
    """Alive and, if interactive, at its prompt; or already ended by itself."""

    screen: tuple[str, ...] | None = None


def until_started(
    place: Workplace, specs: dict[str, LaunchSpec], *, progress: Callable[[str], None] | None = None
) -> dict[str, Started]:
    """Look until every process has ended, is at its prompt, or waits at a dialog; give up at ``READY_LIMIT``.

    Args:
        place: The workplace.
        specs: What each process was started from, by process id.
        progress: Told how many have started.
    """
    watch = _Watch(place, specs)
    while watch.waiting:
        watch.look()
        if progress is not None:
            progress(f"{len(specs) - len(watch.waiting)} of {len(specs)} started")
        if watch.waiting:
            time.sleep(LOOK_AGAIN)
    return watch.settled


def until_ended(
    place: Workplace, process_ids: Sequence[str], *, progress: Callable[[str], None] | None = None
) -> tuple[Observation, ...]:
    """Look until every process has ended."""
    looked_at, trouble = time.monotonic(), ""
    while True:
        observed = observe(place, process_ids)
        running = [each for each in observed if not each.ended]
        if progress is not None:
            if running and time.monotonic() - looked_at >= LOOK_CLOSELY:
                looked_at, trouble = time.monotonic(), _trouble(place, running)
            progress(f"{len(observed) - len(running)} of {len(process_ids)} ended{trouble}")
        if not running:
            return observed
        time.sleep(LOOK_LATER)


def _trouble(place: Workplace, running: Sequence[Observation]) -> str:
    """What stands in the way of those that still run, for people who wait for them."""
    blocked = [f"{view.process_id} is blocked: {view.blocked}" for view in views(place, running) if view.blocked]
    return "".join(f", {each}" for each in blocked)


class _Watch:
    """The processes whose start is not settled yet."""

    def __init__(self, place: Workplace, specs: dict[str, LaunchSpec]) -> None:
        self.waiting = dict(specs)
        self.settled: dict[str, Started] = {}
        self._place = place
        self._viewer = Viewer(place=place, now=time.time())
        self._begun = time.monotonic()
        self._ready_since: dict[str, float] = {}

    def look(self) -> None:
        observed = observe(self._place, list(self.waiting))
        shown = screens(self._place, [each for each in observed if self._wants_screen(each)])
        for each in observed:
            started = self._judge(each, shown.get(each.process_id))
            if started is not None:
                del self.waiting[each.process_id]
                self.settled[each.process_id] = started

    def _wants_screen(self, observation: Observation) -> bool:
        return observation.terminal and not observation.ended and observation.mode is Mode.INTERACTIVE

    def _judge(self, observation: Observation, screen: tuple[str, ...] | None) -> Started | None:
        late = time.monotonic() - self._begun > READY_LIMIT
        if observation.ended:
            return Started(observation=observation, ready=True)
        if observation.mode is Mode.HEADLESS:
            runs = self._runs(observation)
            return Started(observation=observation, ready=runs) if late or runs else None
        spec = self.waiting[observation.process_id]
        harness = self._place.registry.get(observation.runtime_id)
        signs, ready = self._viewer.signs_of(observation.runtime_id), harness.ready if harness else ()
        if screen is not None and dialog_on(screen, signs, ready=ready) is not None:
            return Started(observation=observation, ready=False, screen=screen)
        if not ready:
            return Started(observation=observation, ready=True, screen=screen) if self._runs(observation) else None
        typed = spec.prompt.delivery is Delivery.TYPED and observation.receipt is Receipt.UNCONFIRMED
        if screen is not None and is_ready(screen, ready) and not typed:
            since = self._ready_since.setdefault(observation.process_id, time.monotonic())
            stays = time.monotonic() - since >= STAYS
            return Started(observation=observation, ready=True, screen=screen) if stays else None
        self._ready_since.pop(observation.process_id, None)
        return Started(observation=observation, ready=False, screen=screen) if late else None

    def _runs(self, observation: Observation) -> bool:
        """Whether it was started and still lives after the time in which most early ends come."""
        return observation.started_at is not None and time.time() - observation.started_at >= EARLY


def not_ready(view: ProcessView, screen: Sequence[str] | None) -> Outcome:
    """The failure of an interactive start that came to no prompt in time."""
    shown = tuple(line for line in (screen or ()) if line.strip())[-5:]
    return Outcome(
        kind=OutcomeKind.FAILED_TO_START,
        failure=FailureKind.UNKNOWN,
        evidence=(f"{view.runtime_id} was not at its prompt after {READY_LIMIT:.0f} s", *shown),
        remedy=f"doctor attach {view.process_id} shows it",
        retry=None,
    )
