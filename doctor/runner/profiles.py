"""The executor profiles of a project and a machine, and one of them ready to be started."""

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from doctor.config.executor_profiles import FoundExecutorProfile, find_executor_profile
from doctor.config.executor_roots import ExecutorRoot, executor_profile_names, executor_roots
from doctor.config.files import is_there
from doctor.config.names import name_problem, nearest
from doctor.config.paths import Paths, machine_paths
from doctor.config.problems import ConfigProblem
from doctor.config.project import Project, find_project
from doctor.config.words import encodable, quoted
from doctor.errors import DoctorError
from doctor.model.executor_profile import (
    DEFAULT_EXECUTOR_PATH,
    DEFAULT_EXECUTOR_TYPE,
    SCHEMA_VERSION,
    SHIPPED_EXECUTORS,
    ExecutorProfile,
)

if TYPE_CHECKING:
    from doctor.harness.base import HarnessContext
    from doctor.harness.registry import Registry

NONE = "none"
"""Stands for a list of profiles that is empty."""

ISOLATED = ("-I",)
"""Neither the project's directory nor variables add to where modules come from."""

WITHOUT_SITE = ("-I", "-S")
"""Starts in half the time; for a program that needs nothing but the standard library."""

SETTINGS = (
    "DOCTOR_CONFIG_DIR",
    "DOCTOR_STATE_DIR",
    "DOCTOR_CACHE_DIR",
    "DOCTOR_PROFILE",
    "DOCTOR_MODEL",
    "DOCTOR_DISABLE_PLUGIN_AUTOLOAD",
)

_ECHO = "import sys; sys.path.append(sys.argv.pop(1)); from echo import main; sys.exit(main())"
"""Imported by its plain name: a script would be compiled for every run, and its package loaded costs as much again."""

_ECHO_DIRECTORY = str(Path(__file__).parent / "executors")


