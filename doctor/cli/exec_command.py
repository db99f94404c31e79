"""``doctor exec``."""

from argparse import Namespace

from doctor.cli.launch_command import DEFAULT_EXECUTOR
from doctor.cli.request import options_of
from doctor.cli.showing import showing
from doctor.cli.streams import talking
from doctor.errors import DoctorError
from doctor.exit_codes import ExitCode


def run(arguments: Namespace) -> int:
    """Start a launch spec that is still true."""
    options = options_of(arguments)
    show = showing(arguments, options)
    from doctor.processes.start import execute  # noqa: PLC0415 - not for a wrong command line

    problems: list[DoctorError] = []
    with show.progress() as progress, talking():
        launched = execute(
            options.cwd / arguments.spec,
            options,
            executor=arguments.executor or DEFAULT_EXECUTOR,
            wait=arguments.wait,
            progress=progress,
            unrecorded=problems.append,
        )
    exit_code = ExitCode.USAGE if problems else launched.exit_code
    problem = next(iter(problems), None)
    show.processes(launched.processes, refusals=launched.refusals, exit_code=exit_code, problem=problem)
    return exit_code
