from datetime import date

import pytest

from doctor.errors import UsageError
from doctor.exit_codes import ExitCode
from doctor.model.comparison import ApprovalState
from tests.gate.comparing.conftest import Repository, classes, policy_of

FREED = policy_of(runner_options={"full_auto": True})
TODAY = date(2026, 11, 1)
PLACE = ".metawsm/approvals.toml"


def entry(fingerprint: str, until: str = "2026-12-31") -> str:
    return (
        f'[[approval]]\nfingerprint = "{fingerprint}"\nwho = "ann"\nwhy = "needed for the release"\nuntil = "{until}"\n'
    )


@pytest.fixture
def fingerprint(repository: Repository) -> str:
    """Of the one change that the working tree makes, which is looser."""
    repository.commit({".metawsm/policy.json": policy_of()})
    repository.write(".metawsm/policy.json", FREED)
    [change] = repository.compare().changes
    return change.fingerprint


def in_base(repository: Repository, text: str) -> None:
    """Commit the approvals beside the old policy, and keep the change in the working tree."""
    repository.commit({".metawsm/policy.json": policy_of(), PLACE: text})
    repository.write(".metawsm/policy.json", FREED)


def test_a_change_that_is_denied_ends_in_exit_code_1(repository: Repository, fingerprint: str) -> None:
    comparison = repository.compare(deny="looser")
    assert (comparison.exit_code, comparison.changes[0].denied) == (ExitCode.FINDINGS, True)


def test_an_approval_that_the_base_has_lets_its_change_through(repository: Repository, fingerprint: str) -> None:
    in_base(repository, entry(fingerprint))
    comparison = repository.compare(deny="looser", today=TODAY)
    [change] = comparison.changes
    assert (comparison.exit_code, change.denied) == (ExitCode.OK, False)
    assert change.approval is not None
    assert (change.approval.who, change.approval.state) == ("ann", ApprovalState.USED)
    assert comparison.findings == ()


def test_an_approval_of_one_value_covers_no_other(repository: Repository, fingerprint: str) -> None:
    in_base(repository, entry(fingerprint))
    repository.write(".metawsm/policy.json", policy_of(runner_options={"extra_args": ["--yolo"]}))
    assert repository.compare(deny="looser", today=TODAY).exit_code == ExitCode.FINDINGS


def test_an_approval_that_comes_with_its_change_does_not_count(repository: Repository, fingerprint: str) -> None:
    repository.write(PLACE, entry(fingerprint))
    comparison = repository.compare(deny="looser", today=TODAY)
    assert comparison.exit_code == ExitCode.FINDINGS
    assert classes(comparison)[f"approval {fingerprint} approval"] == "looser"
    assert [approval.state for approval in comparison.approvals] == [ApprovalState.NEW]
    assert "does not count" in comparison.findings[0].message


def test_a_new_approval_counts_where_somebody_said_so(repository: Repository, fingerprint: str) -> None:
    repository.write(PLACE, entry(fingerprint))
    comparison = repository.compare(deny="looser", today=TODAY, accept_new_approvals=True)
    assert comparison.exit_code == ExitCode.OK
    assert classes(comparison)[f"approval {fingerprint} approval"] == "different"


def test_an_approval_that_was_extended_counts_up_to_its_old_day(repository: Repository, fingerprint: str) -> None:
    in_base(repository, entry(fingerprint, until="2026-10-31"))
    repository.write(PLACE, entry(fingerprint))
    comparison = repository.compare(deny="looser", today=TODAY)
    assert comparison.exit_code == ExitCode.FINDINGS
    assert classes(comparison)[f"approval {fingerprint} approval"] == "looser"


def test_an_approval_cannot_approve_approvals(repository: Repository, fingerprint: str) -> None:
    repository.write(PLACE, entry(fingerprint))
    own = next(each for each in repository.compare(today=TODAY).changes if each.group == "approvals")
    text = entry(fingerprint) + entry(own.fingerprint)
    in_base(repository, entry(own.fingerprint))
    repository.write(PLACE, text)
    assert repository.compare(deny="looser", today=TODAY).exit_code == ExitCode.FINDINGS


def test_a_file_named_by_hand_counts_alone(repository: Repository, fingerprint: str) -> None:
    repository.write("guarded.toml", entry(fingerprint))
    assert repository.compare(deny="looser", today=TODAY, approvals="guarded.toml").exit_code == ExitCode.OK
    repository.write("guarded.toml", "")
    repository.write(PLACE, entry(fingerprint))
    assert repository.compare(deny="looser", today=TODAY, approvals="guarded.toml").exit_code == ExitCode.FINDINGS


def test_a_file_named_by_hand_has_to_be_there(repository: Repository, fingerprint: str) -> None:
    with pytest.raises(UsageError, match="is not there"):
        repository.compare(approvals="nowhere.toml")


def test_an_expired_approval_is_told(repository: Repository, fingerprint: str) -> None:
    in_base(repository, entry(fingerprint, until="2026-10-31"))
    comparison = repository.compare(deny="looser", today=TODAY)
    assert comparison.exit_code == ExitCode.FINDINGS
    [finding] = comparison.findings
    assert (finding.severity, "has expired" in finding.message) == ("warning", True)
    assert finding.location is not None
    assert (finding.location.path, finding.location.line) == (PLACE, 2)


def test_an_approval_of_nothing_is_told(repository: Repository, fingerprint: str) -> None:
    in_base(repository, entry(fingerprint) + entry("0" * 16))
    comparison = repository.compare(deny="looser", today=TODAY)
    assert comparison.exit_code == ExitCode.OK
    assert [(each.severity, each.subject) for each in comparison.findings] == [("info", f"approval {'0' * 16}")]


@pytest.mark.parametrize(
    ("text", "code", "remedy"),
    [
        ("[[approval", "POL014", None),
        (entry("0" * 16).replace("who", "whom"), "POL014", "who"),
        (entry("zz"), "POL014", None),
        (entry("0" * 16, until="2026-02-31"), "POL014", None),
        (entry("0" * 16) * 2, "POL014", "keep one of them"),
        ("approval = 3\n", "POL014", None),
    ],
)
def test_malformed_approvals_are_findings_with_a_place(
    repository: Repository, fingerprint: str, text: str, code: str, remedy: str | None
) -> None:
    repository.write(PLACE, text)
    comparison = repository.compare(deny="looser")
    assert (comparison.exit_code, comparison.unreadable) == (ExitCode.USAGE, False)
    finding = next(each for each in comparison.findings if each.code == code)
    assert finding.location is not None
    assert (finding.location.path, finding.location.line is not None) == (PLACE, True)
    assert remedy is None or remedy in (finding.remedy or "")


@pytest.mark.parametrize(
    ("deny", "denied"),
    [
        ("looser", True),
        ("different", False),
        ("stricter", False),
        ("sandbox", True),
        ("looser:sandbox", True),
        ("stricter:sandbox", False),
        ("permissions,endpoint", False),
        ("endpoint,sandbox", True),
    ],
)
def test_terms_deny_by_class_and_by_group(repository: Repository, fingerprint: str, deny: str, denied: bool) -> None:
    assert (repository.compare(deny=deny).exit_code == ExitCode.FINDINGS) is denied


@pytest.mark.parametrize("term", ["losser", "looser:endpont", "equal", ":endpoint", "looser:"])
def test_a_term_that_means_nothing_is_refused(repository: Repository, fingerprint: str, term: str) -> None:
    with pytest.raises(UsageError, match="nothing is called"):
        repository.compare(deny=term)
