"""What the commands of the gate answer: as JSON documents, and in lines for people."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from doctor.exit_codes import ExitCode
from doctor.report.json_format import Object, answer
from doctor.report.redact import Redactor
from doctor.report.visible import visible

if TYPE_CHECKING:
    from doctor.config.baseline import BaselineEntry
    from doctor.gate.attestation import Verdict
    from doctor.gate.baseline import BaselineChange
    from doctor.gate.locking import LockChange


def baseline_json(change: "BaselineChange", secrets: Iterable[str], exit_code: ExitCode, *, written: bool) -> Object:
    """The document of ``doctor baseline write``."""
    clean = Redactor(secrets)
    return answer(
        {
            "path": clean(change.path),
            "written": written,
            "added": [_entry(entry, clean) for entry in change.added],
            "removed": [_entry(entry, clean) for entry in change.removed],
            "total": len(change.entries),
        },
        exit_code,
    )


def _entry(entry: "BaselineEntry", clean: Redactor) -> dict[str, Any]:
    return {
        "code": entry.code,
        "severity": entry.severity,
        "fingerprint": entry.fingerprint,
        "subject": clean(entry.subject),
        "count": entry.count,
    }


def baseline_lines(change: "BaselineChange", secrets: Iterable[str]) -> str:
    """What is added and removed, a line each."""
    clean = Redactor(secrets)
    return "".join(f"{line}\n" for line in _baseline_lines(change, clean))


def _baseline_lines(change: "BaselineChange", clean: Redactor) -> Iterator[str]:
    for sign, entries in (("+", change.added), ("-", change.removed)):
        for entry in entries:
            times = f" ({entry.count} times)" if entry.count > 1 else ""
            yield f"{sign} {entry.code} {entry.severity.ljust(7)} {visible(clean(entry.subject))}{times}"


def lock_json(change: "LockChange", secrets: Iterable[str], exit_code: ExitCode, *, written: bool) -> Object:
    """The document of ``doctor lock``."""
    clean = Redactor(secrets)
    changes = [
        {
            "subject": clean(each.subject),
            "field": each.field,
            "locked": clean.optional(each.locked),
            "seen": clean.optional(each.seen),
        }
        for each in change.changes
    ]
    return answer({"path": clean(change.path), "written": written, "changes": changes}, exit_code)


def lock_lines(change: "LockChange", secrets: Iterable[str]) -> str:
    """What is locked otherwise than before, a line each."""
    clean = Redactor(secrets)
    return "".join(f"{visible(clean(each.words))}\n" for each in change.changes)


def verdict_json(verdict: "Verdict", secrets: Iterable[str]) -> Object:
    """The document of ``doctor verify``."""
    clean = Redactor(secrets)
    sections = [
        {
            "section": each.section,
            "attested": each.attested,
            "seen": each.seen,
            "items": [clean(item) for item in each.items],
        }
        for each in verdict.differences
    ]
    return answer({"claim": verdict.attested, "seen": verdict.seen, "differences": sections}, verdict.exit_code)


def verdict_lines(verdict: "Verdict", secrets: Iterable[str]) -> str:
    """What is not as it was attested, a section and then a line for each thing in it."""
    clean = Redactor(secrets)
    lines = []
    for each in verdict.differences:
        lines.append(f"{each.section} differ" if each.section.endswith("s") else f"{each.section} differs")
        lines += [f"  {visible(clean(item))}" for item in each.items]
    return "".join(f"{line}\n" for line in lines)
