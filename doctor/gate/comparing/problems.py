"""What keeps a side from being understood, as findings."""

from collections.abc import Callable, Iterator

from doctor.config.problems import ConfigProblem
from doctor.gate.comparing.sides import Side
from doctor.model.finding import Finding, Severity

CODES = {
    "unreadable": "POL001",
    "syntax": "POL001",
    "duplicate-key": "POL002",
    "unknown-key": "POL003",
    "type": "POL004",
    "value": "POL004",
    "version": "POL005",
    "reference": "POL006",
    "rival": "POL007",
}
"""The check that explains each kind of problem."""


def finding_of(problem: ConfigProblem, side: Side | None) -> Finding:
    """A problem of a file of one side, or of this machine, as a finding."""
    where = f"{side.ref.name}: " if side else ""
    words: Callable[[str], str] = side.words if side else str
    return Finding(
        code=CODES[problem.rule],
        severity=Severity.ERROR,
        subject=f"{where}{problem.subject}",
        message=words(problem.message),
        remedy=words(problem.remedy) if problem.remedy else None,
        docs=f"doctor explain {CODES[problem.rule]}",
        location=side.place(problem.location) if side else problem.location,
        affects=("*",),
    )


def submodule_findings(base: Side, head: Side) -> Iterator[Finding]:
    """A finding for each submodule that may be another than before: its files are in no commit of this repository."""
    for path in dict.fromkeys((*base.submodules, *head.submodules)):
        was, now = base.submodules.get(path), head.submodules.get(path)
        if was != now:
            yield _submodule(path, base if now is None else head)


def _submodule(path: str, side: Side) -> Finding:
    return Finding(
        code="POL014",
        severity=Severity.ERROR,
        subject=f"{side.ref.name}: {path}",
        message=f"{path} is a submodule, whose files are not in the commit, so what changed in it cannot be told",
        remedy="compare two directories in which it is checked out",
        docs="doctor explain POL014",
        affects=("*",),
    )
