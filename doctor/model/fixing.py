"""Repairs of a whole project: what is planned, what became of it, and how it is taken back."""

from dataclasses import field
from enum import StrEnum

from doctor.model.finding import Finding
from doctor.model.fix import Fix, TextEdit
from doctor.records import dataclass


class RepairState(StrEnum):
    """What becomes of one finding."""

    PLANNED = "planned"
    FIXED = "fixed"
    NOT_FIXED = "not fixed"
    """It was done, and the check finds it all the same."""

    SKIPPED = "skipped"
    """Nothing was tried."""

    FAILED = "failed"
    """It could not be written; the files are as before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One finding, and what is done about it."""

    finding: Finding
    fix: Fix | None
    state: RepairState
    reason: str | None = None
    """Why it is not planned, or not fixed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One file with everything that becomes of it."""

    path: str
    """Absolute, links followed."""

    sha256: str | None
    """Of its content before; ``None`` for one that is made, or of which only the mode changes."""

    edits: tuple[TextEdit, ...] = ()
    """In the order of the text; no two overlap."""

    before: str | None = field(default=None, repr=False)
    """Its text; ``None`` where the text does not change."""

    content: str | None = field(default=None, repr=False)
    """The whole text of a file that is made."""

    is_secret: bool = False
    """Whether ``content`` may not be shown."""

    copy_of: str | None = None
    copy_sha256: str | None = None
    mode: int | None = None
    fingerprints: tuple[str, ...] = ()
    """Of the findings that it is for."""

    @property
    def is_new(self) -> bool:
        """Whether it makes a file."""
        return self.content is not None or self.copy_of is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairPlan:
    """What would be done in one project."""

    project: str
    """Its root."""

    repairs: tuple[Repair, ...]
    """In the order of the findings."""

    files: tuple[FileChange, ...]
    """Those that are made first."""

    others: int = 0
    """How many findings were looked at that nothing here can repair."""

    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What may not be shown, wherever it stands."""

    @property
    def fixes(self) -> tuple[Fix, ...]:
        """What is planned."""
        return tuple(each.fix for each in self.repairs if each.fix is not None and each.state is RepairState.PLANNED)


class UndoState(StrEnum):
    """What became of one file that was to be as before."""

    RESTORED = "restored"
    AS_BEFORE = "as before"
    """It was so already."""

    CHANGED = "changed since"
    """Somebody changed it, and it is left as it is."""

    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoneFile:
    """One file of an application that was taken back."""

    path: str
    state: UndoState
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One time that repairs were applied to a project."""

    id: str
    time: str
    """ISO 8601, in UTC."""

    titles: tuple[str, ...]
    """What was done."""

    files: tuple[str, ...]
    state: str
    """``applied``, ``begun`` where it was ended before it was through, or ``undone``."""
