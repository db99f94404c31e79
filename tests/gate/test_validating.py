"""Files by themselves, on any machine."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.errors import UsageError
from doctor.exit_codes import ExitCode
from doctor.gate.validating import kind_of, validate
from doctor.model.finding import Severity, Status
from doctor.model.options import Options
from doctor.model.report import Report

PROFILE = {"name": "p", "runner": "codex", "base_prompt": "Work.", "skills": ["from-home"]}
POLICY = {"version": 2, "agent_profiles": [PROFILE], "agents": [{"name": "bob", "profile": "p"}]}
SKILL = "---\nname: diary\ndescription: What was done.\n---\nWrite it down.\n"

Judge = Callable[..., list[tuple[str, str, int | None]]]


def told(report: Report) -> list[tuple[str, str, int | None]]:
    """Of each finding its code, the name of its file and its line."""
    places = [(each, each.location) for each in report.findings]
    return [
        (each.code, Path(place.path).name, place.line) if place else (each.code, "", None) for each, place in places
    ]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Write a file below an empty directory and validate it: ``judge("machine.toml", text)``."""

    def judge(name: str, text: str, **more: str) -> list[tuple[str, str, int | None]]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return told(validate([path], Options(cwd=tmp_path), **more))

    return judge


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (".metawsm/policy.json", "policy"),
        ("policy.toml", "policy"),
        ("skills/diary/SKILL.md", "skill"),
        (".metawsm/skills/diary", "skill"),
        ("machine.toml", "machine"),
        ("profiles/codex.toml", "profile"),
        ("profiles/coding.json", "executor-profile"),
    ],
)
def test_what_a_file_is_is_told_from_its_name(path: str, kind: str) -> None:
    assert kind_of(Path(path)) == kind


def test_a_name_that_says_nothing_is_refused(judge: Judge) -> None:
    with pytest.raises(UsageError, match=r"notes\.md is no policy"):
        judge("notes.md", "")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        validate([Path("profiles/gone.toml")], Options(cwd=tmp_path))


def test_a_policy_passes_where_none_of_its_harnesses_and_skills_is(judge: Judge) -> None:
    assert judge(".metawsm/policy.json", json.dumps(POLICY)) == []


