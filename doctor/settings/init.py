"""The first setup: a policy, its skills, and a named profile for this machine.

What is there already is never touched, so it can be repeated, and finishes what was interrupted: skills are written
before the policy that names them, and a profile before the pointer to it.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import field, replace
from pathlib import Path

import profiles
from doctor.config.files import FileProblem, is_there
from doctor.config.machine import load_machine
from doctor.config.paths import Paths
from doctor.config.policy import load_policy
from doctor.config.profiles import load_named_profile, read_pointer
from doctor.config.project import DIRECTORY, POLICY_NAMES
from doctor.config.words import encodable
from doctor.config.writing import create_file
from doctor.diagnosis.run import Prepared, prepare
from doctor.errors import UsageError
from doctor.harness.base import HarnessContext
from doctor.harness.probe import Prober
from doctor.harness.registry import Registry
from doctor.model.harness import HarnessFact
from doctor.model.machine import Machine
from doctor.model.options import Options
from doctor.records import dataclass
from doctor.settings.first_policy import first_policy
from doctor.settings.routes import ROUTES, Route, best_route, discovery, next_steps, route_named
from doctor.settings.store import PRIVATE_FILE, Store

OPEN_DIRECTORY, OPEN_FILE = 0o755, 0o644
"""For what belongs to the project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFile:
    """One file of a first setup."""

    path: str
    what: str
    """What it is, in words."""

    exists: bool
    """Whether it was there before, and is therefore left as it is."""

    written: bool = False
    content: bytes = field(default=b"", repr=False)
    private: bool = False
    """Whether it belongs to this machine rather than to the project: only its owner may read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """A first setup: planned, or carried out."""

    route: str
    found: str
    """What was found of the harness that is to run agents."""

    files: tuple[PlannedFile, ...]
    """In the order in which they are written."""

    steps: tuple[str, ...] = ()
    """What is left to the user, each in one line."""

    paths: Paths = field(repr=False)
    """Where this machine's settings are."""


def init(
    options: Options, route: str | None = None, *, dry_run: bool = False, show: Callable[[Setup], None] | None = None
) -> Setup:
    """Plan a first setup, show the plan, and carry it out.

    Args:
        options: Where.
        route: What is to run agents; ``None`` takes what is found here.
        dry_run: Write nothing.
        show: Is given the plan before anything is written.

    Raises:
        UsageError: There is no such route, nothing is found that could run agents, or a file cannot be written.
    """
    plan = plan_setup(options, route)
    if show is not None:
        show(plan)
    return plan if dry_run else carry_out(plan)


def plan_setup(options: Options, route: str | None = None) -> Setup:
    """What a first setup would write. Nothing is changed by asking.

    Raises:
        UsageError: There is no such route, nothing is found that could run agents, or a directory leads elsewhere.
    """
    prepared = prepare(options)
    wanted = tuple(ROUTES.values()) if route is None else (route_named(route),)
    facts = _probe(prepared, wanted)
    chosen = best_route(facts) if route is None else wanted[0]
    fact = facts[chosen.runtime_id]
    machine_files, steps = _machine_files(prepared, chosen)
    return Setup(
        route=chosen.name,
        found=discovery(fact),
        files=(*_project_files(prepared, chosen), *machine_files),
        steps=(*next_steps(fact, prepared.registry), *steps),
        paths=prepared.paths,
    )


def carry_out(plan: Setup) -> Setup:
    """Write what is missing.

    A file that appeared after it was planned is left alone too, and then counts as one that was there.

    Raises:
        UsageError: A file cannot be written. Those before it are there, and another try goes on from there.
    """
    own = [each if each.exists else _written(each) for each in plan.files if not each.private]
    machine = [each for each in plan.files if each.private]
    if not all(each.exists for each in machine):
        with Store(plan.paths, runners=()).locked():
            # A profile that was removed meanwhile is written too: what the pointer names has to be there.
            machine = [_written(each) for each in machine]
    return replace(plan, files=(*own, *machine))


