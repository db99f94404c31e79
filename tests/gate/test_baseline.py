import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doctor.diagnosis.run import Examined
from doctor.errors import UsageError
from doctor.exit_codes import ExitCode
from doctor.gate.baseline import BaselineChange, plan_baseline, write_baseline
from doctor.model.finding import Severity, Status
from doctor.model.stage import Stage
from tests.gate.conftest import Place, policy, rooted

GHOST = "ghp_" + "a1B2c3D4e5F6g7H8i9J0"


def file_of(place: Place) -> Path:
    return place.metawsm / "doctor-baseline.json"


def written(place: Place, **changes: Any) -> BaselineChange:
    change = plan_baseline(place.examine(**changes), file_of(place))
    write_baseline(change)
    return change


def checked(place: Place, **changes: Any) -> Examined:
    return place.examine(baseline=file_of(place), **changes)


def new(examined: Examined) -> list[str]:
    return [f"{each.code} {each.subject}" for each in examined.report.findings]


def test_with_everything_known_nothing_fails(place: Place) -> None:
    assert place.examine().report.exit_code is ExitCode.FINDINGS
    written(place)
    report = checked(place).report
    assert (report.exit_code, report.findings) == (ExitCode.OK, ())
    assert {each.code for each in report.known} >= {"HRN001", "SKL001"}
    assert report.ended(Status.FAILED) == 0


def test_a_known_error_still_keeps_its_agent_from_being_started(place: Place) -> None:
    written(place)
    report = checked(place).report
    assert "runtime:codex" in report.blocked
    assert not report.agent_ok(report.agents[0])


def test_only_what_is_new_fails(place: Place) -> None:
    written(place)
    place.write_policy(policy(agent_profiles=[policy()["agent_profiles"][0] | {"skills": ["docmgr", "diary", "new"]}]))
    examined = checked(place)
    assert (examined.report.exit_code, new(examined)) == (ExitCode.FINDINGS, ["SKL001 agent_profiles[0].skills[2]"])


def test_what_was_repaired_is_reported_until_it_is_taken_out(place: Place) -> None:
    written(place)
    place.write_skill("diary")
    [finding] = [each for each in checked(place).report.findings if each.severity is not Severity.INFO]
    assert (finding.code, finding.severity) == ("POL013", Severity.WARNING)
    assert finding.location is not None
    assert "diary" in file_of(place).read_text().splitlines()[(finding.location.line or 0) - 1]
    change = written(place)
    assert [each.subject for each in change.removed] == ["agent_profiles[worker].skills[diary]"]
    assert checked(place).report.findings == ()
    assert checked(place).report.exit_code is ExitCode.OK


@pytest.mark.parametrize("changes", [{"select": ("POL",)}, {"ignore": ("SKL",)}, {"keyword": "policy"}])
def test_entries_of_checks_that_do_not_run_are_neither_stale_nor_lost(place: Place, changes: dict[str, Any]) -> None:
    before = written(place).entries
    place.write_skill("diary")
    if "ignore" in changes:
        changes = {"ignore": ("SKL", "HRN")}
    assert [each for each in new(checked(place, **changes)) if each.startswith("POL013")] == []
    narrow = plan_baseline(place.examine(**changes), file_of(place))
    assert [each for each in before if each.code.startswith("SKL")] == [
        each for each in narrow.entries if each.code.startswith("SKL")
    ]


def test_a_look_at_one_stage_makes_nothing_stale(place: Place) -> None:
    written(place)
    assert "POL013" not in {each.code for each in checked(place, stage=Stage.REFLECT).report.findings}


def test_the_policy_can_set_a_stale_entry_aside(place: Place) -> None:
    written(place)
    place.write_skill("diary")
    place.write_policy(policy(doctor={"ignore": {"POL013": {"reason": "next week"}}}))
    report = checked(place).report
    assert [each.finding.code for each in report.ignored] == ["POL013"]
    assert {each.severity for each in report.findings} <= {Severity.INFO}


