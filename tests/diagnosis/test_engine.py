"""Running checks: order, results, findings, observers."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from doctor.diagnosis.check import Check
from doctor.diagnosis.engine import Engine, Observer, Outcome
from doctor.errors import RegistrationError
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

    class BBB001(Check):
        """Runs second."""

        requires = ("CCC001",)

        def run(self) -> None:
            """Never."""
            order.append(self.code)

    class CCC001(Check):
        """Runs first."""

        def run(self) -> None:
            """Never."""
            order.append(self.code)

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


def test_observers_see_each_start_and_each_end(make_engine: MakeEngine) -> None:
    starts: list[str] = []
    ends: list[tuple[CheckResult, tuple[Finding, ...]]] = []

    def start(code: str) -> None:
        starts.append(code)

    outcome = make_engine(
        TWO001,
        TWO002,
        started=[Observer("watcher", start)],
        finished=[Observer("watcher", lambda result, findings: ends.append((result, findings)))],
    ).run()

    assert starts == ["TWO001"]
    assert sorted((result for result, _ in ends), key=lambda result: result.code) == list(outcome.results)
    assert sorted(len(findings) for _, findings in ends) == [0, 2]


def test_an_observer_that_raises_changes_nothing_and_is_named(make_engine: MakeEngine) -> None:
    seen: list[str] = []

    def bad(**_: Any) -> None:
        raise ValueError("bad\nluck")

    def steady(code: str) -> None:
        seen.append(code)

    outcome = make_engine(
        ONE001,
        started=[Observer("clumsy", bad), Observer("steady", steady)],
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


def chained(n: int) -> type[Check]:
    """A check that requires the one before it, and asks for the fact at the end of a chain as long."""
    run = eval(f"lambda self, fact_{n}: None")
    run.__doc__ = "Never fails."
    requires = (f"CHN{n - 1:03}",) if n else ()
    return type(f"CHN{n:03}", (Check,), {"__doc__": "One of many.", "requires": requires, "run": run})


def test_a_thousand_checks_and_facts_in_chains_all_end(make_engine: MakeEngine) -> None:
    facts = {f"fact_{n}": eval(f"lambda fact_{n - 1}: fact_{n - 1} + 1") for n in range(1, 1000)}

    engine = make_engine(*(chained(n) for n in range(1000)), facts=facts, values={"fact_0": 0})

    assert {result.status for result in engine.run().results} == {Status.PASSED}
    assert engine.fact("fact_999") == 999
