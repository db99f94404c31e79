"""What changed in meaning between two policies, and whether that lets agents do more."""

import hashlib
import json
from enum import StrEnum

from doctor.exit_codes import ExitCode
from doctor.model.finding import Finding
from doctor.model.location import Location
from doctor.records import dataclass


class Verdict(StrEnum):
    """What a change does to what is allowed; ``reference/compare.md`` has the order behind it."""

    EQUAL = "equal"
    STRICTER = "stricter"
    """Nothing is allowed that was not, and something is not that was."""

    DIFFERENT = "different"
    """Something else happens, and as far as is known nothing more is allowed."""

    LOOSER = "looser"
    """Something is allowed that was not."""

    @property
    def rank(self) -> int:
        """0 for equal up to 3 for looser: of several changes, the one of the highest rank gives the verdict."""
        return _RANKS[self]


_RANKS = {Verdict.EQUAL: 0, Verdict.STRICTER: 1, Verdict.DIFFERENT: 2, Verdict.LOOSER: 3}


class ApprovalState(StrEnum):
    """What an approval came to."""

    USED = "used"
    UNUSED = "unused"
    """Nothing that was compared is what it approves."""

    EXPIRED = "expired"
    NEW = "new"
    """It came with the change itself, and nobody said that such approvals count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Somebody's word that one change may pass."""

    fingerprint: str
    """Of the change."""

    who: str
    why: str
    until: str
    """Last day (YYYY-MM-DD) on which it counts."""

    location: Location | None = None
    state: ApprovalState = ApprovalState.UNUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is another than before."""

    subject: str
    """Whom it concerns: ``agent bob``, ``stage execute``, ``skill docmgr`` or ``policy``."""

    field: str
    """What of it: ``permissions``, or a key of the policy such as ``git_pr.mode``."""

    group: str
    """What ``--deny`` calls fields of this kind."""

    before: str | None
    """``None``: there was none."""

    after: str | None
    verdict: Verdict
    reason: str
    identity: tuple[str | None, str | None]
    """What tells this change from every other of the same field: both values, the same on every machine."""

    location: Location | None = None
    """Where the value after stands, or that before where there is none after; its path is relative to its side."""

    in_base: bool = False
    """Whether ``location`` is in what was compared with."""

    text: bool = False
    """Whether the values are texts of several words, whose difference is to be shown word by word."""

    denied: bool = False
    """Whether it is one of those that may not pass, and nobody approved it."""

    approval: Approval | None = None

    @property
    def fingerprint(self) -> str:
        """16 hex digits that depend on nothing but subject, field and both values."""
        identity = json.dumps([self.subject, self.field, *self.identity], separators=(",", ":"))
        return hashlib.sha256(identity.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class SideRef:
    """One of the two that were compared."""

    name: str
    """As it was asked for."""

    kind: str
    """``revision``, ``directory``, ``file`` or ``worktree``."""

    commit: str | None = None
    """The commit's id, for a revision."""

    policy: str | None = None
    """Path of the policy in it; ``None``: the embedded default counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What comparing two sides gave."""

    base: SideRef
    head: SideRef
    changes: tuple[Change, ...] = ()
    """The loosest first."""

    approvals: tuple[Approval, ...] = ()
    findings: tuple[Finding, ...] = ()
    notices: tuple[str, ...] = ()
    """What is to be said about how it was done."""

    unreadable: bool = False
    """Whether a side cannot be understood, so that nobody can tell what it allows."""

    exit_code: ExitCode = ExitCode.OK
    secrets: tuple[str, ...] = ()
    """Values that no format may let out."""

    @property
    def verdict(self) -> Verdict:
        """The change of the highest rank; an unreadable side counts as looser, since nobody can tell."""
        if self.unreadable:
            return Verdict.LOOSER
        return max((change.verdict for change in self.changes), key=_rank, default=Verdict.EQUAL)


def _rank(verdict: Verdict) -> int:
    return verdict.rank
