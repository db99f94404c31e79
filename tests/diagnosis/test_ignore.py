"""Findings that the policy sets aside."""

from datetime import date

import pytest

from doctor.diagnosis.ignore import Applied, IgnoreList, ignore_problems
from doctor.model.finding import CheckResult, Finding, IgnoredFinding, Severity, Status
from doctor.model.location import Location
from doctor.model.policy import Ignore

TODAY = date(2026, 11, 21)
KNOWN = ("POL001", "POL010", "POL011", "POL012", "SKL001", "SKL002")


def found(code: str, subject: str = "a") -> Finding:
    return Finding(code=code, severity=Severity.ERROR, subject=subject, message="is wrong")


def ended(**statuses: str) -> list[CheckResult]:
    return [CheckResult(code=code, status=Status(status)) for code, status in statuses.items()]


ALL_PASSED = ended(**dict.fromkeys(KNOWN, "passed"))


def problems(
    entries: dict[str, Ignore], *findings: Finding, results: list[CheckResult] = ALL_PASSED
) -> list[tuple[str, str, str]]:
    return [
        (problem.code, problem.subject, problem.message)
        for problem in ignore_problems(entries, findings, TODAY, results=results, known=KNOWN)
    ]


def test_an_entry_sets_the_findings_of_its_code_aside_with_its_reason() -> None:
    entries = {"SKL001": Ignore(reason="known", until="2027-01-01")}
    kept, ignored = found("SKL002"), found("SKL001")

    assert IgnoreList(entries, today=TODAY).apply([ignored, kept]) == Applied(
        (kept,), (IgnoredFinding(finding=ignored, reason="known", until="2027-01-01"),), (), ()
    )


@pytest.mark.parametrize("key", ["SKL", "skl", "skl001"])
def test_an_entry_may_name_a_family_and_be_written_in_any_case(key: str) -> None:
    assert IgnoreList({key: Ignore(reason="known")}, today=TODAY).ignores(found("SKL001"))


def test_a_code_outranks_its_family() -> None:
    entries = {"SKL": Ignore(reason="family"), "SKL001": Ignore(reason="code")}

    applied = IgnoreList(entries, today=TODAY).apply([found("SKL001"), found("SKL002")])

    assert [item.reason for item in applied.ignored] == ["code", "family"]


@pytest.mark.parametrize("key", ["POL001", "POL"])
def test_findings_about_reading_the_configuration_are_never_set_aside(key: str) -> None:
    ignores = IgnoreList({key: Ignore(reason="known")}, today=TODAY)

    assert not ignores.ignores(found("POL001"))
    assert not ignores.ignores(found("POL009"))
    assert ignores.ignores(found("POL010")) is (key == "POL")


@pytest.mark.parametrize(("until", "holds"), [("2026-11-20", False), ("2026-11-21", True), ("2026-11-22", True)])
def test_an_entry_holds_up_to_and_including_its_last_day(until: str, holds: bool) -> None:
    ignores = IgnoreList({"SKL001": Ignore(reason="known", until=until)}, today=TODAY)

    assert ignores.ignores(found("SKL001")) is holds
    assert ignores.expired == (() if holds else ("SKL001",))


def test_an_expired_entry_is_a_finding_whether_or_not_it_would_match() -> None:
    entries = {"SKL001": Ignore(reason="known", until="2026-11-20")}
    expected = [
        ("POL012", "doctor.ignore.SKL001", "doctor.ignore set SKL001 aside until 2026-11-20 (known); that day is over")
    ]

    assert problems(entries) == expected
    assert problems(entries, found("SKL001")) == expected


def test_a_day_that_does_not_exist_sets_nothing_aside() -> None:
    entries = {"SKL001": Ignore(reason="known", until="2026-02-30")}

    assert not IgnoreList(entries, today=TODAY).ignores(found("SKL001"))
    assert problems(entries) == [("POL012", "doctor.ignore.SKL001", "until is '2026-02-30', which is no day")]


def test_an_unused_entry_is_a_finding() -> None:
    entries = {"SKL001": Ignore(reason="known")}

    assert problems(entries) == [
        ("POL011", "doctor.ignore.SKL001", "doctor.ignore sets SKL001 aside, but nothing of it was found")
    ]
    assert problems(entries, found("SKL001")) == []


@pytest.mark.parametrize("status", ["skipped", "timeout", "crashed"])
def test_an_entry_is_not_called_unused_unless_all_that_it_covers_ran_to_the_end(status: str) -> None:
    assert problems({"SKL001": Ignore(reason="known")}, results=ended(SKL001=status)) == []
    assert problems({"SKL": Ignore(reason="known")}, results=ended(SKL001="passed", SKL002=status)) == []
    assert problems({"SKL": Ignore(reason="known")}, results=ended(SKL001="passed")) == []


def test_an_entry_that_covers_no_check_is_a_finding_with_the_nearest() -> None:
    assert problems({"SLK001": Ignore(reason="known")}, results=[]) == [
        (
            "POL011",
            "doctor.ignore.SLK001",
            "doctor.ignore names SLK001, expected a check or a family; did you mean 'SKL001'?",
        )
    ]


def test_an_entry_for_a_configuration_that_cannot_be_understood_is_a_finding() -> None:
    assert problems({"POL001": Ignore(reason="known")}, results=[]) == [
        (
            "POL011",
            "doctor.ignore.POL001",
            "doctor.ignore names POL001, but a configuration that cannot be understood is never ignored",
        )
    ]


def test_an_entry_that_sets_these_very_findings_aside_counts_as_used() -> None:
    entries = {"POL011": Ignore(reason="we keep old entries"), "SKL001": Ignore(reason="known")}

    assert [subject for _, subject, _ in problems(entries)] == ["doctor.ignore.SKL001"]


def test_an_entry_for_these_findings_that_has_none_to_set_aside_is_unused() -> None:
    assert [subject for _, subject, _ in problems({"POL011": Ignore(reason="no need")})] == ["doctor.ignore.POL011"]


def test_the_findings_are_warnings_placed_at_their_entry() -> None:
    (problem,) = ignore_problems(
        {"SKL/1": Ignore(reason="known")},
        (),
        TODAY,
        results=(),
        known=KNOWN,
        locate=lambda pointer: Location(path="/policy.json", line=4, pointer=pointer),
    )

    assert problem.severity is Severity.WARNING
    assert problem.location == Location(path="/policy.json", line=4, pointer="/doctor/ignore/SKL~11")
    assert problem.remedy == "remove doctor.ignore.SKL/1 from the policy"
    assert problem.docs == "doctor explain POL011"
