"""Carrying out a plan: what is there is saved first, then every file is replaced as a whole, or not at all."""

import errno
import os
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from doctor.config.editing import applied
from doctor.config.files import FileProblem, is_there
from doctor.config.paths import Paths
from doctor.config.swapping import ChangedError, swap_file
from doctor.config.writing import create_file
from doctor.gate.fixing.backups import PRIVATE_DIRECTORY, Backups, Manifest, Saved, temporary_of
from doctor.gate.fixing.merging import CHANGED, digest, merge
from doctor.gate.fixing.planning import content_of
from doctor.gate.fixing.restoring import remove_directories, restore, settle
from doctor.model.fix import Fix
from doctor.model.fixing import FileChange, RepairPlan
from doctor.report.redact import Redactor

OPEN_FILE, OPEN_DIRECTORY = 0o644, 0o755
"""For what belongs to the project."""


class Applied(NamedTuple):
    """What carrying out a plan came to."""

    id: str | None
    """By which it can be taken back; ``None``: nothing was changed."""

    failures: dict[str, str]
    """Fingerprint of each finding whose repair could not be written, with the reason."""


class _Prepared(NamedTuple):
    """One file that is ready to be written."""

    change: FileChange
    saved: Saved
    content: bytes
    """What it is to hold; empty where only its mode changes."""

    old: bytes | None


def apply(plan: RepairPlan, paths: Paths) -> Applied:
    """Carry out what is planned; what cannot be written is left as it was.

    Args:
        plan: Made just before. A file that changed since is not written to.
        paths: Where this machine's state is.

    Raises:
        UsageError: What is there cannot be saved. Nothing was changed then.
    """
    if not plan.fixes:
        return Applied(None, {})
    backups = Backups(paths)
    with backups.locked():
        return _Application(plan, backups).run()