def test_a_policy_is_judged_without_the_machine_s_settings_and_choices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judge: Judge
) -> None:
    for name in ("CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"DOCTOR_{name}_DIR", str(tmp_path / "machine"))
    monkeypatch.setenv("DOCTOR_RUNTIME", "nothing-that-exists")
    monkeypatch.setenv("DOCTOR_PROFILE", "gone")
    judge("machine/machine.toml", "endpoints = 1")
    judge(".metawsm/profile-selection.json", json.dumps({"profile": "gone", "sha256": "0" * 64}), kind="machine")
    assert judge(".metawsm/policy.json", json.dumps(POLICY)) == []
    assert sorted(path.name for path in (tmp_path / "machine").iterdir()) == ["machine.toml"]


def test_what_is_wrong_in_a_policy_is_told_with_its_line(judge: Judge) -> None:
    text = json.dumps({**POLICY, "agnets": []}, indent=1)
    assert judge(".metawsm/policy.json", text) == [
        ("POL003", "policy.json", 1 + text[: text.index("agnets")].count("\n"))
    ]


def test_a_secret_in_a_policy_is_found(judge: Judge) -> None:
    secret = "sk-" + "proj-abcDEF1234567890abcd"
    text = json.dumps({**POLICY, "agent_profiles": [{**PROFILE, "base_prompt": f"Use {secret}."}]})
    assert judge(".metawsm/policy.json", text) == [("SEC001", "policy.json", 1)]


def test_two_policies_of_one_project_are_one_mistake(tmp_path: Path, judge: Judge) -> None:
    judge(".metawsm/policy.json", json.dumps(POLICY))
    judge(".metawsm/policy.toml", "version = 2\n", kind="machine")
    both = [tmp_path / ".metawsm" / name for name in ("policy.json", "policy.toml")]
    assert told(validate(both, Options(cwd=tmp_path))) == [("POL007", "policy.toml", 1)]


def test_a_named_profile_is_read_and_its_endpoints_and_variables_are_judged(judge: Judge) -> None:
    text = '[agent]\nmodel = "nobody:x"\n'
    assert judge("profiles/a.toml", text) == [("NPR001", "a.toml", 2)]
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    text = f'[env]\nX = "{secret}"\n'
    assert judge("profiles/b.toml", text) == [("SEC001", "b.toml", 2)]
    text = '[[llm_endpoints.endpoints]]\nname = "far"\nurl = "http://llm.example/v1"\n'
    assert [code for code, *_ in judge("profiles/c.toml", text)] == ["END003"]


def test_machine_settings_are_read(judge: Judge) -> None:
    assert judge("machine.toml", "[harness.codx]\npath = '/x'\n") == [("NPR001", "machine.toml", 1)]


def test_an_executor_profile_is_read(judge: Judge) -> None:
    assert judge("profiles/coding.json", '{"type": "x", "command": "codex"}') == []
    assert judge("profiles/coding.json", '{"type": "x"}') == [("EXP001", "coding.json", 1)]


def test_a_skill_needs_a_head_that_parses_and_describes_it(judge: Judge) -> None:
    assert judge("skills/diary/SKILL.md", SKILL) == []
    assert judge("skills/diary/SKILL.md", "Write it down.\n") == [("SKL003", "SKILL.md", 1)]
    assert judge("skills/diary/SKILL.md", "---\nname: [\n---\n") == [("SKL003", "SKILL.md", 1)]


def test_a_skill_that_leads_out_of_its_root_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "SKILL.md").write_text(SKILL, encoding="utf-8")
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "diary").symlink_to("../elsewhere")
    assert told(validate([Path("skills/diary")], Options(cwd=tmp_path))) == [("SKL002", "SKILL.md", 1)]


def test_files_are_judged_together(tmp_path: Path, judge: Judge) -> None:
    judge("skills/diary/SKILL.md", SKILL)
    judge("skills/other/SKILL.md", "Nothing.\n")
    judge("profiles/a.toml", "agent = 1\n")
    files = [Path("skills/diary/SKILL.md"), Path("skills/other/SKILL.md"), Path("profiles/a.toml")]
    report = validate(files, Options(cwd=tmp_path))
    assert told(report) == [("NPR001", "a.toml", 1), ("SKL003", "SKILL.md", 1)]
    assert (report.exit_code, report.policy.path, report.agents, report.harnesses) == (ExitCode.FINDINGS, None, (), ())
    statuses = {each.code: each.status for each in report.checks}
    assert [statuses[code] for code in ("NPR001", "SKL002", "SKL003")] == [Status.FAILED, Status.PASSED, Status.FAILED]


def test_a_warning_fails_where_it_was_asked_for(tmp_path: Path, judge: Judge) -> None:
    judge("skills/diary/SKILL.md", "Write it down.\n")
    file = [Path("skills/diary/SKILL.md")]
    assert validate(file, Options(cwd=tmp_path)).exit_code is ExitCode.OK
    assert validate(file, Options(cwd=tmp_path, fail_on=Severity.WARNING)).exit_code is ExitCode.FINDINGS


def test_a_policy_says_itself_what_fails(tmp_path: Path, judge: Judge) -> None:
    idle = {"name": "idle", "runner": "codex", "base_prompt": "Wait."}
    text = {**POLICY, "agent_profiles": [PROFILE, idle], "doctor": {"fail_on": "info"}}
    assert [code for code, *_ in judge(".metawsm/policy.json", json.dumps(text))] == ["AGP008"]
    assert validate([Path(".metawsm/policy.json")], Options(cwd=tmp_path)).exit_code is ExitCode.FINDINGS
