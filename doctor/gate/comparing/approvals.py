"""Recorded approvals: ``.metawsm/approvals.toml``.

An approval that comes with the very change it approves is worth nothing by itself: whoever makes a change could
approve it. So only those count that the base has too, unless somebody who knows that the file is guarded says
otherwise.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from doctor.config.files import is_there
from doctor.config.issues import Issues
from doctor.config.leaves import Vocabulary
from doctor.config.loading import load
from doctor.config.problems import ConfigProblem, Loaded
from doctor.config.project import DIRECTORY
from doctor.config.typed import BAD
from doctor.errors import UsageError
from doctor.gate.comparing.order import Judged
from doctor.gate.comparing.sides import Side
from doctor.gate.comparing.values import Draft
from doctor.model.comparison import Approval, ApprovalState, Change, Verdict
from doctor.model.fields import key
from doctor.model.finding import Finding, Severity
from doctor.model.location import pointer
from doctor.model.options import Options
from doctor.records import dataclass

FILE = "approvals.toml"
PLACE = f"{DIRECTORY}/{FILE}"
BROKEN, UNUSED, EXPIRED = "POL014", "POL015", "POL016"
"""The checks that explain what is wrong with the file, entries that let nothing through, and those past their day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One approval as it is written."""

    fingerprint: str = key("Fingerprint of the change.", pattern="[0-9a-f]{16}", expected="16 hex digits")
    who: str = key("Who approved it.", nonblank=True)
    why: str = key("Why.", nonblank=True)
    until: str = key(
        "Last day (YYYY-MM-DD) on which it counts.",
        pattern=r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
        expected="a day such as 2027-01-31",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalsFile:
    """`.metawsm/approvals.toml`."""

    approval: tuple[Entry, ...] = key("Approvals.", default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The approvals of both sides."""

    base: tuple[Approval, ...] = ()
    head: tuple[Approval, ...] = ()
    apart: tuple[Approval, ...] | None = None
    """Those of a file named by hand, which then are the only ones that count."""

    problems: tuple[Finding, ...] = ()

    @property
    def counting(self) -> tuple[Approval, ...]:
        """Those that may count."""
        return self.head if self.apart is None else self.apart


def read_approvals(base: Side, head: Side, options: Options, named: str | None) -> Recorded:
    """Read the approvals of both sides, and those of a file named by hand.

    Raises:
        UsageError: The file that was named is not there.
    """
    was, now = (_load(side.root / PLACE) if side.file is None else Loaded(value=None) for side in (base, head))
    problems = tuple(_problem(each, head) for each in now.problems)
    apart = None
    if named is not None:
        path = options.cwd / named
        if not is_there(path):
            raise UsageError(f"--approvals {named!r} is not there", remedy="name a file of [[approval]] entries")
        loaded = _load(path)
        apart = _entries(loaded, None)
        problems += tuple(_problem(each, None) for each in loaded.problems)
    return Recorded(base=_entries(was, base), head=_entries(now, head), apart=apart, problems=problems)


def _load(path: Path) -> Loaded[ApprovalsFile]:
    if not is_there(path):
        return Loaded(value=ApprovalsFile())
    return load(path, "toml", ApprovalsFile, runners=(), rules=_rules)


def _rules(file: ApprovalsFile, _data: Any, _words: Vocabulary, issues: Issues) -> None:
    seen: dict[str, int] = {}
    for index, entry in enumerate(file.approval if file.approval is not BAD else ()):
        if entry is BAD:
            continue
        if entry.until is not BAD and _day(entry.until) is None:
            issues.add(
                "value", "there is no such day", "approval", index, "until", remedy="give a day such as 2027-01-31"
            )
        if entry.fingerprint is not BAD and seen.setdefault(entry.fingerprint, index) != index:
            message = f"approval[{seen[entry.fingerprint]}] approves the same"
            issues.add("value", message, "approval", index, "fingerprint", remedy="keep one of them")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _entries(loaded: Loaded[ApprovalsFile], side: Side | None) -> tuple[Approval, ...]:
    if loaded.value is None:
        return ()
    document = loaded.document
    found = []
    for index, entry in enumerate(loaded.value.approval):
        place = document.at(pointer("approval", index, "fingerprint")) if document else None
        found.append(
            Approval(
                fingerprint=entry.fingerprint,
                who=entry.who,
                why=entry.why,
                until=entry.until,
                location=side.place(place) if side else place,
            )
        )
    return tuple(found)


