"""What a diagnosis depends on, as paths: policy, selection, machine settings, profiles, skills, harness programs."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from doctor.config.lock import lock_path
from doctor.config.paths import Paths
from doctor.config.project import DIRECTORY, POLICY_NAMES, Project
from doctor.config.selection import selection_file
from doctor.diagnosis.run import Prepared
from doctor.model.report import Report


def settings_files(prepared: Prepared) -> frozenset[str]:
    """The files of settings, whether they exist or not; known before anything was diagnosed."""
    return frozenset(str(path) for path in (*_policies(prepared), *_agreed(prepared), *_machine_files(prepared.paths)))


def everything(prepared: Prepared, report: Report) -> frozenset[str]:
    """Also what the diagnosis looked at: each place of a skill or a program, where there is none too."""
    return settings_files(prepared) | frozenset((*_skills(report), *_programs(prepared, report)))


def directories(targets: Iterable[str]) -> frozenset[str]:
    """Where changes of these paths show, as far as it exists: of a symlink, also beside what it leads to."""
    real = (os.path.realpath(path) for path in targets)
    parents = {os.path.dirname(path) for path in (*targets, *real)}  # noqa: PTH120 - hundreds of them
    return frozenset(existing for path in parents if (existing := _nearest_directory(path)) is not None)


def _policies(prepared: Prepared) -> Iterator[Path]:
    project = prepared.project
    yield selection_file(project.root)
    if prepared.options.policy is not None:
        if project.policy_path is not None:
            yield project.policy_path
        return
    for directory in _climbed(project):
        yield from (directory / DIRECTORY / name for name in POLICY_NAMES)


def _agreed(prepared: Prepared) -> Iterator[Path]:
    """What the diagnosis is held to."""
    if prepared.options.baseline is not None:
        yield prepared.options.baseline
    if prepared.options.locked:
        yield lock_path(prepared.project.root)


def _climbed(project: Project) -> Iterator[Path]:
    """Every directory in which a policy is looked for, also above the one that has it and below."""
    yield project.cwd
    if project.repository is not None and project.cwd != project.repository:
        for directory in project.cwd.parents:
            yield directory
            if directory == project.repository:
                return


def _machine_files(paths: Paths) -> Iterator[Path]:
    yield from (paths.machine_file, paths.active_profile_file, paths.profiles_dir)
    try:
        yield from paths.profiles_dir.glob("*.toml")
    except OSError:
        return


def _skills(report: Report) -> Iterator[str]:
    for fact in report.skills.values():
        yield from fact.tried


def _programs(prepared: Prepared, report: Report) -> Iterator[str]:
    searched = prepared.options.environment.get("PATH", "").split(os.pathsep)
    folders = [folder.rstrip("/") for folder in searched if folder.startswith("/")]
    for harness in prepared.registry.harnesses:
        yield from (f"{folder}/{name}" for name in harness.binaries for folder in folders)
    for fact in report.harnesses:
        places = (candidate.path for candidate in fact.program.candidates)
        yield from (place for place in places if place.startswith("/"))


def _nearest_directory(path: str) -> str | None:
    while not os.path.isdir(path):  # noqa: PTH112 - as above
        above = os.path.dirname(path)  # noqa: PTH120 - as above
        if above == path:
            return None
        path = above
    return path
