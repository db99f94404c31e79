"""What a check is: a class named by its code, whose docstrings are its documentation."""

import sys
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Generic, TypeVar

from doctor.model.finding import Finding, Severity
from doctor.model.fix import FileFix, Fix
from doctor.model.location import Location

READS = ("files", "process", "network")
"""What a check may say that it reads."""

_T = TypeVar("_T")


class _PerClass(Generic[_T]):
    """An attribute computed from the class, readable on the class and on its instances."""

    def __init__(self, compute: Callable[[type["Check"]], _T]) -> None:
        self._compute = compute

    def __get__(self, instance: "Check | None", owner: type["Check"]) -> _T:
        return self._compute(owner)


def _paragraphs(text: str | None) -> tuple[str, str]:
    """The first line of a docstring, and the rest of it without indentation."""
    first, _, rest = _dedented(text).partition("\n")
    return first.strip(), rest.strip()


def _dedented(text: str | None) -> str:
    from inspect import cleandoc  # noqa: PLC0415 - only documentation asks

    return cleandoc(text or "").strip()


def _code(check: type["Check"]) -> str:
    return check.__name__


def _family(check: type["Check"]) -> str:
    return check.__name__[:3]


def _title(check: type["Check"]) -> str:
    return _paragraphs(check.__doc__)[0] or check.__name__


def _why(check: type["Check"]) -> str:
    return _paragraphs(check.__doc__)[1]


def _fails(check: type["Check"]) -> str:
    return _dedented(check.run.__doc__)


def _repairs(check: type["Check"]) -> str:
    return _dedented(check.fix.__doc__) if check.fix is not Check.fix else ""


class Check:
    """One question about the policy and the machine.

    A subclass is named by its code, three capital letters and three digits; the letters are its family. The first
    line of its docstring is the title, the rest says why it matters, and the docstring of ``run`` says when it
    fails. Everything else is class data. A check only reads, and keeps nothing between runs.
    """

    severity: ClassVar[Severity] = Severity.ERROR
    """Severity of findings that name none of their own."""

    requires: ClassVar[tuple[str, ...]] = ()
    """Codes of the checks without whose success this one means nothing; it is skipped unless they pass."""

    reads: ClassVar[tuple[str, ...]] = ("files",)
    """Any of ``files``, ``process`` and ``network``. A check that reads the network runs only with ``--online``."""

    timeout: ClassVar[float] = 10.0
    """Limit in seconds of one run, and of planning one repair. Facts are computed before and do not count."""

    always: ClassVar[bool] = False
    """Cannot be deselected. For checks without which no other result can be trusted."""

    plugin: str = ""
    """Name of the plugin that registered it."""

    code = _PerClass(_code)
    """The name of the class."""

    family = _PerClass(_family)
    """The three letters of the code."""

    title = _PerClass(_title)
    """What holds when the check passes: first line of the class docstring."""

    why = _PerClass(_why)
    """Why it matters: the rest of the class docstring."""

    fails = _PerClass(_fails)
    """When it fails: the docstring of ``run``."""

    repairs = _PerClass(_repairs)
    """What ``doctor fix`` does about it: the docstring of ``fix``; empty for a check that repairs nothing."""

    def run(self, *args: Any, **kwargs: Any) -> Iterable[Finding] | None:
        """Look, and yield a finding for each problem. Parameters are facts by name.

        Returns:
            A generator or any other iterable of findings made by ``self.finding``, or ``None``.

        Raises:
            ProbeTimeout: A program gave no answer in time. What was yielded before is kept.
            Unavailable: The question cannot be asked here; the check counts as skipped.
        """
        raise NotImplementedError

    def fix(self, finding: Finding, *args: Any, **kwargs: Any) -> Fix | None:
        """Plan what would repair one of this check's findings that is ``fixable``; a check without one defines none.

        Like ``run`` it only reads. Its parameters after ``finding`` are facts by name, which need not be those of
        ``run``. ``doctor.edit`` makes changes to a JSON or TOML file, ``self.repair`` the answer of them. Somebody else
        shows the plan, and applies it where that is wanted; then the check runs again.

        Args:
            finding: As this check yielded it in the same diagnosis, with its place filled in.
            args: Facts.
            kwargs: Facts.

        Returns:
            The plan; ``None`` where there is nothing that could be done for this finding.

        Raises:
            Unavailable: It cannot be done here; the message says why, and is shown.
        """
        raise NotImplementedError

    def repair(self, finding: Finding, title: str, *files: FileFix, secrets: tuple[str, ...] = ()) -> Fix:
        """Make a plan for one of this check's findings.

        Args:
            finding: What it repairs.
            title: What it does, in a few words that follow "would".
            files: What becomes of each file; those that are made come first.
            secrets: Texts in them that nothing may show.
        """
        return Fix(code=self.code, fingerprint=finding.fingerprint, title=title, files=files, secrets=secrets)

    def finding(
        self,
        subject: str,
        message: str,
        *,
        remedy: str | None = None,
        pointer: str | None = None,
        location: Location | None = None,
        severity: Severity | None = None,
        affects: tuple[str, ...] = (),
        key: str | None = None,
        fixable: bool = False,
    ) -> Finding:
        """Make a finding of this check.

        Args:
            subject: What it is about, such as ``agent_profiles[0].skills[1]`` or ``harness codex``.
            message: What was seen and what was expected.
            remedy: The next step to take, with the exact command where there is one.
            pointer: JSON pointer into the policy; the engine turns it into file, line and column.
            location: The place outright, when it is not in the policy. Wins over ``pointer``.
            severity: Instead of the check's own.
            affects: What an error makes unusable, see ``Finding.affects``.
            key: What tells this finding from others of this check, when the subject does not.
            fixable: Whether ``fix`` can plan a repair of it; true for exactly those findings.
        """
        if location is None and pointer is not None:
            location = Location(path="", pointer=pointer)
        return Finding(
            code=self.code,
            severity=severity or self.severity,
            subject=subject,
            message=message,
            remedy=remedy,
            location=location,
            fixable=fixable,
            affects=affects,
            key=key,
        )


DOCSTRINGS_KEPT = sys.flags.optimize < 2  # noqa: PLR2004 - the level of ``-OO``, which strips docstrings
"""Whether docstrings exist to be asked for."""
