"""SKL: found, safe, readable, visible, versioned."""

from pathlib import Path
from typing import Any

import pytest

import doctor
from checks import skills as family
from doctor.testing import run_check

ENTRY = ("agent_profiles[0].skills[0]", "/agent_profiles/0/skills/0")


def skill(name: str, runtime: str = "alpha", **changes: Any) -> dict[tuple[str, str], doctor.SkillFact]:
    return {(name, runtime): doctor.SkillFact(name=name, runtime_id=runtime, **changes)}


def missing(name: str, runtime: str, *tried: str) -> dict[tuple[str, str], doctor.SkillFact]:
    return skill(name, runtime, tried=tried, problem=doctor.SkillProblem.MISSING)


def test_a_missing_skill_names_every_path_tried_under_any_harness_once(binding: Any, told: Any, says: Any) -> None:
    skills = missing("diary", "alpha", "/p/diary", "/h/diary") | missing("diary", "beta", "/p/diary", "/b/diary")
    everyone = (
        binding("a", "alpha", skills=("docs", "diary")),
        binding("b", "beta", skills=("docs", "diary")),
        binding("c", "alpha", skills=("docs", "diary")),
    )
    found = skill("docs", path="/p/docs") | skill("docs", "beta", path="/p/docs")
    outcome = run_check(family.SKL001, bindings=everyone, skills=skills | found)
    assert told(outcome) == [
        ("error", "agent_profiles[0].skills[1]", "/agent_profiles/0/skills/1", ("skill:diary", "profile:p"))
    ]
    assert says(outcome.findings[0], "skill diary of profile p", "tried: /p/diary, /h/diary, /b/diary")
    assert says(outcome.findings[0], "create /p/diary")


def test_a_skill_that_another_harness_finds_stays_usable_there(binding: Any, told: Any) -> None:
    skills = missing("diary", "alpha", "/p/diary") | skill("diary", "beta", path="/b/diary/SKILL.md")
    everyone = (
        binding("a", "alpha", skills=("diary",)),
        binding("b", "beta", skills=("diary",), profile="q", profile_index=1),
    )
    outcome = run_check(family.SKL001, bindings=everyone, skills=skills)
    assert told(outcome) == [("error", *ENTRY, ("profile:p",))]


@pytest.mark.parametrize(
    ("check", "problem", "words"),
    [
        (family.SKL002, doctor.SkillProblem.NAME, ("no plain directory name", "rename the skill")),
        (family.SKL002, doctor.SkillProblem.ESCAPES, ("leads out of its root", "copy the skill into the project")),
        (family.SKL003, doctor.SkillProblem.UNREADABLE, ("cannot be read", "readable text file")),
        (family.SKL003, doctor.SkillProblem.FRONTMATTER, ("front matter", "YAML block between ---")),
    ],
)
def test_a_skill_that_cannot_be_used_is_told_with_the_remedy(
    check: type[doctor.Check],
    problem: doctor.SkillProblem,
    words: tuple[str, ...],
    binding: Any,
    told: Any,
    says: Any,
) -> None:
    skills = skill("diary", path="/p/diary/SKILL.md", problem=problem)
    outcome = run_check(check, bindings=(binding("a", "alpha", skills=("diary",)),), skills=skills)
    assert told(outcome) == [("error", *ENTRY, ("skill:diary", "profile:p"))]
    assert says(outcome.findings[0], "'diary'", "profile p", *words)


def test_the_reason_of_the_lookup_is_passed_on(binding: Any, says: Any) -> None:
    escapes = {"problem": doctor.SkillProblem.ESCAPES, "problem_detail": "/p/x is really /etc/x"}
    outcome = run_check(
        family.SKL002, bindings=(binding("a", "alpha", skills=("x",)),), skills=skill("x", path="/p/x", **escapes)
    )
    assert says(outcome.findings[0], "/p/x is really /etc/x")


@pytest.mark.parametrize("check", [family.SKL001, family.SKL002, family.SKL003])
def test_a_good_skill_passes(check: type[doctor.Check], binding: Any) -> None:
    everyone = (binding("a", "alpha", skills=("diary",)), binding("b", "alpha"))
    good = skill("diary", path="/p/diary/SKILL.md", description="Keeps a diary.")
    assert run_check(check, bindings=everyone, skills=good).status == "passed"