class ProfileError(DoctorError):
    """An executor profile is not there, or cannot be used; the message holds everything that is wrong."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where executor profiles and the harnesses they name are looked for."""

    project: Project
    paths: Paths
    environment: Mapping[str, str]
    home: Path
    harnesses: "Registry | None" = None
    """``None``: those that this tool brings along, and where a profile means another one, those of plugins."""

    @cached_property
    def registry(self) -> "Registry":
        """The harnesses that may be named. A profile that names none is read without them."""
        from doctor.runner.harnesses import own_harnesses  # noqa: PLC0415 - a third of what starting takes

        return self.harnesses or own_harnesses()

    @cached_property
    def roots(self) -> tuple[ExecutorRoot, ...]:
        """Where profiles are, the strongest first."""
        return executor_roots(project=self.project.root, config_dir=self.paths.config_dir, shipped=shipped_directory())

    @property
    def context(self) -> "HarnessContext":
        """The machine, as harnesses are looked for on it."""
        from doctor.harness.base import HarnessContext  # noqa: PLC0415 - as above

        return HarnessContext(home=self.home, project=self.project.root, environment=self.environment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A profile that was read, judged, and found fit to be started."""

    profile: ExecutorProfile
    argv: tuple[str, ...]
    """What each run starts, with nothing to be added."""

    runtime_id: str | None = None
    """The harness that does the work, where an executor of this tool's runs one."""

    schema: str = SCHEMA_VERSION
    """Version of the invocation that the executor reads."""

    agent_type: str | None = None
    """What to register in place of the profile's type."""

    path: Path | None = None
    """Its file; ``None`` for the default."""

    variables: tuple[str, ...] = ()
    """Names of variables of this tool's own that the executor reads; it gets no others of them."""

    warnings: tuple[str, ...] = ()
    """What the person who starts it should know, one sentence each."""


def places(
    project_dir: Path, environment: Mapping[str, str], home: Path, harnesses: "Registry | None" = None
) -> Places:
    """Where profiles are looked for by a runner that works in a directory.

    Args:
        project_dir: Inside of a project or not; it need not exist.
        environment: Variables.
        home: Home directory.
        harnesses: The harnesses that may be named; ``None``: those that this tool brings along, and those of plugins.
    """
    return Places(
        project=find_project(cwd=project_dir, home=home, policy=None),
        paths=machine_paths(environment, home),
        environment=environment,
        home=home,
        harnesses=harnesses,
    )


def here() -> Places:
    """Where profiles are looked for from the working directory of this process."""
    return places(Path.cwd(), os.environ, Path.home())


def shipped_directory() -> Path:
    """Where the profiles and executors are that this tool brings along."""
    import profiles  # noqa: PLC0415 - not needed where profiles are only declared

    return profiles.executor_directory()


def list_profiles(places: Places | None = None) -> list[str]:
    """The names of all executor profiles, sorted. What is in their files is not looked at."""
    return list(executor_profile_names((places or here()).roots))


def load_profile(name: str, places: Places | None = None) -> ExecutorProfile:
    """Read an executor profile. The harness that it names need not be installed.

    Raises:
        ProfileError: There is none of this name, or it is not fit to be used.
    """
    return _profile(_found(name, places or here())[0])


def ready(name: str | None, places: Places) -> Ready:
    """Make a profile ready to be started, or the default where none is named.

    Raises:
        ProfileError: There is none of this name, it is not fit to be used, or its harness is not installed. A shipped
            profile, and the default, are ready without their harness, which is a warning.
    """
    if not name:
        profile = ExecutorProfile(DEFAULT_EXECUTOR_TYPE, DEFAULT_EXECUTOR_TYPE, DEFAULT_EXECUTOR_PATH, {})
        runtime = SHIPPED_EXECUTORS[DEFAULT_EXECUTOR_PATH]
        argv = shipped_argv(runtime, shipped_directory() / DEFAULT_EXECUTOR_PATH)
        return Ready(
            profile=profile,
            argv=argv,
            runtime_id=runtime,
            variables=_variables(runtime),
            warnings=_absent(runtime, places),
        )
    found, places = _found(name, places)
    profile, value, command = _profile(found), found.loaded.value, found.command
    if value is None or command is None:  # pragma: no cover - `_profile` raises then
        raise ProfileError(f"executor profile {profile.name} cannot be used")
    absent = _absent(command.harness, places) if command.shipped else ()
    if absent and found.root.origin != "shipped":
        raise ProfileError(f"executor profile {profile.name} ({found.path}): {absent[0]}")
    return Ready(
        profile=profile,
        argv=shipped_argv(command.harness, command.path) if command.shipped else (str(command.path),),
        runtime_id=command.harness,
        schema=value.schema,
        agent_type=value.agent_type,
        path=found.path,
        variables=_variables(command.harness) if command.shipped else (),
        warnings=(*absent, *_hiding(found), *map(_sentence, found.notes)),
    )


def shipped_argv(runtime_id: str | None, path: Path | None = None) -> tuple[str, ...]:
    """What starts an executor that comes with this tool, on the interpreter that runs this.

    Args:
        runtime_id: The harness it is for; ``None``: the echo, which has one file only.
        path: Its file, where it is known by one.
    """
    if runtime_id is None:
        return (sys.executable, *WITHOUT_SITE, "-c", _ECHO, _ECHO_DIRECTORY)
    if path is not None:
        return (sys.executable, *ISOLATED, str(path))
    return (sys.executable, *ISOLATED, "-m", "doctor.runner.executors", runtime_id)


def _variables(runtime_id: str | None) -> tuple[str, ...]:
    """Where settings are, which of them count, and where the harness is."""
    return (*SETTINGS, f"DOCTOR_{runtime_id.upper()}_PATH") if runtime_id else ()


def _found(name: str, places: Places) -> tuple[FoundExecutorProfile, Places]:
    """The profile of a name, and where the harness that it means is among those that may be named."""
    reason = name_problem(name)
    if reason is not None:
        raise ProfileError(
            f"the executor profile name {quoted(name)} {reason}",
            remedy=f"give a name and no path; {_available(places)}",
        )
    found = find_executor_profile(name, places.roots, runners=())
    if found is None:
        near = nearest(name, list_profiles(places))
        raise ProfileError(
            f"executor profile not found: {quoted(name)}. {_available(places)}",
            remedy=f"did you mean {quoted(near)}?" if near else "name one of them, or none for the default",
        )
    if found.loaded.value is not None and found.command is not None and found.command.harness is None:
        return found, places
    return _with_harnesses(name, places)


def _with_harnesses(name: str, places: Places) -> tuple[FoundExecutorProfile, Places]:
    """The same of a profile that has to do with a harness, or with a mistake that may be about one."""
    found = find_executor_profile(name, places.roots, runners=places.registry.specs())
    if found is None:
        raise ProfileError(f"executor profile {quoted(name)} was removed just now")
    if places.harnesses is None and any(each.rule == "reference" for each in found.loaded.problems):
        from doctor.runner.harnesses import every_harness  # noqa: PLC0415 - loads every plugin

        known = every_harness(places.project.root, places.environment, places.home)
        if known.ids != places.registry.ids:
            return _with_harnesses(name, replace(places, harnesses=known))
    return found, places


def _available(places: Places) -> str:
    return f"Available: {', '.join(list_profiles(places)) or NONE}"


def _profile(found: FoundExecutorProfile) -> ExecutorProfile:
    value = found.loaded.value
    if value is None:
        raise ProfileError(_all_wrong(found))
    return ExecutorProfile(found.name, value.type, value.command, value.config)


def _all_wrong(found: FoundExecutorProfile) -> str:
    problems = found.loaded.problems
    count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
    return "\n  ".join((f"executor profile {found.name} has {count}:", *map(_sentence, problems)))


def _sentence(problem: ConfigProblem) -> str:
    remedy = f" ({problem.remedy})" if problem.remedy else ""
    return f"{problem.location}: {problem.subject}: {problem.message}{remedy}"


def _absent(runtime_id: str | None, places: Places) -> tuple[str, ...]:
    """Why the harness cannot be started, in a tuple of at most one sentence; versions are not asked for."""
    harness = places.registry.get(runtime_id) if runtime_id else None
    if harness is None:
        return ()
    from doctor.harness.discovery import locate_harness  # noqa: PLC0415 - not for an executor of somebody else's

    fact = locate_harness(harness, places.context, _set_by_machine(harness.id, places))
    if fact.path is not None:
        return ()
    looked = "; ".join(f"{each.path} {each.problem}" for each in fact.candidates if each.problem)
    return (f"{harness.id} is not installed ({encodable(looked)}); {harness.install or 'install it'}",)


def _set_by_machine(runtime_id: str, places: Places) -> str | None:
    """Where the machine's settings say that a harness is."""
    path = places.paths.machine_file
    if not is_there(path):
        return None
    from doctor.config.machine import load_machine  # noqa: PLC0415 - most machines have no such settings

    machine = load_machine(path, runners=places.registry.specs())
    if machine.value is None:
        raise ProfileError(_of_machine(machine.problems))
    settings = machine.value.harness.get(runtime_id)
    return settings.path if settings else None


def _of_machine(problems: Iterable[ConfigProblem]) -> str:
    return "\n  ".join(("machine.toml has problems:", *map(_sentence, problems)))


def _hiding(found: FoundExecutorProfile) -> tuple[str, ...]:
    hidden = ", ".join(str(path) for path in found.hides)
    return (f"{found.path} is used, and hides {hidden}",) if hidden else ()
