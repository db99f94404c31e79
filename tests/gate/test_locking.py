from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from doctor.config.lock import load_lock
from doctor.errors import UsageError
from doctor.exit_codes import ExitCode
from doctor.gate.locking import LockChange, plan_lock, write_lock
from doctor.model.lock import Lock
from doctor.model.stage import Stage
from tests.gate.conftest import Place, policy

PROFILE = (
    '[agent]\nmodel = "codex:gpt-5"\n\n[[llm_endpoints.endpoints]]\nname = "attic"\nurl = "{url}"\nis_default = true\n'
)


def lock_of(place: Place) -> Path:
    return place.metawsm / "doctor.lock"


def locked(place: Place, **changes: Any) -> LockChange:
    change = plan_lock(place.examine(**changes))
    write_lock(change)
    return change


def moved(place: Place, **changes: Any) -> list[str]:
    report = place.examine(locked=True, **changes).report
    return [f"{each.code} {each.message}" for each in report.findings if each.code.startswith("LCK")]


def use_profile(place: Place, url: str = "https://llm.example/v1") -> None:
    directory = place.home / ".config" / "harness-doctor"
    (directory / "profiles").mkdir(parents=True, exist_ok=True)
    (directory / "profiles" / "work.toml").write_text(PROFILE.format(url=url))
    (directory / "active-profile").write_text("work\n")


def test_what_was_locked_is_as_it_was_locked(sound: Place) -> None:
    assert locked(sound).refusal is None
    assert moved(sound) == []
    assert sound.examine(locked=True).report.exit_code is ExitCode.OK


def test_without_being_asked_for_no_check_looks_at_the_lock(sound: Place) -> None:
    lock_of(sound).write_text("rubbish")
    results = {each.code: (each.status.value, each.reason) for each in sound.examine().report.checks}
    assert results["LCK001"] == results["LCK003"] == ("skipped", "compares with the lock only with --locked")


def test_a_project_without_a_lock_fails(sound: Place) -> None:
    [finding] = moved(sound)
    assert "does not exist" in finding


def test_a_lock_says_who_runs_where_with_what(sound: Place) -> None:
    use_profile(sound, "https://LLM.example:8443/v1")
    locked(sound)
    loaded = load_lock(lock_of(sound))
    assert loaded.problems == ()
    lock = loaded.value
    assert isinstance(lock, Lock)
    assert dict(lock.harnesses) == {"codex": "0.169.0"}
    assert lock.profile is not None
    assert lock.profile.name == "work"
    assert {name: skill.source for name, skill in lock.skills["codex"].items()} == {"docmgr": "repo", "diary": "repo"}
    bob = lock.agents["bob"]
    assert (bob.stage, bob.profile, bob.harness, bob.model) == ("execute", "worker", "codex", "gpt-5")
    assert sorted(lock.stages) == sorted(Stage)
    text = lock_of(sound).read_text()
    assert str(sound.root) not in text


def test_a_newer_harness_is_named_with_both_versions(sound: Place) -> None:
    locked(sound)
    sound.install_codex("0.170.1")
    assert moved(sound) == ["LCK003 harness codex: version was 0.169.0, is 0.170.1 (locked in .metawsm/doctor.lock)"]


def test_a_harness_that_is_gone_is_named(sound: Place) -> None:
    locked(sound)
    (sound.bin / "codex").unlink()
    assert moved(sound) == ["LCK003 harness codex: version 0.169.0 is locked, but there is none"]


def test_a_changed_skill_is_named(sound: Place) -> None:
    locked(sound)
    sound.write_skill("diary", "Do something else.")
    [finding] = moved(sound)
    assert finding.startswith("LCK004 skill diary for codex: content was ")


def test_a_changed_script_of_a_skill_is_named(sound: Place) -> None:
    scripts = sound.metawsm / "skills" / "diary" / "scripts"
    scripts.mkdir()
    locked(sound)
    assert moved(sound) == []
    (scripts / "__pycache__").mkdir()
    (scripts / "__pycache__" / "write.pyc").write_bytes(b"left behind")
    assert moved(sound) == []
    (scripts / "write.sh").write_text("date\n")
    [finding] = moved(sound)
    assert finding.startswith("LCK004 skill diary for codex: files ")
    assert finding.endswith(" is not locked")
    locked(sound)
    (scripts / "write.sh").write_text("rm -r .\n")
    [finding] = moved(sound)
    assert finding.startswith("LCK004 skill diary for codex: files was ")


def test_a_skill_from_another_root_is_named(sound: Place) -> None:
    locked(sound)
    source = sound.metawsm / "skills" / "diary"
    (sound.home / ".codex" / "skills").mkdir(parents=True)
    source.rename(sound.home / ".codex" / "skills" / "diary")
    assert moved(sound) == ["LCK004 skill diary for codex: source was repo, is home (locked in .metawsm/doctor.lock)"]


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"base_prompt": "Work more."}, ["LCK002", "LCK004"]),
        ({"runner": "shell", "base_prompt": "", "runner_options": {"command": "true"}}, ["LCK002", "LCK005"]),
        ({"runner_options": {"model": "gpt-5"}}, ["LCK002", "LCK005"]),
        ({"runner_options": {"full_auto": True}}, ["LCK002", "LCK005"]),
    ],
)
def test_what_a_policy_change_moves_is_named(sound: Place, changes: dict[str, Any], codes: list[str]) -> None:
    locked(sound)
    sound.write_policy(policy(agent_profiles=[policy()["agent_profiles"][0] | changes]))
    assert {each.partition(" ")[0] for each in moved(sound)} >= set(codes)


