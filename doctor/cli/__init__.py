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
    if arguments in (["--version"], ["-V"]) and _print_version():
        return 0
    if argv is not None:
        return _run(arguments)
    # The process ends with the command: collecting its imports' garbage would cost a twentieth of its start-up.
    gc.disable()
    try:
        _heed_signals()
        return _run(arguments)
    except _Ended as ended:
        return 128 + ended.number
    finally:
        _end_programs()


class _Ended(BaseException):
    """A signal asked the process to end; no ``SystemExit``, which argparse and plugins raise too."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _heed_signals() -> None:
    """Have SIGTERM and SIGHUP end the programs that were started too, unless someone else decided about them."""
    import signal  # noqa: PLC0415 - not for the version alone

    heeded = [each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) is signal.SIG_DFL]

    def end(number: int, _frame: object) -> None:
        for each in heeded:
            signal.signal(each, signal.SIG_IGN)  # ending the programs is not to be cut short
        raise _Ended(number)

    try:
        for each in heeded:
            signal.signal(each, end)
    except ValueError:
        return  # not the main thread


def _print_version() -> bool:
    """Print the version with next to no imports; false where stdout does not take it."""
    from doctor.__about__ import __version__  # noqa: PLC0415 - the version alone is asked for

    if sys.stdout is None:
        return False
    try:
        sys.stdout.write(f"harness-doctor {__version__}\n")
        sys.stdout.flush()
    except (OSError, ValueError):
        return False  # the command says what is wrong
    return True


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