def test_what_the_policy_ignores_is_ignored_rather_than_known_and_its_entry_is_not_stale(place: Place) -> None:
    written(place)
    place.write_policy(policy(doctor={"ignore": {"SKL001": {"reason": "on its way"}}}))
    report = checked(place).report
    assert {each.finding.code for each in report.ignored} == {"SKL001"}
    assert "SKL001" not in {each.code for each in report.known}
    assert report.findings == ()


def test_a_configuration_that_cannot_be_read_is_never_known(place: Place) -> None:
    written(place)
    place.write_policy("{")
    report = checked(place).report
    assert (report.exit_code, [each.code for each in report.findings if each.code == "POL001"]) == (
        ExitCode.USAGE,
        ["POL001"],
    )
    with pytest.raises(UsageError, match="cannot be read"):
        plan_baseline(place.examine(), file_of(place))


def test_the_file_holds_no_time_no_path_and_no_secret(place: Place) -> None:
    profile = policy()["agent_profiles"][0] | {"runner_options": {"extra_args": [f"--token={GHOST}"]}}
    place.write_policy(policy(agent_profiles=[profile]))
    place.metawsm.chmod(0o777)
    text = written(place).text
    assert {"SEC001", "SEC002"} <= {entry["code"] for entry in json.loads(text)["findings"]}
    assert str(place.root) not in text
    assert GHOST not in text


def test_the_same_findings_give_the_same_file_in_another_clone(make_place: Callable[[str], Place]) -> None:
    texts = set()
    for name in ("here", "there"):
        place = make_place(name)
        place.write_policy(policy())
        place.metawsm.chmod(0o777)
        texts.add(written(place).text)
    assert len(texts) == 1


def test_writing_again_changes_nothing_and_touches_nothing(place: Place) -> None:
    written(place)
    before = file_of(place).stat()
    change = written(place)
    assert (change.added, change.removed) == ((), ())
    assert file_of(place).stat().st_mtime_ns == before.st_mtime_ns


def test_the_mode_of_the_file_stays(place: Place) -> None:
    written(place)
    file_of(place).chmod(0o640)
    place.write_skill("diary")
    written(place)
    assert file_of(place).stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("content", ["notes", '{"scripts": {}}', "[]", ""])
def test_a_file_that_is_no_baseline_is_left_alone(place: Place, content: str) -> None:
    file_of(place).write_text(content)
    with pytest.raises(UsageError, match="is no baseline"):
        plan_baseline(place.examine(), file_of(place))
    assert file_of(place).read_text() == content


def test_a_directory_is_no_baseline(place: Place) -> None:
    file_of(place).mkdir()
    with pytest.raises(UsageError, match="is no baseline"):
        plan_baseline(place.examine(), file_of(place))


def test_a_link_stays_a_link(place: Place, tmp_path: Path) -> None:
    file_of(place).symlink_to(tmp_path / "real.json")
    (tmp_path / "real.json").write_text('{"baseline": 1}')
    written(place)
    assert file_of(place).is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())["findings"]


@pytest.mark.skipif(rooted(), reason="root may write anywhere; run the tests as another user")
def test_a_project_that_may_not_be_written_is_said(place: Place) -> None:
    change = plan_baseline(place.examine(), file_of(place))
    place.metawsm.chmod(0o500)
    with pytest.raises(UsageError, match="cannot be written"):
        write_baseline(change)
    place.metawsm.chmod(0o700)


def test_a_baseline_that_is_missing_stops_before_anything_is_asked(place: Place) -> None:
    with pytest.raises(UsageError, match="the baseline cannot be read") as raised:
        checked(place)
    assert str(raised.value.remedy).endswith(f"; or write it: doctor baseline write {file_of(place)}")


