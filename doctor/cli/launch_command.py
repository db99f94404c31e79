"""``doctor launch``."""

import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from doctor.cli.request import options_of
from doctor.cli.showing import Showing, showing
from doctor.cli.streams import say, say_notices, talking
from doctor.errors import DoctorError, UsageError
from doctor.exit_codes import ExitCode

if TYPE_CHECKING:
    from doctor.processes.plan import Plan

DEFAULT_EXECUTOR = "tmux"
LONGEST_PROMPT = 16 * 1024 * 1024
"""Bytes; far more than any model reads."""

_NO_ANSWER = {
    ExitCode.USAGE: ("the configuration cannot be read, so nothing can be started", "mend what the findings say"),
    ExitCode.INCOMPLETE: ("a check did not end, so nobody knows what may be started", "doctor says which check"),
}
"""What stands in the way where it is no finding about an agent, and what to do."""


def run(arguments: Namespace) -> int:
    """Start what nothing stands against, or show what would be started."""
    options = options_of(arguments)
    prompt = prompt_of(arguments, options.cwd)
    show = showing(arguments, options)
    from doctor.processes.order import Order  # noqa: PLC0415 - not for a wrong command line
    from doctor.processes.plan import plan  # noqa: PLC0415 - see above

    order = Order(
        options=options,
        agents=tuple(arguments.agents or ()),
        ticket=arguments.ticket,
        prompt=prompt,
        executor=arguments.executor or DEFAULT_EXECUTOR,
    )
    problems: list[DoctorError] = []
    with show.progress() as progress, talking():
        planned = plan(order, progress=progress)
        if not arguments.dry_run and planned.exit_code is ExitCode.OK:
            from doctor.processes.start import launch  # noqa: PLC0415 - not for a dry run

            launched = launch(order, planned, wait=arguments.wait, progress=progress, unrecorded=problems.append)
    say_notices(planned.report.notices)
    show = replace(show, secrets=planned.report.secrets or show.secrets)
    if arguments.dry_run:
        _show_specs(planned, show)
        return planned.exit_code
    if planned.exit_code is not ExitCode.OK:
        _show_refused(planned, show)
        return planned.exit_code
    exit_code = ExitCode.USAGE if problems else launched.exit_code
    show.processes(
        launched.processes,
        refusals=launched.refusals,
        findings=planned.report.findings,
        exit_code=exit_code,
        problem=next(iter(problems), None),
    )
    return exit_code


def prompt_of(arguments: Namespace, cwd: Path) -> str | None:
    """The task that was given, be it on the command line, in a file or on stdin.

    Raises:
        UsageError: It was given twice, is blank, or cannot be read.
    """
    if arguments.prompt is not None and arguments.prompt_file is not None:
        raise UsageError("--prompt and --prompt-file exclude each other")
    if arguments.prompt_file is not None:
        return _checked(f"--prompt-file {arguments.prompt_file}", _read(arguments.prompt_file, cwd))
    return None if arguments.prompt is None else _checked("--prompt", arguments.prompt)


def _checked(source: str, prompt: str) -> str:
    if not prompt.strip():
        raise UsageError(f"{source} is blank, expected a task", remedy="leave it out to give the base prompt alone")
    if "\0" in prompt:
        raise UsageError(f"{source} has a NUL character in it, which no harness takes", remedy="take it out")
    return prompt


def _read(name: str, cwd: Path) -> str:
    """The text of a prompt's file, its line ends as they are."""
    try:
        content = _first(sys.stdin.buffer) if name == "-" else _first_of(cwd / name)
    except (OSError, ValueError, AttributeError) as error:  # a NUL in the name; stdin that is closed
        raise UsageError(f"--prompt-file {name} cannot be read: {error}") from error
    if len(content) > LONGEST_PROMPT:
        raise UsageError(
            f"--prompt-file {name} has more than {LONGEST_PROMPT:,} bytes", remedy="put less into a prompt"
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"--prompt-file {name} is no UTF-8: {error}", remedy="save it as UTF-8") from error


def _first_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return _first(file)


def _first(file: BinaryIO) -> bytes:
    """All of it, or one byte more than a prompt may have."""
    return file.read(LONGEST_PROMPT + 1)


def _show_specs(planned: "Plan", show: Showing) -> None:
    if show.json:
        from doctor.report.launch_json import specs_json  # noqa: PLC0415 - not for a table

        show.document(
            specs_json(
                planned.specs,
                planned.report.findings,
                show.secrets,
                exit_code=planned.exit_code,
                no_answer=_NO_ANSWER.get(planned.exit_code),
            )
        )
        return
    from doctor.report.launch_table import specs_table  # noqa: PLC0415 - not for JSON

    show.text(specs_table(planned.specs, show.secrets, show.style), _findings(planned, show))


def _show_refused(planned: "Plan", show: Showing) -> None:
    if show.json:
        from doctor.report.launch_json import processes_json  # noqa: PLC0415 - not for a table

        show.document(
            processes_json(
                (),
                show.secrets,
                refusals=(),
                findings=planned.report.findings,
                exit_code=planned.exit_code,
                no_answer=_NO_ANSWER.get(planned.exit_code),
            )
        )
        return
    show.text(_findings(planned, show))
    say("doctor: nothing was started")


def _findings(planned: "Plan", show: Showing) -> str:
    """What stands in the way, as `check` says it; nothing where nothing does."""
    if planned.exit_code is ExitCode.OK:
        return ""
    from doctor.report.table import render  # noqa: PLC0415 - only a refusal needs it

    return render(replace(planned.report, exit_code=planned.exit_code), replace(show.style, quiet=True))
