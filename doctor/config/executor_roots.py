"""Where executor profiles are. Most machines have none but those that ship, so that looking is all that is done."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from doctor.config.files import is_there
from doctor.config.names import name_problem
from doctor.config.project import DIRECTORY

Origin = Literal["project", "machine", "shipped"]

SUFFIX = ".json"


class ExecutorRoot(NamedTuple):
    """A directory that profiles and the programs they start are kept in; it need not exist."""

    origin: Origin
    directory: Path
    """The commands of its profiles start here, and stay below."""

    folders: tuple[Path, ...]
    """Where the profiles themselves are."""


def executor_roots(*, project: Path, config_dir: Path, shipped: Path | None = None) -> tuple[ExecutorRoot, ...]:
    """Where executor profiles are; of two with the same name, that of the earlier root counts.

    Args:
        project: Root of the project.
        config_dir: This machine's settings.
        shipped: What this tool brings along; ``None`` leaves that out.
    """
    own, machine = project / DIRECTORY / "executors", config_dir / "executors"
    roots = (
        ExecutorRoot("project", own, (own / "profiles", own)),
        ExecutorRoot("machine", machine, (machine / "profiles", machine)),
        ExecutorRoot("machine", config_dir, (config_dir / "profiles",)),
    )
    return roots if shipped is None else (*roots, ExecutorRoot("shipped", shipped, (shipped,)))


def executor_profile_names(roots: Sequence[ExecutorRoot]) -> tuple[str, ...]:
    """The names of all profiles, sorted; what is in their files does not matter."""
    names = (name for root in roots for folder in root.folders for name, is_file in entries(folder) if is_file)
    return tuple(sorted({name for name in names if name_problem(name) is None}))


def holds_profiles(roots: Sequence[ExecutorRoot]) -> bool:
    """Whether there is anything to read."""
    return any(True for root in roots for folder in root.folders for _ in entries(folder))


def entries(folder: Path) -> Iterator[tuple[str, bool]]:
    """The names in a folder that a profile may have, and whether each is a file; hidden files are none."""
    try:
        with os.scandir(folder) as found:
            for entry in found:
                if entry.name.endswith(SUFFIX) and not entry.name.startswith("."):
                    yield entry.name.removesuffix(SUFFIX), not _is_directory(entry)
    except OSError:
        return


def _is_directory(entry: os.DirEntry[str]) -> bool:
    """Whether it leads to a directory; a link that leads nowhere must not hide the names behind it."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def files_of(root: ExecutorRoot, name: str) -> tuple[Path, ...]:
    """Whatever stands in a root where the profile of this name would."""
    paths = (folder / f"{name}{SUFFIX}" for folder in root.folders)
    return tuple(path for path in paths if is_there(path))
