"""Repairing flags that a harness does not have any more: what takes their place stands in the policy afterwards."""

from collections.abc import Iterable, Mapping, Sequence

import doctor
from checks.uses import adapter

Harnesses = Mapping[str, doctor.HarnessFact]
Group = Sequence[doctor.Binding]


def can_be_replaced(
    flag: str, group: Group, policy: doctor.Policy, registry: doctor.Registry, harnesses: Harnesses
) -> bool:
    """Whether ``instead_of`` has an answer."""
    return instead_of(flag, group, policy, registry, harnesses) is not None


def instead_of(
    flag: str, group: Group, policy: doctor.Policy, registry: doctor.Registry, harnesses: Harnesses
) -> tuple[str, ...] | None:
    """The words for a flag that every one of these agents' profiles writes itself; ``None`` where there are none."""
    harness, launch = adapter(registry, group[0].runtime.value), group[0].launch
    if harness is None or launch is None:
        return None
    if not all(flag in policy.agent_profiles[index].runner_options.extra_args for index in _profiles(group)):
        return None
    return doctor.flag_instead(harness, harnesses[harness.id], launch.argv, flag)


def replaced_flag(
    edits: doctor.Edits, flag: str, words: Sequence[str], group: Group, policy: doctor.Policy
) -> doctor.Edits:
    """The policy with other words for a flag; without, where the profile has their first one already."""
    for index in _profiles(group):
        arguments = policy.agent_profiles[index].runner_options.extra_args
        left = () if _has(arguments, words) else tuple(words)
        for position, argument in enumerate(arguments):
            if argument == flag:
                edits.splice(("agent_profiles", index, "runner_options", "extra_args", position), left)
                left = ()
    return edits


def words_of_full_auto(
    note: str, group: Group, policy: doctor.Policy, registry: doctor.Registry, harnesses: Harnesses
) -> tuple[str, ...] | None:
    """What the adapter makes of ``full_auto`` for the installed version.

    ``None`` where the note is about something else, or one of the agents' profiles does not ask for it.
    """
    harness = adapter(registry, group[0].runtime.value)
    if harness is None or not all(policy.agent_profiles[index].runner_options.full_auto for index in _profiles(group)):
        return None
    program = harnesses[harness.id].program
    if program.path is None:
        return None
    plain, auto = (
        harness.compile(doctor.LaunchRequest(path=program.path, version=program.version, options=options))
        for options in (doctor.RunnerOptions(), doctor.RunnerOptions(full_auto=True))
    )
    left = list(plain.argv)
    added = tuple(word for word in auto.argv if word not in left)
    return added if note in auto.notes and note not in plain.notes and added else None


def spelt_out(edits: doctor.Edits, words: Sequence[str], group: Group, policy: doctor.Policy) -> doctor.Edits:
    """The policy with these arguments in the place of ``full_auto``."""
    for index in _profiles(group):
        place = ("agent_profiles", index, "runner_options")
        if policy.agent_profiles[index].runner_options.extra_args:
            edits.append((*place, "extra_args"), words)
            edits.remove((*place, "full_auto"))
        elif "extra_args" in _written(edits, place):
            edits.set((*place, "extra_args"), list(words))
            edits.remove((*place, "full_auto"))
        else:
            edits.set((*place, "full_auto"), list(words))
            edits.rename((*place, "full_auto"), "extra_args")
    return edits


def _written(edits: doctor.Edits, place: Iterable[str | int]) -> Mapping[str, object]:
    data = edits.document.data
    for part in place:
        data = data[part]
    return dict(data)


def _profiles(group: Group) -> tuple[int, ...]:
    return tuple(dict.fromkeys(binding.profile_index for binding in group))


def _has(arguments: Iterable[str], words: Sequence[str]) -> bool:
    return any(argument.partition("=")[0] == words[0] for argument in arguments)
