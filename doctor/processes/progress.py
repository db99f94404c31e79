"""When work was last seen to move: the newest change among the files that git calls changed."""

import contextlib
import os
from collections.abc import Iterable, Mapping

from doctor.harness.process import run

LIMIT = 5.0
"""Seconds for one question to git."""

MOST_FILES = 500
"""Changed files that are looked at; more than that, and the first ones tell enough."""


def last_changes(directories: Iterable[str], *, environment: Mapping[str, str]) -> dict[str, float]:
    """For each directory in a git work tree that has changes, when the newest was made, in seconds since the epoch.

    Nothing is written: git is asked not even to refresh its index.
    """
    found = {directory: _last_change(directory, environment) for directory in sorted(set(directories))}
    return {directory: when for directory, when in found.items() if when is not None}


def _last_change(directory: str, environment: Mapping[str, str]) -> float | None:
    answer = run(
        ["git", "--no-optional-locks", "status", "--porcelain=v1", "-z", "--no-renames"],
        timeout=LIMIT,
        env=environment,
        cwd=directory,
    )
    if answer.returncode != 0:
        return None
    top = run(["git", "rev-parse", "--show-toplevel"], timeout=LIMIT, env=environment, cwd=directory)
    root = top.stdout.rstrip("\n") or directory
    newest = None
    for entry in answer.stdout.split("\0")[:MOST_FILES]:
        with contextlib.suppress(OSError, ValueError):
            changed = os.stat(os.path.join(root, entry[3:])).st_mtime if entry else 0.0  # noqa: PTH116, PTH118 - names as git gives them
            newest = max(newest or 0.0, changed)
    return newest or None