class _Application:
    """One application. Its owner holds the lock."""

    def __init__(self, plan: RepairPlan, backups: Backups) -> None:
        self._plan = plan
        self._backups = backups
        self._identity = backups.new_id()
        self._failures: dict[str, str] = {}
        self._written: set[str] = set()
        clean = Redactor(plan.secrets)
        self._manifest = Manifest(
            id=self._identity,
            time=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            project=plan.project,
            titles=tuple(clean(fix.title) for fix in plan.fixes),
        )

    def run(self) -> Applied:
        for earlier in self._backups.of(self._plan.project):
            if earlier.state == "begun":
                _tidy(earlier)
        prepared = self._ready()
        if not prepared:
            return Applied(None, self._failures)
        self._manifest = self._noted(prepared)
        contents = {each.saved.backup: each.old for each in prepared if each.saved.backup and each.old is not None}
        self._backups.begin(self._manifest, contents)
        made = [each for each in prepared if each.change.is_new]
        failures = len(self._failures)
        self._write(made)
        rest = [each for each in prepared if not each.change.is_new]
        if len(self._failures) > failures:
            rest = self._ready(made=True)
            self._manifest = self._noted([*made, *rest])
            self._backups.record(self._manifest)
        self._write(rest)
        self._take_back_failures()
        if not self._written:
            self._backups.forget(self._manifest)
            return Applied(None, self._failures)
        with suppress(OSError):  # taking it back does not depend on it
            self._backups.record(replace(self._manifest, state="applied"))
        self._backups.prune(self._plan.project)
        return Applied(self._identity, self._failures)

    def _fixes(self) -> Sequence[Fix]:
        return [fix for fix in self._plan.fixes if fix.fingerprint not in self._failures]

    def _ready(self, *, made: bool = False) -> list[_Prepared]:
        """Everything that is to be written and can be, as far as that is known before.

        Args:
            made: New files are there already and are left out.
        """
        while True:
            merged = merge(self._fixes(), content_of)
            self._failures |= merged.left_out
            prepared, failures = [], len(self._failures)
            for number, change in enumerate(merged.files):
                if made and change.is_new:
                    continue
                try:
                    prepared.append(self._prepare(number, change))
                except FileProblem as problem:
                    self._fail(change, f"{change.path} {problem.message}")
                except (OSError, ValueError) as error:
                    self._fail(change, _reason(error))
            if len(self._failures) == failures:
                return prepared

    def _prepare(self, number: int, change: FileChange) -> _Prepared:
        path = Path(change.path)
        if os.path.realpath(path) != change.path:
            raise ValueError(CHANGED)
        if change.is_new:
            content = _new_content(change)
            saved = Saved(path=change.path, kind="make", after=digest(content), fixes=change.fingerprints)
            return _Prepared(change, saved, content, None)
        mode = stat.S_IMODE(path.stat().st_mode)
        after = mode if change.mode is None else change.mode
        if change.before is None:
            saved = Saved(path=change.path, kind="mode", mode_before=mode, mode_after=after, fixes=change.fingerprints)
            return _Prepared(change, saved, b"", None)
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, "it is read-only", change.path)
        old, content = change.before.encode(), applied(change.before, change.edits).encode()
        saved = Saved(
            path=change.path,
            kind="edit",
            before=digest(old),
            after=digest(content),
            mode_before=mode,
            mode_after=after,
            backup=str(number),
            temporary=temporary_of(path, self._identity),
            fixes=change.fingerprints,
        )
        return _Prepared(change, saved, content, old)

    def _noted(self, prepared: Iterable[_Prepared]) -> Manifest:
        """The manifest with these files; those that were saved under a number keep it."""
        known = {each.path: each.backup for each in self._manifest.files}
        files = tuple(replace(each.saved, backup=known.get(each.saved.path, each.saved.backup)) for each in prepared)
        missing = self._manifest.directories or tuple(
            str(directory) for directory in _missing(each.change for each in prepared if each.change.is_new)
        )
        return replace(self._manifest, files=files, directories=missing)

    def _write(self, prepared: Iterable[_Prepared]) -> None:
        for each in prepared:
            if not set(each.change.fingerprints).isdisjoint(self._failures):
                continue
            try:
                _write(each)
                self._written.add(each.change.path)
            except FileExistsError:
                self._fail(each.change, f"{each.change.path} is there already")
            except ChangedError as error:
                self._fail(each.change, f"{error}, and nothing was written to it; run it again")
            except OSError as error:
                self._fail(each.change, f"{each.change.path} cannot be written: {error.strerror or error}")

    def _fail(self, change: FileChange, reason: str) -> None:
        self._failures |= dict.fromkeys(change.fingerprints, reason)

    def _take_back_failures(self) -> None:
        """A repair of several files that failed at one of them leaves none of the others changed."""
        if not self._failures:
            return
        for saved in reversed(self._manifest.files):
            if saved.path in self._written and set(saved.fixes) <= set(self._failures):
                restore(self._backups, self._manifest, saved)
        remove_directories(self._manifest)


def _tidy(manifest: Manifest) -> None:
    """Clear away what an application that was ended in the middle left beside the files."""
    for saved in manifest.files:
        with suppress(OSError, FileProblem):
            settle(saved)


def _new_content(change: FileChange) -> bytes:
    if is_there(Path(change.path)):
        raise ValueError(f"{change.path} is there already")
    if change.content is not None:
        return change.content.encode()
    content = content_of(change.copy_of or "")
    if digest(content) != change.copy_sha256:
        raise ValueError(f"{change.copy_of} was changed meanwhile, and is not copied; run it again")
    return content


def _missing(changes: Iterable[FileChange]) -> list[Path]:
    """The directories that have to be made, the outer ones first."""
    every = {above for change in changes for above in Path(change.path).parents if not is_there(above)}
    return sorted(every, key=lambda path: len(path.parts))


def _write(prepared: _Prepared) -> None:
    change, path = prepared.change, Path(prepared.change.path)
    if change.is_new:
        for directory in _missing([change]):
            directory.mkdir(mode=PRIVATE_DIRECTORY if change.is_secret else OPEN_DIRECTORY)
        create_file(path, prepared.content, mode=OPEN_FILE if change.mode is None else change.mode)
    elif change.before is None:
        if change.mode is not None:
            path.chmod(change.mode)
    else:
        swap_file(
            path,
            prepared.content,
            expected=prepared.saved.before or "",
            mode=change.mode,
            temporary=Path(prepared.saved.temporary or ""),
        )


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return f"{error.filename or 'it'} cannot be written: {error.strerror or error}"
    return str(error)
