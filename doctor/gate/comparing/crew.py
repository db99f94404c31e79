"""Agents that came, went, or are called otherwise, and all others one by one."""

from collections.abc import Iterator

from doctor.gate.comparing.agents import agent_changes, likeness, same_but_for_the_name, summary, whole_identity
from doctor.gate.comparing.meaning import UNUSED, Meaning
from doctor.gate.comparing.order import Judged
from doctor.gate.comparing.pairs import Pair, subject_of
from doctor.gate.comparing.values import Draft
from doctor.model.comparison import Verdict


def crew_changes(was: Meaning, now: Meaning) -> Iterator[Draft]:
    """Every change of every agent, and of every profile that no agent uses."""
    before, after = was.agents, now.agents
    renamed = _renamed(was, now)
    old_names = {new: old for old, new in renamed.items()}
    for name in before:
        if name in after:
            pair = Pair(subject_of(name), before[name], after[name], was, now)
            yield from () if _is_unchanged(pair) else agent_changes(pair)
        elif name not in renamed:
            yield _gone(name, was, now)
    for name, agent in after.items():
        if name in old_names:
            yield _rename(old_names[name], name, agent.binding.agent_index)
        elif name not in before:
            yield _new(name, now)


def _is_unchanged(pair: Pair) -> bool:
    """Whether nothing can have changed: the quick answer for most of thousands of agents."""
    was, now = pair.both(lambda agent: agent.binding)
    return (
        pair.before.profile == pair.after.profile
        and (was.stage, was.runtime, was.model, was.endpoint) == (now.stage, now.runtime, now.model, now.endpoint)
        and pair.before.endpoint == pair.after.endpoint
        and all(
            pair.was.source_of(name, pair.before.runtime) == pair.now.source_of(name, pair.after.runtime)
            for name in now.skills
        )
    )


def _renamed(was: Meaning, now: Meaning) -> dict[str, str]:
    """Old name to new one, of agents that do what one did that is gone."""
    gone: dict[str, list[str]] = {}
    for name, agent in was.agents.items():
        if name not in now.agents:
            gone.setdefault(likeness(agent), []).append(name)
    found: dict[str, str] = {}
    for name, agent in now.agents.items():
        candidates = gone.get(likeness(agent), []) if gone and name not in was.agents else []
        for old in candidates:
            same_kind = old.startswith(UNUSED) == name.startswith(UNUSED)
            if same_kind and same_but_for_the_name(was.agents[old], agent):
                found[old] = name
                candidates.remove(old)
                break
    return found


def _rename(old: str, new: str, index: int) -> Draft:
    return Draft(
        subject=subject_of(new),
        field="name",
        group="agents",
        before=old.removeprefix(UNUSED),
        after=new.removeprefix(UNUSED),
        judged=Judged(Verdict.DIFFERENT, "the same under another name"),
        pointer=None if new.startswith(UNUSED) else f"/agents/{index}/name",
        identity=(old, new),
    )


def _new(name: str, now: Meaning) -> Draft:
    """Something that was not there. A profile that no agent uses starts nothing."""
    agent = now.agents[name]
    unused = name.startswith(UNUSED)
    judged = Judged(Verdict.LOOSER, "one agent more, with all that it may do")
    return Draft(
        subject=subject_of(name),
        field="profile" if unused else "agent",
        group="agents",
        before=None,
        after=summary(agent),
        judged=Judged(Verdict.DIFFERENT, "no agent uses it") if unused else judged,
        pointer=agent.place if unused else f"/agents/{agent.binding.agent_index}",
        identity=(None, whole_identity(agent)),
    )


def _gone(name: str, was: Meaning, now: Meaning) -> Draft:
    agent = was.agents[name]
    unused = name.startswith(UNUSED)
    kept = unused and any(profile.name == name.removeprefix(UNUSED) for profile in now.policy.agent_profiles)
    judged = Judged(Verdict.DIFFERENT, "an agent uses it now" if kept else "no agent used it")
    return Draft(
        subject=subject_of(name),
        field="profile" if unused else "agent",
        group="agents",
        before=summary(agent),
        after=None,
        judged=judged if unused else Judged(Verdict.STRICTER, "one agent less"),
        pointer=agent.place if unused else f"/agents/{agent.binding.agent_index}",
        identity=(whole_identity(agent), None),
        in_base=True,
    )
