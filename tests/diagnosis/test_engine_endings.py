"""Checks that hang, crash, give up or are interrupted."""

import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from doctor.diagnosis.check import Check
from doctor.diagnosis.engine import Engine, Outcome
from doctor.errors import ProbeTimeout, Unavailable
from doctor.model.finding import Finding, Status
from doctor.model.options import Options

MakeEngine = Callable[..., Engine]


class ONE001(Check):
    """The first of all."""

    def run(self) -> Iterator[Finding]:
        """Never fails."""
        yield from ()


def endings(outcome: Outcome) -> dict[str, tuple[Status, str | None]]:
    return {result.code: (result.status, result.reason) for result in outcome.results}


class BAD001(Check):
    """Crashes after a finding."""

    def run(self) -> Iterator[Finding]:
        """Never."""
        yield self.finding("a", "is wrong")
        raise KeyError("b")


def test_a_crash_keeps_the_findings_before_it_and_has_a_traceback(make_engine: MakeEngine) -> None:
    outcome = make_engine(BAD001, ONE001).run()
    crashed = outcome.results[0]

    assert (crashed.status, crashed.reason) == (Status.CRASHED, "KeyError: 'b'")
    assert crashed.detail is not None
    assert 'raise KeyError("b")' in crashed.detail
    assert [finding.subject for finding in outcome.findings] == ["a"]
    assert outcome.results[1].status is Status.PASSED


class OddError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("cannot be printed")


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (OddError(), "OddError"),
        (ValueError("x" * 1000), "ValueError: " + "x" * 287 + "…"),
    ],
)
def test_nothing_that_a_check_raises_ends_the_run(make_engine: MakeEngine, raised: BaseException, reason: str) -> None:
    class BAD002(Check):
        """Raises."""

        def run(self) -> None:
            """Never."""
            raise raised

    assert endings(make_engine(BAD002, ONE001).run()) == {
        "BAD002": (Status.CRASHED, reason),
        "ONE001": (Status.PASSED, None),
    }


@pytest.mark.parametrize(
    ("returned", "reason"),
    [
        (7, "TypeError: run returned int, expected findings to iterate over"),
        ("no", "TypeError: run yielded str, expected a finding"),
        ([None], "TypeError: run yielded NoneType, expected a finding"),
        (ONE001().finding("a", "b"), "TypeError: run returned Finding, expected findings to iterate over"),
        (
            [ONE001().finding("a", "b")],
            "TypeError: run yielded a finding of ONE001, expected one of its own code BAD003",
        ),
    ],
)
def test_whatever_is_no_finding_is_a_crash(make_engine: MakeEngine, returned: Any, reason: str) -> None:
    class BAD003(Check):
        """Returns something odd."""

        def run(self) -> Any:
            """Never."""
            return returned

    assert endings(make_engine(BAD003).run()) == {"BAD003": (Status.CRASHED, reason)}


def test_dependants_say_how_the_check_before_them_ended(make_engine: MakeEngine, forever: threading.Event) -> None:
    class HNG001(Check):
        """Hangs."""

        timeout = 0.01

        def run(self) -> None:
            """Never."""
            forever.wait()

    class DEP001(Check):
        """Needs the one that hangs."""

        requires = ("HNG001",)

        def run(self) -> None:
            """Never."""

    class DEP002(DEP001):
        """Needs the one that crashes."""

        requires = ("BAD001",)

    ended = endings(make_engine(HNG001, BAD001, DEP001, DEP002).run())

    assert ended["DEP001"] == (Status.SKIPPED, "HNG001 timed out")
    assert ended["DEP002"] == (Status.SKIPPED, "BAD001 crashed")


def test_a_check_over_its_limit_keeps_what_it_found_and_what_it_does_later_is_ignored(make_engine: MakeEngine) -> None:
    go_on, gone = threading.Event(), threading.Event()

    class HNG001(Check):
        """Hangs between two findings."""

        timeout = 0.02

        def run(self) -> Iterator[Finding]:
            """Always."""
            yield self.finding("before", "is wrong")
            go_on.wait()
            try:
                yield self.finding("after", "is wrong")
            finally:
                gone.set()

    outcome = make_engine(HNG001, options=Options(jobs=1)).run()
    go_on.set()

    assert gone.wait(10)
    assert endings(outcome) == {"HNG001": (Status.TIMEOUT, "gave no answer within 0.02 s")}
    assert [finding.subject for finding in outcome.findings] == ["before"]


