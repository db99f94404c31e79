"""Finding the project and its policy."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from doctor.config.files import is_there
from doctor.records import dataclass

DIRECTORY = ".metawsm"
POLICY_NAMES = ("policy.json", "policy.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The directory that agents work for, and where it was seen from."""

    root: Path
    """Parent of the policy's ``.metawsm``; without a policy the repository's root, or else ``cwd``."""

    cwd: Path
    home: Path
    policy_path: Path | None = None
    """``None``: there is none, and the embedded default counts."""

    rival_policy: Path | None = None
    """A second policy beside the first; there may be only one."""

    repository: Path | None = None
    """Root of the git repository (or worktree) around ``cwd``."""


def find_project(*, cwd: Path, home: Path, policy: Path | None) -> Project:
    """Find the project around ``cwd``.

    Args:
        cwd: Where to start; the search climbs to the repository's root, and outside of a repository not at all.
        home: Home directory.
        policy: A policy to use instead of searching; it need not exist.
    """
    cwd = _absolute(cwd)
    repository = next((directory for directory in (cwd, *cwd.parents) if _exists(directory / ".git")), None)
    if policy is not None:
        chosen = _absolute(cwd / policy)
        inside = next((up.parent for up in chosen.parents if up.name == DIRECTORY), None)
        root = inside or repository or cwd
        return Project(root=root, cwd=cwd, home=home, policy_path=chosen, repository=repository)
    for directory in _climb(cwd, repository):
        found = _policies(directory / DIRECTORY)
        if found:
            rival = found[1] if len(found) > 1 else None
            return Project(
                root=directory, cwd=cwd, home=home, policy_path=found[0], rival_policy=rival, repository=repository
            )
    return Project(root=repository or cwd, cwd=cwd, home=home, repository=repository)


def _climb(cwd: Path, repository: Path | None) -> Iterator[Path]:
    yield cwd
    if repository is None or cwd == repository:
        return
    for directory in cwd.parents:
        yield directory
        if directory == repository:
            return


def _policies(directory: Path) -> list[Path]:
    """The policies in a ``.metawsm``; where it cannot be looked into, the first name, which reading then explains."""
    paths = [directory / name for name in POLICY_NAMES]
    try:
        listable = stat.S_ISDIR(os.stat(directory).st_mode)  # noqa: PTH116 - like `lstat` below
        return [path for path in paths if _lexists(path)] if listable else paths[:1]
    except (OSError, ValueError):
        return paths[:1] if is_there(directory) else []


def _lexists(path: Path) -> bool:
    """Raises ``OSError`` where that cannot be known."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    return True


def _absolute(path: Path) -> Path:
    """Absolute without ``..``, symlinks kept as the user wrote them."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - `absolute` keeps `..`, `resolve` follows symlinks


def _exists(path: Path) -> bool:
    """Whether something is there, be it a dangling symlink; not where that may not be looked at."""
    try:
        path.lstat()
    except (OSError, ValueError):
        return False
    return True
