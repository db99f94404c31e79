"""Plugins of installed distributions, without reading every distribution's metadata."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

SUFFIXES = (".dist-info", ".egg-info")


class PluginEntry(NamedTuple):
    """One entry point of the plugin group."""

    name: str
    """``distribution:entry``."""

    version: str | None
    path: str
    """The distribution's metadata directory."""

    entry: Any
    """The ``importlib.metadata.EntryPoint``."""

    def load(self) -> Any:
        """Import the module or object that it names. Raises whatever that raises."""
        return self.entry.load()


def find_entry_points(paths: Sequence[str], group: str) -> list[PluginEntry]:
    """Every entry point of ``group`` in the distributions on ``paths``, in the order of the paths.

    ``importlib.metadata`` alone takes 20 ms to import and reads every distribution. Here a file is read per
    distribution and the module is imported only when a plugin is there. As with an import, the first of two
    distributions of one name counts. Archives on ``paths`` are not looked into.
    """
    found: list[PluginEntry] = []
    for directory in _declaring(paths, f"[{group}]"):
        found += _entries(directory, group)
    return found


def _declaring(paths: Sequence[str], section: str) -> Iterator[Path]:
    """Metadata directories whose entry points have this section."""
    seen: set[str] = set()
    for path in dict.fromkeys(paths):
        for directory in _distributions(path or os.curdir):
            name, _ = _identity(os.path.basename(directory))  # noqa: PTH119 - hot path
            if name not in seen and _declares(directory, section):
                yield Path(directory)
            seen.add(name)


def _distributions(path: str) -> list[str]:
    """Metadata directories of what is installed in one directory, sorted."""
    try:
        with os.scandir(path) as entries:
            return sorted(entry.path for entry in entries if entry.name.endswith(SUFFIXES))
    except OSError:
        return []


def _identity(directory: str) -> tuple[str, str]:
    """Name and version as a metadata directory spells them; an editable egg has no version."""
    name, _, rest = directory.rpartition(".")[0].partition("-")
    return name.lower().replace(".", "_"), rest.partition("-")[0]


def _declares(directory: str, section: str) -> bool:
    try:
        with open(os.path.join(directory, "entry_points.txt"), encoding="utf-8", errors="replace") as file:  # noqa: PTH118, PTH123 - hot path
            return section in file.read()
    except OSError:
        return False


def _entries(directory: Path, group: str) -> list[PluginEntry]:
    from importlib.metadata import PathDistribution  # noqa: PLC0415 - only where a plugin is installed

    name, version = _identity(directory.name)
    distribution = name.replace("_", "-")
    return [
        PluginEntry(f"{distribution}:{entry.name}", version or None, str(directory), entry)
        for entry in PathDistribution(directory).entry_points
        if entry.group == group
    ]
