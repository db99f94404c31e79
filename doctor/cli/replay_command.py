"""``doctor replay``."""

from argparse import Namespace

from doctor.cli.request import options_of
from doctor.cli.showing import showing
from doctor.cli.streams import say, talking
from doctor.exit_codes import ExitCode


def run(arguments: Namespace) -> int:
    """Tell from the journal which harness ran which stage."""
    options = options_of(arguments)
    show = showing(arguments, options)
    from doctor.processes.history import replay  # noqa: PLC0415 - not for a wrong command line

    with talking():
        told = replay(options, run_id=arguments.run)
    if show.json:
        from doctor.report.launch_json import replay_json  # noqa: PLC0415 - not for a table

        show.document(replay_json(told, show.secrets))
        return ExitCode.OK
    from doctor.report.launch_table import replay_table  # noqa: PLC0415 - not for JSON

    show.text(replay_table(told, show.secrets, show.style))
    if not told.processes:
        say("the journal tells of no process")
    return ExitCode.OK