def test_what_is_told_about_a_broken_baseline_works(place: Place) -> None:
    file_of(place).write_text("<<<<<<< ours\n")
    with pytest.raises(UsageError, match="the baseline cannot be read") as raised:
        checked(place)
    remove = f"rm {file_of(place)}"
    assert raised.value.remedy == (
        f"resolve the conflict; or write it anew: {remove} && doctor baseline write {file_of(place)}"
    )


BROKEN: dict[str, Any] = {
    "version": 2,
    "agent_profiles": [
        {"name": "worker", "runner": "codex", "base_prompt": "Work.", "skills": ["docmgr", "diary"]},
        {
            "name": "judge",
            "runner": "claude",
            "base_prompt": "Judge.",
            "skills": ["diary"],
            "runner_options": {"permission_mode": "bypassPermissions", "extra_args": [f"--token={GHOST}", "--x"]},
        },
    ],
    "agents": [
        {"name": "bob", "profile": "worker"},
        {"name": "eve", "profile": "judge", "stage": "evaluate"},
        {"name": "ann", "profile": "judge"},
    ],
}
INNOCENT = {"name": "plain", "runner": "shell", "runner_options": {"command": "true"}}


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same policy with the keys of every object, and the items of every list, in another order."""
    if isinstance(value, dict):
        items = list(value.items())
        chance.shuffle(items)
        return {name: shuffled(item, chance) for name, item in items}
    if isinstance(value, list):
        items = [shuffled(item, chance) for item in value]
        if not all(isinstance(item, str) and item.startswith("--") for item in items):  # arguments have an order
            chance.shuffle(items)
        return items
    return value


def rewritten(seed: int, indent: int | None, *, grown: bool) -> str:
    chance = random.Random(seed)
    made = shuffled(BROKEN, chance)
    if grown:
        made["agent_profiles"].insert(chance.randrange(3), INNOCENT)
        made["agents"].insert(chance.randrange(4), {"name": "new", "profile": "plain"})
        judge = next(each for each in made["agent_profiles"] if each["name"] == "judge")
        judge["runner_options"]["extra_args"].insert(chance.randrange(2), "--y")
    return "\n" * chance.randrange(5) + json.dumps(made, indent=indent)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A project with many known findings."""
    place = Place(tmp_path_factory.mktemp("broken"))
    place.write_policy(BROKEN)
    assert len(written(place).entries) > 6
    return place


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), indent=st.sampled_from([None, 0, 2, 7]), grown=st.booleans())
def test_a_baseline_survives_reformatting_reordering_and_what_is_put_in_between(
    broken: Place, seed: int, indent: int | None, grown: bool
) -> None:
    broken.write_policy(rewritten(seed, indent, grown=grown))
    examined = checked(broken)
    assert new(examined) == []
    assert examined.report.exit_code is ExitCode.OK


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), skill=st.sampled_from(["other", "another"]))
def test_a_new_problem_is_new_however_the_policy_is_written(broken: Place, seed: int, skill: str) -> None:
    made = json.loads(rewritten(seed, 2, grown=True))
    next(each for each in made["agent_profiles"] if each["name"] == "judge")["skills"].insert(0, skill)
    broken.write_policy(made)
    assert [each.partition(" ")[0] for each in new(checked(broken))] == ["SKL001"]


def test_every_finding_of_one_run_has_a_fingerprint_of_its_own(broken: Place) -> None:
    broken.write_policy(BROKEN)
    every = [each.fingerprint for each in broken.examine().report.findings]
    assert len(set(every)) == len(every)


def test_a_policy_in_toml_has_the_same_findings_as_the_same_in_json(place: Place) -> None:
    written(place)
    (place.metawsm / "policy.json").unlink()
    (place.metawsm / "policy.toml").write_text(
        'version = 2\nagents = [{name = "bob", profile = "worker"}]\n\n[[agent_profiles]]\n'
        'name = "worker"\nrunner = "codex"\nbase_prompt = "Work."\nskills = ["docmgr", "diary"]\n'
    )
    assert new(checked(place)) == []
