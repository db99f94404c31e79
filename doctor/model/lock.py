"""A lock: which agent runs where with what, as somebody agreed to it."""

from collections.abc import Mapping

from doctor.model.fields import key
from doctor.records import dataclass

_SHA256 = r"[0-9a-f]{64}"
_DIGEST = "64 hex digits"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPolicy:
    """The policy, by what it means."""

    sha256: str = key("Hash of what the policy means.", pattern=_SHA256, expected=_DIGEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedProfile:
    """The active named profile, by what it says."""

    name: str = key("Its name.", nonblank=True)
    sha256: str = key("Hash of what it says.", pattern=_SHA256, expected=_DIGEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedSkill:
    """A skill as one harness gets it."""

    source: str = key("Which root it is in.", choices=("repo", "home", "harness"))
    sha256: str = key("Hash of its `SKILL.md`.", pattern=_SHA256, expected=_DIGEST)
    files: str | None = key(
        "Hash over its other files, where it has any.", default=None, pattern=_SHA256, expected=_DIGEST
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedStart:
    """What one agent, or one stage, runs on."""

    stage: str | None = key("The agent's stage.", default=None)
    profile: str | None = key("The agent's profile.", default=None)
    harness: str | None = key("Runtime id of its harness.", default=None)
    model: str | None = key("Its model.", default=None)
    endpoint: str | None = key("Name of its endpoint.", default=None)
    host: str | None = key("Scheme, host and port of its endpoint.", default=None)
    prompt: str | None = key("Hash of its prompt.", default=None, pattern=_SHA256, expected=_DIGEST)
    options: str | None = key("Hash of its runner options.", default=None, pattern=_SHA256, expected=_DIGEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """`.metawsm/doctor.lock`."""

    version: int = key("Version of this format; 1.", minimum=1)
    policy: LockedPolicy = key("The policy.")
    profile: LockedProfile | None = key("The active named profile, where one is.", default=None)
    harnesses: Mapping[str, str] = key("Version of each harness that something runs on, by runtime id.", factory=dict)
    skills: Mapping[str, Mapping[str, LockedSkill]] = key("Skills by runtime id and name.", factory=dict)
    agents: Mapping[str, LockedStart] = key("The agents by name.", factory=dict)
    stages: Mapping[str, LockedStart] = key("The stages by name.", factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockMove:
    """One value that is another than the lock's."""

    section: str
    """``policy``, ``profile``, ``harnesses``, ``skills``, ``prompts``, ``agents`` or ``stages``."""

    subject: str
    """What it is about, such as ``agent bob`` or ``harness codex``."""

    field: str
    """Which value of it, such as ``version``."""

    locked: str | None
    """What the lock says; ``None``: nothing."""

    seen: str | None
    """What is so now; ``None``: it is not there."""

    pointer: str
    """Where the lock says it."""

    affects: tuple[str, ...] = ()
    """As for a finding."""

    @property
    def words(self) -> str:
        """What moved, in a sentence."""
        if self.locked is None:
            return f"{self.subject}: {self.field} {_short(self.seen)} is not locked"
        if self.seen is None:
            return f"{self.subject}: {self.field} {_short(self.locked)} is locked, but there is none"
        return f"{self.subject}: {self.field} was {_short(self.locked)}, is {_short(self.seen)}"


def _short(value: str | None) -> str:
    """A value as a message repeats it: a hash by its first digits."""
    said = value or ""
    digest = len(said) == 64 and not set(said) - set("0123456789abcdef")  # noqa: PLR2004 - digits of a sha256
    return said[:12] if digest else said
