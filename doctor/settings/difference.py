"""What differs in meaning between two sets of values, whatever the order, comments and spelling of their files."""

from collections.abc import Iterable
from dataclasses import replace

from doctor.config.machine import ActiveProfile, split_model
from doctor.config.problems import Loaded
from doctor.harness.registry import Registry
from doctor.model.machine import NamedProfile
from doctor.model.options import Options
from doctor.model.roles import ROLE_TIERS, profile_model, role_model
from doctor.model.stage import Stage
from doctor.settings.effective import values_of
from doctor.settings.layers import read_layers
from doctor.settings.leaves import changes
from doctor.settings.named import Named, read_named
from doctor.settings.own_values import profile_values
from doctor.settings.results import Change, Difference, Value
from doctor.settings.specs import spec_for
from doctor.settings.surroundings import look_around

NO_PROFILE = "(no profile)"
"""Stands for the settings without any named profile."""

_RESOLVED = ("models.", "stages.")
_UNSAID = ("profile", "description")


def difference(options: Options, a: str, b: str | None = None) -> Difference:
    """How profile ``b`` differs from profile ``a``; starters count as profiles.

    Two profiles are compared by what they give each role and stage, and by their tiers, endpoints and variables. One
    alone is compared with what is in effect here without any profile, which is then ``a`` of the result: the changes
    are those that using the profile would make.

    Raises:
        UsageError: There is no such profile, or a file that is needed is wrong.
    """
    if b is not None:
        around = look_around(options)
        left, right = (meaning(read_named(name, around).profile, around.registry) for name in (a, b))
        return Difference(a=a, b=b, changes=changes(left, right))
    layers = read_layers(replace(options, profile=None), strict=False)
    found = read_named(a, layers.around)
    without, using = values_of(layers.without_profile()), values_of(layers.with_profile(_as_active(found)))
    return Difference(a=NO_PROFILE, b=a, changes=effective_changes(without, using))


def effective_changes(before: Iterable[Value], after: Iterable[Value]) -> tuple[Change, ...]:
    """The effective leaves that differ, without the choice of the profile itself."""
    return changes(_said(before), _said(after))


def meaning(profile: NamedProfile, registry: Registry) -> dict[str, str]:
    """What a profile comes to: its models by role and stage, wherever it takes them from, and its other leaves.

    Prefixes of one harness count as the same: each model is written with its harness's shortest name.
    """

    def spec(written: str) -> str:
        prefix, model = split_model(written)
        harness = registry.get(prefix)
        return spec_for(harness, model) if harness is not None else written

    own = {value.key: value.value for value in profile_values(profile, None, "profile")}
    said = {key: value for key, value in own.items() if key not in _UNSAID and not key.startswith(_RESOLVED)}
    said = {
        key: spec(value) if key.startswith(("agent.", "dispatcher.", "tiers.")) else value
        for key, value in said.items()
    }
    for stage in Stage:
        found = profile_model(profile, stage)
        if found is not None:
            said[f"stages.{stage}.model"] = spec(found[0])
    for role in ROLE_TIERS:
        found = role_model(profile, role)
        if found is not None:
            said[f"models.{role}.model"] = spec(found[0])
        said |= {key: own[key] for leaf in ("endpoint", "reasoning") if (key := f"models.{role}.{leaf}") in own}
    return said


def _said(values: Iterable[Value]) -> dict[str, str]:
    """Values by key; an empty one is a model left to its harness."""
    return {value.key: value.value for value in values if value.value and value.key not in _UNSAID}


def _as_active(found: Named) -> ActiveProfile:
    loaded = Loaded(value=found.profile, document=found.document)
    return ActiveProfile(name=found.name, source="flag", loaded=loaded)
