"""The policy's ``doctor.ignore``: which findings are set aside, and which entries should go."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from typing import NamedTuple

from doctor.diagnosis.facts_graph import did_you_mean
from doctor.model.finding import CheckResult, Finding, IgnoredFinding, Severity, Status
from doctor.model.location import Location, pointer
from doctor.model.policy import Ignore

UNUSED = "POL011"
EXPIRED = "POL012"
NEVER_IGNORED = frozenset(f"POL00{digit}" for digit in range(1, 10))
"""Findings that say a configuration cannot be understood: what it says about ignoring cannot be trusted either."""

_WHOLE = frozenset({Status.PASSED, Status.FAILED})


class Applied(NamedTuple):
    """What ``doctor.ignore`` did to the findings."""

    kept: tuple[Finding, ...]
    ignored: tuple[IgnoredFinding, ...]
    unused: tuple[str, ...]
    """Keys of entries in force that no finding matched."""

    expired: tuple[str, ...]
    """Keys of entries whose last day is over (or is no day); they set nothing aside."""


class IgnoreList:
    """The entries of ``doctor.ignore`` as of one day.

    A key is a code or a family, in any case; a code outranks its family. An entry holds up to and including its day
    ``until``. Findings of ``POL001`` to ``POL009`` are never set aside.
    """

    def __init__(self, entries: Mapping[str, Ignore], *, today: date) -> None:
        self._entries = entries
        self.expired = tuple(key for key, entry in entries.items() if _over(entry, today))
        """Keys of the entries that no longer hold."""

        self._keys = {key.upper(): key for key in entries if key not in self.expired}

    def key_for(self, finding: Finding) -> str | None:
        """Key of the entry that sets ``finding`` aside, or ``None``."""
        if finding.code in NEVER_IGNORED:
            return None
        return self._keys.get(finding.code) or self._keys.get(finding.code[:3])

    def ignores(self, finding: Finding) -> bool:
        """Whether ``finding`` is set aside."""
        return self.key_for(finding) is not None

    def apply(self, findings: Iterable[Finding]) -> Applied:
        """Part ``findings`` into those that stand and those that are set aside, both in their order."""
        kept: list[Finding] = []
        ignored: list[IgnoredFinding] = []
        used: set[str] = set()
        for finding in findings:
            key = self.key_for(finding)
            if key is None:
                kept.append(finding)
                continue
            used.add(key)
            entry = self._entries[key]
            ignored.append(IgnoredFinding(finding=finding, reason=entry.reason, until=entry.until))
        unused = tuple(key for key in self._keys.values() if key not in used)
        return Applied(tuple(kept), tuple(ignored), unused, self.expired)


def _over(entry: Ignore, today: date) -> bool:
    if entry.until is None:
        return False
    day = _day(entry.until)
    return day is None or day < today


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def ignore_problems(
    entries: Mapping[str, Ignore],
    findings: Iterable[Finding],
    today: date,
    *,
    results: Iterable[CheckResult],
    known: Collection[str],
    locate: Callable[[str], Location | None] = lambda _: None,
) -> tuple[Finding, ...]:
    """Findings about entries that are unused (``POL011``) or expired (``POL012``), in the order of the entries.

    An entry counts as unused only when every check it covers ran to its end, so that a selection or an absent
    harness makes no entry look superfluous. One that covers no check at all is always reported. The findings
    returned can themselves be set aside: apply the list to them too.

    Args:
        entries: The policy's ``doctor.ignore``.
        findings: Everything that the checks found.
        today: The day that ``until`` is compared with.
        results: How the checks ended.
        known: Codes of every registered check.
        locate: Turns a pointer into a place in the policy.
    """
    ignores = IgnoreList(entries, today=today)
    ended = {result.code for result in results if result.status in _WHOLE}
    unused = ignores.apply(findings).unused
    found: dict[str, Finding] = {}
    for key, entry in entries.items():
        if key in ignores.expired:
            found[key] = _expired(key, entry)
        elif key in unused and (problem := _why_unused(key, ended, known)) is not None:
            found[key] = _problem(UNUSED, key, problem, f"remove doctor.ignore.{key} from the policy")
    used = {ignores.key_for(finding) for key, finding in found.items() if ignores.key_for(finding) != key}
    return tuple(
        _placed(finding, key, locate) for key, finding in found.items() if key not in used or key in ignores.expired
    )


def _why_unused(key: str, ended: Collection[str], known: Collection[str]) -> str | None:
    """What is wrong with an entry that matched nothing, or ``None`` when that cannot be told."""
    covered = [code for code in known if key.upper() in {code, code[:3]}]
    if not covered:
        return f"doctor.ignore names {key}, expected a check or a family{did_you_mean(key.upper(), known)}"
    if NEVER_IGNORED.issuperset(covered):
        return f"doctor.ignore names {key}, but a configuration that cannot be understood is never ignored"
    if all(code in ended for code in covered):
        return f"doctor.ignore sets {key} aside, but nothing of it was found"
    return None


def _expired(key: str, entry: Ignore) -> Finding:
    if _day(entry.until or "") is None:
        return _problem(EXPIRED, key, f"until is {entry.until!r}, which is no day", "write the day as YYYY-MM-DD")
    return _problem(
        EXPIRED,
        key,
        f"doctor.ignore set {key} aside until {entry.until} ({entry.reason}); that day is over",
        f"repair what {key} finds, or set a later day in doctor.ignore.{key}.until",
    )


def _problem(code: str, key: str, message: str, remedy: str) -> Finding:
    return Finding(
        code=code,
        severity=Severity.WARNING,
        subject=f"doctor.ignore.{key}",
        message=message,
        remedy=remedy,
        docs=f"doctor explain {code}",
    )


def _placed(finding: Finding, key: str, locate: Callable[[str], Location | None]) -> Finding:
    from dataclasses import replace  # noqa: PLC0415 - only findings need it

    return replace(finding, location=locate(pointer("doctor", "ignore", key)))
