"""The hooks a plugin can implement. This module is the manual.

A plugin is any module or object whose functions carry ``@doctor.hookimpl`` and the names below. It is found

* as an entry point in the group ``harness_doctor`` (unless ``--disable-plugin-autoload``),
* by ``-p MODULE``,
* as ``.metawsm/checks/*.py`` of a project, once ``doctor trust`` has recorded the file's content.

A hook implementation takes only the arguments it needs, by name. The built-in checks, harnesses and formats use
these same hooks and nothing else. Everything registered is verified at once, and a mistake names the plugin.

A minimal plugin::

    import doctor

    class ACM001(doctor.Check):
        '''The on-call file is there.'''

        def run(self, project):
            '''Fails when ONCALL.md is missing from the project's root.'''
            if not (project.root / "ONCALL.md").is_file():
                yield self.finding("ONCALL.md", "ONCALL.md is missing", remedy="create it")

    @doctor.hookimpl
    def doctor_register_checks():
        return [ACM001]
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from doctor.diagnosis.check import Check
    from doctor.executor.base import MakeExecutor
    from doctor.harness.base import Harness
    from doctor.model.finding import CheckResult, Finding
    from doctor.model.report import Report

PROJECT = "harness_doctor"
"""Name of the pluggy project and of the entry-point group."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def doctor_register_checks() -> Iterable[type["Check"]]:  # type: ignore[empty-body]
    """Offer checks.

    Returns:
        Classes named by their code: three capital letters and three digits, unique among all plugins. The three
        letters are the family; a plugin chooses letters of its own.
    """


@hookspec
def doctor_register_facts() -> Mapping[str, Callable[..., Any]]:  # type: ignore[empty-body]
    """Offer facts.

    Returns:
        Fact name to a function. The function's parameters name the facts it needs; it is called at most once in a
        diagnosis, and only when a check that runs asks for it. It may raise ``doctor.Unavailable`` (checks that asked
        are skipped with its message) or ``doctor.ProbeTimeout``. It must only read.
    """


@hookspec
def doctor_register_harnesses() -> Iterable["Harness"]:  # type: ignore[empty-body]
    """Offer harness adapters.

    Returns:
        Instances of ``doctor.Harness``. Ids and aliases are unique among all plugins.
    """


@hookspec
def doctor_register_formats() -> Mapping[str, Callable[["Report"], str | Iterable[str]]]:  # type: ignore[empty-body]
    """Offer report formats.

    Returns:
        Format name, as given to ``--format``, to a pure function from the report to its text: whole, or as an iterator
        or a list of its pieces, which are written as they come, so that a long report need not fit into memory.
    """


@hookspec
def doctor_register_executors() -> Mapping[str, "MakeExecutor"]:  # type: ignore[empty-body]
    """Offer executors: ways of running agents.

    Returns:
        Executor name, as given to ``--executor``, to a function that makes one for a project. It takes a
        ``doctor.executor.base.Place`` and returns an object that keeps the contract of
        ``doctor.executor.base.Executor``. It is called when agents are started or looked at, never by a diagnosis.
    """


@hookspec
def doctor_modify_selection(checks: list["Check"]) -> None:
    """Change which checks run, in place, after the command line's selection and before anything runs."""


@hookspec
def doctor_check_started(code: str) -> None:
    """Observe that a check starts. Called from the thread that runs it."""


@hookspec
def doctor_check_finished(result: "CheckResult", findings: tuple["Finding", ...]) -> None:
    """Observe that a check ended, with what it found (ignored findings included)."""
