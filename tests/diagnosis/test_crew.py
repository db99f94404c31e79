"""Threads that work through jobs."""

import threading
from collections.abc import Callable

import pytest

from doctor.diagnosis.crew import Crew, Job


def submit(crew: Crew, work: Callable[[], None], ends: list[bool], limit: float = 60.0) -> None:
    def done(overdue: bool) -> None:
        ends.append(overdue)
        crew.wake()

    with crew.lock:
        crew.submit(Job(work, done, limit=limit))


def waits(event: threading.Event) -> None:
    event.wait()


def test_every_job_is_done_by_no_more_threads_than_there_are_places() -> None:
    crew, ends = Crew(2), list[bool]()
    threads: set[int] = set()
    most: list[int] = []

    def work() -> None:
        threads.add(threading.get_ident())
        most.append(sum(thread.name == "doctor-check" for thread in threading.enumerate()))

    for _ in range(50):
        submit(crew, work, ends)
    crew.watch(lambda: len(ends) == 50)

    assert ends == [False] * 50
    assert len(threads) <= 2
    assert max(most) <= 2


def test_a_job_over_its_limit_is_given_up_once_and_its_place_taken_by_another(forever: threading.Event) -> None:
    crew, ends = Crew(1), list[bool]()
    before = set(threading.enumerate())

    submit(crew, lambda: waits(forever), ends, limit=0.01)
    submit(crew, lambda: None, ends)
    crew.watch(lambda: len(ends) == 2)
    forever.set()
    for thread in set(threading.enumerate()) - before:
        thread.join(10)

    assert ends == [True, False]


def test_a_defect_of_a_job_reaches_the_watcher() -> None:
    def broken() -> None:
        raise ZeroDivisionError("so")

    crew, ends = Crew(1), list[bool]()
    submit(crew, broken, ends)

    with pytest.raises(ZeroDivisionError, match="so"):
        crew.watch(lambda: bool(ends))


def test_a_watcher_may_be_a_member_of_the_crew() -> None:
    crew, ends, inner = Crew(1), list[bool](), list[bool]()

    def work() -> None:
        submit(crew, lambda: None, inner)
        crew.watch(lambda: bool(inner), extra=1)

    submit(crew, work, ends)
    crew.watch(lambda: bool(ends))

    assert (ends, inner) == ([False], [False])


def test_where_no_more_threads_can_be_had_the_first_does_all_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    crew, ends = Crew(8), list[bool]()
    started: list[threading.Thread] = []
    start = threading.Thread.start

    def scarce(thread: threading.Thread) -> None:
        if started:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", scarce)
    for _ in range(10):
        submit(crew, lambda: None, ends)
    crew.watch(lambda: len(ends) == 10)

    assert len(started) == 1