def _problem(problem: ConfigProblem, side: Side | None) -> Finding:
    return Finding(
        code=BROKEN,
        severity=Severity.ERROR,
        subject=f"{FILE}: {problem.subject}",
        message=side.words(problem.message) if side else problem.message,
        remedy=problem.remedy,
        docs=f"doctor explain {BROKEN}",
        location=side.place(problem.location) if side else problem.location,
    )


def approval_changes(recorded: Recorded, *, accepted: bool) -> Iterator[Draft]:
    """Approvals that were added, extended, changed or taken back: each is a change of its own."""
    was, now = ({each.fingerprint: each for each in every} for every in (recorded.base, recorded.head))
    # Where it does not count, or was said to be guarded, another approval is no way round the gate.
    harmless = accepted or recorded.apart is not None
    for fingerprint in [*was, *(each for each in now if each not in was)]:
        before, after = was.get(fingerprint), now.get(fingerprint)
        yield Draft(
            subject=f"approval {fingerprint}",
            field="approval",
            group="approvals",
            before=_words(before),
            after=_words(after),
            judged=_judge(before, after, harmless=harmless),
            pointer=_pointer(after or before),
            identity=(_words(before), _words(after)),
            path=PLACE,
            in_base=after is None,
        )


def _words(approval: Approval | None) -> str | None:
    return f"by {approval.who} until {approval.until}: {approval.why}" if approval else None


def _pointer(approval: Approval | None) -> str | None:
    return approval.location.pointer if approval and approval.location else None


def _judge(before: Approval | None, after: Approval | None, *, harmless: bool) -> Judged:
    if _words(before) == _words(after):
        return Judged(Verdict.EQUAL, "")
    if after is None:
        return Judged(Verdict.STRICTER, "an approval was taken back")
    if before is not None and after.until <= before.until:
        return Judged(Verdict.DIFFERENT, "an approval was written otherwise")
    words = "an approval was added" if before is None else "an approval holds for longer"
    return Judged(Verdict.DIFFERENT if harmless else Verdict.LOOSER, words)


def approve(
    changes: Sequence[Change], recorded: Recorded, today: date, *, accept_new: bool
) -> tuple[tuple[Change, ...], tuple[Approval, ...], tuple[Finding, ...]]:
    """Let through what was approved.

    Args:
        changes: What changed.
        recorded: The approvals.
        today: The day that they have to hold on.
        accept_new: Whether those count that the base does not have.

    Returns:
        The changes, each with its approval; every approval with what it came to; and what is to be said about those
        that came to nothing.
    """
    standing = {each.fingerprint: each.until for each in recorded.base}
    trusted = accept_new or recorded.apart is not None
    present = {change.fingerprint for change in changes}
    judged: dict[str, Approval] = {}
    for approval in recorded.counting:
        until = approval.until if trusted else min(approval.until, standing.get(approval.fingerprint, ""))
        state = _state(approval, until, today, present)
        judged[approval.fingerprint] = replace(approval, state=state)
    counting = {name: each for name, each in judged.items() if each.state is ApprovalState.USED}
    final = tuple(
        replace(change, approval=counting.get(change.fingerprint)) if change.group != "approvals" else change
        for change in changes
    )
    return final, tuple(judged.values()), tuple(_told(each) for each in judged.values() if each.state in _TOLD)


def _state(approval: Approval, until: str, today: date, present: set[str]) -> ApprovalState:
    if approval.until < today.isoformat():
        return ApprovalState.EXPIRED
    if approval.fingerprint not in present:
        return ApprovalState.UNUSED
    return ApprovalState.USED if until >= today.isoformat() else ApprovalState.NEW


_TOLD = {
    ApprovalState.EXPIRED: (EXPIRED, Severity.WARNING, "has expired", "remove it, or have somebody approve it again"),
    ApprovalState.UNUSED: (UNUSED, Severity.INFO, "approves nothing that changes here", "remove it once it is merged"),
    ApprovalState.NEW: (
        UNUSED,
        Severity.WARNING,
        "came with the change that it approves, so it does not count",
        "merge it first, or run with --accept-new-approvals where somebody else guards the file",
    ),
}


def _told(approval: Approval) -> Finding:
    code, severity, words, remedy = _TOLD[approval.state]
    return Finding(
        code=code,
        severity=severity,
        subject=f"approval {approval.fingerprint}",
        message=f"the approval of {approval.fingerprint} by {approval.who} (until {approval.until}) {words}",
        remedy=remedy,
        docs=f"doctor explain {code}",
        location=approval.location,
    )
