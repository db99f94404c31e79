"""From the tables of commands and options to parsers, and from arguments to the command that is meant."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from doctor.cli.command import Argument, Command, Group, exit_codes
from doctor.cli.commands import CHECK, COMMANDS, GROUPS
from doctor.cli.options import Option
from doctor.cli.streams import width_of_terminal
from doctor.config.names import nearest
from doctor.errors import UsageError

PROGRAM = "doctor"
NAMES = tuple(dict.fromkeys(name.partition(" ")[0] for name in COMMANDS))
"""First words of command lines, in the order in which they are shown."""

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


def split_command(arguments: Sequence[str]) -> tuple[Command | Group | None, list[str]]:
    """The command that is meant, and the arguments without its name.

    The first argument that is neither an option nor an option's value is the command, or the group of a command whose
    own name the next such argument is; without one it is ``check``.

    Returns:
        The command and its arguments; a group where its help is asked for, or none of its commands is named; ``None``
        where the program's own help is asked for.

    Raises:
        UsageError: There is no such command.
    """
    index = _first_positional(arguments)
    if index is None:
        return (None if _asks_for_help(arguments) else CHECK), list(arguments)
    name = arguments[index]
    if name not in NAMES and any(_is_unknown_option(argument) for argument in arguments[:index]):
        return CHECK, list(arguments)  # whose parser names the option; the word may be meant as its value
    rest = [*arguments[:index], *arguments[index + 1 :]]
    return _of_group(GROUPS[name], rest) if name in GROUPS else (_command(name), rest)


def _of_group(group: Group, arguments: list[str]) -> tuple[Command | Group, list[str]]:
    """The command of a group that is meant, and the arguments without its name.

    Raises:
        UsageError: There is no such command, or none was named though there are options.
    """
    index = _first_positional(arguments)
    if index is None:
        if arguments and not _asks_for_help(arguments):
            raise UsageError(f"{group.name} is several commands, and none of them was named", remedy=_all_of(group))
        return group, arguments
    verb = arguments[index]
    verbs = {_verb(command): command for command in group.commands}
    if verb not in verbs:
        hint = nearest(verb, list(verbs))
        remedy = f"did you mean '{group.name} {hint}'?" if hint else _all_of(group)
        raise UsageError(f"there is no command '{group.name} {verb}'", remedy=remedy)
    return verbs[verb], [*arguments[:index], *arguments[index + 1 :]]


def _command(name: str) -> Command:
    """The command of one word.

    Raises:
        UsageError: There is none.
    """
    if name in COMMANDS:
        return COMMANDS[name]
    without_group = (command.name for group in GROUPS.values() for command in group.commands if _verb(command) == name)
    hint = next(without_group, None) or nearest(name, NAMES)
    remedy = f"did you mean {hint!r}?" if hint else f"commands: {', '.join(NAMES)}"
    raise UsageError(f"there is no command {name!r}", remedy=remedy)


def _verb(command: Command) -> str:
    """The command's own name in its group."""
    return command.name.partition(" ")[2]


def _all_of(group: Group) -> str:
    return f"commands of {group.name}: {', '.join(map(_verb, group.commands))}"


def _asks_for_help(arguments: Sequence[str]) -> bool:
    return not {"-h", "--help"}.isdisjoint(arguments)


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


def parse(command: Command, arguments: Sequence[str], *, prog: str | None = None) -> argparse.Namespace:
    """The command's arguments.

    Args:
        command: The command.
        arguments: Without its name.
        prog: The program that it is here, where it is one.

    Raises:
        UsageError: One is unknown, misses its value or has a wrong one.
        SystemExit: Help was asked for, and printed.
    """
    parser = command_parser(command, prog=prog)
    parsed, unknown = parser.parse_known_args(list(arguments))
    if unknown:
        raise _unknown(command, unknown[0], see=f"see: {parser.prog} --help")
    return parsed


def _unknown(command: Command, argument: str, *, see: str) -> UsageError:
    if not argument.startswith("-"):
        return UsageError(f"{command.name} takes no argument {argument!r}", remedy=see)
    name = argument.partition("=")[0]
    instead = dict(command.gone).get(name)
    if instead is not None:
        return UsageError(f"{command.name} no longer has the option {name!r}", remedy=instead)
    known = [flag[2:] for option in command.options for flag in option.flags if flag.startswith("--")]
    hint = nearest(name.lstrip("-"), known)
    return UsageError(
        f"{command.name} has no option {name!r}" + (f"; did you mean --{hint}?" if hint else ""), remedy=see
    )


def _formatter(prog: str) -> argparse.HelpFormatter:
    """With its width said, since argparse makes one for every argument and would import ``shutil`` to ask for it."""
    return argparse.RawDescriptionHelpFormatter(prog, width=width_of_terminal() - 2)


def command_parser(command: Command, *, prog: str | None = None) -> Parser:
    """The parser of one command, or of the program of this name that it is."""
    parser = Parser(
        prog=prog or f"{PROGRAM} {command.name}",
        description=command.description,
        epilog=f"{examples(command, prog=prog)}\n\n{_endings(command)}",
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
    add = parser.add_subparsers(metavar="COMMAND", title="commands", parser_class=Parser)
    for name in NAMES:
        if name in GROUPS:
            _add_commands(add.add_parser(name, help=GROUPS[name].summary, allow_abbrev=False), GROUPS[name])
        else:
            fill(add.add_parser(name, help=COMMANDS[name].summary, allow_abbrev=False), COMMANDS[name])
    return parser


def group_parser(group: Group) -> Parser:
    """The parser of a group, for its help."""
    parser = Parser(
        prog=f"{PROGRAM} {group.name}",
        description=group.description,
        epilog=f"`{PROGRAM} {group.name} COMMAND --help` shows a command's options and examples.",
        formatter_class=_formatter,
        allow_abbrev=False,
    )
    _add_commands(parser, group)
    return parser


def _add_commands(parser: argparse.ArgumentParser, group: Group) -> None:
    add = parser.add_subparsers(metavar="COMMAND", title="commands", parser_class=Parser)
    for command in group.commands:
        fill(add.add_parser(_verb(command), help=command.summary, allow_abbrev=False), command)


def examples(command: Command, *, prog: str | None = None) -> str:
    """The command's examples as text, for the program of this name where it is one."""
    own = f"{PROGRAM} {command.name}"
    lines = [(line.replace(own, prog, 1) if prog else line, what) for line, what in command.examples]
    width = max(len(line) for line, _ in lines)
    return "examples:\n" + "\n".join(f"  {line.ljust(width)}  {what}" for line, what in lines)


def _endings(command: Command) -> str:
    """The command's exit codes as text."""
    return "exit codes:\n" + "\n".join(f"  {code:<3}  {what}" for code, what in exit_codes(command).items())


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
