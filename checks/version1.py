"""Policies of schema version 1 as version 2: an agent's command becomes a profile of its own."""

from functools import lru_cache
from typing import Any, NamedTuple

import doctor

CURRENT = 2
USUAL = "bash"
"""What an agent of version 1 runs that names no command."""


class _Pair(NamedTuple):
    """What becomes of one agent."""

    position: int
    agent: dict[str, Any]
    profile: dict[str, Any]


def converted(document: doctor.Document | None, registry: doctor.Registry) -> doctor.FileFix | None:
    """What becomes of a policy that is written in version 1, whole or in some of its agents.

    Args:
        document: The policy as it was read.
        registry: Names the harness that takes a command.

    Returns:
        ``None`` where nobody can tell what is meant.
    """
    runner = next((harness.id for harness in registry.harnesses if "command" in harness.options), "shell")
    return _file(document, runner)


@lru_cache(maxsize=1)
def _file(document: doctor.Document | None, runner: str) -> doctor.FileFix | None:
    """Once for a document, however many of its agents are outdated."""
    try:
        edits = _changes(document, runner)
        return edits.fix() if edits else None
    except doctor.Unavailable:
        return None


def _changes(document: doctor.Document | None, runner: str) -> doctor.Edits | None:
    data = document.data if document is not None else None
    if document is None or not isinstance(data, dict) or type(data.get("version")) not in {int, type(None)}:
        return None
    version, agents, profiles = data.get("version"), data.get("agents", []), data.get("agent_profiles", [])
    outdated = [index for index, agent in _numbered(agents) if version == 1 or "command" in agent]
    if version not in {1, CURRENT, None} or not _whole(agents, outdated) or not _whole(profiles, ()):
        return None
    edits = doctor.edit(document)
    if version == 1:
        edits.set(("version",), CURRENT)
    pairs = _pairs(agents, outdated, profiles, runner)
    for pair in pairs:
        _agent(edits, pair)
    made = [pair.profile for pair in pairs]
    if "agent_profiles" in data and made:
        edits.append(("agent_profiles",), made)
    elif made:
        edits.add(("agent_profiles",), made, before="agents")
    if agents == [] and "agents" in data:
        edits.remove(("agents",))
    return edits


def _numbered(agents: Any) -> list[tuple[int, dict[str, Any]]]:
    return [(i, agent) for i, agent in enumerate(agents if isinstance(agents, list) else ()) if isinstance(agent, dict)]


def _whole(entries: Any, outdated: Any) -> bool:
    """Whether it is a list of objects, none of which says two things about what it runs."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return False
    return not any("profile" in entries[index] and "command" in entries[index] for index in outdated)


def _pairs(agents: list[Any], outdated: list[int], profiles: list[Any], runner: str) -> list[_Pair]:
    taken = {profile.get("name") for profile in profiles}
    pairs = []
    for index in outdated:
        agent = agents[index]
        if "profile" in agent:
            continue
        name = agent.get("name")
        plain = isinstance(name, str) and name.strip() == name and name.replace("-", "").replace("_", "").isalnum()
        command = agent.get("command")
        command = command if isinstance(command, str) and command.strip() else USUAL
        profile = _free(f"{name if plain else f'agent-{index + 1}'}-{runner}"[-128:], taken)
        taken.add(profile)
        made = {"name": profile, "runner": runner, "runner_options": {"command": command}}
        pairs.append(_Pair(index, agent, made))
    return pairs


def _free(name: str, taken: set[Any]) -> str:
    """``name``, with a number where another profile has it."""
    number = 2
    chosen = name
    while chosen in taken:
        chosen, number = f"{name[:120]}-{number}", number + 1
    return chosen


def _agent(edits: doctor.Edits, pair: _Pair) -> None:
    place = ("agents", pair.position)
    if "command" in pair.agent:
        edits.set((*place, "command"), pair.profile["name"])
        edits.rename((*place, "command"), "profile")
    else:
        edits.add((*place, "profile"), pair.profile["name"])
