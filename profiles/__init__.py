"""Files that ship with the tool: starters of named profiles, executor profiles, skills, a first policy's prompt."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

STARTERS = ("claude", "codex", "wgnext", "mixed")
"""Names of the starters, in the order in which lists show them."""

ALIASES: Mapping[str, str] = MappingProxyType({"nex": "wgnext"})
"""Other names of starters."""

SKILLS = ("docmgr", "diary")
"""Names of the skills."""

EXECUTOR_PROFILES = ("coding", "research", "supervised", "test")
"""Names of the executor profiles."""


def canonical_starter(name: str) -> str | None:
    """The starter that ``name``, which may be an alias, stands for; ``None`` where there is no such starter."""
    found = ALIASES.get(name, name)
    return found if found in STARTERS else None


def starter(name: str) -> bytes:
    """The file of a starter, a named profile in TOML.

    Args:
        name: Its name, or an alias of it.

    Raises:
        KeyError: There is no such starter.
    """
    found = canonical_starter(name)
    if found is None:
        raise KeyError(name)
    return _content(f"{found}.toml")


def executor_directory() -> Path:
    """Where the executor profiles are, and where their commands start."""
    return Path(__file__).parent


def skill(name: str) -> bytes:
    """The ``SKILL.md`` of a skill.

    Raises:
        KeyError: There is no such skill.
    """
    if name not in SKILLS:
        raise KeyError(name)
    return _content(f"skills/{name}/SKILL.md")


def base_prompt() -> str:
    """What the agent of a first policy is told."""
    return _content("base_prompt.md").decode("utf-8")


def _content(place: str) -> bytes:
    from importlib.resources import files  # noqa: PLC0415 - costs more than all that only asks for names

    return (files(__name__) / place).read_bytes()
