"""Where a runner keeps its runs on this machine: in the project, or, where that cannot be written, with its state."""

import shutil
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from doctor.config.project import DIRECTORY
from doctor.config.writing import replace_file
from doctor.model.event import Verb
from doctor.model.process import Outcome
from doctor.runner.ledger import Ledger
from doctor.runner.records import About, RunRecord, begin, encoded_end
from doctor.runner.reports import End
from doctor.runner.talk import Talk

JOURNAL = "metawsm.db"
KEPT = 100
"""Directories of ended runs that are kept; the journal keeps what became of the others."""


class Storage:
    """Records of runs. Nothing of it stops a run: what cannot be kept is said once.

    Args:
        project_root: The project that the runner works for.
        state_dir: Where this tool keeps its state.
        talk: Told of what cannot be kept.
    """

    def __init__(self, project_root: Path, state_dir: Path, talk: Talk) -> None:
        key = sha256(str(project_root).encode("utf-8", "surrogatepass")).hexdigest()[:16]
        self._places = (project_root / DIRECTORY, state_dir / "runner" / key / DIRECTORY)
        self._talk = talk
        self._guard = threading.Lock()
        self._ledgers: dict[Path, Ledger] = {}
        self._ended: deque[Path] = deque()

    @property
    def places(self) -> tuple[Path, ...]:
        """The directories in which runs may be on record, the preferred one first."""
        return self._places

    def begin(self, about: About) -> RunRecord | None:
        """Record that a run is about to start; ``None`` where nothing can be recorded."""
        for place in self._places:
            try:
                if place is self._places[0]:
                    place.mkdir(exist_ok=True)  # a project that is not there is not made
                else:
                    place.mkdir(parents=True, exist_ok=True, mode=0o700)
                record = begin(place, about)
            except OSError as error:
                self._talk.once(f"runs cannot be recorded in {place}: {error.strerror or error}")
                continue
            self.ledger(place).spawned(record)
            return record
        return None

    def ended(self, record: RunRecord, end: End, document: Mapping[str, Any]) -> None:
        """Record how a run ended, and what its coordinator is to be told."""
        with suppress(OSError):
            replace_file(record.directory.path / "end.json", encoded_end(end.what, end.body), mode=0o600, durable=False)
        record.ended(document)

    def reported(self, record: RunRecord, verb: Verb, outcome: Outcome) -> None:
        """The coordinator knows of the end."""
        record.reported()
        place = record.directory.path.parent.parent
        self.ledger(place).ended(record.process_id, verb, reason=f"reported {verb.leads_to}", outcome=outcome)
        self.keep([record.directory.path])

    def keep(self, ended: list[Path]) -> None:
        """Keep the directories of these ended runs, the newest last, and remove what is too many."""
        with self._guard:
            self._ended.extend(ended)
            surplus = [self._ended.popleft() for _ in range(len(self._ended) - KEPT)]
        for each in surplus:
            shutil.rmtree(each, ignore_errors=True)

    def ledger(self, place: Path) -> Ledger:
        """The journal of a place."""
        with self._guard:
            if place not in self._ledgers:
                self._ledgers[place] = Ledger(place / JOURNAL, self._talk)
            return self._ledgers[place]

    def close(self, *, limit: float) -> None:
        """Write what is waiting."""
        for each in self._ledgers.values():
            each.close(limit=limit)
