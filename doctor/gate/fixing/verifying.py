"""Carrying out a plan, and asking the checks again what came of it."""

from collections.abc import Callable
from dataclasses import replace

from doctor.diagnosis.run import Examined, examine
from doctor.gate.fixing.applying import apply
from doctor.model.finding import CheckResult, Status
from doctor.model.fixing import Repair, RepairPlan, RepairState

_RAN = frozenset({Status.PASSED, Status.FAILED})


def carry_out(
    plan: RepairPlan, examined: Examined, *, progress: Callable[[str], None] | None = None
) -> tuple[str | None, tuple[Repair, ...]]:
    """Apply a plan, and say of each finding what became of it: whether it is gone is for its check to tell.

    Args:
        plan: Made just before.
        examined: The diagnosis that it was made from; the same is asked again.
        progress: Told, in a few words, what is being done.

    Returns:
        By what it can be taken back, ``None`` where nothing was written; and the findings.

    Raises:
        UsageError: What is there cannot be saved. Nothing was changed then.
    """
    identity, failures = apply(plan, examined.prepared.paths)
    if identity is None:
        return None, tuple(_failed(repair, failures.get(repair.finding.fingerprint)) for repair in plan.repairs)
    report = examine(examined.prepared.options, progress=progress).report
    left = {finding.fingerprint for finding in (*report.findings, *(each.finding for each in report.ignored))}
    results = {result.code: result for result in report.checks}
    return identity, tuple(
        _failed(repair, failures[repair.finding.fingerprint])
        if repair.finding.fingerprint in failures
        else _told(repair, left, results)
        for repair in plan.repairs
    )


def _failed(repair: Repair, reason: str | None) -> Repair:
    return replace(repair, state=RepairState.FAILED, reason=reason) if reason is not None else repair


def _told(repair: Repair, left: set[str], results: dict[str, CheckResult]) -> Repair:
    if repair.state is not RepairState.PLANNED:
        return repair
    result = results.get(repair.finding.code)
    if repair.finding.fingerprint in left:
        return replace(repair, state=RepairState.NOT_FIXED, reason="its check finds it all the same")
    if result is None or result.status not in _RAN:
        why = f": {result.reason}" if result is not None and result.reason else ""
        return replace(repair, state=RepairState.NOT_FIXED, reason=f"it was written, but its check did not run{why}")
    return replace(repair, state=RepairState.FIXED)
