"""What a check says about itself."""

from doctor.diagnosis.check import Check
from doctor.model.finding import Finding, Severity
from doctor.model.location import Location


class ACM001(Check):
    """The on-call file is there.

    Without it nobody knows
    whom to call.
    """

    severity = Severity.WARNING

    def run(self, project: object) -> None:
        """Fails when ONCALL.md is missing.

        Or when it is empty.
        """


def test_name_and_docstrings_are_the_documentation_on_the_class_and_on_an_instance() -> None:
    for check in (ACM001, ACM001()):
        assert check.code == "ACM001"
        assert check.family == "ACM"
        assert check.title == "The on-call file is there."
        assert check.why == "Without it nobody knows\nwhom to call."
        assert check.fails == "Fails when ONCALL.md is missing.\n\nOr when it is empty."


def test_a_check_without_docstrings_is_titled_by_its_code() -> None:
    class ACM002(Check):
        pass

    ACM002.__doc__ = None

    assert (ACM002.title, ACM002.why) == ("ACM002", "")


def test_defaults_are_an_error_that_reads_files_for_ten_seconds() -> None:
    assert (Check.severity, Check.requires, Check.reads, Check.timeout, Check.always) == (
        Severity.ERROR,
        (),
        ("files",),
        10.0,
        False,
    )


def test_a_finding_carries_the_code_and_the_severity_of_its_check() -> None:
    assert ACM001().finding("ONCALL.md", "is missing", remedy="create it") == Finding(
        code="ACM001", severity=Severity.WARNING, subject="ONCALL.md", message="is missing", remedy="create it"
    )


def test_a_finding_can_say_everything_itself() -> None:
    place = Location(path="/p/ONCALL.md", line=1)

    assert ACM001().finding(
        "ONCALL.md",
        "is empty",
        location=place,
        pointer="/ignored",
        severity=Severity.INFO,
        affects=("*",),
        key="empty",
        fixable=True,
    ) == Finding(
        code="ACM001",
        severity=Severity.INFO,
        subject="ONCALL.md",
        message="is empty",
        location=place,
        affects=("*",),
        key="empty",
        fixable=True,
    )


def test_a_pointer_waits_in_a_location_without_a_path() -> None:
    assert ACM001().finding("a", "b", pointer="/agents/0").location == Location(path="", pointer="/agents/0")
