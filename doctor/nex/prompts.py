"""Where prompts come from."""

import sys
from pathlib import Path

from doctor.errors import UsageError
from doctor.nex.arguments import Settings

SYSTEM = """\
You are nex, an agent that works in the directory {directory}.
Use the bash tool to look around, to change files and to check your work; do not guess what you can look up.
Commands may write below that directory and in $TMPDIR only, get no input, and are ended after {seconds:g} seconds.
When you are done, say briefly what you did.
"""


def first_prompt(settings: Settings) -> str | None:
    """The prompt of the command line, of its file or of standard input; ``None`` where a person will be asked.

    Raises:
        UsageError: There is none, it is blank, or its file cannot be read.
    """
    if settings.prompt_file is not None:
        prompt = read(settings.prompt_file, "--prompt-file")
    elif settings.prompt is not None:
        prompt = settings.prompt
    elif settings.interactive:
        return None
    elif sys.__stdin__ is None or sys.__stdin__.isatty():
        raise UsageError("there is no prompt", remedy="give one, or use --interactive; see nex --help")
    else:
        prompt = sys.stdin.buffer.read().decode("utf-8", "replace")
    if not prompt.strip():
        raise UsageError("the prompt is blank", remedy="say what is to be done")
    return sendable(prompt)


def system_prompt(settings: Settings) -> str:
    """The system prompt: the file's, or nex's own.

    Raises:
        UsageError: Its file cannot be read.
    """
    if settings.system is not None:
        return read(settings.system, "--system")
    return SYSTEM.format(directory=sendable(str(Path.cwd())), seconds=settings.timeout)


def read(path: Path, option: str) -> str:
    """The text of a file, byte for byte where it is UTF-8.

    Raises:
        UsageError: It cannot be read; the message names ``option``.
    """
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError as error:
        raise UsageError(
            f"{option} {path} cannot be read: {error.strerror}", remedy="name a file that can be read"
        ) from error


def sendable(text: str) -> str:
    """``text`` with bytes replaced that were no UTF-8 on the command line: no request can carry them."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