def test_hanging_checks_do_not_use_up_the_threads(make_engine: MakeEngine, forever: threading.Event) -> None:
    class HNG001(Check):
        """Hangs."""

        timeout = 0.01

        def run(self) -> None:
            """Never."""
            forever.wait()

    class HNG002(HNG001):
        """Hangs too."""

    class ZZZ001(ONE001):
        """Comes after those that hang."""

    outcome = make_engine(HNG001, HNG002, ZZZ001, options=Options(jobs=1)).run()

    assert [result.status for result in outcome.results] == [Status.TIMEOUT, Status.TIMEOUT, Status.PASSED]


def test_a_check_that_yields_without_end_is_stopped(make_engine: MakeEngine) -> None:
    stopped = threading.Event()

    class END001(Check):
        """Never stops."""

        timeout = 0.01

        def run(self) -> Iterator[Finding]:
            """Always."""
            try:
                while True:
                    yield self.finding("a", "is wrong")
            finally:
                stopped.set()

    outcome = make_engine(END001).run()

    assert outcome.results[0].status is Status.TIMEOUT
    assert stopped.wait(10)


def test_the_timeout_option_replaces_the_limit_of_each_check(make_engine: MakeEngine, forever: threading.Event) -> None:
    class HNG001(Check):
        """Hangs."""

        timeout = 3600.0

        def run(self) -> None:
            """Never."""
            forever.wait()

    outcome = make_engine(HNG001, options=Options(timeout=0.01)).run()

    assert endings(outcome) == {"HNG001": (Status.TIMEOUT, "gave no answer within 0.01 s")}


def test_a_limit_may_be_infinite(make_engine: MakeEngine) -> None:
    assert endings(make_engine(ONE001, options=Options(timeout=float("inf"))).run()) == {
        "ONE001": (Status.PASSED, None)
    }


def test_a_check_can_say_itself_that_a_program_gave_no_answer(make_engine: MakeEngine) -> None:
    class PRB001(Check):
        """Asks a program."""

        def run(self) -> Iterator[Finding]:
            """Always."""
            yield self.finding("a", "is wrong")
            raise ProbeTimeout("tmux -V gave no answer within 5 s")

    outcome = make_engine(PRB001).run()

    assert endings(outcome) == {"PRB001": (Status.TIMEOUT, "tmux -V gave no answer within 5 s")}
    assert [finding.subject for finding in outcome.findings] == ["a"]


def test_a_check_can_say_itself_that_it_cannot_be_asked_here(make_engine: MakeEngine) -> None:
    class UNA001(Check):
        """Cannot be asked."""

        def run(self) -> None:
            """Never."""
            raise Unavailable("there is no git here")

    assert endings(make_engine(UNA001).run()) == {"UNA001": (Status.SKIPPED, "there is no git here")}


def test_an_interrupt_ends_the_run_while_a_check_hangs(make_engine: MakeEngine, forever: threading.Event) -> None:
    main = threading.main_thread()
    assert threading.current_thread() is main

    class INT001(Check):
        """Interrupts, and hangs."""

        timeout = 3600.0

        def run(self) -> None:
            """Never."""
            signal.pthread_kill(main.ident or 0, signal.SIGINT)
            forever.wait()

    engine = make_engine(INT001)

    with pytest.raises(KeyboardInterrupt):
        engine.run()
    with pytest.raises(RuntimeError, match="interrupted"):
        engine.run()


def test_a_run_leaves_no_thread_behind(make_engine: MakeEngine) -> None:
    before = set(threading.enumerate())

    make_engine(ONE001, BAD001).run()
    for thread in set(threading.enumerate()) - before:
        thread.join(10)

    assert set(threading.enumerate()) <= before
