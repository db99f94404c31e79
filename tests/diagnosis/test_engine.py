"""Running checks over facts."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from doctor.diagnosis.check import Check
from doctor.diagnosis.engine import Engine, Observer, Outcome
from doctor.errors import ProbeTimeout, RegistrationError, Unavailable, UsageError
from doctor.model.finding import CheckResult, Finding, Severity, Status
from doctor.model.location import Location
from doctor.model.options import Options

MakeEngine = Callable[..., Engine]


class ONE001(Check):
    """The first of all."""

    def run(self) -> Iterator[Finding]:
        """Never fails."""
        yield from ()


class TWO001(Check):
    """Fails always."""

    def run(self) -> Iterator[Finding]:
        """Always."""
        yield self.finding("b", "is wrong", pointer="/b")
        yield self.finding("a", "is wrong", pointer="/a")


class TWO002(Check):
    """Needs the one that fails."""

    requires = ("TWO001",)

    def run(self) -> None:
        """Never, because it never runs."""
        raise AssertionError("must not run")


class TWO003(Check):
    """Needs the one that needs the one that fails."""

    requires = ("TWO002",)

    def run(self) -> None:
        """Never, because it never runs."""
        raise AssertionError("must not run")


def endings(outcome: Outcome) -> dict[str, tuple[Status, str | None]]:
    return {result.code: (result.status, result.reason) for result in outcome.results}


def test_results_stand_in_code_order_and_dependants_say_what_stopped_them(make_engine: MakeEngine) -> None:
    outcome = make_engine(TWO003, TWO002, TWO001, ONE001).run()

    assert list(endings(outcome).items()) == [
        ("ONE001", (Status.PASSED, None)),
        ("TWO001", (Status.FAILED, None)),
        ("TWO002", (Status.SKIPPED, "TWO001 failed")),
        ("TWO003", (Status.SKIPPED, "TWO002 was skipped")),
    ]


def test_a_dependant_runs_after_what_it_requires_has_passed(make_engine: MakeEngine) -> None:
    order: list[str] = []

    class AAA001(Check):
        """Runs last."""

        requires = ("BBB001", "CCC001")

        def run(self) -> None:
            """Never."""
            order.append(self.code)

    class BBB001(AAA001):
        """Runs second."""

        requires = ("CCC001",)

    class CCC001(AAA001):
        """Runs first."""

        requires = ()

    outcome = make_engine(AAA001, BBB001, CCC001).run()

    assert {result.status for result in outcome.results} == {Status.PASSED}
    assert order == ["CCC001", "BBB001", "AAA001"]


def test_findings_are_located_and_explained_and_sorted_by_place(make_engine: MakeEngine) -> None:
    places = {
        "/a": Location(path="/p/policy.json", line=10, column=3, pointer="/a"),
        "/b": Location(path="/p/policy.json", line=9, column=3, pointer="/b"),
    }

    outcome = make_engine(TWO001, locate=places.get).run()

    assert [(finding.subject, finding.location, finding.docs) for finding in outcome.findings] == [
        ("b", places["/b"], "doctor explain TWO001"),
        ("a", places["/a"], "doctor explain TWO001"),
    ]


def test_findings_without_a_place_come_last_in_the_order_of_code_and_subject(make_engine: MakeEngine) -> None:
    class ZZZ001(Check):
        """Fails at a place."""

        def run(self) -> Iterator[Finding]:
            """Always."""
            yield self.finding("z", "is wrong", location=Location(path="/z"))

    outcome = make_engine(ZZZ001, TWO001).run()

    assert [(finding.code, finding.subject) for finding in outcome.findings] == [
        ("ZZZ001", "z"),
        ("TWO001", "a"),
        ("TWO001", "b"),
    ]


@pytest.mark.parametrize("severity", [Severity.WARNING, Severity.ERROR])
def test_a_warning_or_an_error_makes_a_check_fail(make_engine: MakeEngine, severity: Severity) -> None:
    class SEV001(Check):
        """Says something."""

        def run(self) -> list[Finding]:
            """Always."""
            return [self.finding("a", "so", severity=severity)]

    assert endings(make_engine(SEV001).run()) == {"SEV001": (Status.FAILED, None)}


def test_an_info_leaves_a_check_passed(make_engine: MakeEngine) -> None:
    class SEV001(Check):
        """Says something."""

        severity = Severity.INFO

        def run(self) -> list[Finding]:
            """Never."""
            return [self.finding("a", "so")]

    outcome = make_engine(SEV001).run()

    assert endings(outcome) == {"SEV001": (Status.PASSED, None)}
    assert [finding.severity for finding in outcome.findings] == [Severity.INFO]


def test_a_check_whose_findings_are_all_ignored_passes_and_its_dependants_run(make_engine: MakeEngine) -> None:
    ran = threading.Event()

    class TWO004(Check):
        """Needs the one that would fail."""

        requires = ("TWO001",)

        def run(self) -> None:
            """Never."""
            ran.set()

    outcome = make_engine(TWO001, TWO004, ignored=lambda finding: finding.code == "TWO001").run()

    assert endings(outcome) == {"TWO001": (Status.PASSED, None), "TWO004": (Status.PASSED, None)}
    assert len(outcome.findings) == 2
    assert ran.is_set()


def test_a_deselected_check_does_not_run_and_its_facts_are_not_computed(make_engine: MakeEngine) -> None:
    def costly() -> None:
        raise AssertionError("must not be computed")

    class ASK001(Check):
        """Asks for something costly."""

        def run(self, costly: Any) -> None:
            """Never."""
            raise AssertionError("must not run")

    outcome = make_engine(ONE001, ASK001, facts={"costly": costly}, select=("ONE001",)).run()

    assert endings(outcome) == {"ONE001": (Status.PASSED, None)}


def test_facts_of_a_check_that_is_skipped_are_not_computed(make_engine: MakeEngine) -> None:
    computed: list[str] = []

    class TWO004(Check):
        """Asks for something, after the one that fails."""

        requires = ("TWO001",)

        def run(self, costly: Any) -> None:
            """Never."""

    make_engine(TWO001, TWO004, facts={"costly": lambda: computed.append("costly")}).run()

    assert computed == []


def test_a_check_that_requires_a_deselected_one_is_skipped(make_engine: MakeEngine) -> None:
    outcome = make_engine(TWO001, TWO002, select=("TWO002",)).run()

    assert endings(outcome) == {"TWO002": (Status.SKIPPED, "TWO001 is not selected")}


class NET001(Check):
    """Something far away answers."""

    reads = ("files", "network")

    def run(self) -> None:
        """Never."""


def test_a_check_that_reads_the_network_needs_to_be_allowed(make_engine: MakeEngine) -> None:
    assert endings(make_engine(NET001).run()) == {"NET001": (Status.SKIPPED, "needs --online")}
    assert endings(make_engine(NET001, options=Options(online=True)).run()) == {"NET001": (Status.PASSED, None)}


def test_no_checks_at_all_leave_nothing(make_engine: MakeEngine) -> None:
    assert make_engine().run() == Outcome((), (), ())


# Facts


class ASK001(Check):
    """Asks for a fact."""

    def run(self, answer: int) -> Iterator[Finding]:
        """Fails unless the answer is 42."""
        if answer != 42:
            yield self.finding("answer", f"is {answer}")


class ASK002(ASK001):
    """Asks for the same fact."""


def test_a_fact_is_computed_once_however_many_ask(make_engine: MakeEngine) -> None:
    calls: list[int] = []

    def answer(half: int) -> int:
        calls.append(half)
        return 2 * half

    engine = make_engine(ASK001, ASK002, facts={"answer": answer}, values={"half": 21})

    assert set(endings(engine.run()).values()) == {(Status.PASSED, None)}
    assert engine.fact("answer") == 42
    assert calls == [21]


def test_a_fact_is_computed_once_when_many_threads_ask_at_the_same_moment(make_engine: MakeEngine) -> None:
    calls: list[int] = []
    start = threading.Barrier(8)
    engine = make_engine(ASK001, facts={"answer": lambda: calls.append(1) or 42})
    answers: list[int] = []

    def ask() -> None:
        start.wait()
        answers.append(engine.fact("answer"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [42] * 8
    assert calls == [1]


def test_an_unavailable_fact_skips_its_askers_near_and_far_with_its_message(make_engine: MakeEngine) -> None:
    def source() -> int:
        raise Unavailable("the policy cannot be read")

    def answer(source: int) -> int:
        raise AssertionError("must not be computed")

    engine = make_engine(ASK001, ONE001, facts={"source": source, "answer": answer})

    assert endings(engine.run()) == {
        "ASK001": (Status.SKIPPED, "the policy cannot be read"),
        "ONE001": (Status.PASSED, None),
    }
    with pytest.raises(Unavailable, match="the policy cannot be read"):
        engine.fact("answer")


def test_a_fact_whose_program_gives_no_answer_times_its_askers_out(make_engine: MakeEngine) -> None:
    def answer() -> int:
        raise ProbeTimeout("git --version gave no answer within 5 s")

    outcome = make_engine(ASK001, facts={"answer": answer}).run()

    assert endings(outcome) == {"ASK001": (Status.TIMEOUT, "git --version gave no answer within 5 s")}


def test_a_fact_that_fails_crashes_its_askers_and_is_named(make_engine: MakeEngine) -> None:
    def source() -> int:
        raise ValueError("no\nsense")

    def answer(source: int) -> int:
        raise AssertionError("must not be computed")

    engine = make_engine(ASK001, facts={"source": source, "answer": answer})
    (result,) = engine.run().results

    assert (result.status, result.reason) == (Status.CRASHED, "fact 'source' failed: ValueError: no sense")
    assert result.detail is not None
    assert "in source" in result.detail
    with pytest.raises(ValueError, match="no\nsense"):
        engine.fact("answer")


def test_a_fact_that_hangs_times_its_askers_out_and_the_run_goes_on(
    make_engine: MakeEngine, forever: threading.Event
) -> None:
    engine = make_engine(ASK001, ONE001, facts={"answer": lambda: forever.wait()}, options=Options(jobs=1))
    engine.fact_limit = 0.01

    assert endings(engine.run()) == {
        "ASK001": (Status.TIMEOUT, "fact 'answer' gave no answer within 0.01 s"),
        "ONE001": (Status.PASSED, None),
    }
    with pytest.raises(ProbeTimeout, match="fact 'answer'"):
        engine.fact("answer")


def test_a_fact_that_exits_is_a_failure_of_the_fact(make_engine: MakeEngine) -> None:
    engine = make_engine(ASK001, facts={"answer": lambda: sys.exit(7)})

    assert endings(engine.run()) == {"ASK001": (Status.CRASHED, "fact 'answer' failed: SystemExit: 7")}
    with pytest.raises(RuntimeError, match="SystemExit: 7"):
        engine.fact("answer")


def test_the_time_of_facts_does_not_count_for_the_check(make_engine: MakeEngine, forever: threading.Event) -> None:
    class ASK003(ASK001):
        """Asks for a slow fact and has little time itself."""

        timeout = 0.05

    def answer() -> int:
        forever.wait(0.2)
        return 42

    assert endings(make_engine(ASK003, facts={"answer": answer}).run()) == {"ASK003": (Status.PASSED, None)}


def test_a_fact_can_be_asked_for_while_a_check_runs_even_with_one_thread(make_engine: MakeEngine) -> None:
    def locate(pointer: str) -> Location:
        return Location(path=engine.fact("document"), pointer=pointer)

    engine = make_engine(TWO001, facts={"document": lambda: "/policy"}, options=Options(jobs=1), locate=locate)

    assert {finding.location for finding in engine.run().findings} == {
        Location(path="/policy", pointer="/a"),
        Location(path="/policy", pointer="/b"),
    }


def test_an_unknown_fact_is_named_with_the_nearest(make_engine: MakeEngine) -> None:
    with pytest.raises(UsageError, match=r"no fact 'polcy'; did you mean 'policy'\?"):
        make_engine(values={"policy": 1}).fact("polcy")


def test_independent_facts_are_computed_side_by_side(make_engine: MakeEngine) -> None:
    meeting = threading.Barrier(2, timeout=10)

    class ASK004(Check):
        """Asks for two facts that wait for each other."""

        def run(self, left: int, right: int) -> None:
            """Never."""

    engine = make_engine(ASK004, facts={"left": lambda: meeting.wait(), "right": lambda: meeting.wait()}, options=Options(jobs=2))

    assert endings(engine.run()) == {"ASK004": (Status.PASSED, None)}


# Checks that end badly


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

    make_engine(ONE001, TWO001, TWO002).run()
    for thread in set(threading.enumerate()) - before:
        thread.join(10)

    assert set(threading.enumerate()) <= before


# Observers


def test_observers_see_each_start_and_each_end(make_engine: MakeEngine) -> None:
    starts: list[str] = []
    ends: list[tuple[CheckResult, tuple[Finding, ...]]] = []

    outcome = make_engine(
        TWO001,
        TWO002,
        started=[Observer("watcher", lambda code: starts.append(code))],
        finished=[Observer("watcher", lambda result, findings: ends.append((result, findings)))],
    ).run()

    assert starts == ["TWO001"]
    assert sorted((result for result, _ in ends), key=lambda result: result.code) == list(outcome.results)
    assert sorted(len(findings) for _, findings in ends) == [0, 2]


def test_an_observer_that_raises_changes_nothing_and_is_named(make_engine: MakeEngine) -> None:
    seen: list[str] = []

    def bad(**_: Any) -> None:
        raise ValueError("bad\nluck")

    outcome = make_engine(
        ONE001,
        started=[Observer("clumsy", bad), Observer("steady", lambda code: seen.append(code))],
        finished=[Observer("clumsy", bad)],
    ).run()

    assert endings(outcome) == {"ONE001": (Status.PASSED, None)}
    assert outcome.notices == ("plugin clumsy failed while observing: ValueError: bad luck",) * 2
    assert seen == ["ONE001"]


def test_an_observer_that_hangs_at_the_end_does_not_hold_up_the_run(
    make_engine: MakeEngine, forever: threading.Event
) -> None:
    engine = make_engine(ONE001, finished=[Observer("sleeper", lambda **_: forever.wait())])
    engine.observer_limit = 0.01

    outcome = engine.run()

    assert endings(outcome) == {"ONE001": (Status.PASSED, None)}
    assert outcome.notices == ("an observer of ONE001 did not return within 0.01 s",)


# Collection


def test_everything_unknown_is_named_at_once_even_where_it_is_not_selected(make_engine: MakeEngine) -> None:
    class UNK001(Check):
        """Asks and requires what is not there."""

        requires = ("ONE002",)

        def run(self, polcy: Any) -> None:
            """Never."""

    with pytest.raises(RegistrationError) as caught:
        make_engine(ONE001, UNK001, facts={"far": lambda policies: policies}, values={"policy": 1}, select=("ONE001",))

    assert str(caught.value).splitlines() == [
        "fact 'far' of plugin tests asks for fact 'policies', which nobody registers; did you mean 'policy'?",
        "check UNK001 of plugin tests asks for fact 'polcy', which nobody registers; did you mean 'policy'?",
        "check UNK001 of plugin tests requires ONE002, which nobody registers; did you mean 'ONE001'?",
    ]


def test_a_hundred_checks_and_facts_in_chains_all_end(make_engine: MakeEngine) -> None:
    def link(previous: str) -> Callable[..., int]:
        return eval(f"lambda {previous}: {previous} + 1")  # type: ignore[no-any-return]

    facts = {f"fact_{n}": link(f"fact_{n - 1}" if n else "zero") for n in range(100)}
    checks = [
        type(
            f"CHN{n:03}",
            (Check,),
            {
                "__doc__": "One of many.",
                "requires": (f"CHN{n - 1:03}",) if n else (),
                "run": eval(f"lambda self, fact_{n}: None"),
            },
        )
        for n in range(100)
    ]
    for check in checks:
        check.run.__doc__ = "Never."

    engine = make_engine(*checks, facts=facts, values={"zero": 0})

    assert {result.status for result in engine.run().results} == {Status.PASSED}
    assert engine.fact("fact_99") == 100
