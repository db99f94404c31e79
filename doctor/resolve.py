"""Who runs where with what: the bindings of agents and stages, each value with its source.

Computed, never rewritten. Harness of an agent at a stage, strongest first: ``--runtime``, ``stages[stage]``,
``runtime_profile.default``, ``DOCTOR_RUNTIME``, ``orchestrator.runtime_backend``, the agent profile's ``runner``.
Model, strongest first: ``DOCTOR_MODEL``, the policy's ``runner_options.model``, the active named profile. A model
given by a spec (``<harness alias>:<model>``) only counts where that harness runs; elsewhere it is listed as unused.
"""

import dataclasses
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import field, fields, replace
from operator import attrgetter
from typing import Any, NamedTuple

from doctor.config.machine import split_model
from doctor.errors import UsageError
from doctor.harness.base import LaunchRequest
from doctor.harness.registry import Registry
from doctor.model.binding import Binding, Choice, StageBinding
from doctor.model.harness import CompiledArgv, HarnessFact
from doctor.model.machine import Endpoint, Machine, NamedProfile
from doctor.model.policy import Agent, AgentProfile, Policy, RunnerOptions
from doctor.model.roles import STAGE_ROLES, profile_model
from doctor.model.secret import SecretRef
from doctor.model.stage import Stage
from doctor.records import dataclass

RUNTIME_VARIABLE = "DOCTOR_RUNTIME"
MODEL_VARIABLE = "DOCTOR_MODEL"
AUTO = "auto"

NEUTRAL_OPTIONS = frozenset({"env", "trust_workspace"})
"""``runner_options`` that mean the same to every harness that takes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The resolved table."""

    stages: tuple[StageBinding, ...]
    bindings: tuple[Binding, ...]


def resolve(
    *,
    policy: Policy,
    registry: Registry,
    harnesses: Mapping[str, HarnessFact],
    machine: Machine,
    profile_name: str | None,
    profile: NamedProfile | None,
    environment: Mapping[str, str],
    workspace: str,
    cwd: str,
    runtime: str | None = None,
    stage: Stage | None = None,
    interactive: bool = False,
) -> Resolution:
    """Resolve every agent and every stage.

    Args:
        policy: The policy; its runner names are canonical.
        registry: All harnesses.
        harnesses: What was found, by runtime id.
        machine: This machine's endpoints.
        profile_name: Name of the active named profile.
        profile: The active named profile.
        environment: Variables; ``DOCTOR_RUNTIME`` and ``DOCTOR_MODEL`` are read.
        workspace: Name that ``{workspace}`` stands for in session names.
        cwd: Directory that agents would start in.
        runtime: ``--runtime``, any spelling.
        stage: Only this stage.
        interactive: Compile starts that a person can talk to.

    Raises:
        UsageError: ``runtime`` or one of the variables names no known harness.
    """
    resolver = _Resolver(
        policy=policy,
        registry=registry,
        harnesses=harnesses,
        endpoints=endpoints_of(machine, profile),
        named=_Named(name=profile_name or "", profile=profile),
        flag=canonical_runtime(registry, runtime, "--runtime"),
        env_runtime=canonical_runtime(registry, environment.get(RUNTIME_VARIABLE), RUNTIME_VARIABLE),
        env_model=known_model(registry, environment.get(MODEL_VARIABLE)),
        workspace=workspace,
        cwd=cwd,
        interactive=interactive,
    )
    wanted = tuple(Stage) if stage is None else (stage,)
    bindings = tuple(resolver.agents(wanted))
    return Resolution(stages=tuple(resolver.stage(each) for each in wanted), bindings=bindings)


def endpoints_of(machine: Machine, profile: NamedProfile | None) -> dict[str, Endpoint]:
    """Every endpoint by name; the active profile's win over the machine's of the same name."""
    endpoints = dict(machine.endpoints)
    for extra in profile.llm_endpoints.endpoints if profile else ():
        endpoints[extra.name] = Endpoint(
            url=extra.url,
            kind=extra.kind,
            api_key_env=extra.api_key_env,
            api_key_file=extra.api_key_file,
            default=extra.is_default,
        )
    return endpoints


def session_name(pattern: str, agent: str, workspace: str) -> str:
    """Render a session name: the names' own characters that tmux or a path gives a meaning become ``-``."""
    return pattern.replace("{workspace}", _token(workspace)).replace("{agent}", _token(agent))


def _key_of(endpoint: Endpoint) -> SecretRef | None:
    """Where the endpoint's key is; ``None`` where it wants none."""
    if not (endpoint.api_key_env or endpoint.api_key_file or endpoint.api_key_command):
        return None
    return SecretRef(env=endpoint.api_key_env, file=endpoint.api_key_file, command=endpoint.api_key_command)


_scalars = attrgetter("full_auto", "command", "model", "permission_mode", "trust_workspace")
"""The values of ``RunnerOptions`` that are no collections."""


def _token(text: str) -> str:
    return re.sub(r"\W+", "-", text.lower()).strip("-") or "x"


