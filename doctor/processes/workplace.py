"""The project that processes belong to: where its files are, and what its policy says about running them."""

from collections.abc import Mapping
from pathlib import Path

from doctor.config.policy import load_policy
from doctor.config.project import DIRECTORY, Project, find_project
from doctor.executor.base import Executor, MakeExecutor, Place
from doctor.executor.builtin import BUILTIN_EXECUTORS, FOREIGN_EXECUTORS
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.model.options import Options
from doctor.model.policy import Policy
from doctor.records import dataclass

JOURNAL = "metawsm.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """One project, as far as its processes are concerned."""

    project: Project
    policy: Policy
    """The embedded default where the project's own cannot be read: processes can be seen and ended all the same."""

    policy_problem: str | None
    registry: Registry
    place: Place
    executors: Mapping[str, Executor]

    @property
    def journal_path(self) -> Path:
        """The journal's database."""
        return self.place.directory / JOURNAL


def workplace(options: Options) -> Workplace:
    """The project around ``options.cwd``, read without asking any program anything.

    Harnesses and executors of plugins are not loaded: what a process is and how it ended is told without them.
    """
    project = find_project(cwd=options.cwd, home=options.home, policy=options.policy)
    registry = Registry(builtin_harnesses())
    loaded = load_policy(project.policy_path, runners=registry.specs(), rival=project.rival_policy)
    problem = loaded.problems[0].message if loaded.problems else None
    return workplace_of(
        options,
        project=project,
        policy=loaded.value or Policy(),
        policy_problem=problem,
        registry=registry,
        executors={**BUILTIN_EXECUTORS, **FOREIGN_EXECUTORS},
    )


def workplace_of(
    options: Options,
    *,
    project: Project,
    policy: Policy,
    registry: Registry,
    executors: Mapping[str, MakeExecutor],
    policy_problem: str | None = None,
) -> Workplace:
    """The same for a project that was read already."""
    place = Place(directory=project.root / DIRECTORY, socket=policy.tmux.socket, environment=dict(options.environment))
    return Workplace(
        project=project,
        policy=policy,
        policy_problem=policy_problem,
        registry=registry,
        place=place,
        executors={name: make(place) for name, make in executors.items()},
    )
