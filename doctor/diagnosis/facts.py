"""The built-in facts: each function's parameters name the facts it needs, and each is computed once, when asked for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from doctor.config.executor_roots import executor_roots, holds_profiles
from doctor.config.machine import ActiveProfile, active_profile, load_machine
from doctor.config.origins import FileOrigins
from doctor.config.paths import Paths
from doctor.config.problems import ConfigProblem, Loaded
from doctor.config.project import Project
from doctor.config.skills import find_skill
from doctor.errors import Unavailable
from doctor.harness.base import HarnessContext
from doctor.harness.probe import Prober
from doctor.harness.registry import Registry
from doctor.model.binding import Binding, StageBinding
from doctor.model.harness import HarnessFact, ProgramFact, SkillFact
from doctor.model.location import pointer
from doctor.model.machine import Endpoint, Machine, NamedProfile, Roles
from doctor.model.options import Options
from doctor.model.pane import PaneFact
from doctor.model.policy import Policy
from doctor.resolve import Resolution, endpoints_of, resolve

if TYPE_CHECKING:
    from doctor.config.executor_profiles import FoundExecutorProfile
    from doctor.model.lock import Lock, LockMove

T = TypeVar("T")

VERSION_ARGUMENTS = {"tmux": ("-V",)}
"""What makes a tool print its version, where that is not ``--version``."""


def policy(policy_file: Loaded[Policy]) -> Policy:
    """The policy's value."""
    return _value_of(policy_file, "the policy")


def machine_file(paths: Paths, registry: Registry) -> Loaded[Machine]:
    """``machine.toml`` as read; an absent file is an empty one."""
    return load_machine(paths.machine_file, runners=registry.specs())


def machine(machine_file: Loaded[Machine]) -> Machine:
    """The machine's settings."""
    return _value_of(machine_file, "machine.toml")


def profile_file(
    options: Options, paths: Paths, registry: Registry, machine_file: Loaded[Machine], project: Project
) -> ActiveProfile:
    """Which named profile is active, and its file as read; an endpoint it names has to be somewhere."""
    active = active_profile(
        flag=options.profile,
        environment=options.environment,
        paths=paths,
        runners=registry.specs(),
        project=project.root,
    )
    if active.loaded is None or active.loaded.value is None or machine_file.value is None:
        return active
    problems = tuple(_unknown_endpoints(active.loaded, endpoints_of(machine_file.value, active.loaded.value)))
    return replace(active, loaded=replace(active.loaded, value=None, problems=problems)) if problems else active


def _unknown_endpoints(loaded: Loaded[NamedProfile], known: Mapping[str, Endpoint]) -> Iterator[ConfigProblem]:
    """A problem for each role of a profile that names an endpoint nobody configured."""
    for role in fields(Roles):
        choice = getattr(loaded.value.models, role.name) if loaded.value else None
        if choice is None or choice.endpoint is None or choice.endpoint in known or loaded.document is None:
            continue
        yield ConfigProblem(
            rule="reference",
            subject=f"models.{role.name}.endpoint",
            message=f"there is no endpoint {choice.endpoint!r} in the profile or in machine.toml",
            remedy=f"configured endpoints: {', '.join(sorted(known)) or 'none'}",
            location=loaded.document.at(pointer("models", role.name, "endpoint")),
        )


def named_profile(profile_file: ActiveProfile) -> NamedProfile | None:
    """The active named profile's value, or ``None`` when none is active."""
    if profile_file.problems:
        raise Unavailable("the active named profile cannot be read")
    return profile_file.loaded.value if profile_file.loaded else None


def context(options: Options, project: Project) -> HarnessContext:
    """The machine as harness adapters look at it."""
    return HarnessContext(home=options.home, project=options.agent_cwd or project.root, environment=options.environment)


def prober(
    options: Options, context: HarnessContext, registry: Registry, machine_file: Loaded[Machine], paths: Paths
) -> Prober:
    """The one that asks programs questions."""
    return Prober(
        registry=registry,
        context=context,
        machine=machine_file.value or Machine(),
        cache_file=paths.cache_dir / "probes.json" if options.cache else None,
        timeout=options.timeout,
        jobs=options.jobs,
    )


def harnesses(prober: Prober) -> Mapping[str, HarnessFact]:
    """Every harness by runtime id, found or not."""
    return prober.harnesses()


def tools(prober: Prober) -> Callable[[str], ProgramFact]:
    """A function from a tool's name to what is known of it; it is probed when first asked for."""
    return lambda name: prober.tool(name, args=VERSION_ARGUMENTS.get(name, ("--version",)))


def endpoints(machine: Machine, named_profile: NamedProfile | None) -> Mapping[str, Endpoint]:
    """Every configured endpoint by name, the active profile's included."""
    return endpoints_of(machine, named_profile)


def origins(policy_file: Loaded[Policy], machine_file: Loaded[Machine], profile_file: ActiveProfile) -> FileOrigins:
    """Where the values of the resolved table stand."""
    return FileOrigins(
        policy=policy_file.document,
        machine=machine_file.document,
        named=profile_file.loaded.document if profile_file.loaded else None,
        profile=profile_file.loaded.value if profile_file.loaded else None,
    )


