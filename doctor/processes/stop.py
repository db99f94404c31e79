"""Ending processes, and whatever they left running."""

from collections.abc import Callable, Sequence

from doctor.errors import UsageError
from doctor.executor.directories import sweep
from doctor.model.options import Options
from doctor.model.process import Observation, ProcessView
from doctor.processes.look import chosen, observe, views
from doctor.processes.settling import Unrecorded, settle
from doctor.processes.workplace import Workplace, workplace

PATIENCE = 5.0
"""Seconds between asking a process to end and killing it."""


def stop(
    options: Options,
    *,
    names: Sequence[str] = (),
    everything: bool = False,
    patience: float = PATIENCE,
    progress: Callable[[str], None] | None = None,
    unrecorded: Unrecorded | None = None,
) -> tuple[ProcessView, ...]:
    """End processes of a project: first asked, then killed, with everything that they started.

    Args:
        options: Where to look.
        names: Process ids, agents or sessions, exactly.
        everything: All of them, what outlived an ended one included.
        patience: Seconds to wait before killing.
        progress: Told how many are being ended.
        unrecorded: Told why the journal does not take their ends; raised without it.

    Returns:
        Each of them as it is afterwards, also those that had ended before and were only cleaned up.

    Raises:
        UsageError: A name belongs to no process, or nothing was named.
        JournalError: The journal cannot be written; the processes were ended all the same.
    """
    if not names and not everything:
        raise UsageError("nothing was named to stop", remedy="name agents or processes, or give --all")
    place = workplace(options)
    for executor in place.executors.values():
        executor.adopt()
    before = observe(place)
    wanted = _left(before) if everything else chosen(before, names)
    if progress is not None and wanted:
        progress(f"ending {len(wanted)} process{'es' if len(wanted) > 1 else ''}")
    _cancel(place, wanted, patience)
    sweep(place.place)
    after = observe(place, [each.process_id for each in wanted])
    settle(place, observe(place), unrecorded)
    return views(place, after)


def _left(observations: Sequence[Observation]) -> tuple[Observation, ...]:
    """Those that still run, or left something running."""
    return tuple(each for each in observations if not each.ended or each.survivors or each.agent_alive or each.terminal)


def _cancel(place: Workplace, wanted: Sequence[Observation], patience: float) -> None:
    for name, executor in place.executors.items():
        ids = [each.process_id for each in wanted if each.executor == name]
        if ids:
            executor.cancel(ids, patience=patience)
