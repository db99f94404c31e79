"""One start of nex, from its arguments to its exit status."""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

from doctor.errors import DoctorError, UsageError
from doctor.nex.arguments import Settings, parse
from doctor.nex.failures import UnusableError
from doctor.nex.prompts import first_prompt, system_prompt

FAILED, USAGE, INTERRUPTED = 1, 2, 130
SIGNALLED = 128


def main(arguments: Sequence[str]) -> int:
    """Run nex and return its exit status; whatever went wrong has been said in a line."""
    _set_up_process()
    secrets: list[str] = []
    try:
        return _run(parse(arguments), secrets)
    except DoctorError as error:
        with suppress(OSError):
            sys.stderr.write(f"{_line(error, secrets)}\n")
        return USAGE if isinstance(error, UsageError | UnusableError) else FAILED
    except KeyboardInterrupt:
        # Who presses twice means the same.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return INTERRUPTED
    except BrokenPipeError:
        # The interpreter would complain about the stream once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _run(settings: Settings, secrets: list[str]) -> int:
    prompt = first_prompt(settings)
    system = system_prompt(settings)

    from doctor.nex.endpoint import Endpoint, find_key  # noqa: PLC0415 - a wrong command line is told without it
    from doctor.nex.session import session  # noqa: PLC0415

    key = find_key(settings, os.environ)
    secrets += [key] if key else []
    with session(settings, endpoint=Endpoint(settings, key), system=system, secret=key) as running:
        if settings.interactive:
            running.interact(prompt)
        elif prompt is not None:
            running.answer(prompt)
    return 0


def _set_up_process() -> None:
    """Text in any locale, and an orderly end when asked to end."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(SIGNALLED + number)


def _line(error: DoctorError, secrets: Sequence[str]) -> str:
    line = f"nex: {error.message}" + (f"; {error.remedy}" if error.remedy else "")
    for secret in secrets:
        line = line.replace(secret, "[redacted]")
    return " ".join(line.split())
