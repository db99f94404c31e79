"""Writing a baseline: what is found today becomes known."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

from doctor.config.baseline import VERSION, BaselineEntry, load_baseline
from doctor.config.files import is_there
from doctor.config.problems import in_words
from doctor.diagnosis.baseline import WHOLE, can_be_known
from doctor.diagnosis.run import Examined, identify_by
from doctor.errors import UsageError
from doctor.exit_codes import ExitCode
from doctor.gate.places import update_file
from doctor.model.finding import Finding
from doctor.records import dataclass
from doctor.report.redact import Redactor, redactor_for

FILE = "doctor-baseline.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineChange:
    """What writing a baseline changes."""

    path: str
    entries: tuple[BaselineEntry, ...]
    """All of it, as it will be."""

    added: tuple[BaselineEntry, ...]
    removed: tuple[BaselineEntry, ...]
    kept_unseen: int
    """How many entries stay because their checks did not run to their end."""

    incomplete: bool
    """Whether a check timed out or crashed, so that there may be more to know."""

    @property
    def text(self) -> str:
        """The file's new content."""
        return baseline_text(self.entries)


def plan_baseline(examined: Examined, path: Path) -> BaselineChange:
    """What a baseline with everything that was found is, and what that changes.

    Entries of checks that did not run to their end stay, so that a selection or an absent harness loses nothing.

    Args:
        examined: A diagnosis without a baseline.
        path: The file; it need not exist.

    Raises:
        UsageError: The configuration cannot be read, or the file is there and is no baseline.
    """
    report = examined.report
    if report.exit_code is ExitCode.USAGE:
        raise UsageError(
            "the configuration cannot be read, so nobody knows what is to be known",
            remedy="mend what doctor says about it first",
        )
    before = _entries_of(path)
    ended = {result.code for result in report.checks if result.status in WHOLE}
    unseen = [entry for entry in before if entry.code not in ended]
    clean = redactor_for(report)
    found = _entries((finding for finding in report.findings if can_be_known(finding)), clean, examined=examined)
    seen = {_identity(entry) for entry in found}
    unseen = [entry for entry in unseen if _identity(entry) not in seen]
    entries = tuple(sorted((*found, *unseen), key=_order))
    return BaselineChange(
        path=str(path),
        entries=entries,
        added=_without(entries, before),
        removed=_without(sorted(before, key=_order), entries),
        kept_unseen=len(unseen),
        incomplete=report.exit_code is ExitCode.INCOMPLETE,
    )


def write_baseline(change: BaselineChange) -> None:
    """Write it, if that changes anything.

    Raises:
        UsageError: The file cannot be written.
    """
    update_file(Path(change.path), change.text)


def baseline_text(entries: Iterable[BaselineEntry]) -> str:
    """A baseline's file: an entry per line, in an order that depends on nothing but the entries."""
    lines = [json.dumps(_plain(entry), ensure_ascii=False) for entry in sorted(entries, key=_order)]
    listed = "[\n  " + ",\n  ".join(lines) + "\n ]" if lines else "[]"
    return f'{{\n "baseline": {VERSION},\n "findings": {listed}\n}}\n'


def _entries_of(path: Path) -> tuple[BaselineEntry, ...]:
    """The entries that are there already."""
    if not is_there(path):
        return ()
    loaded = load_baseline(path)
    if loaded.value is None:
        raise UsageError(
            f"{path} is there and is no baseline that can be read, so it is left as it is\n"
            f"{in_words(loaded.problems[0])}",
            remedy=f"name another file, or remove it: rm {path}",
        )
    return loaded.value.findings


def _entries(findings: Iterable[Finding], clean: Redactor, *, examined: Examined) -> list[BaselineEntry]:
    name = identify_by(examined.fact("policy_file"), examined.prepared)
    counted = Counter(
        BaselineEntry(
            code=finding.code,
            severity=str(finding.severity),
            fingerprint=finding.fingerprint,
            subject=clean(name(replace(finding, key=None))),
            affects=tuple(sorted({clean(tag) for tag in finding.affects})),
        )
        for finding in findings
    )
    return [replace(entry, count=count) for entry, count in counted.items()]


def _without(entries: Iterable[BaselineEntry], others: Iterable[BaselineEntry]) -> tuple[BaselineEntry, ...]:
    """The entries that mean something that none of the others does."""
    there = {replace(each, subject="") for each in others}
    return tuple(each for each in entries if replace(each, subject="") not in there)


def _identity(entry: BaselineEntry) -> tuple[str, str]:
    return entry.code, entry.fingerprint


def _order(entry: BaselineEntry) -> tuple[object, ...]:
    return entry.code, entry.subject, entry.fingerprint, entry.severity, entry.affects, entry.count


def _plain(entry: BaselineEntry) -> dict[str, object]:
    """An entry's keys in their order, those that say nothing left out."""
    plain = asdict(entry)
    if entry.count == 1:
        del plain["count"]
    if not entry.affects:
        del plain["affects"]
    return plain
