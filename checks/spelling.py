"""Repairing keys that are misspelt."""

from collections.abc import Iterable

import doctor


def problem_of(finding: doctor.Finding, problems: Iterable[doctor.ConfigProblem]) -> doctor.ConfigProblem | None:
    """The reader's problem that a finding tells."""
    place = finding.location
    same = (each for each in problems if place and _at(each.location, place) and each.message == finding.message)
    return next(same, None)


def _at(one: doctor.Location, other: doctor.Location) -> bool:
    """Whether two places are one; a file may have thousands of problems."""
    return one.line == other.line and one.column == other.column and one.path == other.path


def spelt(
    check: doctor.Check, finding: doctor.Finding, document: doctor.Document | None, problem: doctor.ConfigProblem
) -> doctor.Fix | None:
    """The repair of an unknown key that only one key can be meant by; ``None`` for others."""
    if problem.instead is None or problem.location.pointer is None or document is None:
        return None
    edits = doctor.edit(document)
    edits.rename(edits.path(problem.location.pointer), problem.instead)
    return check.repair(finding, f"write {problem.instead} for {problem.subject}", edits.fix())
