"""What is said when a command cannot do its work."""

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

from doctor.__about__ import __version__
from doctor.cli.command import Command
from doctor.cli.parser import split_command
from doctor.cli.process_commands import DRY_RUN_ANSWER, LAUNCH
from doctor.errors import UsageError
from doctor.exit_codes import ExitCode
from doctor.model.finding import Finding, Severity
from doctor.model.report import PolicyRef, ProfileRef, Report
from doctor.model.rule import Rule
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


def failure_document(
    arguments: Sequence[str], exit_code: ExitCode, message: str, remedy: str | None, *, format_name: str = "json"
) -> str:
    """What stdout holds where a document was asked for: that of the command that was meant, empty, and why.

    Nothing, where the command has no such document when it fails.
    """
    answer = _answer(arguments)
    if answer is None:
        from doctor.report.formats import FORMATS  # noqa: PLC0415 - the table of codes is wanted without it

        return "".join(FORMATS[format_name](failure_report(exit_code, message, remedy)))
    if format_name != "json":
        return ""
    from doctor.report.json_format import dumps  # noqa: PLC0415 - as above
    from doctor.report.launch_json import failed_json  # noqa: PLC0415 - not for a diagnosis

    return dumps(failed_json(answer, message, remedy, secret_values(os.environ), exit_code=exit_code))


def _answer(arguments: Sequence[str]) -> tuple[tuple[str, type[Any]], ...] | None:
    try:
        command, _ = split_command(arguments)
    except UsageError:
        return None
    if command is LAUNCH and "--dry-run" in arguments:
        return DRY_RUN_ANSWER
    return command.answer if isinstance(command, Command) else None


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
        rules={reserved.code: Rule(code=reserved.code, title=reserved.title, fails=reserved.fails)},
        blocked=frozenset("*"),
        secrets=secret_values(os.environ),
    )
