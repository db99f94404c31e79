"""Computing the facts that checks ask for."""

import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from doctor.diagnosis.check import Check
from doctor.diagnosis.engine import Engine, Outcome
from doctor.errors import ProbeTimeout, Unavailable, UsageError
from doctor.model.finding import Finding, Status
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


def endings(outcome: Outcome) -> dict[str, tuple[Status, str | None]]:
    return {result.code: (result.status, result.reason) for result in outcome.results}


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

    def answer() -> int:
        calls.append(1)
        return 42

    engine = make_engine(ASK001, facts={"answer": answer})
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


def test_of_several_facts_that_fail_the_first_parameter_gives_the_reason_whichever_ended_first(
    make_engine: MakeEngine,
) -> None:
    second_failed = threading.Event()

    def first() -> int:
        second_failed.wait(10)
        raise Unavailable("the first is missing")

    def second() -> int:
        second_failed.set()
        raise Unavailable("the second is missing")

    def answer(first: int, second: int) -> int:
        raise AssertionError("must not be computed")

    engine = make_engine(ASK001, facts={"first": first, "second": second, "answer": answer}, options=Options(jobs=2))

    assert endings(engine.run()) == {"ASK001": (Status.SKIPPED, "the first is missing")}


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
    def hang() -> None:
        forever.wait()

    engine = make_engine(ASK001, ONE001, facts={"answer": hang}, options=Options(jobs=1))
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

    def meet() -> None:
        meeting.wait()

    engine = make_engine(ASK004, facts={"left": meet, "right": meet}, options=Options(jobs=2))

    assert endings(engine.run()) == {"ASK004": (Status.PASSED, None)}
