"""The program ``agent-runner``: the command ``doctor runner``, named as runners are elsewhere."""

import os
import signal
import sys
from collections.abc import Sequence

PROGRAM = "agent-runner"


def main(argv: Sequence[str] | None = None) -> int:
    """Run it.

    Args:
        argv: Arguments without the program's name; ``None`` takes the process's own.

    Returns:
        The exit code: 0 where it left as it was asked to, 1 where its profile, its credentials or its coordinator
        do not allow it to work, 2 for a wrong command line.
    """
    if argv is None and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Until there is something to leave, an interrupt ends the process without a word.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    arguments = sys.argv[1:] if argv is None else list(argv)
    if arguments in (["--version"], ["-V"]):
        from doctor.__about__ import __version__  # noqa: PLC0415 - the version alone is asked for
        from doctor.cli.streams import put  # noqa: PLC0415 - see above

        put(f"{PROGRAM} (harness-doctor) {__version__}\n")
        return 0
    from doctor.cli.app import run_command  # noqa: PLC0415 - start-up of the version alone
    from doctor.cli.runner_commands import RUNNER  # noqa: PLC0415 - see above

    if "_ARGCOMPLETE" in os.environ:
        from doctor.cli.completing import complete  # noqa: PLC0415 - only the shell asks
        from doctor.cli.parser import command_parser  # noqa: PLC0415 - see above

        complete(command_parser(RUNNER, prog=PROGRAM))
    return run_command(RUNNER, arguments, prog=PROGRAM)
