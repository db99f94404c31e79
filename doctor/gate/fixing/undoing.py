"""Taking back a whole application."""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from doctor.config.paths import Paths
from doctor.errors import UsageError
from doctor.gate.fixing.backups import Backups, Manifest
from doctor.gate.fixing.restoring import remove_directories, restore
from doctor.model.fixing import Application, UndoneFile, UndoState

_SOUND = frozenset({UndoState.RESTORED, UndoState.AS_BEFORE})


class Undone(NamedTuple):
    """What taking back an application came to."""

    id: str
    files: tuple[UndoneFile, ...]
    """In the order in which they were taken back."""

    @property
    def complete(self) -> bool:
        """Whether everything is as before."""
        return all(file.state in _SOUND for file in self.files)


def applications(paths: Paths, project: str) -> tuple[Application, ...]:
    """The applications to a project that are known, the newest first."""
    return tuple(
        Application(
            id=each.id,
            time=each.time,
            titles=each.titles,
            files=tuple(file.path for file in each.files),
            state=each.state,
        )
        for each in Backups(paths).of(project)
    )


def undo(paths: Paths, project: str, identity: str | None = None) -> Undone:
    """Make every file of an application what it was before; what somebody changed since is left alone.

    Args:
        paths: Where this machine's state is.
        project: Root of the project.
        identity: Which application; ``None``: the newest one that was not taken back.

    Raises:
        UsageError: There is no such application, it was taken back already, or there is none.
    """
    backups = Backups(paths)
    with backups.locked():
        manifest = _chosen(backups, project, identity)
        files = tuple(_taken_back(backups, manifest))
        undone = Undone(manifest.id, files)
        if undone.complete:
            remove_directories(manifest)
            try:
                backups.record(replace(manifest, state="undone"))
            except OSError as error:
                raise UsageError(
                    f"everything is as before, but that cannot be written down: {error.strerror or error}",
                    remedy="make room, and run it again",
                ) from error
    return undone


def _chosen(backups: Backups, project: str, identity: str | None) -> Manifest:
    known = backups.of(project)
    if identity is None:
        found = next((each for each in known if each.state != "undone"), None)
        if found is None:
            damaged = backups.unreadable()
            raise UsageError(
                f"there is nothing to take back in {project}",
                remedy=f"the record in {damaged[-1]} is damaged; what it saved is there"
                if damaged
                else "doctor fix --list shows what there was",
            )
        return found
    found = next((each for each in known if each.id == identity), None)
    if found is None:
        damaged = tuple(each for each in backups.unreadable() if each.name == identity)
        if damaged:
            raise UsageError(f"the record of {identity} is damaged", remedy=f"what it saved is in {damaged[0]}")
        raise UsageError(f"there is no application {identity!r} to {project}", remedy="doctor fix --list shows them")
    if found.state == "undone":
        raise UsageError(f"{identity} was taken back already", remedy="doctor fix --apply repairs anew")
    return found


def _taken_back(backups: Backups, manifest: Manifest) -> Iterable[UndoneFile]:
    """The files in reverse: what was made goes last, and stays where something may still refer to it."""
    kept: set[str] = set()
    for saved in reversed(manifest.files):
        if saved.kind == "make" and not kept.isdisjoint(saved.fixes):
            reason = "another file that may refer to it could not be taken back"
            yield UndoneFile(path=saved.path, state=UndoState.CHANGED, reason=reason)
            continue
        file = restore(backups, manifest, saved)
        if file.state not in _SOUND:
            kept.update(saved.fixes)
        yield file