def resolution(
    *,
    options: Options,
    project: Project,
    policy: Policy,
    registry: Registry,
    harnesses: Mapping[str, HarnessFact],
    machine: Machine,
    profile_file: ActiveProfile,
    named_profile: NamedProfile | None,
) -> Resolution:
    """The resolved table."""
    return resolve(
        policy=policy,
        registry=registry,
        harnesses=harnesses,
        machine=machine,
        profile_name=profile_file.name,
        profile=named_profile,
        environment=options.environment,
        workspace=(options.agent_cwd or project.root).name,
        cwd=str(options.agent_cwd or project.root),
        runtime=options.runtime,
        stage=options.stage,
        interactive=options.interactive,
    )


def bindings(resolution: Resolution) -> tuple[Binding, ...]:
    """One per agent, in the policy's order."""
    return resolution.bindings


def stages(resolution: Resolution) -> tuple[StageBinding, ...]:
    """One per stage."""
    return resolution.stages


def skills(
    bindings: tuple[Binding, ...], registry: Registry, context: HarnessContext, project: Project
) -> Mapping[tuple[str, str], SkillFact]:
    """Every skill that a binding names, by (skill, runtime id)."""
    found: dict[tuple[str, str], SkillFact] = {}
    for binding in bindings:
        harness = registry.get(binding.runtime.value or "")
        runtime_id = harness.id if harness else ""
        for name in binding.skills:
            if (name, runtime_id) not in found:
                found[name, runtime_id] = find_skill(
                    name,
                    runtime_id=runtime_id,
                    project=project.root,
                    home=context.home,
                    harness_roots=harness.skill_roots(context) if harness else (),
                )
    return found


def executor_profiles(project: Project, paths: Paths, registry: Registry) -> "tuple[FoundExecutorProfile, ...]":
    """The executor profiles of the project and the machine, by place and name; what they hide may have shipped."""
    own = executor_roots(project=project.root, config_dir=paths.config_dir)
    if not holds_profiles(own):
        return ()
    import profiles  # noqa: PLC0415 - most machines have none of their own
    from doctor.config.executor_profiles import every_executor_profile  # noqa: PLC0415 - as above

    roots = executor_roots(project=project.root, config_dir=paths.config_dir, shipped=profiles.executor_directory())
    found = every_executor_profile(roots, runners=registry.specs())
    return tuple(each for each in found if each.root.origin != "shipped")


def pane(options: Options, project: Project, policy: Policy, bindings: tuple[Binding, ...]) -> PaneFact:
    """What an agent's terminal is like from inside, compared with here."""
    if not options.in_pane:
        raise Unavailable("looks from inside of a terminal only with --in-pane")
    from doctor.diagnosis.pane import look  # noqa: PLC0415 - starts a process; no plain check needs it

    return look(options, project=project, socket=policy.tmux.socket, bindings=bindings)


def lock_now(
    *,
    policy: Policy,
    profile_file: ActiveProfile,
    harnesses: Mapping[str, HarnessFact],
    endpoints: Mapping[str, Endpoint],
    skills: Mapping[tuple[str, str], SkillFact],
    bindings: tuple[Binding, ...],
    stages: tuple[StageBinding, ...],
) -> "Callable[[], Lock]":
    """What a lock would say if it were written now; worked out when it is called, since most runs have no lock."""

    def now() -> "Lock":
        from doctor.diagnosis.locked import lock_of  # noqa: PLC0415 - see above

        return lock_of(
            policy=policy,
            active=profile_file,
            harnesses=harnesses,
            endpoints=endpoints,
            skills=skills,
            bindings=bindings,
            stages=stages,
        )

    return cache(now)


def lock_file(options: Options, project: Project) -> "Loaded[Lock]":
    """The project's lock as read; it has to be there."""
    if not options.locked:
        raise Unavailable("compares with the lock only with --locked")
    from doctor.config.lock import load_lock, lock_path  # noqa: PLC0415 - see above

    return load_lock(lock_path(project.root))


def lock_moves(options: Options, lock_file: "Loaded[Lock]", lock_now: "Callable[[], Lock]") -> "tuple[LockMove, ...]":
    """What is not as the lock says."""
    locked = _value_of(lock_file, "the lock")
    from doctor.diagnosis.locked import moves  # noqa: PLC0415 - see above

    return moves(locked, lock_now(), narrowed=options.stage is not None)


def _value_of(loaded: Loaded[T], what: str) -> T:
    if loaded.value is None:
        raise Unavailable(f"{what} cannot be read")
    return loaded.value


BUILTIN_FACTS: Mapping[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        policy,
        machine_file,
        machine,
        profile_file,
        named_profile,
        context,
        prober,
        harnesses,
        tools,
        endpoints,
        origins,
        resolution,
        bindings,
        stages,
        skills,
        executor_profiles,
        pane,
        lock_now,
        lock_file,
        lock_moves,
    )
}
"""Fact name to function; the facts known from the start are ``doctor.diagnosis.run.Prepared.values``."""
