"""``doctor journal``."""

from argparse import Namespace

from doctor.cli.request import options_of
from doctor.cli.streams import put
from doctor.exit_codes import ExitCode


def run(arguments: Namespace) -> int:
    """Make the journal's tables again from its events."""
    options = options_of(arguments)
    from doctor.processes.history import rebuild  # noqa: PLC0415 - not for a wrong command line

    number = rebuild(options)
    if arguments.format == "json":
        from doctor.report.json_format import answer, dumps  # noqa: PLC0415 - one way of printing

        put(dumps(answer({"rebuilt": number})))
    else:
        put(f"rebuilt {number} {'process' if number == 1 else 'processes'} from the events\n")
    return ExitCode.OK
