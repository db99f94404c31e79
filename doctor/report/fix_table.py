"""What ``doctor fix`` says to people: each finding with what is done about it, and the diff."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from doctor.model.fixing import Application, Repair, RepairPlan, RepairState, UndoneFile, UndoState
from doctor.report.fix_diff import diff
from doctor.report.paint import paint
from doctor.report.redact import Redactor
from doctor.report.style import Style
from doctor.report.visible import home_relative, single_line, visible

MOST_ALIKE = 5
"""Findings shown that are skipped for the same reason."""

_KINDS = {
    RepairState.PLANNED: "running",
    RepairState.FIXED: "ok",
    RepairState.NOT_FIXED: "error",
    RepairState.SKIPPED: "skipped",
    RepairState.FAILED: "error",
}
_UNDO_KINDS = {
    UndoState.RESTORED: "ok",
    UndoState.AS_BEFORE: "skipped",
    UndoState.CHANGED: "error",
    UndoState.FAILED: "error",
}
_DIFF_KINDS = {"head": "bold", "hunk": "info", "added": "ok", "removed": "error", "note": "dim"}


def repairs_text(plan: RepairPlan, repairs: Sequence[Repair], style: Style, *, with_diff: bool) -> str:
    """The findings with what is done about them, then the diff.

    Args:
        plan: What was planned.
        repairs: What became of each finding.
        style: ``color``, ``unicode`` and ``home`` are used.
        with_diff: Whether the diff is shown.
    """
    clean = Redactor(plan.secrets)
    lines = [line for repair in _shown(repairs) for line in _repair(repair, clean, style)]
    if more := len(repairs) - len(_shown(repairs)):
        lines.append(f"and {more} more that are skipped like these")
    if with_diff and plan.files:
        lines += ["", *_diff(plan, clean, style)]
    return "".join(f"{line}\n" for line in lines)


def undone_text(files: Iterable[UndoneFile], secrets: Iterable[str], style: Style) -> str:
    """What became of each file."""
    clean = Redactor(secrets)
    lines = []
    for file in files:
        kind = _UNDO_KINDS[file.state]
        reason = f": {single_line(clean(file.reason))}" if file.reason else ""
        state = paint(f"{style.symbol(kind)} {file.state}", kind, color=style.color)
        lines.append(f"{state}  {_path(file.path, clean, style)}{reason}\n")
    return "".join(lines)


def applications_text(applications: Iterable[Application], secrets: Iterable[str], style: Style) -> str:
    """What can be taken back, one line each and one for each thing that was done."""
    clean = Redactor(secrets)
    lines = []
    for each in applications:
        lines.append(f"{paint(each.id, 'bold', color=style.color)}  {each.time}  {each.state}\n")
        lines += [f"  {single_line(clean(title))}\n" for title in each.titles]
    return "".join(lines)


def _shown(repairs: Sequence[Repair]) -> list[Repair]:
    """The findings without most of those that are skipped for the same reason."""
    counts: Counter[str] = Counter()
    shown = []
    for repair in repairs:
        if repair.state is RepairState.SKIPPED and repair.reason:
            counts[repair.reason] += 1
            if counts[repair.reason] > MOST_ALIKE:
                continue
        shown.append(repair)
    return shown


def _repair(repair: Repair, clean: Redactor, style: Style) -> Iterator[str]:
    kind = _KINDS[repair.state]
    state = paint(f"{style.symbol(kind)} {repair.state}", kind, color=style.color)
    finding = repair.finding
    yield f"{state}  {finding.code}  {visible(clean(finding.subject))}"
    yield f"    {single_line(clean(finding.message))}"
    if repair.fix is not None:
        yield f"    {style.arrow} {single_line(clean(repair.fix.title))}"
    if repair.reason:
        yield f"    {single_line(clean(repair.reason))}"


def _diff(plan: RepairPlan, clean: Redactor, style: Style) -> Iterator[str]:
    for change in plan.files:
        for line in diff(change, plan.project, clean):
            yield paint(line.text, _DIFF_KINDS[line.kind], color=style.color) if line.kind in _DIFF_KINDS else line.text


def _path(path: str, clean: Redactor, style: Style) -> str:
    return visible(home_relative(clean(path), style.home))
