"""Answering the shell's question what could come next."""

import argparse
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import argcomplete
from argcomplete.completers import DirectoriesCompleter, FilesCompleter

from doctor.cli.options import BUILT_IN
from doctor.cli.parser import program_parser
from doctor.errors import DoctorError


def complete(parser: argparse.ArgumentParser | None = None) -> None:
    """Print the candidates for what stands on the command line so far, and end the process.

    Args:
        parser: Of the program that stands there; the doctor's without one.
    """
    parser = parser or program_parser()
    add_completers(parser)
    argcomplete.autocomplete(parser, always_complete_options=False)


def add_completers(parser: argparse.ArgumentParser) -> None:
    """Give every action of a parser, and of its commands' parsers, what completes its value."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to look at them
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - see above
            for child in dict.fromkeys(action.choices.values()):
                add_completers(child)
        elif kind := getattr(action, "candidates", None):
            action.completer = COMPLETERS[kind]  # type: ignore[attr-defined]


def codes(**_: Any) -> Iterable[str]:
    """Codes of the built-in checks and the plugins', and their families."""
    checks = _prepared().plugins.checks
    return {name: check.title for check in checks for name in (check.code, check.family)}


def formats(**_: Any) -> Iterable[str]:
    """Names of report formats."""
    return sorted({*BUILT_IN, *_prepared().plugins.formats})


def runtimes(**_: Any) -> Iterable[str]:
    """Ids of harnesses."""
    return list(_prepared().registry.ids)


def profiles(**_: Any) -> Iterable[str]:
    """Names of named profiles."""
    from doctor.config.paths import machine_paths  # noqa: PLC0415 - one question needs it

    directory = machine_paths(os.environ, Path.home()).profiles_dir
    return sorted(path.stem for path in directory.glob("*.toml"))


def starters(**_: Any) -> Iterable[str]:
    """Names of named profiles and of starters."""
    from doctor.settings.starters import starter_names  # noqa: PLC0415 - one question needs it

    return sorted({*profiles(), *starter_names()})


def endpoints(**_: Any) -> Iterable[str]:
    """Names of the machine's and the active profile's endpoints."""
    from doctor.model.options import Options  # noqa: PLC0415 - one question needs it
    from doctor.settings.endpoint_reading import configured  # noqa: PLC0415 - see above

    return sorted(configured(Options()).endpoints)


def roles(**_: Any) -> Iterable[str]:
    """Roles, tiers and stages: what a profile gives a model to."""
    from doctor.settings.verbs import MODEL_KEYS  # noqa: PLC0415 - one question needs it

    return sorted(MODEL_KEYS)


def agents(**_: Any) -> Iterable[str]:
    """Names of the policy's agents."""
    from doctor.config.policy import load_policy  # noqa: PLC0415 - one question needs it
    from doctor.harness.registry import Registry, builtin_harnesses  # noqa: PLC0415 - see above

    project = _project()
    policy = load_policy(project.policy_path, runners=Registry(builtin_harnesses()).specs()).value
    return [agent.name for agent in policy.agents] if policy else []


def processes(**_: Any) -> Iterable[str]:
    """Ids of the project's processes, also of those that have ended."""
    found = (_project().root / ".metawsm" / "processes").iterdir()
    return sorted(path.name for path in found if not path.name.startswith("."))


def executors(**_: Any) -> Iterable[str]:
    """Names of executors."""
    return sorted(_prepared().plugins.executors)


def schemas(**_: Any) -> Iterable[str]:
    """Names of published schemas."""
    from doctor.cli.schema_command import ALIASES, published  # noqa: PLC0415 - one question needs it

    return sorted({*ALIASES, *published()})


def executor_profiles(**_: Any) -> Iterable[str]:
    """Names of the profiles that a runner can be started with."""
    from doctor.runner.profiles import list_profiles  # noqa: PLC0415 - one question needs it

    return list_profiles()


def _project() -> Any:
    from doctor.config.project import find_project  # noqa: PLC0415 - some questions need it

    return find_project(cwd=Path.cwd(), home=Path.home(), policy=None)


def _prepared() -> Any:
    from doctor.diagnosis.run import prepare  # noqa: PLC0415 - some questions need it
    from doctor.model.options import Options  # noqa: PLC0415 - see above

    return prepare(Options())


def _quiet(candidates: Callable[..., Iterable[str]]) -> Callable[..., Iterable[str]]:
    """The candidates, or none where the project or a plugin is broken: a completion is no place for an error."""

    def answer(**given: Any) -> Iterable[str]:
        try:
            return candidates(**given)
        except (DoctorError, OSError):
            return ()

    return answer


COMPLETERS: dict[str, Callable[..., Iterable[str]]] = {
    "files": FilesCompleter(),
    "directories": DirectoriesCompleter(),
    "codes": _quiet(codes),
    "formats": _quiet(formats),
    "runtimes": _quiet(runtimes),
    "profiles": _quiet(profiles),
    "starters": _quiet(starters),
    "endpoints": _quiet(endpoints),
    "roles": _quiet(roles),
    "agents": _quiet(agents),
    "processes": _quiet(processes),
    "executors": _quiet(executors),
    "schemas": _quiet(schemas),
    "executor_profiles": _quiet(executor_profiles),
}
"""By the kind that the tables of options name."""