def _probe(prepared: Prepared, routes: tuple[Route, ...]) -> dict[str, HarnessFact]:
    """The harnesses of these routes, by runtime id."""
    options, registry = prepared.options, prepared.registry
    wanted = [harness for harness in registry.harnesses if harness.id in {route.runtime_id for route in routes}]
    prober = Prober(
        registry=Registry(wanted),
        context=HarnessContext(home=options.home, project=prepared.project.root, environment=options.environment),
        machine=load_machine(prepared.paths.machine_file, runners=prepared.registry.specs()).value or Machine(),
        cache_file=prepared.paths.cache_dir / "probes.json" if options.cache else None,
        timeout=options.timeout,
    )
    return dict(prober.harnesses())


def _project_files(prepared: Prepared, route: Route) -> Iterator[PlannedFile]:
    project = prepared.project
    directory = project.root / DIRECTORY
    policy = project.policy_path or directory / POLICY_NAMES[0]
    there = is_there(policy)
    if not there and policy.suffix.lower() == ".toml":
        raise UsageError(
            f"{policy} does not exist, and a first policy is JSON", remedy="name a file that ends in .json"
        )
    for name in _skills(prepared) if there else profiles.SKILLS:
        path = directory / "skills" / name / "SKILL.md"
        yield _planned(path, f"skill {name}", profiles.skill(name), inside=project.root)
    inside = project.root if prepared.options.policy is None else None
    what = "policy" if there else f"policy: one agent, run by {route.runtime_id}"
    yield _planned(policy, what, first_policy(route), inside=inside)


def _skills(prepared: Prepared) -> tuple[str, ...]:
    """The shipped skills that the project's own policy names."""
    project = prepared.project
    policy = load_policy(project.policy_path, runners=prepared.registry.specs(), rival=project.rival_policy).value
    named = {skill for profile in policy.agent_profiles for skill in profile.skills} if policy else set()
    return tuple(name for name in profiles.SKILLS if name in named)


def _planned(
    path: Path, what: str, content: bytes, *, inside: Path | None = None, private: bool = False
) -> PlannedFile:
    """A file, unless a link on the way to it leads out of ``inside``."""
    if inside is not None:
        real = Path(os.path.realpath(path.parent))  # `Path.resolve` raises where links form a circle
        if not real.is_relative_to(os.path.realpath(inside)):
            raise UsageError(
                f"{path} would be written to {real}, outside of {inside}", remedy="replace the link by a directory"
            )
    return PlannedFile(path=str(path), what=what, exists=is_there(path), content=content, private=private)


def _machine_files(prepared: Prepared, route: Route) -> tuple[tuple[PlannedFile, ...], tuple[str, ...]]:
    """The named profile and the pointer to it, and what is left to do about them."""
    paths, name = prepared.paths, route.starter
    profile = _planned(paths.profile_file(name), f"named profile {name}", profiles.starter(name), private=True)
    broken = (
        load_named_profile(paths.profile_file(name), runners=prepared.registry.specs()).problems
        if profile.exists
        else ()
    )
    if broken:
        return (profile,), (f"mend the profile {name}: {broken[0].location}: {broken[0].message}",)
    pointer = _planned(paths.active_profile_file, f"active profile: {name}", f"{name}\n".encode(), private=True)
    if not pointer.exists:
        return (profile, pointer), ()
    active = _pointed(prepared)
    steps = () if active == name else (f"make the profile active: doctor profile use {name}",)
    return (profile, replace(pointer, what=f"active profile: {active or 'none'}")), steps


def _pointed(prepared: Prepared) -> str | None:
    try:
        return read_pointer(prepared.paths)
    except FileProblem:
        return None


def _written(planned: PlannedFile) -> PlannedFile:
    path = Path(planned.path)
    try:
        _make_directory(path.parent)
    except OSError as error:
        raise _unwritable(Path(error.filename or path.parent), error) from error
    try:
        create_file(path, planned.content, mode=PRIVATE_FILE if planned.private else OPEN_FILE)
    except FileExistsError:
        return replace(planned, exists=True)
    except OSError as error:
        raise _unwritable(path, error) from error
    return replace(planned, exists=False, written=True)


def _make_directory(path: Path) -> None:
    """Make a directory and those above it; the store has made those that are private."""
    if not path.is_dir():
        _make_directory(path.parent)
        path.mkdir(mode=OPEN_DIRECTORY, exist_ok=True)


def _unwritable(path: Path, error: OSError) -> UsageError:
    reason = error.strerror or str(error)
    return UsageError(f"{encodable(str(path))} cannot be written: {reason}", remedy="mend that, and run it again")
