"""Values as they are shown and told apart, and a change on its way to being one."""

import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

from doctor.gate.comparing.order import Judged
from doctor.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What may be a change, before its place is looked up; those that are ``equal`` never become one."""

    subject: str
    field: str
    group: str
    before: str | None
    after: str | None
    judged: Judged
    pointer: str | None
    """Where it stands in the policy; ``None``: in a file of its own."""

    identity: tuple[str | None, str | None]
    text: bool = False
    path: str | None = None
    """The file it is about, where that is not the policy, relative to its side."""

    in_base: bool = False


def shown(value: Any) -> str | None:
    """A value as people read it; ``None`` where there is none."""
    if not isinstance(value, (bool, int, float)) and not value:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={shown(each)}" for name, each in value.items())
    if isinstance(value, (tuple, list)):
        return ", ".join(shown(each) or "" for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        return " ".join(f"{name}={shown(each)}" for name, each in asdict(value).items() if each not in (None, "", ()))
    return str(value)


def canonical(value: Any) -> str:
    """A value as a text that is the same for equal values."""
    return json.dumps(value, default=_plain, sort_keys=True, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
