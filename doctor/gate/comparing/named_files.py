"""Files of the project that arguments and variables of an agent name: ``--settings ci.json``, ``CODEX_HOME=.codex``."""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from doctor.harness.own_files import OwnFiles
from doctor.model.policy import Policy, RunnerOptions

_SETTINGS = frozenset(
    {".json", ".jsonc", ".toml", ".yaml", ".yml", ".env", ".conf", ".ini", ".js", ".mjs", ".ts", ".sh"}
)
_INSTRUCTIONS = frozenset({".md", ".txt"})
_DIRECTORY = re.compile(r"_HOME$|CONFIG(_DIR)?$|_CONFIG_\w+$")
"""Variables that name a directory of settings."""

_BETWEEN = re.compile(r"[=:,\s\"'{}@]+")


def named_files(policies: Iterable[Policy | None]) -> OwnFiles:
    """Everything that may be the path of a file in the project, whether it is there or not."""
    every = [profile.runner_options for policy in policies if policy for profile in policy.agent_profiles]
    words = {word for options in every for word in _words(options)}
    places = {path for word in words if (path := _path(word))}
    folders = {f"{path}/" for options in every for path in _folders(options)}
    return OwnFiles(
        settings=(*sorted(path for path in places if PurePosixPath(path).suffix in _SETTINGS), *sorted(folders)),
        instructions=tuple(sorted(path for path in places if PurePosixPath(path).suffix in _INSTRUCTIONS)),
    )


def _words(options: RunnerOptions) -> Iterator[str]:
    for text in (*options.extra_args, *options.env.values()):
        yield text
        yield from _BETWEEN.split(text)


def _folders(options: RunnerOptions) -> Iterator[str]:
    for name, value in options.env.items():
        path = _path(value) if _DIRECTORY.search(name) else None
        if path:
            yield path


def _path(word: str) -> str | None:
    """A word as a path below the project, or ``None`` where it can be none."""
    if not word or "\0" in word or word.startswith(("/", "~", "-")) or "://" in word:
        return None
    path = PurePosixPath(word)
    return None if ".." in path.parts or not path.parts else str(path)
