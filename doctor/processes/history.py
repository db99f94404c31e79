"""What the journal tells."""

from doctor.config.names import name_problem
from doctor.config.project import DIRECTORY, find_project
from doctor.errors import UsageError
from doctor.journal.journal import Journal
from doctor.journal.replay import Replay
from doctor.model.options import Options
from doctor.processes.workplace import JOURNAL


def replay(options: Options, *, run_id: str | None = None) -> Replay:
    """Which harness ran which stage, and how it ended, from events alone; configuration is not read.

    Raises:
        UsageError: ``run_id`` is no name, or there is no such run.
        JournalError: The journal cannot be read.
    """
    problem = name_problem(run_id) if run_id is not None else None
    if problem is not None:
        raise UsageError(f"--run {run_id!r} {problem}", remedy="doctor replay --format json names the runs")
    found = _journal(options).replay(run_id)
    if run_id is not None and not found.processes:
        raise UsageError(f"the journal has no run {run_id!r}", remedy="doctor replay --format json names the runs")
    return found


def rebuild(options: Options) -> int:
    """Make the derived tables again from the events; returns how many processes they tell of.

    Raises:
        JournalError: The journal cannot be read or written.
    """
    with _journal(options) as journal:
        return journal.rebuild()


def _journal(options: Options) -> Journal:
    project = find_project(cwd=options.cwd, home=options.home, policy=options.policy)
    return Journal(project.root / DIRECTORY / JOURNAL)
