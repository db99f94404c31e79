"""What a command is: the form of the tables in ``commands``, ``process_commands`` and ``settings_commands``."""

from typing import Any, NamedTuple

from doctor.cli.options import Option


class Argument(NamedTuple):
    """One positional argument."""

    name: str
    help: str
    choices: tuple[str, ...] | None = None
    nargs: str | None = None
    """``?``, ``*`` or ``+``; ``None`` is exactly one."""

    candidates: str | None = None


class Command(NamedTuple):
    """One command; a function of ``doctor.cli.<module>`` carries it out."""

    name: str
    """One word, or the group's and the command's own."""

    module: str
    summary: str
    description: str
    examples: tuple[tuple[str, str], ...]
    """Command lines and what each does."""

    options: tuple[Option, ...]
    arguments: tuple[Argument, ...] = ()
    answer: tuple[tuple[str, type[Any]], ...] | None = None
    """Keys of its JSON document and the type of each, empty where the command fails; ``None``: a failure is a report
    of its own, like that of ``check``."""

    function: str = "run"
    """Which of its module's functions: the arguments in, the exit code out."""


class Group(NamedTuple):
    """Commands that share their first word."""

    name: str
    summary: str
    description: str
    commands: tuple[Command, ...]
