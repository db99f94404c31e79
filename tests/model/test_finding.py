"""Severities and fingerprints."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from doctor.model.finding import Finding, Severity
from doctor.model.location import Location, pointer

FINDING = Finding(
    code="SKL001",
    severity=Severity.ERROR,
    subject="agent_profiles[0].skills[1]",
    message="skill 'diary' was not found",
    affects=("skill:diary", "profile:p"),
    key="diary",
    location=Location(path="/p/policy.json", line=3, column=5, pointer="/agent_profiles/0/skills/1"),
)


def test_severities_are_ordered_from_info_to_error() -> None:
    assert sorted(Severity, key=lambda each: each.rank) == [Severity.INFO, Severity.WARNING, Severity.ERROR]


def test_a_fingerprint_survives_moved_lines_reworded_messages_and_other_effects() -> None:
    moved = replace(
        FINDING,
        subject="agent_profiles[7].skills[0]",
        message="no skill 'diary'",
        location=None,
        affects=("profile:p", "skill:diary"),
    )
    assert moved.fingerprint == FINDING.fingerprint


def test_a_fingerprint_tells_codes_and_keys_apart() -> None:
    others = [replace(FINDING, code="SKL002"), replace(FINDING, key="other")]
    assert len({each.fingerprint for each in [FINDING, *others]}) == 3


def test_a_fingerprint_is_that_of_the_problem_however_many_agents_it_concerns() -> None:
    assert replace(FINDING, affects=("agent:a", "agent:b")).fingerprint == FINDING.fingerprint


@given(st.text())
def test_any_subject_has_a_fingerprint(subject: str) -> None:
    assert len(replace(FINDING, key=None, subject=subject).fingerprint) == 16


def test_a_location_prints_as_far_as_it_is_known() -> None:
    assert str(FINDING.location) == "/p/policy.json:3:5"
    assert str(Location(path="/p/machine.toml")) == "/p/machine.toml"


def test_a_pointer_escapes_what_rfc_6901_reserves() -> None:
    assert pointer("a/b", 0, "m~n") == "/a~1b/0/m~0n"
    assert pointer() == ""
