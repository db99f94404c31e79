"""Who uses a harness, grouped so that ten thousand agents with one problem make one finding.

Everything here takes time linear in the number of bindings.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

import doctor

T = TypeVar("T")

UNMAPPED_SOURCES = ("agent", "none", "profile:")
"""Beginnings of the sources of a stage row that only repeats what an agent's own profile says."""


LONGEST_QUOTE = 60
"""Characters of a name that a message repeats."""


class Use(NamedTuple):
    """A stage row, or the agents that no stage row stands for."""

    runtime: str
    endpoint: str | None
    stage: doctor.Stage | None
    """The stage of a row; ``None`` for agents."""

    choice: doctor.Choice
    """How the harness was chosen; of the first agent when there are several."""

    bindings: tuple[doctor.Binding, ...]
    """The agents; empty for a row."""

    @property
    def subject(self) -> str:
        """``stage reflect``, ``agent a`` or ``agents a, b, c and 7 more``."""
        return f"stage {self.stage}" if self.stage else agents(self.bindings)

    @property
    def tags(self) -> tuple[str, ...]:
        """What an error about this use alone makes unusable."""
        return (f"stage:{self.stage}",) if self.stage else agent_tags(self.bindings)

    @property
    def key(self) -> str:
        """Tells it from other uses, whichever agents come and go."""
        return f"{self.stage or 'agents'} {self.runtime} {self.endpoint or ''}".rstrip()

    @property
    def pointer(self) -> str | None:
        """Where the policy chose the harness; ``None`` when something else did."""
        if self.stage:
            return mapped_at(self.choice, self.stage)
        first = self.bindings[0]
        return mapped_at(self.choice, first.stage) or doctor.pointer("agent_profiles", first.profile_index, "runner")


class Launch(NamedTuple):
    """One compiled start and the agents that share it."""

    harness: doctor.Harness
    """The adapter that compiled it: the carrier, where another harness carries the chosen one."""

    compiled: doctor.CompiledArgv
    endpoint: str | None
    bindings: list[doctor.Binding]


def listed(names: Iterable[str], *, limit: int = 3) -> str:
    """The first names and how many follow: ``a, b, c and 7 more``."""
    every = list(names)
    shown = ", ".join(every[:limit])
    return f"{shown} and {len(every) - limit} more" if len(every) > limit else shown


def shortened(text: str) -> str:
    """``text`` as a message quotes it: its beginning only where it is longer than ``LONGEST_QUOTE``."""
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 3]}..."


def agents(bindings: Iterable[doctor.Binding]) -> str:
    """The agents in words: ``agent a``, or ``agents a, b, c and 7 more``."""
    names = list(dict.fromkeys(binding.agent for binding in bindings))
    return f"agent{'s' if len(names) > 1 else ''} {listed(names)}"


def agent_tags(bindings: Iterable[doctor.Binding]) -> tuple[str, ...]:
    """``agent:NAME`` of each, for ``affects``."""
    return tuple(dict.fromkeys(f"agent:{binding.agent}" for binding in bindings))


def mapped_at(choice: doctor.Choice, stage: doctor.Stage) -> str | None:
    """Pointer to the stage map's entry that made this choice; ``None`` when no entry did."""
    places = {
        "stage": ("runtime_profile", "stages", stage.value),
        "default": ("runtime_profile", "default"),
        "config": ("runtime_backend",),
    }
    place = places.get(choice.source)
    return doctor.pointer("orchestrator", *place) if place else None


def uses(
    bindings: Iterable[doctor.Binding], stages: Iterable[doctor.StageBinding], *, by_endpoint: bool = False
) -> Iterator[Use]:
    """Every use of a harness: stage rows first, then one group of agents per harness.

    A row that only repeats an agent's own runner is left to the agents, and agents whose row is there are left to
    the row. Agents for whom no harness was chosen are no use of any.

    Args:
        bindings: The agents.
        stages: The rows.
        by_endpoint: Keep agents of different endpoints apart.
    """
    groups: dict[tuple[str, str | None], list[doctor.Binding]] = {}
    used = {binding.runtime.value for binding in bindings}
    rows = [row for row in stages if _stands_alone(row, used)]
    covered = {(row.stage, row.runtime.value, row.endpoint.value) for row in rows}
    for row in rows:
        if row.runtime.value is not None:
            yield Use(row.runtime.value, row.endpoint.value, row.stage, row.runtime, ())
    for binding in bindings:
        runtime, endpoint = binding.runtime.value, binding.endpoint.value
        if runtime is not None and (binding.stage, runtime, endpoint) not in covered:
            groups.setdefault((runtime, endpoint if by_endpoint else None), []).append(binding)
    for (runtime, endpoint), group in groups.items():
        yield Use(runtime, endpoint, None, group[0].runtime, tuple(group))


def _stands_alone(row: doctor.StageBinding, used: set[str | None]) -> bool:
    return row.runtime.value not in used or not row.runtime.source.startswith(UNMAPPED_SOURCES)


def adapter(registry: doctor.Registry, runtime: str | None) -> doctor.Harness | None:
    """The adapter that starts this harness: its carrier where it has one."""
    harness = registry.get(runtime) if runtime else None
    if harness is not None and harness.carrier is not None:
        return registry.get(harness.carrier)
    return harness


def launches(bindings: Iterable[doctor.Binding], registry: doctor.Registry) -> list[Launch]:
    """The distinct compiled starts. Prompts stand outside of them, so equal options share one."""
    found: dict[tuple[object, ...], Launch] = {}
    for binding in bindings:
        compiled, runtime, endpoint = binding.launch, binding.runtime.value, binding.endpoint.value
        if compiled is None:
            continue
        key = (runtime, endpoint, compiled.argv, tuple(compiled.env.items()))
        launch = found.get(key)
        if launch is not None:
            launch.bindings.append(binding)
        elif (harness := adapter(registry, runtime)) is not None:
            found[key] = Launch(harness, compiled, endpoint, [binding])
    return list(found.values())


def merged(
    starts: Iterable[Launch], answers: Callable[[Launch], Iterable[T]]
) -> Mapping[tuple[str, T], list[doctor.Binding]]:
    """What ``answers`` says of each start, by (harness id, answer), with all agents it is said of.

    Args:
        starts: The distinct starts.
        answers: Says hashable things about one start.
    """
    found: dict[tuple[str, T], list[doctor.Binding]] = {}
    for launch in starts:
        for answer in dict.fromkeys(answers(launch)):
            found.setdefault((launch.harness.id, answer), []).extend(launch.bindings)
    return found


def crowd(bindings: Iterable[doctor.Binding]) -> Mapping[str | None, int]:
    """How many agents each harness has."""
    return Counter(binding.runtime.value for binding in bindings)


def reach(group: Sequence[doctor.Binding], everyone: Mapping[str | None, int]) -> tuple[str, ...]:
    """``affects`` of a problem of these agents: their harnesses when all agents of those have it, else each agent.

    Args:
        group: Agents, each once.
        everyone: What ``crowd`` says of all agents.
    """
    hit = crowd(group)
    if all(everyone[runtime] <= count for runtime, count in hit.items()):
        return tuple(f"runtime:{runtime}" for runtime in hit)
    return agent_tags(group)
