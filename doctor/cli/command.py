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

    endings: tuple[tuple[int, str], ...] = ()
    """Exit codes and what they mean here, beside or in place of those that every command has."""

    gone: tuple[tuple[str, str], ...] = ()
    """Options that it, or a program that it follows, once had, and what to do instead of each."""


EVERY_ENDING = {0: "done", 2: "usage or unreadable configuration", 3: "internal error", 130: "interrupted"}
"""What the exit codes of a command mean where it says nothing else."""

DIAGNOSED = ((0, "clean"), (1, "findings"), (4, "incomplete"), (5, "nothing ran"))
"""The exit codes of a command that ends as its diagnosis does."""


def exit_codes(command: Command) -> dict[int, str]:
    """What each exit code of a command means, in the order of the codes."""
    return dict(sorted((EVERY_ENDING | dict(command.endings)).items()))


class Group(NamedTuple):
    """Commands that share their first word."""

    name: str
    summary: str
    description: str
    commands: tuple[Command, ...]
