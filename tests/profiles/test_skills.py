"""The skills and the prompt that ship with the tool."""

from pathlib import Path

import pytest

import profiles
from doctor.config.skills import find_skill


@pytest.mark.parametrize("name", profiles.SKILLS)
def test_a_shipped_skill_is_one_that_harnesses_can_list(name: str, tmp_path: Path) -> None:
    path = tmp_path / ".metawsm" / "skills" / name / "SKILL.md"
    path.parent.mkdir(parents=True)
    path.write_bytes(profiles.skill(name))
    fact = find_skill(name, runtime_id="codex", project=tmp_path, home=tmp_path, harness_roots=())
    assert (fact.problem, fact.path) == (None, str(path))
    assert fact.description
    assert "Use it" in fact.description


@pytest.mark.parametrize("name", profiles.SKILLS)
def test_a_shipped_skill_says_its_own_name(name: str) -> None:
    assert f"\nname: {name}\n" in profiles.skill(name).decode()


@pytest.mark.parametrize("name", ["", "git", "../docmgr", "docmgr/SKILL.md"])
def test_what_is_no_skill_is_not_looked_for(name: str) -> None:
    with pytest.raises(KeyError):
        profiles.skill(name)


def test_the_prompt_asks_for_the_shipped_skills() -> None:
    assert [name for name in profiles.SKILLS if f"skill {name}" not in profiles.base_prompt()] == []


def test_the_prompt_names_the_files_by_which_an_agent_tells_where_it_is() -> None:
    names = ("guidance-request.json", "guidance-response.json", "implementation-complete.json")
    assert [name for name in names if name not in profiles.base_prompt()] == []
