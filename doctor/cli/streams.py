"""stdout is data, stderr is talk. Either may be closed, a pipe nobody reads, or unable to take a character."""

import os
import sys
from _thread import get_ident
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

from doctor.errors import UsageError
from doctor.report.redact import redact, secret_values
from doctor.report.style import Style
from doctor.report.visible import visible_lines

STDOUT_NAMES = frozenset({"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"})
"""What names stdout where a file is expected."""

SYMBOLS = "✓✗→·…"
"""What a stream must be able to take for reports to use symbols."""


def keep_standard_descriptors() -> None:
    """Open the null device on every standard descriptor that is closed, lest a file opened later takes its number."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def put(text: str) -> bool:
    """Write data to stdout, whole. Nobody reading it is no error.

    Returns:
        Whether somebody may still be reading.

    Raises:
        UsageError: It cannot be written, such as to a full disk, or stdout is closed.
    """
    return _write(text, flush=True)


def put_pieces(pieces: Iterable[str]) -> bool:
    """Like ``put``, piece by piece as they come; none is asked for once nobody is reading."""
    return all(_write(piece, flush=False) for piece in pieces) and _write("", flush=True)


def _write(text: str, *, flush: bool) -> bool:
    if sys.stdout is None:
        raise UsageError(
            "the report cannot be written to stdout: it is closed", remedy="open it, or send it to /dev/null"
        )
    try:
        sys.stdout.write(encodable(text, sys.stdout))
        if flush:
            sys.stdout.flush()
    except BrokenPipeError:
        _abandon(sys.stdout)
        return False
    except (OSError, ValueError) as error:
        _abandon(sys.stdout)
        raise UsageError(f"the report cannot be written to stdout: {error}") from error
    return True


def say(text: str) -> None:
    """Talk to the user on stderr: safe to print, without secrets; lost where there is no stderr."""
    if sys.stderr is None:
        return
    lines = "".join(f"{_inert(line)}\n" for line in visible_lines(redact(text, secret_values(os.environ))))
    with suppress(OSError, ValueError):
        sys.stderr.write(encodable(lines, sys.stderr))
        sys.stderr.flush()


def say_notices(notices: Iterable[str]) -> None:
    """Say what a diagnosis has to say beside its findings."""
    for notice in notices:
        say(f"doctor: {notice}")


def _inert(line: str) -> str:
    """A line that a workflow's runner, which reads stderr too, takes for no command: a path may hold a line break."""
    line = line.replace("##[", "##\\[")
    return f"\\{line}" if line.lstrip().startswith("::") else line


@contextmanager
def talking() -> Iterator[None]:
    """While it lasts, whatever anyone else's code prints is talk: stdout is kept for data.

    What a thread prints whose check was given up at its limit stays talk.
    """
    stdout = sys.stdout
    sys.stdout = sys.stderr
    try:
        yield
    finally:
        crew = sys.modules.get("doctor.diagnosis.crew")
        kept = crew is not None and crew.somebody_works() and not isinstance(stdout, _OfThread | None)
        sys.stdout = cast("TextIO", _OfThread(stdout, sys.stderr)) if kept else stdout


class _OfThread:
    """A stream for the thread that makes it, and another one for all others."""

    def __init__(self, own: TextIO, others: TextIO) -> None:
        self._own = own
        self._others = others
        self._thread = get_ident()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own if get_ident() == self._thread else self._others, name)


def encodable(text: str, stream: TextIO) -> str:
    """``text`` with whatever the stream's encoding cannot take written as escapes."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode(encoding, "backslashreplace").decode(encoding)
    return text


def _abandon(stream: TextIO) -> None:
    """Let whatever is still buffered go to nowhere, so that the interpreter's last flush does not complain."""
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person may be looking."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def wants_color(choice: str | None, stream: TextIO | None, environment: Mapping[str, str]) -> bool:
    """Whether to use colour: what ``--color`` says, else NO_COLOR, FORCE_COLOR, the terminal."""
    if choice in {"always", "never"}:
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return is_terminal(stream) and environment.get("TERM") != "dumb"


def takes_symbols(stream: TextIO | None) -> bool:
    """Whether the stream's encoding has the symbols that reports use."""
    return encodable(SYMBOLS, stream) == SYMBOLS if stream is not None else True


def width_of_terminal() -> int:
    """What COLUMNS says, or the columns of the terminal, or 80: as ``shutil`` does it, without its 3 ms of imports."""
    said = os.environ.get("COLUMNS", "")[:9]
    if said.isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):
        return 80


def style_for(
    stream: TextIO | None, environment: Mapping[str, str], *, color: str | None, verbose: bool, quiet: bool, home: str
) -> Style:
    """How a report for people is to look on this stream."""
    colored = wants_color(color, stream, environment)
    return Style(
        width=width_of_terminal() if colored or is_terminal(stream) else 80,
        color=colored,
        unicode=takes_symbols(stream),
        verbose=verbose,
        quiet=quiet,
        home=home,
    )
