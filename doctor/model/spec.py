"""Launch specs: everything that is needed to start one process, validated and hashed."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from doctor.model.secret import SecretRef
from doctor.model.stage import Stage
from doctor.records import dataclass

SCHEMA_VERSION = 1
SHORT_ID = 12
"""Hex digits of an id that are shown to people and stand in names of processes."""


class Mode(StrEnum):
    """How a harness is started."""

    HEADLESS = "headless"
    INTERACTIVE = "interactive"


class Delivery(StrEnum):
    """The way a prompt takes to its harness."""

    ARGV = "argv"
    STDIN = "stdin"
    """The prompt's file is the standard input."""

    FILE = "file"
    """An option of the harness names the prompt's file."""

    POINTER = "pointer"
    """One sentence in argv says which file to read: the harness takes neither stdin nor a file."""

    TYPED = "typed"
    """One line is typed once the harness is at its prompt: it takes none on its command line."""

    NONE = "none"
    """There is no place for it; ``DOCTOR_PROMPT_FILE`` still names its file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptRef:
    """What an agent is told."""

    sha256: str
    """Of ``text`` in UTF-8."""

    path: str
    """File that holds exactly ``text``."""

    text: str
    delivery: Delivery
    typed: str | None = None
    """The line to type, for ``Delivery.TYPED``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillRef:
    """One skill as it was when the spec was made."""

    name: str
    path: str
    """Absolute path of its ``SKILL.md``; its content is copied beside the prompt."""

    source: str
    """``repo``, ``home`` or ``harness``."""

    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramIdentity:
    """What a program was when the spec was made; another one there is a change."""

    real_path: str
    size: int
    mtime_ns: int
    sha256: str | None = None
    """Of its content, for a small file; a large binary is told by the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchSpec:
    """Everything needed to start one process. Frozen: a change of anything makes another spec with another id."""

    id: str
    """sha256 of the canonical content, see ``doctor.model.canonical``."""

    agent: str
    profile: str
    """Its agent profile."""

    stage: Stage
    runtime_id: str
    """Canonical registry name of the harness."""

    harness_version: str | None
    path: str
    """Program to spawn; also ``argv[0]``."""

    program: ProgramIdentity
    argv: tuple[str, ...]
    env: Mapping[str, str | SecretRef] = field(default_factory=dict)
    """Variables added to the environment of whoever starts it; secrets as references."""

    cwd: str
    session: str
    """Validated session name, unique among what runs for the project."""

    mode: Mode
    prompt: PromptRef
    skills: tuple[SkillRef, ...] = ()
    policy_path: str | None = None
    policy_sha256: str | None = None
    named_profile: str | None = None
    model: str | None = None
    endpoint: str | None = None
    """Name of the endpoint."""

    ticket: str | None = None
    notes: tuple[str, ...] = ()
    grants: tuple[str, ...] = ()
