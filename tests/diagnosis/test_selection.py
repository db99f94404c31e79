"""Which checks run."""

import pytest

from doctor.diagnosis.check import Check
from doctor.diagnosis.collect import make_checks
from doctor.diagnosis.selection import select
from doctor.errors import RegistrationError, UsageError
from doctor.model.options import Options


class POL001(Check):
    """The policy can be read."""

    always = True

    def run(self) -> None:
        """Never fails."""


class SKL001(Check):
    """Every skill that a profile names is found."""

    def run(self) -> None:
        """Never fails."""


class SKL002(SKL001):
    """A skill's frontmatter parses."""


class ENV001(SKL001):
    """The machine has tmux."""


CHECKS = make_checks(("tests", check) for check in (SKL002, POL001, ENV001, SKL001))


def codes(**options: object) -> list[str]:
    return [check.code for check in select(CHECKS, Options(**options))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["ENV001", "POL001", "SKL001", "SKL002"]),
        ({"select": ("SKL",)}, ["POL001", "SKL001", "SKL002"]),
        ({"select": ("skl002", "ENV001")}, ["ENV001", "POL001", "SKL002"]),
        ({"select": (" SKL00",)}, ["POL001", "SKL001", "SKL002"]),
        ({"ignore": ("SKL",)}, ["ENV001", "POL001"]),
        ({"select": ("SKL",), "ignore": ("SKL001",)}, ["POL001", "SKL002"]),
        ({"ignore": ("POL", "ENV")}, ["POL001", "SKL001", "SKL002"]),
        ({"keyword": "skill and not frontmatter"}, ["POL001", "SKL001"]),
        ({"keyword": "TMUX or skl002"}, ["ENV001", "POL001", "SKL002"]),
        ({"keyword": "tmux", "select": ("SKL",)}, ["POL001"]),
    ],
)
def test_options_choose_and_what_always_runs_stays(options: dict[str, object], expected: list[str]) -> None:
    assert codes(**options) == expected


def test_nothing_may_be_left() -> None:
    checks = [check for check in CHECKS if not check.always]

    assert select(checks, Options(keyword="tmux and frontmatter")) == []


def test_every_name_that_matches_nothing_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        codes(select=("SLK", "SKL001", ""), ignore=("ENV001",))

    assert str(caught.value).splitlines() == [
        "--select: no check is called 'SLK'; did you mean 'SKL'?",
        "--select: no check is called ''",
    ]
    assert caught.value.remedy == "list the checks: doctor checks"


def test_a_name_to_leave_out_must_exist_too() -> None:
    with pytest.raises(UsageError, match=r"--ignore: no check is called 'env002'; did you mean 'ENV001'\?"):
        codes(ignore=("env002",))


def test_a_word_of_the_expression_that_occurs_nowhere_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        codes(keyword="skil or frontmater and not tmuxx")

    assert str(caught.value).splitlines() == [
        "-k: nothing is called 'frontmater'; did you mean 'frontmatter'?",
        "-k: nothing is called 'tmuxx'; did you mean 'tmux'?",
    ]


def test_a_malformed_expression_is_refused() -> None:
    with pytest.raises(UsageError, match="at column 10"):
        codes(keyword="skill and")


def test_plugins_change_the_selection_afterwards_but_not_what_always_runs() -> None:
    def only_tmux(checks: list[Check]) -> None:
        assert [check.code for check in checks] == ["POL001", "SKL001", "SKL002"]
        checks[:] = [check for check in CHECKS if check.code == "ENV001"] * 2

    chosen = select(CHECKS, Options(select=("SKL",)), modify=only_tmux)

    assert [check.code for check in chosen] == ["ENV001", "POL001"]


def test_plugins_cannot_add_what_is_not_registered() -> None:
    with pytest.raises(RegistrationError, match=r"doctor_modify_selection added 'SKL001', which is no registered"):
        select(CHECKS, Options(), modify=lambda checks: checks.append("SKL001"))  # type: ignore[arg-type]
