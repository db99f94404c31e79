"""What is said when a command cannot do its work."""

import os
from typing import NamedTuple

from doctor.__about__ import __version__
from doctor.exit_codes import ExitCode
from doctor.model.finding import Finding, Severity
from doctor.model.report import PolicyRef, ProfileRef, Report
from doctor.report.redact import secret_values


class Reserved(NamedTuple):
    """A code that stands for the tool itself and for no check."""

    code: str
    subject: str
    title: str
    fails: str


RESERVED = {
    ExitCode.USAGE: Reserved(
        "DOC001",
        "command line",
        "The command line can be understood.",
        "An option, argument, name, plugin or output file is wrong, so nothing was checked. Exit code 2.",
    ),
    ExitCode.INTERNAL: Reserved(
        "DOC002",
        "harness-doctor",
        "The tool itself works.",
        "The tool, or a plugin's code outside of a check, failed, so nothing can be said. Exit code 3.",
    ),
    ExitCode.INTERRUPTED: Reserved(
        "DOC003",
        "harness-doctor",
        "The run was not interrupted.",
        "The run was interrupted before there was an answer. Exit code 130.",
    ),
}
"""By the exit code that each comes with."""


def failure_report(exit_code: ExitCode, message: str, remedy: str | None) -> Report:
    """A report that says only why there is none."""
    reserved = RESERVED[exit_code]
    finding = Finding(
        code=reserved.code,
        severity=Severity.ERROR,
        subject=reserved.subject,
        message=message,
        remedy=remedy,
        docs=f"doctor explain {reserved.code}",
        affects=("*",),
    )
    return Report(
        version=__version__,
        exit_code=exit_code,
        policy=PolicyRef(),
        profile=ProfileRef(),
        findings=(finding,),
        blocked=frozenset("*"),
        secrets=secret_values(os.environ),
    )