def canonical_runtime(registry: Registry, spelling: str | None, source: str) -> str | None:
    """The runtime id that ``spelling`` stands for; ``None`` when it is unset or blank.

    Raises:
        UsageError: It names no known harness; ``source`` says where it was given.
    """
    if spelling is None or not spelling.strip():
        return None
    canonical = registry.canonical(spelling)
    if canonical is None:
        near = registry.nearest(spelling)
        hint = f"did you mean {near!r}?" if near else f"known: {', '.join(registry.ids)}"
        raise UsageError(f"{source} names no known harness: {spelling!r}", remedy=hint)
    return canonical


def known_model(registry: Registry, spec: str | None) -> str | None:
    """The model spec of ``DOCTOR_MODEL``; ``None`` when it is unset or blank.

    Raises:
        UsageError: It has no model, or its prefix names no known harness.
    """
    if spec is None or not spec.strip():
        return None
    prefix, _, model = spec.strip().partition(":")
    if not model.strip():
        raise UsageError(f"{MODEL_VARIABLE} is {spec!r}", remedy="give it a spec such as claude:opus")
    canonical_runtime(registry, prefix or "?", MODEL_VARIABLE)
    return spec.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """The active named profile, or an empty one."""

    name: str
    profile: NamedProfile | None

    @property
    def source(self) -> str:
        return f"profile:{self.name}"

    def model(self, stage: Stage) -> str | None:
        found = profile_model(self.profile, stage) if self.profile else None
        return found[0] if found else None

    def endpoint(self, stage: Stage) -> str | None:
        """The endpoint that the stage's role, or the default role, names."""
        if self.profile is None:
            return None
        role = getattr(self.profile.models, STAGE_ROLES[stage]) if stage in STAGE_ROLES else None
        named = (each.endpoint for each in (role, self.profile.models.default) if each is not None)
        return next((name for name in named if name), None)

    def brings(self, endpoint: str) -> bool:
        """Whether the profile configures an endpoint of this name itself."""
        every = self.profile.llm_endpoints.endpoints if self.profile else ()
        return any(each.name == endpoint for each in every)


class _Route(NamedTuple):
    """Where one kind of profile leads at one stage."""

    runtime: Choice
    model: Choice
    endpoint: Choice
    launch: CompiledArgv | None
    dropped: tuple[str, ...]
    unused: tuple[str, ...]


