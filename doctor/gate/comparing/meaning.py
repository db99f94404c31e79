"""What one side comes to: its policy, who would run where with what, and the files that go along."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from doctor.config.machine import ActiveProfile
from doctor.config.policy import load_policy
from doctor.config.problems import Loaded
from doctor.config.skills import find_skill
from doctor.gate.comparing.arguments import Read, read_arguments
from doctor.gate.comparing.sides import Side
from doctor.harness.base import Harness, HarnessContext
from doctor.harness.registry import Registry
from doctor.model.binding import Binding
from doctor.model.harness import CompiledArgv, HarnessFact, ProgramFact, SkillFact, SkillProblem
from doctor.model.machine import Endpoint, Machine, NamedProfile
from doctor.model.policy import Agent, AgentProfile, Policy, RunnerOptions
from doctor.model.stage import Stage
from doctor.resolve import Resolution, endpoints_of, resolve

UNUSED = "\x00profile "
"""What the name of an agent starts with that stands for a profile which no agent uses; no name in a file can."""

IN_TREE = "repository"
ELSEWHERE = "elsewhere"
"""Where a skill comes from, the same on every machine."""


class AgentMeaning:
    """What one agent, or a profile that no agent uses, comes to.

    Args:
        binding: Who runs where with what.
        profile: Its profile.
        harness: The adapter that really starts; ``None`` where none was chosen.
        endpoint: Where its requests are sent; ``None``: where the harness itself sends them.
    """

    def __init__(
        self, binding: Binding, profile: AgentProfile, harness: Harness | None, endpoint: Endpoint | None
    ) -> None:
        self.binding = binding
        self.profile = profile
        self.harness = harness
        self.endpoint = endpoint

    @cached_property
    def options(self) -> RunnerOptions:
        """The options that reach the harness."""
        blank = RunnerOptions()
        dropped = {name: getattr(blank, name) for name in self.binding.dropped_options}
        return replace(self.profile.runner_options, **dropped) if dropped else self.profile.runner_options

    @cached_property
    def read(self) -> Read:
        """Its arguments, taken apart."""
        launch = self.launch
        return read_arguments(self.harness, launch.argv if launch else (), self.options.extra_args)

    @property
    def launch(self) -> CompiledArgv | None:
        """What would be started."""
        return self.binding.launch

    @property
    def runtime(self) -> str:
        """Its harness, or ``none``."""
        return self.binding.runtime.value or "none"

    @property
    def place(self) -> str:
        """Pointer to its profile."""
        return f"/agent_profiles/{self.binding.profile_index}"


class Meaning:
    """One side, resolved.

    Args:
        side: Where it lies.
        policy: The policy as read.
        registry: The harnesses.
        machine: Settings of the machine.
        active: The named profile that counts.
        harnesses: What was found of the harnesses, whether they are there or not.
    """

    def __init__(
        self,
        side: Side,
        policy: Loaded[Policy],
        *,
        registry: Registry,
        machine: Machine,
        active: ActiveProfile,
        harnesses: Mapping[str, HarnessFact],
    ) -> None:
        self.side = side
        self.loaded = policy
        self.policy = policy.value or Policy()
        self.registry = registry
        self.named = active.loaded.value if active.loaded else None
        self.active = active
        self._endpoints = endpoints_of(machine, self.named)
        self.machine = machine
        self._harnesses = harnesses
        self._sources: dict[tuple[str, str], str] = {}

    @cached_property
    def resolution(self) -> Resolution:
        """The resolved table, profiles that no agent uses among the agents."""
        options = self.side.options
        return resolve(
            policy=_with_unused(self.policy),
            registry=self.registry,
            harnesses=self._harnesses,
            machine=self.machine,
            profile_name=self.active.name,
            profile=self.named,
            environment=options.environment,
            workspace="workspace",
            cwd="/workspace",
        )

    @cached_property
    def agents(self) -> Mapping[str, AgentMeaning]:
        """By name."""
        profiles = self.policy.agent_profiles
        return {
            binding.agent: AgentMeaning(
                binding, profiles[binding.profile_index], self._adapter(binding), self._endpoint(binding)
            )
            for binding in self.resolution.bindings
        }

    def skill(self, name: str, runtime: str) -> SkillFact:
        """One skill as a harness would get it on this side."""
        harness = self.registry.get(runtime)
        return find_skill(
            name,
            runtime_id=harness.id if harness else "",
            project=self.side.root,
            home=self.side.options.home,
            harness_roots=harness.skill_roots(self.context) if harness else (),
        )

    @cached_property
    def context(self) -> HarnessContext:
        """The machine, with this side's project."""
        options = self.side.options
        return HarnessContext(home=options.home, project=self.side.root, environment=options.environment)

    def source_of(self, name: str, runtime: str) -> str:
        """Whether a skill comes from this side, or from anywhere else or nowhere."""
        known = self._sources.get((name, runtime))
        if known is None:
            fact = self.skill(name, runtime)
            own = fact.path is not None and fact.problem is not SkillProblem.ESCAPES
            inside = own and Path(fact.path or "").is_relative_to(self.side.root)
            known = self._sources[name, runtime] = IN_TREE if inside else ELSEWHERE
        return known

    def _adapter(self, binding: Binding) -> Harness | None:
        harness = self.registry.get(binding.runtime.value or "")
        return self.registry.get(harness.carrier) if harness and harness.carrier else harness

    def _endpoint(self, binding: Binding) -> Endpoint | None:
        return self._endpoints.get(binding.endpoint.value) if binding.endpoint.value else None