def test_an_agent_that_came_and_one_that_went_are_named(sound: Place) -> None:
    locked(sound)
    sound.write_policy(policy(agents=[{"name": "eve", "profile": "worker"}]))
    said = moved(sound)
    assert "LCK005 agent bob: entry codex is locked, but there is none" in said
    assert "LCK005 agent eve: entry codex is not locked" in said


def test_another_profile_and_another_host_are_named(sound: Place) -> None:
    use_profile(sound)
    locked(sound)
    use_profile(sound, "http://llm.example/v1")
    said = moved(sound)
    assert any(each.startswith("LCK002 profile work: content was ") for each in said)
    (sound.home / ".config" / "harness-doctor" / "active-profile").write_text("")
    assert any("active profile: name work is locked" in each for each in moved(sound))


def test_another_formatting_is_no_change(sound: Place) -> None:
    locked(sound)
    sound.write_policy(policy(), indent=4, sort_keys=True)
    assert moved(sound) == []


def test_what_is_written_out_as_it_is_by_default_is_no_change(sound: Place) -> None:
    locked(sound)
    sound.write_policy(policy(close={"require_clean_git": True}))
    assert moved(sound) == []
    sound.write_policy(policy(close={"require_clean_git": False}))
    assert len(moved(sound)) == 1


def test_a_look_at_one_stage_misses_nothing_of_the_others(sound: Place) -> None:
    sound.write_policy(
        policy(agents=[{"name": "bob", "profile": "worker"}, {"name": "eve", "profile": "worker", "stage": "reflect"}])
    )
    locked(sound)
    assert moved(sound, stage=Stage.REFLECT) == []


def test_what_moved_keeps_its_agent_from_being_started(sound: Place) -> None:
    locked(sound)
    sound.install_codex("0.170.1")
    report = sound.examine(locked=True).report
    assert not report.agent_ok(report.agents[0])


def test_errors_stand_against_a_lock(place: Place) -> None:
    change = plan_lock(place.examine())
    assert "HRN001" in (change.refusal or "")


def test_a_configuration_that_cannot_be_read_is_not_locked(place: Place) -> None:
    place.write_policy("{")
    with pytest.raises(UsageError, match="nothing to lock"):
        plan_lock(place.examine())


def test_locking_again_says_what_it_changes_and_then_nothing(sound: Place) -> None:
    locked(sound)
    sound.install_codex("0.170.1")
    assert [each.words for each in plan_lock(sound.examine()).changes] == [
        "harness codex: version was 0.169.0, is 0.170.1"
    ]
    assert write_lock(plan_lock(sound.examine())) is True
    assert write_lock(plan_lock(sound.examine())) is False


def test_a_lock_with_a_merge_conflict_can_be_written_anew(sound: Place) -> None:
    locked(sound)
    text = lock_of(sound).read_text()
    lock_of(sound).write_text(f"<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n")
    assert any("LCK001" in each for each in moved(sound))
    assert locked(sound).before == "unreadable"
    assert lock_of(sound).read_text() == text


def test_what_is_no_lock_is_not_written_over_through_a_link(sound: Place) -> None:
    other = sound.root / "profile.sh"
    other.write_text("PATH=/bin\n")
    lock_of(sound).symlink_to(other)
    with pytest.raises(UsageError, match="is a link to something that is no lock"):
        locked(sound)
    assert other.read_text() == "PATH=/bin\n"


def test_a_lock_behind_a_link_is_written_where_it_is(sound: Place) -> None:
    locked(sound)
    real = lock_of(sound).rename(sound.root / "the.lock")
    lock_of(sound).symlink_to(real)
    sound.install_codex("0.170.1")
    locked(sound)
    assert lock_of(sound).is_symlink()
    assert moved(sound) == []


def test_a_lock_of_a_newer_version_is_not_written_over_unasked(sound: Place) -> None:
    locked(sound)
    lock_of(sound).write_text(lock_of(sound).read_text().replace("version = 1\n", "version = 2\n"))
    assert plan_lock(sound.examine()).refusal == (
        "the lock that is there cannot be read: version 2 is newer than 1, the one this program reads"
    )


def test_a_name_that_looks_like_a_key_is_not_written_down(sound: Place) -> None:
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0"
    sound.write_policy(policy(agents=[{"name": secret, "profile": "worker"}]))
    with pytest.raises(UsageError, match="looks like a secret") as refused:
        plan_lock(sound.examine())
    assert secret not in refused.value.message


def test_the_same_state_gives_the_same_lock_elsewhere(make_place: Callable[[str], Place]) -> None:
    texts = set()
    for name, indent in (("here", 1), ("there", None)):
        place = make_place(name)
        place.write_policy(policy(), indent=indent)
        place.install_codex()
        for skill in ("docmgr", "diary"):
            place.write_skill(skill)
        use_profile(place)
        locked(place)
        texts.add(lock_of(place).read_text())
    assert len(texts) == 1
