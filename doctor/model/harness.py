"""Facts about installed harnesses, tools and skills."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from doctor.model.secret import SecretRef
from doctor.records import dataclass

AUTO = "auto"
"""The runner of a profile that leaves the choice to the active named profile's model."""


class Auth(StrEnum):
    """Whether a harness holds credentials. ``unknown`` is an answer, not a failure."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Problem(StrEnum):
    """Why a program that is there gave no version."""

    TIMEOUT = "timeout"
    FAILED = "failed"
    """It could not be run or exited non-zero."""

    NO_VERSION = "no-version"
    """It ran but printed nothing that looks like a version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One place where a program was looked for."""

    source: str
    """``env:DOCTOR_CODEX_PATH``, ``machine.toml`` or ``PATH``."""

    path: str
    """What that source says; for PATH the program's name."""

    problem: str | None = None
    """Why it cannot be used; ``None`` for the one that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramFact:
    """What a probe of one program found."""

    path: str | None = None
    """The path that would be spawned; ``None`` when absent."""

    path_source: str | None = None
    candidates: tuple[Candidate, ...] = ()
    version: str | None = None
    """The version alone, such as ``0.169.0``."""

    version_text: str | None = None
    """The line it was read from, such as ``codex-cli 0.169.0``."""

    version_source: str | None = None
    """``probe``, ``cache`` or ``metadata``."""

    problem: Problem | None = None
    problem_detail: str | None = None
    duration_ms: float = 0.0

    @property
    def found(self) -> bool:
        """Whether there is a program to spawn."""
        return self.path is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class HarnessFact:
    """One harness on this machine."""

    runtime_id: str
    title: str
    program: ProgramFact = field(default_factory=ProgramFact)
    auth: Auth = Auth.UNKNOWN
    auth_detail: str | None = None
    """How that is known, in words without secrets."""

    builtin: bool = False
    """Carried by this tool itself, so there is nothing to find on PATH."""

    @property
    def found(self) -> bool:
        """Whether it can be started here."""
        return self.program.found


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerSpec:
    """What a policy may say about one harness; the reader checks policies against these."""

    id: str
    aliases: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    """Names of the ``runner_options`` keys it takes."""

    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Closed values of an option, such as Claude's permission modes."""

    needs_prompt: bool = True
    """Whether a blank base prompt leaves it with nothing to do."""

    stage_refusal: str | None = None
    """Why it cannot run a stage, or ``None``."""


class SkillSource(StrEnum):
    """Which root a skill was found in."""

    REPO = "repo"
    HOME = "home"
    HARNESS = "harness"


class SkillProblem(StrEnum):
    """Why a skill cannot be used."""

    NAME = "name"
    """The name is no plain directory name."""

    MISSING = "missing"
    ESCAPES = "escapes"
    """A symlink leads out of its root."""

    UNREADABLE = "unreadable"
    FRONTMATTER = "frontmatter"


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillFact:
    """One skill as one harness would get it."""

    name: str
    runtime_id: str
    path: str | None = None
    """Absolute path of its ``SKILL.md``."""

    source: SkillSource | None = None
    sha256: str | None = None
    description: str | None = None
    tried: tuple[str, ...] = ()
    """Every path looked at, in order."""

    seen_by_harness: bool = False
    """Whether the harness itself reads the root it was found in."""

    problem: SkillProblem | None = None
    problem_detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialog:
    """A dialog that would stop an unattended start, forecast from a harness's own state files."""

    runtime_id: str
    kind: str
    """``trust``, ``login``, ``onboarding``, ``bypass`` or ``api-key``."""

    detail: str
    """What was seen, and in which file."""

    remedy: str
    """The opt-in step that avoids it."""

    headless: bool = True
    """Whether it stops headless starts too, not only interactive ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledArgv:
    """What a harness would be started with."""

    argv: tuple[str, ...]
    """Program first. The prompt stands where ``PROMPT`` is; it is never shell-quoted."""

    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, SecretRef] = field(default_factory=dict)
    """Variables it needs besides ``env``, whose values are looked up when it starts."""

    stdin_argv: tuple[str, ...] | None = None
    """The same start, reading the whole prompt from standard input; ``None`` where the harness cannot."""

    file_argv: tuple[str, ...] | None = None
    """The same start, reading the whole prompt from the file named by its element ``PROMPT_FILE``."""

    stdin_first: bool = False
    """Whether ``stdin_argv`` is the better route for every prompt, because the harness alters one in ``argv``."""

    notes: tuple[str, ...] = ()
    """Choices made for this version, such as what ``full_auto`` became."""

    grants: tuple[str, ...] = ()
    """What it may do without asking, in words; empty when it asks."""


PROMPT = "{prompt}"
"""Stands for the prompt in a compiled argv."""

PROMPT_FILE = "{prompt_file}"
"""Stands, as a whole element, for the path of the prompt's file in a compiled argv."""
