"""Looking at processes. Nothing is written.

One question to tmux does for any number of them, and one more for the screens of all interactive ones: a dialog can
only be told from a screen, because full-screen programs print a change of it, not its text.
"""

import time
from collections.abc import Collection, Iterable, Sequence

from doctor.config.names import nearest
from doctor.errors import DoctorError, UsageError
from doctor.launch.documents import read_spec
from doctor.launch.places import SPEC, launch_directory
from doctor.model.options import Options
from doctor.model.process import Observation, ProcessView
from doctor.model.spec import LaunchSpec, Mode
from doctor.processes.progress import last_changes
from doctor.processes.views import Seen, Viewer, with_screens
from doctor.processes.workplace import Workplace, workplace


def look(options: Options, *, names: Sequence[str] = (), ended: bool = False) -> tuple[ProcessView, ...]:
    """The processes of a project, oldest first.

    Args:
        options: Where to look.
        names: Only these: process ids, agents or sessions, exactly as they are written. An ended process is found
            by its process id, or where no running one answers to the name.
        ended: Also those that have ended.

    Raises:
        UsageError: A name belongs to no process.
    """
    place = workplace(options)
    return views(place, chosen(observe(place), names, ended=ended))


def find(options: Options, name: str) -> ProcessView:
    """The one process of this name; the newest, where several that ended answer to it.

    Raises:
        UsageError: There is none.
    """
    return look(options, names=(name,))[-1]


def is_running(options: Options, process_id: str) -> bool:
    """Whether a process has not ended yet."""
    place = workplace(options)
    return any(not each.ended for each in observe(place) if each.process_id == process_id)


def observe(place: Workplace, process_ids: Collection[str] | None = None) -> tuple[Observation, ...]:
    """What every executor sees, in the order in which the processes were submitted.

    Raises:
        UsageError: It cannot be looked at, which is not to say that nothing runs.
    """
    wanted = None if process_ids is None else list(process_ids)
    try:
        found = {each.process_id: each for executor in place.executors.values() for each in executor.poll(wanted)}
    except OSError as error:
        raise UsageError(
            f"the processes of this project cannot be looked at: {error.filename or place.place.directory}: "
            f"{error.strerror or error}",
            remedy="it has to be a directory that you may read",
        ) from error
    return tuple(sorted(found.values(), key=lambda each: (each.submitted_at, each.process_id)))


def chosen(
    observations: Iterable[Observation], names: Sequence[str], *, ended: bool = False
) -> tuple[Observation, ...]:
    """Those that were asked for, see ``look``.

    Raises:
        UsageError: A name belongs to no process.
    """
    everything = tuple(observations)
    if not names:
        return tuple(each for each in everything if ended or not each.ended)
    wanted: dict[str, Observation] = {}
    for name in names:
        for each in _called(name, everything, ended=ended):
            wanted[each.process_id] = each
    return tuple(each for each in everything if each.process_id in wanted)


def _called(name: str, observations: Sequence[Observation], *, ended: bool) -> Sequence[Observation]:
    exact = [each for each in observations if each.process_id == name]
    if exact:
        return exact
    same = [each for each in observations if name in {each.session, each.agent}]
    running = [each for each in same if not each.ended]
    if same:
        return same if ended else running or same[-1:]
    known = {answer for each in observations for answer in (each.process_id, each.session, each.agent)}
    near = nearest(name, sorted(known))
    raise UsageError(
        f"no process is called {name!r}",
        remedy=f"did you mean {near!r}?" if near else "doctor ps --all lists them",
    )


def views(place: Workplace, observations: Sequence[Observation]) -> tuple[ProcessView, ...]:
    """What is to be said about each of these processes, now."""
    viewer = Viewer(place=place, now=time.time())
    running = [each for each in observations if not each.ended]
    specs = {each.process_id: spec_of(place, each) for each in observations}
    directories = [spec.cwd for each in running if (spec := specs[each.process_id]) is not None]
    changes = last_changes(directories, environment=place.place.environment)
    seen = []
    for each in observations:
        spec = specs[each.process_id]
        changed = changes.get(spec.cwd) if spec is not None and not each.ended else None
        seen.append(Seen(observation=each, spec=spec, changed_at=changed))
    shown = [each for each in running if each.mode is Mode.INTERACTIVE and each.terminal]
    return tuple(viewer.view(each) for each in with_screens(seen, screens(place, shown)))


def screens(place: Workplace, observations: Sequence[Observation]) -> dict[str, tuple[str, ...]]:
    """The screens of these processes, by process id."""
    found: dict[str, tuple[str, ...]] = {}
    for name, executor in place.executors.items():
        ids = [each.process_id for each in observations if each.executor == name]
        if ids:
            found.update(executor.screen(ids))
    return found


def spec_of(place: Workplace, observation: Observation) -> LaunchSpec | None:
    """The spec that a process was started from; ``None`` where it is gone or was changed."""
    try:
        return read_spec(launch_directory(place.place.directory, observation.spec_id) / SPEC)
    except DoctorError:
        return None
