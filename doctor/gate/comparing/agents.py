"""What a change means for one agent: who runs it where, and what it is told."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from itertools import pairwise
from typing import Any

from doctor.gate.comparing.commands import judge_command
from doctor.gate.comparing.freedom import argument_changes, freedom_changes, is_bold
from doctor.gate.comparing.meaning import AUTO, ELSEWHERE, IN_TREE, AgentMeaning, Meaning
from doctor.gate.comparing.order import NOTHING, Judged, different, switch, worst
from doctor.gate.comparing.pairs import Pair
from doctor.gate.comparing.requests import endpoint_changes, environment_changes
from doctor.gate.comparing.values import Draft, canonical, shown
from doctor.gate.comparing.variables import digest, identity_of
from doctor.gate.comparing.variables import shown as shown_variables
from doctor.model.comparison import Verdict
from doctor.model.policy import RunnerOptions

FIELD_OF_OPTION: Mapping[str, str] = {
    "full_auto": "sandbox",
    "command": "command",
    "model": "model",
    "permission_mode": "permissions",
    "extra_args": "arguments",
    "env": "environment",
    "trust_workspace": "trust",
}
"""In which field of an agent each of ``runner_options`` shows."""

_TOGETHER: Mapping[str, frozenset[str]] = {
    "arguments": frozenset({"permissions", "sandbox", "network", "model"}),
    "sandbox": frozenset({"permissions"}),
    "permissions": frozenset({"sandbox"}),
}
"""Fields in which a change of another one may show as well."""

_TRUST = switch(on_is_looser=True, looser="it trusts the working directory", stricter="it asks whether to trust it")


def agent_changes(pair: Pair) -> Iterator[Draft]:
    """Every change of one agent that is on both sides."""
    found = [
        *_binding(pair),
        *freedom_changes(pair),
        *argument_changes(pair),
        *endpoint_changes(pair),
        *environment_changes(pair),
        *_told(pair),
        *_skills(pair),
    ]
    found = [draft for draft in found if draft.judged.verdict is not Verdict.EQUAL]
    yield from found
    yield from _unnoticed(pair, {draft.field for draft in found})


def _binding(pair: Pair) -> Iterator[Draft]:
    index = pair.after.binding.agent_index
    stages = pair.both(lambda agent: str(agent.binding.stage))
    yield pair.draft("stage", stages, _stage(pair, stages), at=f"//agents/{index}/stage")
    names = pair.both(lambda agent: agent.binding.profile)
    judged = different("its profile is called otherwise")(*names)
    yield pair.draft("profile", names, judged, at=f"//agents/{index}/profile")
    runs = pair.both(lambda agent: agent.runtime)
    yield pair.draft("harness", runs, different("another harness runs it")(*runs), at=_place_of_harness(pair.after))
    models = pair.both(_model)
    yield pair.draft("model", models, different("another model")(*models), at="/runner_options/model")
    trusts = pair.both(lambda agent: bool(agent.options.trust_workspace))
    words = (shown(trusts[0]), shown(trusts[1]))
    yield pair.draft("trust", words, _TRUST(*trusts), at="/runner_options/trust_workspace")


def _stage(pair: Pair, stages: tuple[str, str]) -> Judged:
    """Another stage; where nobody there acted without asking, one that does is looser."""
    there = (agent for agent in pair.was.agents.values() if str(agent.binding.stage) == stages[1])
    if stages[0] != stages[1] and is_bold(pair.after) and not any(map(is_bold, there)):
        return Judged(Verdict.LOOSER, f"at stage {stages[1]}, an agent acts without asking that was not there")
    return different("it works at another stage")(*stages)


def _model(agent: AgentMeaning) -> str | None:
    """The model that is asked for, also where the arguments name it; the latter win in every harness."""
    extra = agent.options.extra_args
    given = [value for flag, value in pairwise(extra) if flag in {"-m", "--model"}]
    given += [each.partition("=")[2] for each in extra if each.startswith("--model=")]
    return given[-1] if given else agent.binding.model.value


def _place_of_harness(agent: AgentMeaning) -> str:
    source, stage = agent.binding.runtime.source, agent.binding.stage
    return {
        "stage": f"//orchestrator/runtime_profile/stages/{stage}",
        "default": "//orchestrator/runtime_profile/default",
        "config": "//orchestrator/runtime_backend",
    }.get(source, "/runner")


def _told(pair: Pair) -> Iterator[Draft]:
    prompts = pair.both(lambda agent: agent.profile.base_prompt)
    judged = different("it is told something else")(*prompts)
    yield pair.draft("prompt", prompts, judged, at="/base_prompt", text=True)
    commands = pair.both(lambda agent: agent.options.command)
    yield pair.draft("command", commands, judge_command(*commands), at="/runner_options/command", text=True)


def _skills(pair: Pair) -> Iterator[Draft]:
    was, now = pair.both(lambda agent: agent.binding.skills)
    judged = worst(_skill(pair, name) for name in dict.fromkeys((*was, *now)))
    if was != now and judged is NOTHING:
        judged = Judged(Verdict.DIFFERENT, "the same skills in another order, or one of them twice")
    values = (_sourced(pair.was, pair.before), _sourced(pair.now, pair.after))
    yield pair.draft("skills", values, judged, at="/skills")


def _sourced(meaning: Meaning, agent: AgentMeaning) -> str | None:
    """Names of skills; those that do not come from the repository say so."""
    sources = ((name, meaning.source_of(name, agent.runtime)) for name in agent.binding.skills)
    words = [name if source == IN_TREE else f"{name} (from elsewhere)" for name, source in sources]
    return ", ".join(words) or None


def _skill(pair: Pair, name: str) -> Judged:
    before = pair.was.source_of(name, pair.before.runtime) if name in pair.before.binding.skills else None
    after = pair.now.source_of(name, pair.after.runtime) if name in pair.after.binding.skills else None
    if before == after:
        return NOTHING
    if after == ELSEWHERE:
        return Judged(Verdict.LOOSER, f"{name} comes from the home directory instead of the repository")
    if before == ELSEWHERE and after == IN_TREE:
        return Judged(Verdict.STRICTER, f"{name} comes from the repository now")
    return Judged(Verdict.DIFFERENT, f"{name} is read now" if before is None else f"{name} is no longer read")


def _unnoticed(pair: Pair, noticed: set[str]) -> Iterator[Draft]:
    """What was written otherwise and, as the harness is chosen, comes to the same."""
    for member in fields(RunnerOptions):
        name, field = member.name, FIELD_OF_OPTION.get(member.name, member.name)
        values = pair.both(lambda agent, name=name: getattr(agent.profile.runner_options, name))  # type: ignore[misc]
        # Absent and off are the same.
        same = (values[0] or None) == (values[1] or None)
        if same or field in noticed or noticed & _TOGETHER.get(field, frozenset()):
            continue
        identity = (_identity(values[0]), _identity(values[1]))
        words = (_declared(values[0]), _declared(values[1]))
        judged = _of_no_effect(pair, name, values[1])
        yield pair.draft(f"runner_options.{name}", words, judged, at=f"/runner_options/{name}", identity=identity)
    runners = pair.both(lambda agent: agent.profile.runner)
    if runners[0] != runners[1] and "harness" not in noticed:
        judged = Judged(Verdict.DIFFERENT, "its profile names another harness, which is not the one that runs it")
        yield pair.draft("runner", runners, judged, at="/runner")


def _of_no_effect(pair: Pair, name: str, after: Any) -> Judged:
    """An option that does not reach the harness. With ``auto`` that is so on this machine only."""
    if AUTO in pair.both(lambda agent: agent.profile.runner) and after:
        return Judged(Verdict.LOOSER, f"{name} may allow more, depending on the harness that is chosen elsewhere")
    return Judged(Verdict.DIFFERENT, f"{name} is written otherwise, with no effect on the harness that runs it")


def _declared(value: Any) -> str | None:
    return shown_variables(value) if isinstance(value, Mapping) else shown(value)


def _identity(value: Any) -> str | None:
    return identity_of(value) if isinstance(value, Mapping) else shown(value)


def same_but_for_the_name(before: AgentMeaning, after: AgentMeaning) -> bool:
    """Whether two agents would do the same under different names."""
    return _work(before) == _work(after)


def _work(agent: AgentMeaning) -> tuple[Any, ...]:
    profile, binding = agent.profile, agent.binding
    told = (profile.base_prompt, profile.runner, profile.runner_options, profile.skills)
    return (*told, binding.stage, binding.runtime.value, binding.model.value, agent.endpoint)


def likeness(agent: AgentMeaning) -> str:
    """Equal for agents that ``same_but_for_the_name`` may hold of."""
    options = canonical(agent.profile.runner_options)
    return digest("\x1f".join((agent.profile.base_prompt, options, agent.runtime, str(agent.binding.stage))))


def summary(agent: AgentMeaning) -> str:
    """What an agent is, in enough words that an approval of it covers no other."""
    read = agent.read
    parts: dict[str, str | None] = {
        "stage": str(agent.binding.stage),
        "harness": agent.runtime,
        "model": _model(agent),
        **read.steps,
        "arguments": " ".join(read.free),
        "command": agent.options.command,
        "environment": shown_variables(agent.options.env),
        "skills": ", ".join(agent.binding.skills),
        "prompt": agent.binding.prompt_sha256[:16],
    }
    return "; ".join(f"{key} {value}" for key, value in parts.items() if value)


def whole_identity(agent: AgentMeaning) -> str:
    """What tells an agent from every other one."""
    return digest("\x1f".join((summary(agent), identity_of(agent.options.env), canonical(agent.endpoint))))
