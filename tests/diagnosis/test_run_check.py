"""The one line that tests a check."""

from collections.abc import Iterator

import pytest

from doctor.diagnosis.check import Check
from doctor.errors import ProbeTimeout, RegistrationError, Unavailable
from doctor.model.finding import Finding, Severity, Status
from doctor.model.location import Location
from doctor.testing import CheckOutcome, run_check


class ACM001(Check):
    """The answer is right."""

    def run(self, answer: object, check: str) -> Iterator[Finding]:
        """Fails unless the answer is 42."""
        if isinstance(answer, Exception):
            raise answer
        if answer != 42:
            severity = Severity.INFO if answer is None else None
            yield self.finding(check, f"is {answer}", pointer="/answer", severity=severity)


def test_a_check_that_finds_nothing_passes() -> None:
    assert run_check(ACM001, answer=42, check="a") == CheckOutcome(Status.PASSED, ())


def test_a_check_that_finds_something_fails_with_its_findings() -> None:
    outcome = run_check(ACM001, answer=41, check="the answer")

    assert outcome.status == "failed"
    assert [(finding.code, finding.subject, finding.location) for finding in outcome.findings] == [
        ("ACM001", "the answer", Location(path="", pointer="/answer"))
    ]


def test_an_info_leaves_it_passed() -> None:
    assert run_check(ACM001, answer=None, check="a").status is Status.PASSED


def test_what_it_says_about_programs_and_absent_facts_is_its_outcome() -> None:
    assert run_check(ACM001, answer=ProbeTimeout("slow"), check="a") == CheckOutcome(Status.TIMEOUT, (), "slow")
    assert run_check(ACM001, answer=Unavailable("gone"), check="a") == CheckOutcome(Status.SKIPPED, (), "gone")


def test_a_crash_reaches_the_test_unless_told_otherwise() -> None:
    with pytest.raises(ZeroDivisionError):
        run_check(ACM001, answer=ZeroDivisionError("so"), check="a")
    assert run_check(ACM001, reraise=False, answer=ZeroDivisionError("so"), check="a") == CheckOutcome(
        Status.CRASHED, (), "ZeroDivisionError: so"
    )


def test_missing_and_unasked_facts_are_named() -> None:
    with pytest.raises(TypeError) as caught:
        run_check(ACM001, answr=42, polcy=None)

    assert str(caught.value) == (
        "ACM001 misses answer, check and does not ask for answr, polcy; it asks for answer, check"
    )


def test_a_malformed_check_is_refused() -> None:
    class Sample(Check):
        """No code."""

        def run(self) -> None:
            """Never."""

    with pytest.raises(RegistrationError, match="check Sample: its name is its code"):
        run_check(Sample)
