"""``doctor attach``."""

import os
import shlex
import sys
from argparse import Namespace
from typing import NoReturn

from doctor.cli.request import options_of
from doctor.cli.streams import is_terminal
from doctor.errors import UsageError


def run(arguments: Namespace) -> NoReturn:
    """Become the program that shows a process's terminal.

    Raises:
        UsageError: There is no such process, it has no terminal, or this is none.
    """
    options = options_of(arguments)
    from doctor.processes.attach import attach_command  # noqa: PLC0415 - not for a wrong command line

    argv = attach_command(options, arguments.name)
    if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        raise UsageError("attaching needs a terminal, and this is none", remedy=f"in a terminal: {shlex.join(argv)}")
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - without a shell on purpose
    except OSError as error:
        raise UsageError(f"{argv[0]} cannot be started: {error}", remedy="doctor --select ENV") from error
