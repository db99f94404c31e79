"""Checks in words."""

import pytest

import doctor
from checks.policy import POL003
from doctor.__about__ import __version__
from doctor.diagnosis.rules import Rules
from doctor.model.finding import Severity
from doctor.model.rule import Rule


class ACM001(doctor.Check):
    """The on-call file is there.

    Somebody has to be called.
    """

    severity = Severity.WARNING

    def run(self) -> None:
        """Fails when it is missing."""


def test_a_check_is_told_in_its_own_words() -> None:
    assert Rules([ACM001()])["ACM001"] == Rule(
        code="ACM001",
        title="The on-call file is there.",
        why="Somebody has to be called.",
        fails="Fails when it is missing.",
        severity=Severity.WARNING,
    )


def test_a_built_in_check_has_a_page() -> None:
    assert Rules([POL003()])["POL003"].docs == f"pkg:pypi/harness-doctor@{__version__}#reference/checks/POL003.md"


def test_rules_are_a_mapping_of_all_checks() -> None:
    rules = Rules([ACM001(), POL003()])
    assert (list(rules), len(rules), "POL003" in rules, "POL004" in rules) == (["ACM001", "POL003"], 2, True, False)
    with pytest.raises(KeyError):
        rules["POL004"]
