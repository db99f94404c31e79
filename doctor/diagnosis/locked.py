"""What a lock would say now, and what moved since it was written."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

from doctor.config.lock import VERSION
from doctor.config.machine import ActiveProfile
from doctor.config.selection import fingerprint
from doctor.config.skill_files import other_files_sha256
from doctor.model.binding import Binding, StageBinding
from doctor.model.harness import HarnessFact, SkillFact
from doctor.model.location import pointer
from doctor.model.lock import Lock, LockedPolicy, LockedProfile, LockedSkill, LockedStart, LockMove
from doctor.model.machine import Endpoint
from doctor.model.meaning import meaning, sha256_of
from doctor.model.policy import Policy

UNKNOWN = "unknown"
"""The version of a harness that is here and does not say."""

PROMPTS = "prompts"
"""The section of an agent's prompt, which stands with the agent in the file."""

DEFAULT_PORTS = {"http": 80, "https": 443}


def lock_of(
    *,
    policy: Policy,
    active: ActiveProfile,
    harnesses: Mapping[str, HarnessFact],
    endpoints: Mapping[str, Endpoint],
    skills: Mapping[tuple[str, str], SkillFact],
    bindings: Iterable[Binding],
    stages: Iterable[StageBinding],
) -> Lock:
    """The lock of what is resolved now.

    Args:
        policy: The policy.
        active: Which named profile is active.
        harnesses: What is here, by runtime id.
        endpoints: The model servers by name.
        skills: By (skill, runtime id).
        bindings: The agents.
        stages: The stages.
    """
    bindings, stages = tuple(bindings), tuple(stages)
    rows = (*(binding.runtime for binding in bindings), *(row.runtime for row in stages))
    used = {runtime.value for runtime in rows if runtime.value is not None}
    return Lock(
        version=VERSION,
        policy=LockedPolicy(sha256=sha256_of(meaning(policy))),
        profile=_profile(active),
        harnesses={
            name: fact.program.version or UNKNOWN
            for name in sorted(used)
            if (fact := harnesses.get(name)) is not None and fact.found and not fact.builtin
        },
        skills=_skills(skills),
        agents={binding.agent: _agent(binding, policy, endpoints) for binding in bindings},
        stages={str(row.stage): _start(row, endpoints) for row in stages},
    )


def _profile(active: ActiveProfile) -> LockedProfile | None:
    if active.name is None or active.loaded is None or active.loaded.document is None:
        return None
    return LockedProfile(name=active.name, sha256=fingerprint(active.loaded.document.data))


def _skills(skills: Mapping[tuple[str, str], SkillFact]) -> dict[str, dict[str, LockedSkill]]:
    found: dict[str, dict[str, LockedSkill]] = {}
    others: dict[str, str | None] = {}
    for (name, runtime_id), fact in sorted(skills.items()):
        if runtime_id and fact.source is not None and fact.sha256 is not None and fact.path is not None:
            if fact.path not in others:
                others[fact.path] = other_files_sha256(Path(fact.path))
            skill = LockedSkill(source=str(fact.source), sha256=fact.sha256, files=others[fact.path])
            found.setdefault(runtime_id, {})[name] = skill
    return found


def _agent(binding: Binding, policy: Policy, endpoints: Mapping[str, Endpoint]) -> LockedStart:
    options = policy.agent_profiles[binding.profile_index].runner_options
    return LockedStart(
        stage=str(binding.stage),
        profile=binding.profile,
        harness=binding.runtime.value,
        model=binding.model.value,
        endpoint=binding.endpoint.value,
        host=_host(binding.endpoint.value, endpoints),
        prompt=binding.prompt_sha256 or None,
        options=sha256_of(meaning(options)),
    )


def _start(row: StageBinding, endpoints: Mapping[str, Endpoint]) -> LockedStart:
    return LockedStart(
        harness=row.runtime.value,
        model=row.model.value,
        endpoint=row.endpoint.value,
        host=_host(row.endpoint.value, endpoints),
    )


def _host(name: str | None, endpoints: Mapping[str, Endpoint]) -> str | None:
    """Scheme, host and port of an endpoint, without anything of its URL that may be a key."""
    if name is None or name not in endpoints:
        return None
    parts = urlsplit(endpoints[name].url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = parts.port
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in {None, DEFAULT_PORTS.get(parts.scheme)} else "")


