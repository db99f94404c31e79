"""Which harness ran which stage, from the events alone: no log, no table and no policy is asked."""

from collections.abc import Iterable, Mapping

from doctor.journal.projection import ProcessRow, counted, project
from doctor.model.event import ControlDirective, Event
from doctor.model.stage import Stage
from doctor.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What events tell."""

    stages: Mapping[str, tuple[str | None, ...]]
    """Runtime ids by stage, sorted; ``None`` last, where an event names the stage and no harness."""

    processes: tuple[ProcessRow, ...]
    """In the order in which they began. What their events do not say is ``None``, never today's setting."""

    unreadable: tuple[int, ...] = ()
    """Sequences of the events that are about a process and no valid directive."""


def replayed(events: Iterable[Event], *, run_id: str | None = None) -> Replay:
    """Project events. Their order is their sequence; a decision that was delivered twice counts once.

    Args:
        events: In any order.
        run_id: Only the processes of this run.
    """
    every = tuple(events)
    projection = project(every)
    processes = tuple(row for row in projection.processes.values() if run_id in {None, row.run_id})
    ids = {row.process_id for row in processes}
    found: dict[str, set[str | None]] = {}
    for event, directive in counted(every):
        pair = _pair(directive) if directive and event.target_id in ids else None
        if pair is not None:
            found.setdefault(pair[0], set()).add(pair[1])
    unreadable = projection.unreadable if run_id is None else ()
    return Replay(stages=_in_order(found), processes=processes, unreadable=unreadable)


def _pair(directive: ControlDirective) -> tuple[str, str | None] | None:
    """Stage and runtime id of an event; ``None`` when it names no stage."""
    stage, runtime_id = directive.extra.get("stage"), directive.extra.get("runtime_id")
    if not isinstance(stage, str):
        return None
    return stage, runtime_id if isinstance(runtime_id, str) else None


def _in_order(found: Mapping[str, set[str | None]]) -> dict[str, tuple[str | None, ...]]:
    """Stages as they are listed everywhere, then any that this release does not know."""
    known = [str(stage) for stage in Stage if stage in found]
    others = sorted(set(found) - set(known))
    return {
        stage: tuple(sorted(found[stage], key=lambda runtime_id: (runtime_id is None, runtime_id or "")))
        for stage in (*known, *others)
    }
