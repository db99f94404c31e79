"""Which model a named profile gives a stage or a role."""

import pytest

from doctor.model.machine import ModelChoice, NamedProfile, RoleChoice, Roles, Tiers
from doctor.model.roles import profile_model, role_model
from doctor.model.stage import Stage

CLAUDE = NamedProfile(agent=ModelChoice(model="claude:opus"), tiers=Tiers(fast="claude:haiku"))


@pytest.mark.parametrize(
    ("profile", "stage", "expected"),
    [
        (CLAUDE, Stage.EXECUTE, ("claude:opus", "agent.model")),
        (CLAUDE, Stage.EVALUATE, ("claude:haiku", "tiers.fast")),
        (CLAUDE, Stage.REFLECT, ("claude:opus", "agent.model")),
        (NamedProfile(), Stage.EXECUTE, None),
        (
            NamedProfile(stages={Stage.EVALUATE: ModelChoice(model="codex:o9")}, tiers=Tiers(fast="claude:haiku")),
            Stage.EVALUATE,
            ("codex:o9", "stages.evaluate.model"),
        ),
        (
            NamedProfile(models=Roles(evaluator=RoleChoice(tier="premium")), tiers=Tiers(premium="claude:opus")),
            Stage.EVALUATE,
            ("claude:opus", "tiers.premium"),
        ),
    ],
)
def test_a_profile_gives_each_stage_its_model(
    profile: NamedProfile, stage: Stage, expected: tuple[str, str] | None
) -> None:
    assert profile_model(profile, stage) == expected


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("evaluator", ("claude:haiku", "tiers.fast")),
        ("assigner", ("codex:mini", "models.assigner.model")),
        ("flip", ("claude:opus", "tiers.premium")),
        ("creator", ("claude:opus", "tiers.premium")),
        ("evolver", ("claude:opus", "tiers.premium")),
        ("default", ("codex:gpt", "agent.model")),
    ],
)
def test_a_profile_gives_each_role_its_model(role: str, expected: tuple[str, str]) -> None:
    profile = NamedProfile(
        agent=ModelChoice(model="codex:gpt"),
        tiers=Tiers(fast="claude:haiku", premium="claude:opus"),
        models=Roles(assigner=RoleChoice(model="codex:mini"), flip=RoleChoice(tier="premium")),
    )
    assert role_model(profile, role) == expected