def test_a_skill_without_a_description_is_a_warning_once_for_all_harnesses(binding: Any, told: Any, says: Any) -> None:
    skills = skill("diary", path="/p/diary/SKILL.md") | skill("diary", "beta", path="/p/diary/SKILL.md")
    everyone = (binding("a", "alpha", skills=("diary",)), binding("b", "beta", skills=("diary",)))
    outcome = run_check(family.SKL003, bindings=everyone, skills=skills)
    assert told(outcome) == [("warning", *ENTRY, ("skill:diary",))]
    assert says(outcome.findings[0], "no description in /p/diary/SKILL.md", "leave such a skill out")


def test_a_very_long_name_is_quoted_in_part(binding: Any) -> None:
    name = "n" * 10_000
    broken = {"problem": doctor.SkillProblem.NAME, "problem_detail": f"{name} is too long"}
    everyone = (binding("a", "alpha", skills=(name,)),)
    outcome = run_check(family.SKL002, bindings=everyone, skills=skill(name, **broken))
    assert "n" * 61 not in outcome.findings[0].message
    assert "is too long" in outcome.findings[0].message


def placed(context: doctor.HarnessContext) -> Path:
    path = context.project / ".metawsm" / "skills" / "diary" / "SKILL.md"
    path.parent.mkdir(parents=True)
    path.write_text("---\nname: diary\n---\n")
    return path


def seen(path: Path, runtime: str, *, binding: Any, registry: Any, context: Any, **changes: Any) -> Any:
    everyone = (binding("a", runtime, skills=("diary",)), binding("b", runtime, skills=("diary",)))
    skills = skill("diary", runtime, path=str(path), **changes)
    return run_check(family.SKL004, bindings=everyone, skills=skills, registry=registry, context=context)


def test_a_skill_outside_of_the_harness_s_roots_is_told_with_a_command_that_helps(
    binding: Any, registry: Any, context: doctor.HarnessContext, told: Any, says: Any
) -> None:
    path = placed(context)
    machine = {"binding": binding, "registry": registry, "context": context}
    outcome = seen(path, "alpha", **machine)
    root = context.project / ".alpha" / "skills"
    assert told(outcome) == [("info", *ENTRY, ("skill:diary",))]
    assert says(outcome.findings[0], str(path), f"mkdir -p {root} && ln -s {path.parent} {root / 'diary'}")
    root.mkdir(parents=True)
    (root / "diary").symlink_to(path.parent)
    assert seen(path, "alpha", **machine).status == "passed"


def test_a_harness_without_skills_only_reports(
    binding: Any, registry: Any, context: doctor.HarnessContext, told: Any
) -> None:
    outcome = seen(placed(context), "beta", binding=binding, registry=registry, context=context)
    assert told(outcome) == [("info", *ENTRY, ("skill:diary",))]


def test_a_skill_in_a_root_of_the_harness_passes(binding: Any, registry: Any, context: doctor.HarnessContext) -> None:
    machine = {"binding": binding, "registry": registry, "context": context}
    assert seen(placed(context), "alpha", seen_by_harness=True, **machine).status == "passed"


def test_a_skill_from_home_is_reported_once_with_a_command_that_copies_it(
    tmp_path: Path, binding: Any, told: Any, says: Any
) -> None:
    project = doctor.Project(root=tmp_path / "my project", cwd=tmp_path, home=tmp_path / "home")
    skills = skill("diary", path="/home/u/.codex/skills/diary/SKILL.md")
    everyone = (binding("a", "alpha", skills=("diary",)), binding("b", "alpha", skills=("diary",)))
    outcome = run_check(family.SKL005, bindings=everyone, skills=skills, project=project)
    target = tmp_path / "my project" / ".metawsm" / "skills"
    assert told(outcome) == [("info", *ENTRY, ("skill:diary",))]
    assert says(outcome.findings[0], f"cp -r /home/u/.codex/skills/diary '{target}/diary'")


def test_a_skill_of_the_project_is_not_reported(tmp_path: Path, binding: Any) -> None:
    project = doctor.Project(root=tmp_path, cwd=tmp_path, home=tmp_path / "home")
    skills = skill("diary", path=str(tmp_path / ".metawsm/skills/diary/SKILL.md"))
    everyone = (binding("a", "alpha", skills=("diary",)),)
    assert run_check(family.SKL005, bindings=everyone, skills=skills, project=project).findings == ()
