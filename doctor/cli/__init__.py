"""The command line. Modules of commands are imported when their command is used."""

import gc
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: Arguments without the program's name; ``None`` takes the process's own.

    Returns:
        The exit code, see ``doctor.ExitCode``. Nothing is raised for a user's mistake, nor for a defect.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    if arguments in (["--version"], ["-V"]) and sys.stdout is not None:
        from doctor.__about__ import __version__  # noqa: PLC0415 - the version alone is asked for

        sys.stdout.write(f"harness-doctor {__version__}\n")
        return 0
    if argv is not None:
        return _run(arguments)
    # The process ends with the command: collecting its imports' garbage would cost a twentieth of its start-up.
    gc.disable()
    try:
        return _run(arguments)
    finally:
        _end_programs()


def _run(arguments: Sequence[str]) -> int:
    try:
        from doctor.cli.app import run  # noqa: PLC0415 - start-up of the version alone

        return run(arguments)
    except KeyboardInterrupt:
        return 130  # interrupted while importing; everything later is answered by ``run``


def _end_programs() -> None:
    """End what a thread may still be asking that nobody waits for any more, after an interrupt or at a limit."""
    process = sys.modules.get("doctor.harness.process")
    if process is not None:
        process.end_all(for_good=True)
