"""A sample plugin: everything that a third party can add to the doctor, each as small as it can be."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import doctor


class ACM001(doctor.Check):
    """The on-call file is there.

    Agents that get stuck at night read in it whom to call.
    """

    severity = doctor.Severity.WARNING

    def run(self, oncall: Path) -> Iterator[doctor.Finding]:
        """Fails when ``ONCALL.md`` is missing from the project's root."""
        if not oncall.is_file():
            yield self.finding(oncall.name, f"{oncall} is missing", remedy=f"touch {oncall}")


class Acme(doctor.Harness):
    """The agent CLI of Acme."""

    id = "acme"
    title = "Acme"
    aliases: ClassVar[tuple[str, ...]] = ("acme_cli",)
    binaries: ClassVar[tuple[str, ...]] = ("acme",)
    install = "brew install acme"


def oncall(project: doctor.Project) -> Path:
    """Where the on-call file belongs."""
    return project.root / "ONCALL.md"


def render(report: doctor.Report) -> str:
    """One line per finding."""
    return "".join(f"{finding.code}: {finding.message}\n" for finding in report.findings)


@doctor.hookimpl
def doctor_register_checks() -> list[type[doctor.Check]]:
    """Offer the check."""
    return [ACM001]


@doctor.hookimpl
def doctor_register_facts() -> Mapping[str, Callable[..., Path]]:
    """Offer the fact that the check asks for."""
    return {"oncall": oncall}


@doctor.hookimpl
def doctor_register_harnesses() -> list[doctor.Harness]:
    """Offer the harness."""
    return [Acme()]


@doctor.hookimpl
def doctor_register_formats() -> Mapping[str, Callable[[doctor.Report], str]]:
    """Offer the report format."""
    return {"sample": render}
