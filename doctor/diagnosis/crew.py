"""Threads that work through jobs, each within its limit."""

import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable

LONGEST_WAIT = 3600.0
"""Seconds; the platform refuses waits of more than some 290 years, and a limit may be infinite."""

HIRE_AFTER = 0.02
"""Seconds that the queue may stand still before another thread is started. Most checks take microseconds, and threads
that take turns at those cost more than they save: a whole run took three times as long with six of them.
"""

_NAME = "doctor-check"


def somebody_works() -> bool:
    """Whether a thread of any crew is still at a job, be it one that was given up."""
    return any(thread.name == _NAME for thread in threading.enumerate())


class Job:
    """Something to do in a thread.

    Args:
        work: Does it. Must not raise.
        done: Called once with the crew's lock held; its argument says whether the job was given up at its limit.
        limit: Seconds until it is given up.
    """

    __slots__ = ("abandoned", "deadline", "done", "limit", "work")

    def __init__(self, work: Callable[[], None], done: Callable[[bool], None], *, limit: float) -> None:
        self.work = work
        self.done = done
        self.limit = limit
        self.deadline = math.inf
        self.abandoned = False


class Crew:
    """Daemon threads for jobs.

    A thread lives as long as there is something to do, so that nothing is left over between runs. One whose job is
    over its limit is replaced and forgotten: Python cannot stop a thread, but what it does no longer matters.

    Args:
        size: Threads at once; ``None`` chooses by the number of processors.
    """

    def __init__(self, size: int | None = None) -> None:
        self.lock = threading.Lock()
        """Held by whoever submits, and while a job's ``done`` is called."""

        self._changed = threading.Condition(self.lock)
        self._places = max(1, size or min(8, (os.cpu_count() or 1) + 4))
        self._hands = 0
        self._moved = 0.0
        self._ready: deque[Job] = deque()
        self._running: set[Job] = set()
        self._wake_at = math.inf
        self._closed = False
        self._defect: BaseException | None = None

    def submit(self, job: Job) -> None:
        """Add a job. The lock is held; it starts while somebody watches or works."""
        if not self._ready:
            self.wake()
        self._ready.append(job)

    def wake(self) -> None:
        """Let watchers look at their condition again. The lock is held."""
        self._changed.notify_all()

    def watch(self, until: Callable[[], bool], *, extra: int = 0) -> None:
        """Let the crew work until ``until()``, giving up jobs that are over their limits.

        Args:
            until: Called with the lock held.
            extra: Threads allowed beyond the crew's size while this waits, for callers that are a crew member.

        Raises:
            KeyboardInterrupt: At once; jobs that have not started never will.
        """
        with self.lock:
            if self._closed:
                raise RuntimeError("this run was interrupted and cannot be continued")
            self._places += extra
            try:
                self._watch(until)
            except BaseException:
                self._closed = True
                raise
            finally:
                self._places -= extra

    def _watch(self, until: Callable[[], bool]) -> None:
        while True:
            self._give_up_overdue()
            self._hire()
            if self._defect is not None:
                raise self._defect
            if until():
                return
            self._wake_at = min((job.deadline for job in self._running), default=math.inf)
            longest = HIRE_AFTER if self._ready and self._hands < self._places else LONGEST_WAIT
            self._changed.wait(min(longest, max(0.0, self._wake_at - time.monotonic())))

    def _give_up_overdue(self) -> None:
        now = time.monotonic()
        for job in [job for job in self._running if job.deadline <= now]:
            job.abandoned = True
            self._running.discard(job)
            self._hands -= 1
            job.done(True)

    def _hire(self) -> None:
        """Start one more thread when there is work that nobody got to for a while."""
        now = time.monotonic()
        if not self._ready or self._hands >= self._places or (self._hands and now - self._moved < HIRE_AFTER):
            return
        try:
            threading.Thread(target=self._labour, name=_NAME, daemon=True).start()
        except RuntimeError:
            if not self._hands:
                raise
            return
        self._hands += 1
        self._moved = now

    def _labour(self) -> None:
        job: Job | None = None
        try:
            while (job := self._next(job)) is not None:
                job.work()
        except BaseException as defect:  # noqa: BLE001 - handed to the watcher, which raises it
            with self.lock:
                self._defect = defect
                self.wake()

    def _next(self, finished: Job | None) -> Job | None:
        """Hand in ``finished`` and take the next job; ``None`` sends the thread home."""
        with self.lock:
            if finished is not None:
                if finished.abandoned:
                    return None
                self._running.discard(finished)
                finished.done(False)
            if self._closed or not self._ready:
                self._hands -= 1
                return None
            return self._take()

    def _take(self) -> Job:
        job = self._ready.popleft()
        self._moved = time.monotonic()
        job.deadline = self._moved + job.limit
        self._running.add(job)
        if job.deadline < self._wake_at:
            self.wake()
        return job
