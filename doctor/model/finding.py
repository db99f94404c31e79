"""What a check says."""

import hashlib
from enum import StrEnum

from doctor.model.location import Location
from doctor.records import dataclass


class Severity(StrEnum):
    """How bad a finding is. Only ``error`` keeps a binding from becoming a launch."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for info, 1 for warning, 2 for error."""
        return ("info", "warning", "error").index(self.value)


class Status(StrEnum):
    """How one check ended. ``failed``: it left at least one warning or error that is not ignored."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    TIMEOUT = "timeout"
    CRASHED = "crashed"


UNFINISHED = frozenset({Status.TIMEOUT, Status.CRASHED})
"""How a check ended that came to no end, so that the answer is not whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem: subject, what was seen and expected, and the next step."""

    code: str
    severity: Severity
    subject: str
    """What it is about: a policy path such as ``agent_profiles[0].skills[1]``, or ``harness codex``."""

    message: str
    """What was seen and what was expected, in one sentence or two."""

    remedy: str | None = None
    """The next step to take, with the exact command where there is one."""

    docs: str | None = None
    """Where the check is explained; filled in by the engine."""

    location: Location | None = None
    fixable: bool = False
    affects: tuple[str, ...] = ()
    """What it makes unusable when it is an error: ``agent:NAME``, ``profile:NAME``, ``runtime:ID``,
    ``stage:STAGE``, ``skill:NAME`` or ``*`` (every launch)."""

    key: str | None = None
    """What tells this finding from others of the same code; default the subject.

    The engine replaces what moves in it: indices by names, and the directories of the project and of the user.
    """

    @property
    def fingerprint(self) -> str:
        """16 hex digits that stay the same when lines and list items move, or a message is reworded.

        What the finding affects is no part of it: the same problem may concern more agents tomorrow.
        """
        identity = f"{self.code}\x1f{self.key or self.subject}"
        return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoredFinding:
    """A finding that the policy's ``doctor.ignore`` sets aside."""

    finding: Finding
    reason: str
    until: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """How one check ended, and how long it took."""

    code: str
    status: Status
    reason: str | None = None
    """Why it was skipped, timed out or crashed; ``None`` otherwise."""

    duration_ms: float = 0.0
    detail: str | None = None
    """The traceback of a crash, shown with ``--verbose``."""
