"""The checks in words, worked out when somebody asks: a run that explains nothing pays nothing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from doctor.__about__ import __version__
from doctor.diagnosis.check import Check

if TYPE_CHECKING:
    from doctor.model.rule import Rule

BUILT_IN = "checks."
"""How the names of the modules begin whose checks the reference describes."""


class Rules(Mapping[str, "Rule"]):
    """Every registered check in words, by code."""

    __slots__ = ("_by_code", "_checks")

    def __init__(self, checks: Sequence[Check]) -> None:
        self._checks = checks
        self._by_code: dict[str, Check] | None = None

    def __getitem__(self, code: str) -> "Rule":
        """The check of that code, in words."""
        return rule_of(self._known()[code])

    def __iter__(self) -> Iterator[str]:
        """The codes, in the order of registration."""
        return iter(self._known())

    def __len__(self) -> int:
        """How many checks there are."""
        return len(self._checks)

    def _known(self) -> dict[str, Check]:
        if self._by_code is None:
            self._by_code = {check.code: check for check in self._checks}
        return self._by_code


def rule_of(check: Check) -> "Rule":
    """A check in words."""
    from doctor.model.rule import Rule  # noqa: PLC0415 - most runs explain nothing

    return Rule(
        code=check.code,
        title=check.title,
        why=check.why,
        fails=check.fails,
        severity=check.severity,
        docs=page(check.code) if type(check).__module__.startswith(BUILT_IN) else None,
    )


def page(code: str) -> str:
    """Where a built-in check is described: a package URL of the page in this version's source distribution.

    It names the page wherever the project is hosted.
    """
    return f"pkg:pypi/harness-doctor@{__version__}#reference/checks/{code}.md"
