"""From arguments to exit code: finds the command, carries it out, and says what went wrong where it could not."""

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import pairwise

from doctor.cli.command import Command, Group
from doctor.cli.commands import CHECK, VERSION
from doctor.cli.options import DOCUMENTS
from doctor.cli.parser import PROGRAM, group_parser, parse, program_parser, split_command
from doctor.cli.streams import STDOUT_NAMES, keep_standard_descriptors, put, say
from doctor.errors import DoctorError, UsageError
from doctor.exit_codes import ExitCode

TRACEBACK = "DOCTOR_TRACEBACK"
"""Variable that asks for the traceback of an internal error."""

VERSION_FLAGS = frozenset({"-V", "--version"})


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line and return its exit code."""
    if None in (sys.stdin, sys.stdout, sys.stderr):
        keep_standard_descriptors()
    if "_ARGCOMPLETE" in os.environ:
        from doctor.cli.completing import complete  # noqa: PLC0415 - only the shell asks

        complete()
    return _answered(arguments, lambda: _carry_out(arguments))


def run_command(command: Command, arguments: Sequence[str], *, prog: str) -> int:
    """Carry out a command that is a program of its own, and return its exit code."""
    if None in (sys.stdin, sys.stdout, sys.stderr):
        keep_standard_descriptors()
    meant = (command.name, *arguments)
    return _answered(meant, lambda: _call(command, list(arguments), prog=prog), prog=prog)


def _answered(arguments: Sequence[str], work: Callable[[], int], *, prog: str = PROGRAM) -> int:
    """Do it, and say what went wrong where it could not be done."""
    try:
        return work()
    except DoctorError as error:
        return _fail(arguments, ExitCode.USAGE, error.message, error.remedy, prog=prog)
    except KeyboardInterrupt:
        return _fail(arguments, ExitCode.INTERRUPTED, "interrupted", None, prog=prog)
    except Exception as error:  # noqa: BLE001 - the last resort, and it says so
        return _fail(arguments, ExitCode.INTERNAL, *_defect(error, show=_wants_traceback(arguments)), prog=prog)


def _carry_out(arguments: Sequence[str]) -> int:
    command, rest = split_command(arguments)
    if command is None or isinstance(command, Group):
        put((group_parser(command) if command else program_parser()).format_help())
        return ExitCode.OK
    if command is CHECK and not VERSION_FLAGS.isdisjoint(rest):
        command, rest = VERSION, [argument for argument in rest if argument not in VERSION_FLAGS]
    return _call(command, rest)


def _call(command: Command, arguments: list[str], *, prog: str | None = None) -> int:
    try:
        parsed = parse(command, arguments, prog=prog)
    except SystemExit:
        return ExitCode.OK
    module = import_module(f"doctor.cli.{command.module}")
    return int(getattr(module, command.function)(parsed))


def _fail(arguments: Sequence[str], exit_code: ExitCode, message: str, remedy: str | None, *, prog: str) -> int:
    say(f"{prog}: {message}")
    if remedy:
        say(remedy)
    if name := document_wanted(arguments):
        from doctor.cli.failure import failure_document  # noqa: PLC0415 - only a failure needs it

        try:
            put(failure_document(arguments, exit_code, message, remedy, format_name=name))
        except UsageError as error:
            if error.message != message:
                say(f"{prog}: {error.message}")
    return int(exit_code)


def document_wanted(arguments: Sequence[str]) -> str | None:
    """The format of the document for programs that stdout is to hold; ``None`` where it holds none.

    It is told without understanding the rest of the command line.
    """
    given = {argument.partition("=")[::2] for argument in arguments if "=" in argument}
    given |= set(pairwise(arguments))
    for name in DOCUMENTS:
        if not given.isdisjoint({("--format", name), *(("--output", f"{name}={file}") for file in STDOUT_NAMES)}):
            return name
    return None


def _wants_traceback(arguments: Sequence[str]) -> bool:
    return bool(os.environ.get(TRACEBACK)) or not {"-v", "--verbose"}.isdisjoint(arguments)


def _defect(error: Exception, *, show: bool) -> tuple[str, str]:
    """What to say about an error that nobody expected, and what to do."""
    import traceback  # noqa: PLC0415 - 5 ms, only a defect needs it

    if show:
        say("".join(traceback.format_exception(error)).rstrip())
    frame = traceback.extract_tb(error.__traceback__)[-1]
    said = " ".join(f"{type(error).__name__}: {error}".split())
    remedy = "run with --verbose for the traceback" if not show else "report it with the traceback"
    return f"internal error: {said} ({os.path.basename(frame.filename)}:{frame.lineno})", remedy  # noqa: PTH119 - a name, not a path
