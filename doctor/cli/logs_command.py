"""``doctor logs``."""

from argparse import Namespace
from collections.abc import Iterable

from doctor.cli.request import options_of
from doctor.cli.streams import put
from doctor.exit_codes import ExitCode
from doctor.report.visible import visible


def run(arguments: Namespace) -> int:
    """Print what a process has printed, and with ``--follow`` what it goes on to print."""
    options = options_of(arguments)
    from doctor.processes.logs import follow, log_lines  # noqa: PLC0415 - not for a wrong command line

    if not arguments.follow:
        lines = log_lines(options, arguments.name, lines=arguments.lines)
        put("".join(f"{visible(line)}\n" for line in lines))
        return ExitCode.OK
    try:
        _print_each(follow(options, arguments.name, lines=arguments.lines))
    except KeyboardInterrupt:  # how following is ended, and nothing to complain about
        return ExitCode.INTERRUPTED
    return ExitCode.OK


def _print_each(lines: Iterable[str]) -> None:
    for line in lines:
        if not put(f"{visible(line)}\n"):
            return
