"""Two named profiles, each a file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from doctor.config.documents import read_document
from doctor.config.problems import ConfigProblem, Loaded
from doctor.config.profiles import ActiveProfile, load_named_profile
from doctor.config.project import DIRECTORY
from doctor.config.selection import SELECTION_FILE
from doctor.gate.comparing.order import Judged, Rule, different, worst
from doctor.gate.comparing.sides import Side
from doctor.gate.comparing.values import Draft, canonical, shown
from doctor.gate.comparing.variables import identity_of, judge_urls, judge_variables
from doctor.gate.comparing.variables import shown as shown_variables
from doctor.harness.registry import Registry
from doctor.model.comparison import Verdict
from doctor.model.machine import NamedProfile, ProfileEndpoint
from doctor.model.policy import Policy

ENDPOINTS = "llm_endpoints.endpoints"
_MODEL = different("another model")

RULES: Mapping[str, Rule] = {"description": different("it is described otherwise")}
"""By path; the rest are models, which are in no order."""


def is_named_profile(side: Side) -> bool:
    """Whether a side is a file that holds a named profile rather than a policy."""
    if side.file is None or side.file.suffix.lower() != ".toml":
        return False
    document, _ = read_document(side.file, "toml", may_be_blank=True)
    if document is None or not isinstance(document.data, dict):
        return False
    policy, profile = ({each.name for each in fields(kind)} for kind in (Policy, NamedProfile))
    keys = set(document.data)
    return bool(keys & (profile - policy)) or not keys & policy


def profile_changes(
    base: Side, head: Side, registry: Registry
) -> tuple[list[Draft], list[tuple[Side, Sequence[ConfigProblem]]]]:
    """What changes from one profile to the other, and what is wrong with either."""
    loaded = [_load(side, registry) for side in (base, head)]
    problems: list[tuple[Side, Sequence[ConfigProblem]]] = [
        (side, each.problems) for side, each in zip((base, head), loaded, strict=True) if each.problems
    ]
    if loaded[0].value is None or loaded[1].value is None:
        return [], problems
    return list(_changes(loaded[0].value, loaded[1].value, head)), problems


def _load(side: Side, registry: Registry) -> Loaded[NamedProfile]:
    path = side.file or side.root
    return load_named_profile(path, runners=registry.specs())


def active_profile_changes(
    was: ActiveProfile, now: ActiveProfile, before: NamedProfile | None, after: NamedProfile | None
) -> Iterator[Draft]:
    """What changes in the named profile that counts, where the sides bring their own or choose another."""
    if was.name != now.name:
        yield Draft(
            subject="policy",
            field="profile",
            group="profile",
            before=was.name,
            after=now.name,
            judged=Judged(Verdict.DIFFERENT, "another named profile counts"),
            pointer=None,
            identity=(was.name, now.name),
            path=f"{DIRECTORY}/{SELECTION_FILE}" if now.source == "project" else None,
        )
    if before != after:
        yield from _changes(before or NamedProfile(), after or NamedProfile(), None)


def _changes(before: NamedProfile, after: NamedProfile, head: Side | None) -> Iterator[Draft]:
    was, now = (dict(_leaves(each)) for each in (before, after))
    path = head.file.name if head and head.file else None
    for key in [*was, *(key for key in now if key not in was)]:
        values = (was.get(key), now.get(key))
        words = (shown(values[0]), shown(values[1]))
        identity: tuple[str | None, str | None] = (canonical(values[0]), canonical(values[1]))
        group, rule = "model", RULES.get(key, _MODEL)
        if key == "env":
            group, rule = "environment", judge_variables
            words = (shown_variables(values[0] or {}), shown_variables(values[1] or {}))
            identity = (identity_of(values[0] or {}), identity_of(values[1] or {}))
        elif key == ENDPOINTS:
            group, rule = "endpoint", judge_endpoints
        elif key.endswith(".endpoint"):
            group, rule = "endpoint", _named_endpoint
        elif key == "description":
            group = "profile"
        yield Draft(
            subject="named profile",
            field=key,
            group=group,
            before=words[0],
            after=words[1],
            judged=rule(*values),
            pointer="/" + key.replace(".", "/") if path else None,
            identity=identity,
            path=path,
        )


def _named_endpoint(before: str | None, after: str | None) -> Judged:
    """Endpoints by name: where they are, only the machine knows."""
    if before == after:
        return Judged(Verdict.EQUAL, "")
    return Judged(Verdict.LOOSER, "requests go to another endpoint, which may be on another server")


def judge_endpoints(before: Sequence[ProfileEndpoint], after: Sequence[ProfileEndpoint]) -> Judged:
    """Endpoints that a profile brings along, by name."""
    was, now = ({each.name: each for each in every} for every in (before, after))
    parts = []
    for name in [*was, *(name for name in now if name not in was)]:
        old, new = was.get(name), now.get(name)
        parts.append(judge_urls(old.url if old else None, new.url if new else None, what=f"the endpoint {name}"))
        if (old.is_default if old else False) != (new.is_default if new else False):
            parts.append(Judged(Verdict.LOOSER, f"requests without an endpoint go elsewhere: {name}"))
        if old != new:
            parts.append(Judged(Verdict.DIFFERENT, f"{name} is another endpoint"))
    return worst(parts)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for member in fields(value):
        inner, where = getattr(value, member.name), f"{path}.{member.name}" if path else member.name
        if is_dataclass(inner):
            yield from _leaves(inner, where)
        elif isinstance(inner, Mapping) and member.name == "stages":
            for stage, choice in inner.items():
                yield from _leaves(choice, f"{where}.{stage}")
        else:
            yield where, inner
