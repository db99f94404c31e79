"""Starting what was planned, and seeing that it started."""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime
from pathlib import Path

from doctor.errors import UsageError
from doctor.executor.base import Executor, Submission, Submitted, Typing
from doctor.exit_codes import ExitCode
from doctor.launch.documents import read_spec
from doctor.launch.environment import agent_environment
from doctor.launch.materialise import materialise
from doctor.launch.verify import changes
from doctor.model.options import Options
from doctor.model.process import Health, Observation, ProcessView
from doctor.model.spec import SHORT_ID, Delivery, LaunchSpec, Mode
from doctor.processes.look import observe, views
from doctor.processes.objections import objections
from doctor.processes.order import Order
from doctor.processes.plan import Plan
from doctor.processes.settling import Unrecorded, clear_ended, journal_of, settle, settle_command
from doctor.processes.waiting import Started, not_ready, until_ended, until_started
from doctor.processes.workplace import Workplace, workplace
from doctor.records import dataclass

_UNUSUAL = re.compile(r"[^\w.-]+")
"""What an agent may have in its name and a process id has not: it names a directory and tags a session."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """What became of an order."""

    processes: tuple[ProcessView, ...] = ()
    refusals: tuple[Submitted, ...] = ()
    """What was not started at all, each with why."""

    exit_code: ExitCode = ExitCode.OK
    failed: frozenset[str] = field(default=frozenset())
    """Process ids of those that did not start, or did not end well."""


def launch(
    order: Order,
    plan: Plan,
    *,
    wait: bool = False,
    progress: Progress | None = None,
    unrecorded: Unrecorded | None = None,
) -> Launched:
    """Start every spec of a plan that nothing stands against, side by side.

    One that fails does not stop the others. Nothing is started where a single ordered binding was refused.

    Args:
        order: What was ordered.
        plan: What it came to.
        wait: Return once all have ended, not once all have started.
        progress: Told how many have started, and ended.
        unrecorded: Told why the journal took something no more after agents were started; raised without it.

    Raises:
        UsageError: The executor is not there or cannot run here, or a file cannot be written.
        JournalError: The journal cannot be written; nothing was started.
    """
    if plan.place is None or plan.exit_code is not ExitCode.OK:
        return Launched(exit_code=plan.exit_code)
    return _start(plan.place, plan.specs, order.executor, wait=wait, progress=progress, unrecorded=unrecorded)


def execute(
    path: Path,
    options: Options,
    *,
    executor: str = "tmux",
    wait: bool = False,
    progress: Progress | None = None,
    unrecorded: Unrecorded | None = None,
) -> Launched:
    """Start one spec from its file, exactly as it stands there, after making sure that nothing has changed since.

    With ``options.locked`` or ``options.baseline`` also after a diagnosis that has nothing against it.

    Raises:
        UsageError: It is no spec, something changed, or something stands against it; each is named.
        JournalError: The journal cannot be written; nothing was started.
    """
    spec = read_spec(path)
    place = workplace(options)
    different = changes(spec, environment=options.environment, home=options.home)
    if different:
        listed = "\n".join(f"  {each}" for each in different)
        raise UsageError(
            f"{path} is not started, because not everything is as it was:\n{listed}",
            remedy=f"doctor launch --agent {spec.agent} makes a new spec",
        )
    against = objections(spec, options, executor=executor, progress=progress)
    if against:
        listed = "\n".join(f"  {each}" for each in against)
        raise UsageError(
            f"{path} is not started, because something stands against it:\n{listed}",
            remedy=f"doctor{' --locked' * options.locked} says more about it; "
            f"doctor launch --agent {spec.agent} makes a new spec",
        )
    return _start(place, (spec,), executor, wait=wait, progress=progress, unrecorded=unrecorded)


def _start(
    place: Workplace,
    specs: Sequence[LaunchSpec],
    name: str,
    *,
    wait: bool,
    progress: Progress | None,
    unrecorded: Unrecorded | None,
) -> Launched:
    executor = _executor(place, name, {spec.mode for spec in specs})
    with journal_of(place) as journal:
        journal.prepare()
    before = observe(place)
    settle(place, before)
    clear_ended(place, before)
    run_id = _run_id()
    submissions = [_submission(place, spec, run_id=run_id, attempt=_next_attempt(spec, before)) for spec in specs]
    answers = executor.submit(submissions)
    refusals = tuple(answer for answer in answers if answer.problem is not None)
    refused = {answer.process_id for answer in refusals}
    on_their_way = {each.process_id: each.spec for each in submissions if each.process_id not in refused}
    settle(place, observe(place, list(on_their_way)), unrecorded)
    started = until_started(place, on_their_way, progress=progress)
    if wait:
        until_ended(place, list(on_their_way), progress=progress)
    observed = observe(place, list(on_their_way))
    settle(place, observed, unrecorded)
    shown = tuple(_with_start(view, started.get(view.process_id)) for view in views(place, observed))
    failed = frozenset(view.process_id for view in shown if _failed(view, wait=wait))
    bad = bool(failed or refusals)
    return Launched(
        processes=shown, refusals=refusals, failed=failed, exit_code=ExitCode.FINDINGS if bad else ExitCode.OK
    )


def _executor(place: Workplace, name: str, modes: set[Mode]) -> Executor:
    executor = place.executors.get(name)
    if executor is None:
        raise UsageError(f"no executor is called {name!r}", remedy=f"executors: {', '.join(sorted(place.executors))}")
    offer = executor.offers()
    if offer.problem is not None:
        raise UsageError(f"the executor {name!r} can run nothing here: {offer.problem}", remedy=offer.remedy)
    missing = sorted(modes - set(offer.modes))
    if missing:
        raise UsageError(
            f"the executor {name!r} runs nothing {' or '.join(missing)}",
            remedy="leave --executor out, or --interactive",
        )
    return executor


def _next_attempt(spec: LaunchSpec, before: Sequence[Observation]) -> int:
    return 1 + max((each.attempt for each in before if each.spec_id == spec.id), default=0)


def _submission(place: Workplace, spec: LaunchSpec, *, run_id: str, attempt: int) -> Submission:
    path = materialise(spec, place.place.directory)
    environment, secrets = agent_environment(spec, place.place.environment)
    return Submission(
        spec=spec,
        spec_path=path,
        process_id=f"{_UNUSUAL.sub('-', spec.agent)}-{spec.id[:SHORT_ID]}-{attempt}",
        attempt=attempt,
        run_id=run_id,
        environment=environment,
        secrets=secrets,
        typing=_typing(place, spec),
        on_exit=settle_command(place),
    )


def _typing(place: Workplace, spec: LaunchSpec) -> Typing | None:
    harness = place.registry.get(spec.runtime_id)
    if spec.prompt.delivery is not Delivery.TYPED or spec.prompt.typed is None or harness is None:
        return None
    return Typing(ready=harness.ready, text=spec.prompt.typed)


def _run_id() -> str:
    return f"run-{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.urandom(2).hex()}"


def _with_start(view: ProcessView, started: Started | None) -> ProcessView:
    """The view of a process that came to no prompt tells so."""
    if started is None or started.ready or view.outcome is not None or view.blocked is not None:
        return view
    return replace(view, outcome=not_ready(view, started.screen))


def _failed(view: ProcessView, *, wait: bool) -> bool:
    if view.outcome is not None:
        return view.outcome.failure is not None or view.outcome.code != 0
    return wait or view.health is Health.BLOCKED
