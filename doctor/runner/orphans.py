"""What runners that were killed left behind: processes to end, and ends that nobody was told of."""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from doctor.config.writing import replace_file
from doctor.executor import exit_record, family
from doctor.executor.base import Place
from doctor.executor.directories import ProcessDirectory, known, read_record
from doctor.executor.records import Records, last_sign, read
from doctor.model.event import Spawn
from doctor.model.spec import Mode
from doctor.model.stage import Stage
from doctor.runner.carrying import outcome_of, verb_of
from doctor.runner.child import PATIENCE
from doctor.runner.records import EXECUTOR, is_reported, mark_reported
from doctor.runner.reports import ENDS, End, Reporter, Told
from doctor.runner.storage import Storage
from doctor.runner.talk import Talk

KILLED = "the runner that ran it was killed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """A run whose runner is gone, held by this process: its directory is locked until ``release``."""

    directory: ProcessDirectory
    records: Records
    lock: int

    @property
    def run_id(self) -> str:
        """The coordinator's."""
        return str(self.records.request.get("run_id"))

    def release(self) -> None:
        """Let it go."""
        os.close(self.lock)


def orphans(place: Path, coordinator: str) -> Iterator[Orphan]:
    """The runs of one coordinator that dead runners left in a ``.metawsm``, each held by nobody else meanwhile."""
    try:
        directories = known(Place(directory=place))
    except OSError:
        return
    for directory in directories:
        held = _held(directory, coordinator)
        if held is not None:
            yield held


def carried_by_others(places: Iterable[Path], coordinator: str) -> frozenset[str]:
    """The runs of one coordinator that another runner, which lives, has on record and not reported yet."""
    found = set()
    for place in places:
        with suppress(OSError):
            for directory in known(Place(directory=place)):
                records = read(directory)
                launcher, request = records.launcher, records.request
                if launcher is None or launcher.pid == os.getpid() or not launcher.alive or is_reported(directory.path):
                    continue
                if request.get("executor") == EXECUTOR and request.get("coordinator") == coordinator:
                    found.add(str(request.get("run_id")))
    return frozenset(found)


def finished(place: Path) -> list[Path]:
    """The directories of runs that have ended and been reported, the newest last."""
    try:
        directories = [each.path for each in known(Place(directory=place)) if is_reported(each.path)]
        return sorted(directories, key=lambda path: (path / "request.json").stat().st_mtime)
    except OSError:
        return []


def settle(storage: Storage, coordinator: str, reporter: Reporter, talk: Talk) -> None:
    """End what dead runners left running, record it, and report each run once."""
    for place in storage.places:
        for orphan in orphans(place, coordinator):
            try:
                _settle(orphan, place, storage, reporter, talk)
            finally:
                orphan.release()
        storage.keep(finished(place))


def _held(directory: ProcessDirectory, coordinator: str) -> Orphan | None:
    try:
        if not _is_orphan(directory, coordinator):
            return None
        lock = os.open(directory.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever held it before may have settled it meanwhile.
        if _is_orphan(directory, coordinator):
            return Orphan(directory=directory, records=read(directory), lock=lock)
    except OSError:
        pass
    os.close(lock)
    return None


def _is_orphan(directory: ProcessDirectory, coordinator: str) -> bool:
    if is_reported(directory.path):
        return False
    records = read(directory)
    request = records.request
    if request.get("executor") != EXECUTOR or request.get("coordinator") != coordinator:
        return False
    return records.launcher is None or not records.launcher.alive


def _settle(orphan: Orphan, place: Path, storage: Storage, reporter: Reporter, talk: Talk) -> None:
    marks = frozenset({orphan.directory.process_id})
    family.end(lambda: _left(orphan, marks), patience=PATIENCE)
    records = orphan.records
    end = _recorded_end(orphan.directory)
    document = records.exit
    if end is None or document is None:
        end = _end_of(document)
        document = document or exit_record.document(
            kind="unknown", detail=[KILLED], ended_at=last_sign(orphan.directory, records)
        )
        with suppress(OSError):
            replace_file(orphan.directory.exit, exit_record.encoded(document), mode=0o600, durable=False)
    talk.warning(f"{orphan.run_id} was left behind by a runner that is gone: reporting that it {end.what}")
    if reporter.ended_before(orphan.run_id, end) is Told.NOT_YET:
        return
    mark_reported(orphan.directory.path)
    reason, outcome = str(end.body.get("error", end.what)), outcome_of(document, end)
    storage.ledger(place).caught_up(_spawn(orphan), verb_of(end), reason=reason, outcome=outcome)


def _left(orphan: Orphan, marks: frozenset[str]) -> family.Family:
    agent = orphan.records.agent
    found = family.carriers(marks)
    if agent is not None and agent.alive:
        found |= {agent.pid: agent.began} | family.session_members(agent.pid)
    return found


def _recorded_end(directory: ProcessDirectory) -> End | None:
    """The end as the dead runner meant to report it."""
    try:
        said = read_record(directory.path / "end.json") or {}
    except OSError:
        return None
    what, body = said.get("what"), said.get("body")
    return End(what=what, body=body) if what in ENDS and isinstance(body, dict) else None


def _end_of(document: dict[str, Any] | None) -> End:
    """The end of a run whose runner did not come to record it; a person may have ended it meanwhile."""
    if document is not None and document.get("cancelled") is True:
        return End.stopped("SIGTERM")
    return End.failed(KILLED)


def _spawn(orphan: Orphan) -> Spawn:
    request = orphan.records.request
    return Spawn(
        process_id=orphan.directory.process_id,
        run_id=_text(request, "run_id"),
        spec_id="",
        attempt=1,
        agent=_text(request, "agent"),
        stage=Stage.EXECUTE,
        runtime_id=_text(request, "runtime_id"),
        harness_version=None,
        policy_sha256=None,
        named_profile=None,
        session=_text(request, "session"),
        executor=EXECUTOR,
        mode=Mode.HEADLESS,
        cwd=_text(request, "cwd"),
        reason="taken from the coordinator",
    )


def _text(request: dict[str, Any], name: str) -> str:
    from doctor.config.words import encodable  # noqa: PLC0415 - only where something was left behind

    return encodable(str(request.get(name, "")))
