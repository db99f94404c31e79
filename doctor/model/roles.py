"""Which model a named profile gives a stage or a role, and at which of its keys that stands.

=========  ===========  ======================
role       its tier     stages that ask it
=========  ===========  ======================
evaluator  fast         evaluate
assigner   fast
flip       fast
creator    premium
evolver    premium      reflect
default    standard     the rest, as a last resort
=========  ===========  ======================
"""

from collections.abc import Iterator

from doctor.model.machine import NamedProfile
from doctor.model.stage import Stage

ROLE_TIERS = {
    "default": "standard",
    "evaluator": "fast",
    "assigner": "fast",
    "flip": "fast",
    "creator": "premium",
    "evolver": "premium",
}
"""The tier that a role takes its model from when the profile names neither a model nor a tier for it."""

STAGE_ROLES = {Stage.EVALUATE: "evaluator", Stage.REFLECT: "evolver"}
"""The role that serves a stage; the other stages are worker stages."""

Try = tuple[str | None, str]


def profile_model(profile: NamedProfile, stage: Stage) -> tuple[str, str] | None:
    """The model spec a named profile gives a stage and the key it stands at, or ``None``.

    ``stages.<stage>`` wins. Evaluate and reflect then ask their role (its model, its tier, the role's usual tier);
    every stage falls back on ``agent.model``, ``models.default.model`` and ``tiers.standard``.
    """
    own = profile.stages.get(stage)
    tries: list[Try] = [(own.model if own else None, f"stages.{stage}.model")]
    if stage in STAGE_ROLES:
        tries += _own_tries(profile, STAGE_ROLES[stage])
    return _first([*tries, *_last_tries(profile)])


def role_model(profile: NamedProfile, role: str) -> tuple[str, str] | None:
    """The model spec a named profile gives a role, and the key it stands at, or ``None``; as for a role's stage."""
    return _first([*_own_tries(profile, role), *_last_tries(profile)])


def _own_tries(profile: NamedProfile, role: str) -> Iterator[Try]:
    chosen = getattr(profile.models, role)
    tier = ROLE_TIERS[role]
    if chosen is not None:
        yield chosen.model, f"models.{role}.model"
        tier = chosen.tier or tier
    yield getattr(profile.tiers, tier), f"tiers.{tier}"


def _last_tries(profile: NamedProfile) -> Iterator[Try]:
    yield profile.agent.model, "agent.model"
    if profile.models.default is not None:
        yield profile.models.default.model, "models.default.model"
    yield profile.tiers.standard, "tiers.standard"


def _first(tries: list[Try]) -> tuple[str, str] | None:
    return next(((spec, key) for spec, key in tries if spec), None)
