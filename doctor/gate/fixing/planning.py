"""What ``doctor fix`` would do: the findings of a diagnosis, their repairs, and what they make of the files."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from doctor.config.documents import LARGEST_DOCUMENT
from doctor.config.files import read_bytes
from doctor.diagnosis.fixes import plan_repairs
from doctor.diagnosis.run import Examined, examine
from doctor.gate.fixing.merging import merge
from doctor.model.finding import Finding
from doctor.model.fix import Fix
from doctor.model.fixing import Repair, RepairPlan, RepairState
from doctor.model.options import Options


def plan(options: Options, *, progress: Callable[[str], None] | None = None) -> tuple[Examined, RepairPlan]:
    """Diagnose, and plan the repair of everything that can be repaired. Nothing is written.

    Args:
        options: What to look at, and which checks to run.
        progress: Told, in a few words, what is being done.

    Raises:
        UsageError: An option names something that does not exist.
        RegistrationError: A plugin is malformed.
    """
    examined = examine(options, progress=progress)
    return examined, plan_of(examined)


def plan_of(examined: Examined) -> RepairPlan:
    """The repair of everything in a diagnosis that can be repaired."""
    findings = examined.report.findings
    fixable = [finding for finding in findings if finding.fixable]
    repairs = plan_repairs(examined, fixable)
    merged = merge(list(repairs.fixes.values()), content_of)
    reasons = {**repairs.reasons, **merged.left_out}
    return RepairPlan(
        project=str(examined.prepared.project.root),
        repairs=tuple(_repair(finding, repairs.fixes, reasons) for finding in fixable),
        files=merged.files,
        others=len(findings) - len(fixable),
        secrets=(*examined.report.secrets, *_secrets(repairs.fixes.values())),
    )


def content_of(path: str) -> bytes:
    """The content of a file that is to be changed.

    Raises:
        FileProblem: It cannot be read.
    """
    return read_bytes(Path(path), limit=LARGEST_DOCUMENT)


def _repair(finding: Finding, fixes: Mapping[str, Fix], reasons: Mapping[str, str]) -> Repair:
    reason = reasons.get(finding.fingerprint)
    state = RepairState.SKIPPED if reason else RepairState.PLANNED
    return Repair(finding=finding, fix=fixes.get(finding.fingerprint), state=state, reason=reason)


def _secrets(fixes: Iterable[Fix]) -> tuple[str, ...]:
    return tuple(secret for fix in fixes for secret in fix.secrets)
