"""What looking at or changing the settings answers; the command line turns these into tables and JSON."""

from collections.abc import Mapping
from typing import Literal

from doctor.records import dataclass

SourceKind = Literal["profile", "machine", "policy", "env", "flag", "default", "project", "pointer", "starter"]
ProfileKind = Literal["user", "starter"]
Scope = Literal["machine", "project"]
AuthVerdict = Literal["yes", "no", "unknown", "none"]
ModelVerdict = Literal["present", "absent", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One leaf that has another value than before; ``None`` where it had, or has, none."""

    key: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a value comes from."""

    kind: SourceKind
    path: str | None = None
    """Its file; ``None`` for what no file says."""

    line: int | None = None
    """One-based."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """A value that a stronger source hides."""

    value: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One leaf, with what it hides, the strongest first."""

    key: str
    value: str
    source: Source
    shadows: tuple[Shadow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileEntry:
    """A profile as a list shows it."""

    name: str
    kind: ProfileKind
    active: bool
    description: str
    path: str | None
    """Its file; ``None`` for a starter that was not used yet."""

    ok: bool
    problem: str | None = None
    """Why it cannot be used, with its place; ``None`` exactly when it is ``ok``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The values of a profile, or, without a name, those in effect."""

    name: str | None
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How ``b`` differs from ``a`` in meaning."""

    a: str
    b: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Daemon:
    """A running process of this tool that was told of a change, and its answer."""

    pid: int
    ok: bool
    error: str | None
    """Why it keeps its old values, or could not be reached; ``None`` exactly when it is ``ok``."""

    values: Mapping[str, str]
    """Its effective values now; empty when it did not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A switch to another profile, or to none."""

    previous: str | None
    active: str | None
    changes: tuple[Change, ...]
    shadowed: tuple[Value, ...]
    """Values in effect that the profile also sets, and that something stronger hides it with."""

    daemons: tuple[Daemon, ...]
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A profile or an endpoint that was made, changed or removed."""

    name: str
    path: str
    changes: tuple[Change, ...] = ()
    daemons: tuple[Daemon, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointEntry:
    """An endpoint as a list shows it."""

    name: str
    url: str
    kind: str
    key: str | None
    """Where its key comes from, in words; never the key."""

    default: bool
    source: Source
    ok: bool
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointVerdict:
    """What asking an endpoint gave."""

    name: str
    url: str
    reachable: bool
    auth: AuthVerdict
    model: ModelVerdict
    detail: str
    duration_ms: float