def moves(locked: Lock, now: Lock, *, narrowed: bool = False) -> tuple[LockMove, ...]:
    """What is not as it was locked, section by section.

    Args:
        locked: The lock.
        now: What it would say now.
        narrowed: Whether only a part of the agents and stages was looked at, so that others are not missed.
    """
    return (
        *_of_values(
            "policy", "policy", {"meaning": locked.policy.sha256}, {"meaning": now.policy.sha256}, place=("policy",)
        ),
        *_profile_moves(locked.profile, now.profile),
        *_harness_moves(locked.harnesses, now.harnesses, now, narrowed=narrowed),
        *_skill_moves(locked.skills, now.skills, narrowed=narrowed),
        *_start_moves("agents", locked.agents, now.agents, narrowed=narrowed),
        *_start_moves("stages", locked.stages, now.stages, narrowed=narrowed),
    )


def _of_values(
    section: str,
    subject: str,
    locked: Mapping[str, str | None],
    now: Mapping[str, str | None],
    *,
    place: tuple[str, ...],
    affects: tuple[str, ...] = ("*",),
) -> Iterator[LockMove]:
    for field in dict.fromkeys((*locked, *now)):
        before, after = locked.get(field), now.get(field)
        if before != after:
            yield LockMove(
                section=PROMPTS if field == "prompt" else section,
                subject=subject,
                field=field,
                locked=before,
                seen=after,
                pointer=pointer(*place),
                affects=affects,
            )


def _profile_moves(locked: LockedProfile | None, now: LockedProfile | None) -> Iterator[LockMove]:
    def values(profile: LockedProfile | None) -> dict[str, str | None]:
        return {"name": profile.name, "content": profile.sha256} if profile else {}

    if locked and now and locked.name == now.name:
        yield from _of_values("profile", f"profile {now.name}", values(locked), values(now), place=("profile",))
        return
    before, after = values(locked), values(now)
    named = {"name": before.get("name")}, {"name": after.get("name")}
    yield from _of_values("profile", "active profile", *named, place=("profile",))


def _harness_moves(
    locked: Mapping[str, str], now: Mapping[str, str], lock: Lock, *, narrowed: bool
) -> Iterator[LockMove]:
    used = {start.harness for start in (*lock.agents.values(), *lock.stages.values())}
    for name in sorted({*locked, *now}):
        if name in now or (name in used) or not narrowed:
            values = {"version": locked.get(name)}, {"version": now.get(name)}
            place = ("harnesses", name)
            yield from _of_values("harnesses", f"harness {name}", *values, place=place, affects=(f"runtime:{name}",))


def _skill_moves(
    locked: Mapping[str, Mapping[str, LockedSkill]], now: Mapping[str, Mapping[str, LockedSkill]], *, narrowed: bool
) -> Iterator[LockMove]:
    for runtime_id in sorted({*locked, *now}):
        before, after = locked.get(runtime_id, {}), now.get(runtime_id, {})
        for name in sorted({*before, *after}):
            if narrowed and name not in after:
                continue
            subject = f"skill {name} for {runtime_id or 'no harness'}"
            values = _skill_values(before.get(name)), _skill_values(after.get(name))
            place, affects = ("skills", runtime_id, name), (f"skill:{name}",)
            yield from _of_values("skills", subject, *values, place=place, affects=affects)


def _skill_values(skill: LockedSkill | None) -> dict[str, str | None]:
    return {"content": skill.sha256, "files": skill.files, "source": skill.source} if skill else {}


def _start_moves(
    section: str, locked: Mapping[str, LockedStart], now: Mapping[str, LockedStart], *, narrowed: bool
) -> Iterator[LockMove]:
    kind = section.removesuffix("s")
    for name in sorted({*locked, *now}):
        before, after = locked.get(name), now.get(name)
        place, affects = (section, name), (f"{kind}:{name}",)
        if before is None or after is None:
            if not (narrowed and after is None):
                yield LockMove(
                    section=section,
                    subject=f"{kind} {name}",
                    field="entry",
                    locked=_name_of(before),
                    seen=_name_of(after),
                    pointer=pointer(*place),
                    affects=affects,
                )
            continue
        values = _start_values(before), _start_values(after)
        yield from _of_values(section, f"{kind} {name}", *values, place=place, affects=affects)


def _name_of(start: LockedStart | None) -> str | None:
    return None if start is None else start.harness or "without a harness"


def _start_values(start: LockedStart) -> dict[str, str | None]:
    return {each.name: getattr(start, each.name) for each in fields(start)}
