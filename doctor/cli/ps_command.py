"""``doctor ps``."""

from argparse import Namespace

from doctor.cli.request import options_of
from doctor.cli.showing import showing
from doctor.cli.streams import say, talking
from doctor.exit_codes import ExitCode


def run(arguments: Namespace) -> int:
    """Show processes and how they do."""
    options = options_of(arguments)
    show = showing(arguments, options)
    from doctor.processes.look import look  # noqa: PLC0415 - not for a wrong command line

    with talking():
        views = look(options, names=arguments.names, ended=arguments.all)
    show.processes(views)
    if not views and not show.json:
        say("nothing was launched here" if arguments.all else "nothing runs; doctor ps --all shows what has ended")
    return ExitCode.OK
