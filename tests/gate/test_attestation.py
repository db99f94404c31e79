import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doctor.config.attestation import SECTIONS, Attestation, load_attestation
from doctor.errors import UsageError
from doctor.exit_codes import ExitCode
from doctor.gate.attestation import Verdict, attest, compare, options_of
from doctor.report.json_format import dumps
from tests.gate.conftest import KEY, Place, policy
from tests.gate.test_baseline import rewritten

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def attested(place: Place, *, now: datetime = NOON, **changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(dumps(attest(place.examine(**changes), now=now)))
    return document


def made(document: dict[str, Any]) -> Attestation:
    loaded = load_attestation(Path("a.json"), content=json.dumps(document).encode())
    assert loaded.problems == ()
    assert loaded.value is not None
    return loaded.value


def verified(document: dict[str, Any], place: Place) -> Verdict:
    attestation = made(document)
    from doctor.diagnosis.run import examine

    return compare(attestation, examine(options_of(attestation, place.options())))


def differing(verdict: Verdict) -> list[str]:
    return [each.section for each in verdict.differences]


def test_the_same_state_is_as_it_was_attested(sound: Place) -> None:
    verdict = verified(attested(sound), sound)
    assert (verdict.exit_code, verdict.differences) == (ExitCode.OK, ())
    assert verdict.attested == verdict.seen


def test_neither_the_time_nor_the_clone_nor_the_home_directory_is_part_of_the_claim(
    make_place: Callable[[str], Place],
) -> None:
    documents = []
    for days, name in enumerate(("here", "there")):
        place = make_place(name)
        place.write_policy(policy(), indent=days * 3)
        place.install_codex()
        place.metawsm.chmod(0o777)
        place.write_skill("docmgr")
        documents.append(attested(place, now=NOON + timedelta(days=days)))
    here, there = documents
    assert here["made_at"] != there["made_at"]
    assert here["evidence"] == there["evidence"]
    assert here["claim"] == there["claim"]


def test_the_claim_holds_elsewhere(sound: Place, make_place: Callable[[str], Place]) -> None:
    other = make_place("other")
    other.write_policy(policy(), indent=2)
    other.install_codex()
    for name in ("docmgr", "diary"):
        other.write_skill(name)
    assert verified(attested(sound), other).exit_code is ExitCode.OK


def test_nothing_of_the_machine_and_no_secret_is_in_it(sound: Place) -> None:
    text = json.dumps(attested(sound))
    assert str(sound.root) not in text
    assert KEY not in text


def test_a_newer_harness_differs(sound: Place) -> None:
    document = attested(sound)
    sound.install_codex("0.170.1")
    verdict = verified(document, sound)
    assert verdict.exit_code is ExitCode.FINDINGS
    [difference] = verdict.differences
    assert (difference.section, difference.items) == ("harnesses", ("codex version: was 0.169.0, is 0.170.1",))


def test_a_changed_skill_differs(sound: Place) -> None:
    document = attested(sound)
    sound.write_skill("diary", "Do something else.")
    assert differing(verified(document, sound)) == ["skills"]


def test_a_changed_prompt_differs_and_so_does_the_policy(sound: Place) -> None:
    document = attested(sound)
    sound.write_policy(policy(agent_profiles=[policy()["agent_profiles"][0] | {"base_prompt": "Work more."}]))
    verdict = verified(document, sound)
    assert differing(verdict) == ["policy", "prompts"]
    assert verdict.differences[1].items[0].startswith("bob: was ")


def test_a_profile_that_became_active_differs(sound: Place) -> None:
    document = attested(sound)
    directory = sound.home / ".config" / "harness-doctor"
    (directory / "profiles").mkdir(parents=True)
    (directory / "profiles" / "work.toml").write_text('[agent]\nmodel = "codex:gpt-5"\n')
    (directory / "active-profile").write_text("work\n")
    assert set(differing(verified(document, sound))) >= {"profile", "agents", "stages"}


def test_a_new_finding_differs(sound: Place) -> None:
    document = attested(sound)
    (sound.metawsm / "skills" / "diary" / "SKILL.md").unlink()
    verdict = verified(document, sound)
    assert differing(verdict) == ["skills", "checks", "findings"]
    assert any(item.startswith("SKL001 error ") and item.endswith("is new") for item in verdict.differences[2].items)


def test_the_options_of_the_attestation_are_used_again(sound: Place) -> None:
    document = attested(sound, select=("skl", "POL"), ignore=("SKL004",))
    assert document["evidence"]["options"]["select"] == ["POL", "SKL"]
    assert verified(document, sound).exit_code is ExitCode.OK


def test_nobody_s_attestation_makes_this_machine_use_the_network_unasked(sound: Place) -> None:
    attestation = made(attested(sound, online=True))
    with pytest.raises(UsageError, match="use the network") as refused:
        options_of(attestation, sound.options())
    assert refused.value.remedy == "allow them here too: doctor verify --online"
    assert options_of(attestation, sound.options(online=True)).online is True
    assert options_of(made(attested(sound)), sound.options(online=True)).online is False


def test_a_configuration_that_cannot_be_read_is_not_attested(sound: Place) -> None:
    sound.write_policy("{")
    with pytest.raises(UsageError, match="nothing to attest"):
        attested(sound)


@pytest.mark.parametrize("section", SECTIONS)
def test_evidence_that_was_changed_does_not_fit_its_hash(sound: Place, section: str) -> None:
    document = attested(sound)
    document["evidence"][section] = {"other": "1"}
    loaded = load_attestation(Path("a.json"), content=json.dumps(document, indent=1).encode())
    assert loaded.value is None
    [problem] = loaded.problems
    assert problem.subject == f"evidence.{section}"
    assert "does not fit its hash" in problem.message
    assert problem.location.line is not None


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({"claim": "0" * 64}, "the claim does not fit"),
        ({"claim": "x"}, "64 hex digits"),
        ({"attestation": 2}, "newer than 1"),
        ({"sections": {}}, "the section options is missing"),
        ({"evidence": {}}, "the section options is missing"),
        ({"more": 1}, ""),
        ({"evidence": []}, "expected an object"),
    ],
)
def test_a_malformed_attestation_is_refused_with_the_place(sound: Place, change: dict[str, Any], seen: str) -> None:
    document = attested(sound) | change
    loaded = load_attestation(Path("a.json"), content=json.dumps(document).encode())
    assert loaded.value is None
    assert any(seen in each.message for each in loaded.problems)