def _with_unused(policy: Policy) -> Policy:
    """The policy with one more agent for each profile that none uses."""
    used = {agent.profile for agent in policy.agents}
    unused = (profile.name for profile in policy.agent_profiles if profile.name not in used)
    more = tuple(Agent(name=f"{UNUSED}{name}", profile=name, stage=Stage.EXECUTE) for name in unused)
    return replace(policy, agents=(*policy.agents, *more)) if more else policy


def named_harnesses(
    policies: Sequence[Policy], profiles: Sequence[NamedProfile | None], registry: Registry
) -> set[str]:
    """Ids of the harnesses that policies or profiles may lead to, with those that run in their place."""
    spellings: set[str | None] = set()
    for policy in policies:
        routes = policy.orchestrator.runtime_profile
        spellings |= {profile.runner for profile in policy.agent_profiles}
        spellings |= {policy.orchestrator.runtime_backend}
        spellings |= {routes.default, *routes.stages.values()} if routes else set()
    found = {harness.id for each in spellings if each and (harness := registry.get(each)) is not None}
    if AUTO in spellings and any(profiles):
        found |= set(registry.ids)
    return found | {harness.carrier for each in found if (harness := registry.get(each)) and harness.carrier}


AUTO = "auto"


def bound_harnesses(sides: Iterable[Meaning], registry: Registry) -> list[Harness]:
    """Those that run an agent on some side, and those whose program a command names; with ``auto``, every one."""
    agents = [agent for side in sides for agent in side.agents.values()]
    if any(agent.profile.runner == AUTO for agent in agents):
        return list(registry.harnesses)
    started = {agent.harness.id for agent in agents if agent.harness}
    words = {Path(word).name for agent in agents for word in _WORDS.findall(agent.options.command or "")}
    return [harness for harness in registry.harnesses if harness.id in started or words & {*harness.binaries}]


_WORDS = re.compile(r"[^\s;|&()'\"`=]+")


def known_programs(registry: Registry, asked: Mapping[str, HarnessFact]) -> dict[str, HarnessFact]:
    """A program for every harness, called by its name alone: an answer must not depend on where it is installed."""
    return {
        harness.id: HarnessFact(
            runtime_id=harness.id,
            title=harness.title,
            program=ProgramFact(path=next(iter(harness.binaries), harness.id), version=_version(harness, asked)),
        )
        for harness in registry.harnesses
    }


def _version(harness: Harness, asked: Mapping[str, HarnessFact]) -> str | None:
    fact = asked.get(harness.id)
    return fact.program.version if fact else None


def read_policy(side: Side, registry: Registry) -> Loaded[Policy]:
    """A side's policy."""
    project = side.project
    return load_policy(project.policy_path, runners=registry.specs(), rival=project.rival_policy)
