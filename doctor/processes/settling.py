"""Bringing the journal up to date with what executors see.

Run by whatever starts or ends a process, and by each process's own supervisor after its end, as
``python -m doctor.processes.settling DIRECTORY``. Doing it twice changes nothing.
"""

import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from doctor.config.project import DIRECTORY
from doctor.errors import DoctorError
from doctor.journal.errors import JournalError
from doctor.journal.journal import Journal
from doctor.model.event import Spawn, Verb
from doctor.model.options import Options
from doctor.model.process import Observation, ProcessView, State
from doctor.processes.look import observe, views
from doctor.processes.workplace import Workplace, workplace

KEPT = 20
"""Ended processes of one session whose directories are kept; the journal keeps what became of the others."""

Unrecorded = Callable[[JournalError], None]

_VERBS = {State.COMPLETED: Verb.COMPLETE, State.FAILED: Verb.FAIL, State.CANCELLED: Verb.CANCEL}


def journal_of(place: Workplace) -> Journal:
    """The project's journal."""
    return Journal(place.journal_path)


def settle_command(place: Workplace) -> tuple[str, ...]:
    """The command that a supervisor runs after an end."""
    return (sys.executable, "-I", "-m", "doctor.processes.settling", str(place.place.directory))


def settle(place: Workplace, observations: Sequence[Observation], unrecorded: Unrecorded | None = None) -> None:
    """Have the journal tell of every one of these processes, and how those that ended did.

    Args:
        place: The workplace.
        observations: What is to be told.
        unrecorded: Told why that cannot be done now.

    Raises:
        JournalError: It cannot be written, and nobody wants to be told.
    """
    try:
        _settle(place, observations)
    except JournalError as error:
        if unrecorded is None:
            raise
        unrecorded(error)


def _settle(place: Workplace, observations: Sequence[Observation]) -> None:
    if not observations:
        return
    with journal_of(place) as journal:
        known = journal.states(each.process_id for each in observations)
        open_ends = [
            each
            for each in observations
            if each.process_id not in known or (each.ended and not known[each.process_id].is_final)
        ]
        for seen, view in zip(open_ends, views(place, open_ends), strict=True):
            journal.spawn(_spawn(view), at=seen.submitted_at)
            verb = _VERBS.get(view.state)
            if verb is not None:
                at = seen.ended_at or time.time()
                journal.transition(view.process_id, verb, reason=_reason(view), at=at, outcome=view.outcome)


def _spawn(view: ProcessView) -> Spawn:
    return Spawn(
        process_id=view.process_id,
        run_id=view.run_id,
        spec_id=view.spec_id,
        attempt=view.attempt,
        agent=view.agent,
        stage=view.stage,
        runtime_id=view.runtime_id,
        harness_version=view.harness_version,
        policy_sha256=view.policy_sha256,
        named_profile=view.named_profile,
        session=view.session,
        executor=view.executor,
        mode=view.mode,
        cwd=view.cwd or "",
        ticket=view.ticket,
        reason=f"launched at stage {view.stage}",
    )


def _reason(view: ProcessView) -> str:
    outcome = view.outcome
    if view.state is State.CANCELLED:
        return "stopped"
    if outcome is None:
        return "ended"
    return outcome.failure or f"{outcome.kind}({outcome.code if outcome.code is not None else outcome.signal})"


def clear_ended(place: Workplace, observations: Sequence[Observation]) -> None:
    """Remove the directories of all but the newest ended processes of each session.

    What the journal does not know the end of, and what left processes behind, stays.
    """
    states = journal_of(place).states(each.process_id for each in observations)
    ends = {process_id for process_id, state in states.items() if state.is_final}
    kept: dict[str, int] = {}
    for each in sorted(observations, key=lambda seen: -seen.submitted_at):
        if not each.ended or each.survivors or each.process_id not in ends:
            continue
        kept[each.session] = kept.get(each.session, 0) + 1
        if kept[each.session] > KEPT:
            shutil.rmtree(place.place.directory / "processes" / each.process_id, ignore_errors=True)


def main(directory: str) -> int:
    """Settle the project whose ``.metawsm`` this is. The exit code is 0 even where that cannot be done now.

    Whoever starts or ends a process next settles what was left.
    """
    metawsm = Path(directory)
    if metawsm.name != DIRECTORY or not metawsm.is_dir():
        return 0
    try:
        place = workplace(Options(cwd=metawsm.parent))
        settle(place, observe(place))
    except (DoctorError, OSError):
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
