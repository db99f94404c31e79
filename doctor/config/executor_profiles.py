"""Reading executor profiles: what each one starts, and everything that is wrong with it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from doctor.config.documents import whole_file
from doctor.config.executor_commands import Command, command_of, config_notes
from doctor.config.executor_roots import ExecutorRoot, entries, files_of
from doctor.config.issues import Issues
from doctor.config.leaves import Vocabulary
from doctor.config.loading import load
from doctor.config.names import name_problem
from doctor.config.problems import ConfigProblem, Loaded
from doctor.config.runners import RunnerNames
from doctor.config.typed import BAD
from doctor.config.words import encodable, quoted
from doctor.model.executor_profile import ExecutorProfileFile
from doctor.model.harness import RunnerSpec
from doctor.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundExecutorProfile:
    """One executor profile as it was found."""

    name: str
    root: ExecutorRoot
    path: Path
    loaded: Loaded[ExecutorProfileFile]
    """Its value, or everything that is wrong with it, its command and its executor's configuration included."""

    command: Command | None = None
    """What it starts; ``None`` where that is not known."""

    notes: tuple[ConfigProblem, ...] = ()
    """What is no mistake, but has no effect."""

    hides: tuple[Path, ...] = ()
    """Profiles of the same name that count for nothing, because this one was found first."""


def find_executor_profile(
    name: str, roots: Sequence[ExecutorRoot], *, runners: Sequence[RunnerSpec]
) -> FoundExecutorProfile | None:
    """The profile that a name stands for, from the first root that has it; ``None`` where none has.

    Args:
        name: A valid name.
        roots: Where to look, in order.
        runners: The harnesses that a command may name.
    """
    places = [(root, files_of(root, name)) for root in roots]
    there = [(root, files) for root, files in places if files]
    if not there:
        return None
    (root, files), others = there[0], there[1:]
    hidden = tuple(path for _, paths in others for path in paths)
    return _read(name, root, files, runners=runners, hides=hidden)


def every_executor_profile(
    roots: Sequence[ExecutorRoot], *, runners: Sequence[RunnerSpec]
) -> tuple[FoundExecutorProfile, ...]:
    """Every profile of every root, hidden ones and those under an impossible name included, by root and name."""
    found: list[FoundExecutorProfile] = []
    for index, root in enumerate(roots):
        for name in sorted({name for folder in root.folders for name, _ in entries(folder)}):
            hidden = tuple(path for later in roots[index + 1 :] for path in files_of(later, name))
            found.append(_read(name, root, files_of(root, name), runners=runners, hides=hidden))
    return tuple(found)


def load_executor_profile(path: Path) -> Loaded[ExecutorProfileFile]:
    """Read an executor profile by itself. What it names need not exist."""
    return load(path, "json", ExecutorProfileFile, runners=())


def _read(
    name: str, root: ExecutorRoot, files: Sequence[Path], *, runners: Sequence[RunnerSpec], hides: tuple[Path, ...]
) -> FoundExecutorProfile:
    path = files[0]
    outside = next(filter(None, (_unfit_name(name, path), _rival(files), _outside(root, path))), None)
    if outside is not None:
        loaded: Loaded[ExecutorProfileFile] = Loaded(value=None, problems=(outside,))
        return FoundExecutorProfile(name=name, root=root, path=path, loaded=loaded, hides=hides)
    command: Command | None = None
    ignored = Issues()

    def rules(profile: Any, _data: Any, words: Vocabulary, issues: Issues) -> None:
        nonlocal command
        if profile.command is not BAD:
            command = command_of(profile.command, root.directory, words, issues, shipped=root.origin == "shipped")
        if command is not None and profile.config is not BAD:
            config_notes(profile.config, RunnerNames(runners).spec(command.harness or ""), words, issues, ignored)

    loaded = load(path, "json", ExecutorProfileFile, runners=runners, rules=rules)
    notes = ignored.problems(loaded.document) if loaded.document is not None else ()
    return FoundExecutorProfile(
        name=name, root=root, path=path, loaded=loaded, command=command, notes=notes, hides=hides
    )


def _unfit_name(name: str, path: Path) -> ConfigProblem | None:
    reason = name_problem(name)
    if reason is None:
        return None
    message = f"the name {quoted(encodable(name))} {reason}, so that this profile cannot be asked for"
    return whole_file(str(path), "value", message, "rename the file", line=1, column=1)


def _rival(files: Sequence[Path]) -> ConfigProblem | None:
    if len(files) == 1:
        return None
    message = f"there are two of this name, {files[0]} and {files[1]}; one is expected"
    return whole_file(str(files[1]), "rival", encodable(message), "remove one of them", line=1, column=1)


def _outside(root: ExecutorRoot, path: Path) -> ConfigProblem | None:
    """A project comes from somebody else: its files must not make this tool read what is not the project's."""
    real = os.path.realpath(path)
    if root.origin != "project" or Path(real).is_relative_to(os.path.realpath(root.directory)):
        return None
    message = f"the file is really {encodable(real)}, which is outside of {encodable(str(root.directory))}"
    return whole_file(str(path), "unreadable", message, "replace the symlink by the file", line=1, column=1)
