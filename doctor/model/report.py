"""The whole result of a diagnosis; every output format is a function of it."""

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Protocol

from doctor.exit_codes import ExitCode
from doctor.model.binding import Binding, Choice, StageBinding
from doctor.model.finding import CheckResult, Finding, IgnoredFinding, Severity, Status
from doctor.model.harness import HarnessFact, SkillFact
from doctor.model.location import Location
from doctor.model.stage import Stage
from doctor.records import dataclass

if TYPE_CHECKING:
    from doctor.model.fix import Fix
    from doctor.model.rule import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRef:
    """Which policy was read."""

    path: str | None = None
    sha256: str | None = None
    embedded_default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRef:
    """Which named profile is active."""

    active: str | None = None
    path: str | None = None
    source: str = "none"
    """``pointer``, ``project``, ``flag``, ``env`` or ``none``."""


class Origins(Protocol):
    """Knows the places of the values in a report; ``None`` for what stands in no file.

    Looking a place up costs more than resolving the value, so it is done for those that are asked for.
    """

    def runtime(self, source: str, stage: Stage, profile_index: int) -> Location | None:
        """Where ``source`` names a harness for an agent profile at a stage."""

    def model(self, source: str, stage: Stage, profile_index: int) -> Location | None:
        """Where ``source`` names a model for an agent profile at a stage."""

    def endpoint(self, choice: Choice, stage: Stage) -> Location | None:
        """Where an endpoint was chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything one diagnosis found, in the order it is printed."""

    version: str
    exit_code: ExitCode
    policy: PolicyRef
    profile: ProfileRef
    harnesses: tuple[HarnessFact, ...] = ()
    stages: tuple[StageBinding, ...] = ()
    agents: tuple[Binding, ...] = ()
    skills: Mapping[tuple[str, str], SkillFact] = field(default_factory=dict)
    """By (skill name, runtime id)."""

    findings: tuple[Finding, ...] = ()
    ignored: tuple[IgnoredFinding, ...] = ()
    known: tuple[Finding, ...] = ()
    """Findings that the baseline already has."""

    fixes: Mapping[str, "Fix"] = field(default_factory=dict, repr=False)
    """What would repair findings, by fingerprint; empty unless somebody asked for it."""

    fail_on: Severity = Severity.ERROR
    """Least severity that makes the exit code 1."""

    rules: Mapping[str, "Rule"] = field(default_factory=dict, compare=False, repr=False)
    """The checks in words, by code."""

    base: str | None = None
    """Absolute path that paths are relative to in formats that other machines read: the repository's root, and outside
    of one the project's."""

    workspace: str | None = None
    """Absolute path of the directory that a CI service's annotations are relative to; ``None`` outside of one."""

    again: tuple[tuple[str, ...], ...] = ()
    """Options of the command line that make a run look at the same things again, each with its value; which checks it
    runs is not among them."""

    checks: tuple[CheckResult, ...] = ()
    blocked: frozenset[str] = frozenset()
    """The ``affects`` of every error finding, known ones too: what no launch may use."""

    notices: tuple[str, ...] = ()
    """What is to be said about plugins that misbehaved while observing."""

    duration_ms: float = 0.0
    origins: Origins | None = field(default=None, compare=False, repr=False)
    """Where the values stand; ``None`` when that is not known."""

    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Values of the environment's secret variables, which no format may let out."""

    @property
    def ok(self) -> bool:
        """Whether the exit code is 0."""
        return self.exit_code is ExitCode.OK

    def count(self, severity: Severity) -> int:
        """How many findings have this severity; ignored ones do not count."""
        return sum(finding.severity is severity for finding in self.findings)

    def ended(self, status: Status) -> int:
        """How many checks ended like this."""
        return sum(result.status is status for result in self.checks)

    def agent_ok(self, binding: Binding) -> bool:
        """Whether no error finding touches this binding."""
        return binding.runtime.value is not None and self.blocked.isdisjoint(touches(binding))

    def stage_ok(self, row: StageBinding) -> bool:
        """Whether no error finding touches this stage or its harness."""
        tags = ("*", f"stage:{row.stage}", f"runtime:{row.runtime.value}")
        return row.runtime.value is not None and self.blocked.isdisjoint(tags)

    def harness_status(self, fact: HarnessFact) -> str:
        """``absent``, or the worst severity of the findings that touch it, or ``ok``."""
        tag = f"runtime:{fact.runtime_id}"
        every = (*self.findings, *self.known)
        worst = max((f.severity.rank for f in every if tag in f.affects), default=0)
        if not fact.found:
            return "absent"
        return ("ok", "warning", "error")[worst]


def touches(binding: Binding) -> tuple[str, ...]:
    """Every ``affects`` tag under which an error finding blocks this binding."""
    return (
        "*",
        f"agent:{binding.agent}",
        f"profile:{binding.profile}",
        f"stage:{binding.stage}",
        f"runtime:{binding.runtime.value}",
        *(f"skill:{name}" for name in binding.skills),
    )
