"""``doctor exec``."""

from argparse import Namespace

from doctor.cli.launch_command import DEFAULT_EXECUTOR
from doctor.cli.request import options_of
from doctor.cli.showing import showing
from doctor.cli.streams import talking


def run(arguments: Namespace) -> int:
    """Start a launch spec that is still true."""
    options = options_of(arguments)
    show = showing(arguments, options)
    from doctor.processes.start import execute  # noqa: PLC0415 - not for a wrong command line

    with show.progress() as progress, talking():
        launched = execute(
            options.cwd / arguments.spec,
            options,
            executor=arguments.executor or DEFAULT_EXECUTOR,
            wait=arguments.wait,
            progress=progress,
        )
    show.processes(launched.processes, refusals=launched.refusals, exit_code=launched.exit_code)
    return launched.exit_code
