"""Writing runs into the journal, several at a time where they come quickly: a commit waits for the disk."""

import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

from doctor.config.words import encodable
from doctor.journal.errors import JournalError
from doctor.journal.journal import Journal
from doctor.model.event import Spawn, Verb
from doctor.model.process import Outcome
from doctor.model.spec import Mode
from doctor.model.stage import Stage
from doctor.runner.records import EXECUTOR, RunRecord
from doctor.runner.talk import Talk

PATIENCE = 5.0
"""Seconds that a journal which another program writes is waited for."""

Entry = Callable[[Journal], object]
Begun = tuple[Spawn, float]
"""A process, and when it was launched, in seconds since the epoch."""


class Ledger:
    """Journals from a thread of its own; nobody waits for it, and a journal that cannot be written stops nothing.

    Args:
        path: The project's journal.
        talk: Told, once, why it cannot be written.
    """

    def __init__(self, path: Path, talk: Talk) -> None:
        self._journal = Journal(path, patience=PATIENCE)
        self._talk = talk
        self._entries: queue.SimpleQueue[Begun | Entry | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def spawned(self, record: RunRecord) -> None:
        """A run's executor is about to start."""
        self._entries.put((spawn_of(record), record.submitted_at))

    def ended(self, process_id: str, verb: Verb, *, reason: str, outcome: Outcome) -> None:
        """A run has ended, and its coordinator knows."""
        at = time.time()
        self._entries.put(lambda journal: journal.transition(process_id, verb, reason=reason, at=at, outcome=outcome))

    def caught_up(self, spawn: Spawn, verb: Verb, *, reason: str, outcome: Outcome) -> None:
        """A run ended under a runner that is gone, and may not be in the journal at all."""
        self._entries.put((spawn, time.time()))
        self.ended(spawn.process_id, verb, reason=reason, outcome=outcome)

    def close(self, *, limit: float) -> None:
        """Write what is waiting, as long as it takes no more than ``limit`` seconds."""
        self._entries.put(None)
        self._thread.join(limit)

    def _work(self) -> None:
        while True:
            entries = [self._entries.get()]
            while not self._entries.empty():
                entries.append(self._entries.get())
            self._write([each for each in entries if each is not None])
            if None in entries:
                self._journal.close()
                return

    def _write(self, entries: list[Begun | Entry]) -> None:
        begun = [each for each in entries if isinstance(each, tuple)]
        if begun:
            # None of them may begin after its end, which can be among these entries too.
            spawns, at = [spawn for spawn, _ in begun], min(at for _, at in begun)
            self._try(lambda journal: journal.spawn_all(spawns, at=at))
        for each in entries:
            if not isinstance(each, tuple):
                self._try(each)

    def _try(self, entry: Entry) -> None:
        """Write one entry; the next one is tried all the same."""
        try:
            entry(self._journal)
        except JournalError as error:
            self._talk.once(f"not journalled: {error.message}")
        except ValueError as error:  # such as half of a surrogate pair, which no database takes
            self._talk.once(f"not journalled: {error}")


def spawn_of(record: RunRecord) -> Spawn:
    """What the journal keeps of a run."""
    about = record.about
    return Spawn(
        process_id=record.process_id,
        run_id=encodable(about.run.run_id),
        spec_id="",
        attempt=record.attempt,
        agent=about.agent,
        stage=Stage.EXECUTE,
        runtime_id=about.runtime_id,
        harness_version=None,
        policy_sha256=None,
        named_profile=None,
        session=encodable(about.run.session_id),
        executor=EXECUTOR,
        mode=Mode.HEADLESS,
        cwd=encodable(about.cwd),
        reason="taken from the coordinator",
    )
