"""From what an executor observes to what is shown: state, health, outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from doctor.harness.base import Harness
from doctor.harness.signs import COMMON, Sign
from doctor.model.process import (
    Health,
    Observation,
    Outcome,
    OutcomeKind,
    ProcessView,
    Receipt,
    State,
)
from doctor.model.spec import Delivery, LaunchSpec, Mode
from doctor.processes.evidence import Judged, dialog_on, failure_of, trouble_in
from doctor.processes.health import health_of
from doctor.processes.log_files import head, tail
from doctor.processes.times import iso
from doctor.processes.workplace import Workplace
from doctor.records import dataclass
from doctor.report.redact import Redactor, secret_values

LOST = "the terminal's server is gone; the agent still runs without it"
REMEDY_LOST = "doctor logs shows its output, doctor stop ends it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One process with everything that its view is made from."""

    observation: Observation
    spec: LaunchSpec | None
    """What it was started from; ``None`` where that is gone."""

    screen: tuple[str, ...] | None = None
    """Its screen, where that was looked at."""

    changed_at: float | None = None
    """When a file of its work tree last changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Makes views for one workplace at one moment."""

    place: Workplace
    now: float
    """Seconds since the epoch."""

    signs: dict[str, tuple[Sign, ...]] = field(default_factory=dict)

    def evidence(self, judged: Judged) -> tuple[str, ...]:
        """The lines that prove something, without secrets: a screen is shown to people as it is, and this is kept."""
        hide = Redactor(secret_values(self.place.place.environment))
        return tuple(hide(line) for line in judged.evidence)

    def view(self, seen: Seen) -> ProcessView:
        """What is to be said about one process."""
        observation, spec = seen.observation, seen.spec
        outcome = self.outcome(seen) if observation.ended else self._lost(observation)
        state = state_of(observation, outcome)
        trouble = None if observation.ended else self._trouble(seen)
        progress = max(filter(None, (observation.started_at, seen.changed_at, self._own_progress(seen))), default=None)
        return ProcessView(
            process_id=observation.process_id,
            spec_id=observation.spec_id,
            run_id=observation.run_id,
            attempt=observation.attempt,
            executor=observation.executor,
            session=observation.session,
            agent=observation.agent,
            stage=observation.stage,
            runtime_id=observation.runtime_id,
            harness_version=spec.harness_version if spec else None,
            mode=observation.mode,
            cwd=spec.cwd if spec else None,
            policy_sha256=spec.policy_sha256 if spec else None,
            named_profile=spec.named_profile if spec else None,
            ticket=spec.ticket if spec else None,
            pid=observation.pid,
            state=state,
            health=health_of(
                state,
                blocked=trouble is not None,
                now=self.now,
                last_output=observation.last_output_at or observation.started_at or observation.submitted_at,
                last_progress=progress or observation.submitted_at,
                limits=self.place.policy.health,
            ),
            started_at=iso(observation.started_at),
            ended_at=iso(observation.ended_at),
            last_output_at=iso(observation.last_output_at),
            last_progress_at=iso(progress),
            receipt=self._receipt(seen, trouble),
            blocked=trouble.kind if trouble else None,
            evidence=self.evidence(trouble) if trouble else (),
            remedy=trouble.remedy if trouble else None,
            outcome=outcome,
            survivors=observation.survivors,
            log_path=observation.log_path,
        )

    def outcome(self, seen: Seen) -> Outcome:
        """How it ended, with why and what proves it."""
        observation = seen.observation
        kind = observation.kind or OutcomeKind.UNKNOWN
        signs = self.signs_of(observation.runtime_id)
        judged = failure_of(observation, tail(observation.log_path), signs, mode=observation.mode)
        if judged is None:
            return Outcome(kind=kind, code=observation.code, signal=observation.signal)
        return Outcome(
            kind=kind,
            code=observation.code,
            signal=observation.signal,
            failure=judged.kind,
            evidence=self.evidence(judged),
            remedy=judged.remedy,
            retry=judged.retry,
        )

    def signs_of(self, runtime_id: str) -> tuple[Sign, ...]:
        """The harness's own signs, then those that all have in common."""
        if runtime_id not in self.signs:
            harness: Harness | None = self.place.registry.get(runtime_id)
            self.signs[runtime_id] = (*(harness.signs if harness else ()), *COMMON)
        return self.signs[runtime_id]

    def _trouble(self, seen: Seen) -> Judged | None:
        """What stands in its way while it runs: a dialog on its screen, or a failure that it keeps repeating."""
        signs = self.signs_of(seen.observation.runtime_id)
        if seen.observation.mode is Mode.HEADLESS:
            return trouble_in(tail(seen.observation.log_path), signs)
        harness = self.place.registry.get(seen.observation.runtime_id)
        return dialog_on(seen.screen or (), signs, ready=harness.ready if harness else ())

    def _lost(self, observation: Observation) -> Outcome | None:
        if observation.terminal_lost_at is None:
            return None
        return Outcome(
            kind=OutcomeKind.TERMINAL_LOST,
            failure=OutcomeKind.TERMINAL_LOST,
            evidence=(LOST,),
            remedy=REMEDY_LOST,
            retry=False,
        )

    def _own_progress(self, seen: Seen) -> float | None:
        """Output is progress of a run that prints only what it did; a screen is redrawn without any."""
        return seen.observation.last_output_at if seen.observation.mode is Mode.HEADLESS else None

    def _receipt(self, seen: Seen, trouble: Judged | None) -> Receipt:
        observation, spec = seen.observation, seen.spec
        if spec is None or spec.mode is Mode.HEADLESS or spec.prompt.delivery is Delivery.TYPED:
            return observation.receipt
        if trouble is not None:
            return Receipt.NOT_DELIVERED
        return Receipt.DELIVERED if shows_prompt(head(observation.log_path), spec) else Receipt.UNCONFIRMED


def shows_prompt(lines: Sequence[str], spec: LaunchSpec) -> bool:
    """Whether the beginning of the prompt that was given in argv is to be seen among what was printed."""
    given = next((each for each in spec.argv if each == spec.prompt.text), None)
    words = "".join((given or next((each for each in spec.argv if spec.prompt.path in each), "")).split())
    return bool(words) and words[:40] in "".join("".join(lines).split())


def state_of(observation: Observation, outcome: Outcome | None) -> State:
    """The state of the agent process."""
    if not observation.ended:
        return State.RUNNING
    if observation.cancelled:
        return State.CANCELLED
    clean = outcome is not None and outcome.kind is OutcomeKind.EXITED and outcome.code == 0
    return State.COMPLETED if clean and outcome is not None and outcome.failure is None else State.FAILED


def with_screens(seen: Sequence[Seen], screens: Mapping[str, tuple[str, ...]]) -> list[Seen]:
    """The same processes, each with its screen where there is one."""
    return [replace(each, screen=screens.get(each.observation.process_id, each.screen)) for each in seen]


def is_well(view: ProcessView) -> bool:
    """Whether nothing is wrong with a process, as far as can be told."""
    return view.health is not Health.BLOCKED and (view.outcome is None or view.outcome.failure is None)
