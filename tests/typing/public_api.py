"""The public API as a caller's type checker sees it. Checked by ``nox -s typing``; nothing runs it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import assert_type

import doctor
from doctor.testing import run_check


class ACM001(doctor.Check):
    """A check of somebody else's."""

    severity = doctor.Severity.WARNING
    requires = ("POL001",)

    def run(self, project: doctor.Project, policy: doctor.Policy) -> Iterator[doctor.Finding]:
        """Fails when there are no agents."""
        assert_type(project.root, Path)
        assert_type(policy.agents[0].stage, doctor.Stage | None)
        yield self.finding("agents", "there are none", remedy="add one", pointer="/agents", affects=("*",))


class Acme(doctor.Harness):
    """A harness of somebody else's."""

    id = "acme"
    title = "Acme"

    def compile(self, request: doctor.LaunchRequest) -> doctor.CompiledArgv:
        """Its argv."""
        return doctor.CompiledArgv(argv=(request.path, doctor.PROMPT))


@doctor.hookimpl
def doctor_register_checks() -> Iterable[type[doctor.Check]]:
    """Offer the check."""
    return [ACM001]


@doctor.hookimpl
def doctor_register_formats() -> Mapping[str, Callable[[doctor.Report], str]]:
    """Offer a format."""
    return {"count": lambda report: str(len(report.findings))}


def use(cwd: Path) -> None:
    """What a program does with a report."""
    report = doctor.diagnose(doctor.Options(cwd=cwd), online=False)
    assert_type(report, doctor.Report)
    assert_type(report.exit_code, doctor.ExitCode)
    assert_type(report.findings, tuple[doctor.Finding, ...])
    assert_type(report.agents[0].runtime.value, str | None)
    assert_type(report.harnesses[0].auth, doctor.Auth)
    assert_type(report.count(doctor.Severity.ERROR), int)
    assert_type(doctor.pointer("agents", 0), str)
    outcome = run_check(ACM001, project=None, policy=doctor.Policy())
    assert_type(outcome.status, doctor.Status)
    assert_type(outcome.findings, tuple[doctor.Finding, ...])