def test_a_section_that_nobody_knows_is_refused(sound: Place) -> None:
    document = attested(sound)
    document["sections"]["more"] = "0" * 64
    loaded = load_attestation(Path("a.json"), content=json.dumps(document).encode())
    assert "there is no section more" in {each.message for each in loaded.problems}


@pytest.mark.parametrize("options", [{}, [], {"select": 1}, None, {"stage": "never"}])
def test_options_that_this_program_does_not_have_are_refused(sound: Place, options: Any) -> None:
    attestation = made(attested(sound))
    evidence = {**attestation.evidence, "options": options}
    from dataclasses import replace

    with pytest.raises(UsageError, match="the attestation's options cannot be used"):
        options_of(replace(attestation, evidence=evidence), sound.options())


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A project that is written again and again."""
    return Place(tmp_path_factory.mktemp("attested"))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), indent=st.sampled_from([None, 0, 3]), hours=st.integers(0, 10**5))
def test_however_the_same_policy_is_written_and_whenever_the_claim_is_the_same(
    broken: Place, seed: int, indent: int | None, hours: int
) -> None:
    canonical = json.loads(rewritten(1, None, grown=False))
    broken.write_policy(canonical)
    claim = attested(broken)["claim"]
    keys = json.loads(rewritten(seed, None, grown=False)).keys()
    broken.write_policy({name: canonical[name] for name in keys}, indent=indent)
    assert attested(broken, now=NOON + timedelta(hours=hours))["claim"] == claim
