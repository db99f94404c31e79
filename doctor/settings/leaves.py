"""What a named profile says, leaf by leaf, and how two sets of leaves differ."""

from collections.abc import Mapping

from doctor.model.machine import NamedProfile
from doctor.settings.own_values import profile_values
from doctor.settings.results import Change


def leaves(profile: NamedProfile | None) -> dict[str, str]:
    """Every leaf that a profile sets, by its key; what is secret by its look is hidden."""
    return {value.key: value.value for value in profile_values(profile, None, "profile")} if profile else {}


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    """The leaves that differ, in the order of ``after`` and then of what it lacks."""
    keys = dict.fromkeys((*after, *before))
    return tuple(
        Change(key=key, before=before.get(key), after=after.get(key))
        for key in keys
        if before.get(key) != after.get(key)
    )
