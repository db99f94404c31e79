"""Policies of another schema version: refused, and for version 1 with what to write instead."""

import json
from typing import Any

from doctor.config.issues import Issues
from doctor.config.leaves import Vocabulary
from doctor.config.names import name_problem
from doctor.config.typed import BAD
from doctor.config.words import encodable

CURRENT = 2
MOST_SHOWN = 20
"""Agents that a remedy spells out; the others go the same way."""


def other_version(data: Any, words: Vocabulary, issues: Issues) -> bool:
    """Note that the whole policy is of another version; returns whether it is, so that nothing else is read in it."""
    version = data.get("version") if isinstance(data, dict) else None
    if type(version) is not int or version == CURRENT or version < 1:
        return False
    if version > CURRENT:
        message = f"schema version {version} is newer than {CURRENT}, the one this program reads"
        issues.add("version", message, "version", remedy="update harness-doctor")
    else:
        message = "schema version 1 is not read any more; agents now refer to agent profiles"
        issues.add("version", message, "version", remedy=_equivalent(_agents(data), words))
    return True


def without_commands(data: Any, words: Vocabulary, issues: Issues) -> Any:
    """Note every ``agents[].command`` of a policy.

    Returns:
        The data to read on: in it those agents have no command, and where they have no profile either, a value about
        which nothing more is to be said.
    """
    agents = _agents(data)
    outdated = [index for index, agent in enumerate(agents) if isinstance(agent, dict) and "command" in agent]
    if not outdated:
        return data
    agents = list(agents)
    for index in outdated:
        message = "agents have no command of their own since schema version 2; it belongs to an agent profile"
        remedy = _equivalent([agents[index]], words)
        issues.add("version", message, "agents", index, "command", remedy=remedy, at_key=True)
        agents[index] = {"profile": BAD, **agents[index]}
        del agents[index]["command"]
    return {**data, "agents": agents}


def _agents(data: Any) -> list[Any]:
    agents = data.get("agents") if isinstance(data, dict) else None
    return agents if isinstance(agents, list) else []


def _equivalent(agents: list[Any], words: Vocabulary) -> str:
    """A remedy with the version 2 JSON of agents that are written in version 1."""
    runner = next(iter(words.runners.takers("command")), "shell")
    pairs = [_pair(index, agent, runner) for index, agent in enumerate(agents[:MOST_SHOWN], start=1)]
    pairs = pairs or [_pair(1, {}, runner)]
    policy = {
        "version": CURRENT,
        "agent_profiles": [profile for profile, _ in pairs],
        "agents": [agent for _, agent in pairs],
    }
    more = len(agents) - MOST_SHOWN
    rest = f"\nand {more} more agents in the same way" if more > 0 else ""
    return encodable(f"write it as\n{json.dumps(policy, indent=2, ensure_ascii=True)}{rest}")


def _pair(number: int, agent: Any, runner: str) -> tuple[dict[str, Any], dict[str, Any]]:
    written = agent if isinstance(agent, dict) else {}
    name = written.get("name")
    name = name if isinstance(name, str) and name_problem(name) is None else f"agent-{number}"
    command = written.get("command")
    command = command if isinstance(command, str) and command.strip() else "bash"
    profile = f"{name}-{runner}"[-128:]
    return (
        {"name": profile, "runner": runner, "runner_options": {"command": command}},
        {"name": name, "profile": profile},
    )
