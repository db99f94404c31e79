"""What an agent is told."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.launch.prompt import compose
from doctor.model.harness import SkillFact

MakeSkill = Callable[..., SkillFact]


def named(name: str, **changes: Any) -> SkillFact:
    return SkillFact(name=name, runtime_id="codex", **{"path": f"/s/{name}/SKILL.md", **changes})


@given(st.text(min_size=1))
def test_one_part_alone_stands_exactly_as_it_was_given(text: str) -> None:
    assert compose(base=text) == text
    assert compose(task=text) == text


def test_several_parts_follow_each_other_with_a_blank_line_between() -> None:
    skills = (named("tests", description="how tests\n  are run here"), named("plain"))

    assert compose(base="  Be brief.\n\n", task="\nFix it.", ticket="PROJ-12", skills=skills) == (
        "  Be brief.\n"
        "\n"
        "Fix it.\n"
        "\n"
        "This work belongs to ticket PROJ-12.\n"
        "\n"
        "Read each of these skills before you need it, by its path:\n"
        "- tests (/s/tests/SKILL.md): how tests are run here\n"
        "- plain (/s/plain/SKILL.md)"
    )


@pytest.mark.parametrize("empty", [{}, {"base": ""}, {"task": ""}, {"skills": (named("gone", path=None),)}])
def test_an_empty_part_leaves_nothing_behind(empty: dict[str, Any]) -> None:
    assert compose(**empty) == ""
    assert compose(**{"base": "Work.", **{name: part for name, part in empty.items() if name != "base"}}) == "Work."
