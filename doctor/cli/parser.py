"""From the tables of commands and options to parsers, and from arguments to the command that is meant."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from doctor.cli.command import Argument, Command
from doctor.cli.commands import CHECK, COMMANDS
from doctor.cli.options import Option
from doctor.cli.streams import width_of_terminal
from doctor.config.names import nearest
from doctor.errors import UsageError

PROGRAM = "doctor"
EPILOG = """\
exit codes: 0 clean, 1 findings, 2 usage or unreadable configuration, 3 internal error, 4 incomplete, 5 nothing ran,
130 interrupted. `doctor COMMAND --help` shows a command's options and examples."""


class Parser(argparse.ArgumentParser):
    """A parser that raises instead of ending the process."""

    def error(self, message: str) -> NoReturn:
        """Refuse the command line.

        Raises:
            UsageError: Always.
        """
        raise UsageError(message, remedy=f"see: {self.prog} --help")


def split_command(arguments: Sequence[str]) -> tuple[Command | None, list[str]]:
    """The command that is meant, and the arguments without its name.

    The first argument that is neither an option nor an option's value is the command; without one it is ``check``.

    Returns:
        The command and its arguments; ``None`` where the program's own help is asked for.

    Raises:
        UsageError: There is no such command.
    """
    index = _first_positional(arguments)
    if index is None:
        asks = any(argument in {"-h", "--help"} for argument in arguments)
        return (None if asks else CHECK), list(arguments)
    name = arguments[index]
    if name not in COMMANDS and any(_is_unknown_option(argument) for argument in arguments[:index]):
        return CHECK, list(arguments)  # whose parser names the option; the word may be meant as its value
    if name not in COMMANDS:
        hint = nearest(name, list(COMMANDS))
        remedy = f"did you mean {hint!r}?" if hint else f"commands: {', '.join(COMMANDS)}"
        raise UsageError(f"there is no command {name!r}", remedy=remedy)
    return COMMANDS[name], [*arguments[:index], *arguments[index + 1 :]]


def _flags(*, valued: bool = False) -> set[str]:
    """Spellings of every option of every command, or of those that take a value."""
    options = (option for command in COMMANDS.values() for option in command.options)
    return {flag for option in options if option.takes_value or not valued for flag in option.flags}


def _is_unknown_option(argument: str) -> bool:
    return argument.startswith("--") and argument.partition("=")[0] not in _flags()


def _first_positional(arguments: Sequence[str]) -> int | None:
    valued = _flags(valued=True)
    skip = False
    for index, argument in enumerate(arguments):
        if skip or (argument.startswith("-") and argument not in {"-", "--"}):
            skip = not skip and argument in valued
        elif argument == "--":
            return index + 1 if index + 1 < len(arguments) else None
        else:
            return index
    return None


def parse(command: Command, arguments: Sequence[str]) -> argparse.Namespace:
    """The command's arguments.

    Raises:
        UsageError: One is unknown, misses its value or has a wrong one.
        SystemExit: Help was asked for, and printed.
    """
    parser = command_parser(command)
    parsed, unknown = parser.parse_known_args(list(arguments))
    if unknown:
        raise UsageError(_unknown(command, unknown[0]), remedy=f"see: {parser.prog} --help")
    return parsed


def _unknown(command: Command, argument: str) -> str:
    if not argument.startswith("-"):
        return f"{command.name} takes no argument {argument!r}"
    name = argument.partition("=")[0]
    known = [flag[2:] for option in command.options for flag in option.flags if flag.startswith("--")]
    hint = nearest(name.lstrip("-"), known)
    return f"{command.name} has no option {name!r}" + (f"; did you mean --{hint}?" if hint else "")


def _formatter(prog: str) -> argparse.HelpFormatter:
    """With its width said, since argparse makes one for every argument and would import ``shutil`` to ask for it."""
    return argparse.RawDescriptionHelpFormatter(prog, width=width_of_terminal() - 2)


def command_parser(command: Command) -> Parser:
    """The parser of one command."""
    parser = Parser(
        prog=f"{PROGRAM} {command.name}",
        description=command.description,
        epilog=examples(command),
        formatter_class=_formatter,
        allow_abbrev=False,
    )
    fill(parser, command)
    return parser


def program_parser() -> Parser:
    """The parser of everything: for the program's help and for completion. Options without a command are check's."""
    parser = Parser(
        prog=PROGRAM,
        description=f"{CHECK.description}\n\nWithout a command it is {CHECK.name!r}.",
        epilog=f"{examples(CHECK)}\n\n{EPILOG}",
        formatter_class=_formatter,
        allow_abbrev=False,
    )
    parser.add_argument("-V", "--version", action="store_true", help="print the version")
    fill(parser, CHECK)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", parser_class=Parser)
    for command in COMMANDS.values():
        child = commands.add_parser(command.name, help=command.summary, add_help=True, allow_abbrev=False)
        fill(child, command)
    return parser


def examples(command: Command) -> str:
    """The command's examples as text."""
    width = max(len(line) for line, _ in command.examples)
    return "examples:\n" + "\n".join(f"  {line.ljust(width)}  {what}" for line, what in command.examples)


def fill(parser: argparse.ArgumentParser, command: Command) -> None:
    """Add the command's arguments and options to a parser."""
    for argument in command.arguments:
        _add_argument(parser, argument)
    for option in command.options:
        _add_option(parser, option)


def _add_argument(parser: argparse.ArgumentParser, argument: Argument) -> None:
    metavar = None if argument.choices else argument.name.upper().removesuffix("S")
    action = parser.add_argument(
        argument.name, help=argument.help, choices=argument.choices, nargs=argument.nargs, metavar=metavar
    )
    _remember(action, argument.candidates)


def _add_option(parser: argparse.ArgumentParser, option: Option) -> None:
    settings: dict[str, Any] = {"help": option.help.replace("%", "%%")}
    if option.dest:
        settings["dest"] = option.dest
    if not option.takes_value:
        settings["action"] = "store_true"
    else:
        settings |= {"metavar": option.metavar, "choices": option.choices, "action": option.many or "store"}
        if option.convert:
            settings["type"] = _converter(option.convert)
    _remember(parser.add_argument(*option.flags, **settings), option.candidates)


def _remember(action: argparse.Action, candidates: str | None) -> None:
    """Note on the action what completes it, for whoever completes."""
    action.candidates = candidates  # type: ignore[attr-defined]


def _converter(convert: Callable[[str], Any]) -> Callable[[str], Any]:
    def converted(text: str) -> Any:
        try:
            return convert(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return converted