@dataclasses.dataclass(slots=True, kw_only=True)
class _Resolver:
    policy: Policy
    registry: Registry
    harnesses: Mapping[str, HarnessFact]
    endpoints: Mapping[str, Endpoint]
    named: _Named
    flag: str | None
    env_runtime: str | None
    env_model: str | None
    workspace: str
    cwd: str
    interactive: bool
    routes: dict[tuple[Any, ...], _Route] = field(default_factory=dict)
    """By stage, runner and options: thousands of agents share a few routes."""

    def agents(self, wanted: Iterable[Stage]) -> Iterable[Binding]:
        """One binding per agent that works at a wanted stage, in the policy's order."""
        profiles = {profile.name: (index, profile) for index, profile in enumerate(self.policy.agent_profiles)}
        pattern = self.policy.tmux.session_pattern.replace("{workspace}", _token(self.workspace))
        for index, agent in enumerate(self.policy.agents):
            if (agent.stage or Stage.EXECUTE) in wanted:
                profile_index, profile = profiles[agent.profile]
                yield self._binding(agent, index, profile, profile_index, pattern)

    def stage(self, stage: Stage) -> StageBinding:
        """The row of one stage; where no map names a harness, the first agent at it (else the first of all) does."""
        agents = self.policy.agents
        agent = next((each for each in agents if (each.stage or Stage.EXECUTE) is stage), agents[0])
        index, profile = next(each for each in enumerate(self.policy.agent_profiles) if each[1].name == agent.profile)
        route = self._route(stage, profile)
        return StageBinding(
            stage=stage,
            runtime=route.runtime,
            model=route.model,
            endpoint=route.endpoint,
            profile_index=index,
            unused_models=route.unused,
        )

    def _binding(self, agent: Agent, index: int, profile: AgentProfile, profile_index: int, pattern: str) -> Binding:
        stage = agent.stage or Stage.EXECUTE
        route = self._route(stage, profile)
        return Binding(
            agent=agent.name,
            agent_index=index,
            profile=profile.name,
            profile_index=profile_index,
            stage=stage,
            runtime=route.runtime,
            model=route.model,
            endpoint=route.endpoint,
            skills=profile.skills,
            session=pattern.replace("{agent}", _token(agent.name)),  # as session_name does
            prompt_sha256=hashlib.sha256(profile.base_prompt.encode()).hexdigest(),
            launch=route.launch,
            dropped_options=route.dropped,
            unused_models=route.unused,
        )

    def _route(self, stage: Stage, profile: AgentProfile) -> _Route:
        given = profile.runner_options
        key = (stage, profile.runner, *_scalars(given), *given.extra_args, *given.env.items())
        route = self.routes.get(key)
        if route is None:
            route = self.routes[key] = self._found(stage, profile)
        return route

    def _found(self, stage: Stage, profile: AgentProfile) -> _Route:
        runtime = self._runtime(stage, profile.runner)
        options, dropped = self._options(profile, runtime.value)
        model, unused = self._model(stage, runtime.value, options)
        endpoint = self._endpoint(stage, runtime.value)
        launch = self._launch(runtime.value, options, model.value, endpoint.value)
        return _Route(runtime, model, endpoint, launch, dropped, unused)

    def _runtime(self, stage: Stage, runner: str) -> Choice:
        routes = self.policy.orchestrator.runtime_profile
        tries = [
            ("flag", self.flag),
            ("stage", routes.stages.get(stage) if routes else None),
            ("default", routes.default if routes else None),
            (f"env:{RUNTIME_VARIABLE}", self.env_runtime),
            ("config", self.policy.orchestrator.runtime_backend),
            ("agent", runner),
        ]
        given = [(source, value) for source, value in tries if value]
        source, value = given[0]
        shadowed = tuple(f"{weaker}={other}" for weaker, other in given[1:] if other != value)
        if value != AUTO:
            return Choice(value=value, source=source, shadowed=shadowed)
        spec = self.named.model(stage)
        chosen = self.registry.canonical(split_model(spec)[0]) if spec else None
        return Choice(value=chosen, source=self.named.source if chosen else source, shadowed=shadowed)

    def _options(self, profile: AgentProfile, runtime: str | None) -> tuple[RunnerOptions, tuple[str, ...]]:
        """The options that the chosen harness gets, and the names of those that it does not."""
        if runtime == profile.runner or runtime is None:
            return profile.runner_options, ()
        harness = self.registry.get(runtime)
        takes = set(harness.options) if harness else set()
        if profile.runner != AUTO:
            takes &= NEUTRAL_OPTIONS
        given = [each.name for each in fields(RunnerOptions) if getattr(profile.runner_options, each.name)]
        dropped = tuple(name for name in given if name not in takes)
        if not dropped:
            return profile.runner_options, ()
        blank = RunnerOptions()
        return replace(profile.runner_options, **{name: getattr(blank, name) for name in dropped}), dropped

    def _model(self, stage: Stage, runtime: str | None, options: RunnerOptions) -> tuple[Choice, tuple[str, ...]]:
        specs = ((f"env:{MODEL_VARIABLE}", self.env_model), (self.named.source, self.named.model(stage)))
        usable: dict[str, str] = {}
        unused: list[str] = []
        for source, spec in specs:
            if spec is None:
                continue
            prefix, model = split_model(spec)
            if self.registry.canonical(prefix) == runtime:
                usable[source] = model
            else:
                unused.append(f"{source}={spec}")
        tries = [
            (specs[0][0], usable.get(specs[0][0])),
            ("policy", options.model),
            (specs[1][0], usable.get(specs[1][0])),
        ]
        given = [(source, value) for source, value in tries if value]
        if not given:
            return Choice(), tuple(unused)
        source, value = given[0]
        shadowed = tuple(f"{weaker}={other}" for weaker, other in given[1:] if other != value)
        return Choice(value=value, source=source, shadowed=shadowed), tuple(unused)

    def _endpoint(self, stage: Stage, runtime: str | None) -> Choice:
        """The endpoint's name: the one the role names; for a harness that needs one else its own, else the default."""
        harness = self.registry.get(runtime) if runtime else None
        if harness is None or not harness.endpoint_kinds:
            return Choice()
        fits = {name: each for name, each in self.endpoints.items() if each.kind in harness.endpoint_kinds}
        named = self.named.endpoint(stage)
        if named in fits:
            return Choice(value=named, source=self.named.source)
        if not harness.needs_endpoint:
            return Choice()
        if harness.id in fits:
            return Choice(value=harness.id, source=self._configured_by(harness.id))
        defaults = sorted((name for name, each in fits.items() if each.default), key=self.named.brings)
        default = defaults[-1] if defaults else None
        if default is None or harness.carrier is not None:
            return Choice()
        return Choice(value=default, source=self._configured_by(default))

    def _configured_by(self, endpoint: str) -> str:
        """The source of an endpoint that no role names."""
        return self.named.source if self.named.brings(endpoint) else "machine"

    def _launch(
        self, runtime: str | None, options: RunnerOptions, model: str | None, endpoint: str | None
    ) -> CompiledArgv | None:
        harness = self.registry.get(runtime) if runtime else None
        if harness is not None and harness.carrier is not None:
            harness = self.registry.get(harness.carrier)
        fact = self.harnesses.get(harness.id) if harness else None
        if harness is None or fact is None or fact.program.path is None:
            return None
        chosen = self.endpoints[endpoint] if endpoint else None
        return harness.compile(
            LaunchRequest(
                path=fact.program.path,
                version=fact.program.version,
                options=options,
                model=model,
                endpoint_url=chosen.url if chosen else None,
                endpoint_key_env=chosen.api_key_env if chosen else None,
                endpoint_key=_key_of(chosen) if chosen else None,
                interactive=self.interactive,
                cwd=self.cwd,
            )
        )
