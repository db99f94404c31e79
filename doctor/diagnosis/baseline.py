"""Findings that are known: which of a diagnosis's findings a baseline has, and which of its entries are stale.

An entry stands for a problem, not for a place: it is found again by its fingerprint wherever the lines and items of the
policy move. It stands for as many findings as it counts, for none that is worse, and for none that concerns agents
that it did not concern.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from doctor.config.baseline import BaselineEntry, BaselineFile, load_baseline
from doctor.config.files import is_there
from doctor.config.problems import in_words
from doctor.diagnosis.ignore import NEVER_IGNORED
from doctor.errors import UsageError
from doctor.model.binding import Binding
from doctor.model.finding import CheckResult, Finding, Severity, Status
from doctor.model.location import Location, pointer
from doctor.model.report import touches
from doctor.records import dataclass

STALE = "POL013"
NEVER_KNOWN = NEVER_IGNORED | {STALE}
"""Findings that no baseline sets aside: a configuration that cannot be understood, and the baseline itself."""

LOCK_FAMILY = "LCK"
"""What moved since the lock was written is looked at each time, or locked anew."""

WHOLE = frozenset({Status.PASSED, Status.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A baseline that was read."""

    path: str
    entries: tuple[BaselineEntry, ...] = ()
    locate: Callable[[str], Location | None] = lambda _: None
    """Turns a pointer into a place in its file."""


class Matched(NamedTuple):
    """What a baseline says of the findings of one diagnosis."""

    known: frozenset[int]
    """Numbers of the findings that it has."""

    unused: tuple[int, ...]
    """Numbers of the entries that stand for more findings than there are."""


def can_be_known(finding: Finding) -> bool:
    """Whether a baseline may hold this finding."""
    return finding.code not in NEVER_KNOWN and not finding.code.startswith(LOCK_FAMILY)


def read_baseline(path: Path) -> Baseline:
    """Read a baseline that has to be there.

    Raises:
        UsageError: It cannot be read; says everything that is wrong with it, each with its place.
    """
    loaded = load_baseline(path)
    if loaded.value is None or loaded.document is None:
        said = "\n".join(map(in_words, loaded.problems))
        remedy = next((each.remedy for each in loaded.problems if each.remedy), None)
        write = f"doctor baseline write {path}"
        again = f"write it anew: rm {path} && {write}" if is_there(path) else f"write it: {write}"
        raise UsageError(f"the baseline cannot be read\n{said}", remedy=f"{remedy}; or {again}" if remedy else again)
    return baseline_of(loaded.value, path=loaded.document.path, locate=loaded.document.at)


def baseline_of(file: BaselineFile, *, path: str, locate: Callable[[str], Location | None]) -> Baseline:
    """A baseline with the content of a file."""
    return Baseline(path=path, entries=file.findings, locate=locate)


def match(baseline: Baseline, findings: Sequence[Finding], bindings: Iterable[Binding] = ()) -> Matched:
    """Which findings the baseline has.

    Args:
        baseline: The baseline.
        findings: Everything that the checks found, ignored ones too: they use their entries up.
        bindings: The agents, by which a finding's reach is compared with its entry's.
    """
    left = [entry.count for entry in baseline.entries]
    offers: dict[tuple[str, str], list[int]] = {}
    for number, entry in enumerate(baseline.entries):
        offers.setdefault((entry.code, entry.fingerprint), []).append(number)
    reach = _Reach(bindings)
    known = set()
    for number, finding in enumerate(findings):
        if not can_be_known(finding):
            continue
        open_ones = [each for each in offers.get((finding.code, finding.fingerprint), ()) if left[each]]
        chosen = _best([(each, baseline.entries[each]) for each in open_ones], finding, reach)
        if chosen is not None:
            left[chosen] -= 1
            known.add(number)
    return Matched(frozenset(known), tuple(number for number, count in enumerate(left) if count))


def _best(offered: Iterable[tuple[int, BaselineEntry]], finding: Finding, reach: "_Reach") -> int | None:
    """Number of the entry that stands for the finding: the one of the same reach, where there are several."""
    fitting = [
        (set(entry.affects) != set(finding.affects), Severity(entry.severity).rank, number)
        for number, entry in offered
        if Severity(entry.severity).rank >= finding.severity.rank and reach.covers(entry.affects, finding.affects)
    ]
    return min(fitting)[2] if fitting else None


class _Reach:
    """Which agents a finding's ``affects`` concern."""

    def __init__(self, bindings: Iterable[Binding]) -> None:
        self._bindings = tuple(bindings)
        self._agents: dict[str, set[int]] | None = None

    def covers(self, known: Iterable[str], now: Iterable[str]) -> bool:
        """Whether what is concerned now was concerned then, be it under another tag."""
        before = set(known)
        added = [tag for tag in now if tag not in before]
        if not added or "*" in before:
            return True
        concerned = set().union(*(self._of(tag) for tag in before))
        return all(self._of(tag) and self._of(tag) <= concerned for tag in added)

    def _of(self, tag: str) -> set[int]:
        if self._agents is None:
            self._agents = {}
            for number, binding in enumerate(self._bindings):
                for each in touches(binding):
                    self._agents.setdefault(each, set()).add(number)
        return self._agents.get(tag, set())


def stale(
    baseline: Baseline,
    matched: Matched,
    *,
    results: Iterable[CheckResult],
    absent: Collection[str] = (),
) -> tuple[Finding, ...]:
    """A warning for each entry that nothing was found for although its check ran to its end.

    Args:
        baseline: The baseline.
        matched: What it had of everything that was found.
        results: How the checks ended.
        absent: Runtime ids of the harnesses that are not here; nobody knows what would be found with them.
    """
    ended = {result.code for result in results if result.status in WHOLE}
    unknown = {f"runtime:{runtime_id}" for runtime_id in absent}
    found = []
    for number in matched.unused:
        entry = baseline.entries[number]
        if entry.code in ended and unknown.isdisjoint(entry.affects):
            found.append(_stale(baseline, number, entry))
    return tuple(found)


def _stale(baseline: Baseline, number: int, entry: BaselineEntry) -> Finding:
    about = f" about {entry.subject}" if entry.subject else ""
    times = f" ({entry.count} times)" if entry.count > 1 else ""
    return Finding(
        code=STALE,
        severity=Severity.WARNING,
        subject=f"baseline {entry.code} {entry.fingerprint}",
        message=f"the baseline knows {entry.code}{about}{times}, but it is not found any more, or not so often",
        remedy=f"take it out: doctor baseline write {baseline.path}",
        docs=f"doctor explain {STALE}",
        location=baseline.locate(pointer("findings", number)),
        key=f"{entry.code} {entry.fingerprint} {entry.severity}",
    )
