"""The named profiles that ship with the tool; the first use of one writes it to this machine."""

from importlib.resources import files
from pathlib import Path

import profiles


def starter_names() -> tuple[str, ...]:
    """Their names, in the order in which lists show them; aliases are left out."""
    return profiles.STARTERS


def starter_called(name: str) -> str | None:
    """The starter that a name or an alias stands for; ``None`` when there is none."""
    return profiles.canonical_starter(name)


def starter_content(name: str) -> bytes | None:
    """The file of a starter by its name or alias; ``None`` when there is none."""
    found = starter_called(name)
    return profiles.starter(found) if found is not None else None


def starter_path(name: str) -> Path:
    """Where the file of a starter is; of a package in an archive, where it would be."""
    return Path(str(files(profiles) / f"{starter_called(name) or name}.toml"))
