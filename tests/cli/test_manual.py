"""The reference of the command line."""

from doctor.cli.commands import COMMANDS
from doctor.cli.manual import EXIT_CODES, markdown
from doctor.exit_codes import ExitCode


def test_it_names_every_command_option_argument_and_exit_code() -> None:
    text = markdown()
    wanted = [f"## `doctor {name}`" for name in COMMANDS]
    wanted += [option.flags[-1] for command in COMMANDS.values() for option in command.options]
    wanted += [argument.name.upper() for command in COMMANDS.values() for argument in command.arguments]
    wanted += [f"| {int(code)} | " for code in ExitCode]
    assert [each for each in wanted if each not in text] == []


def test_every_exit_code_has_a_meaning() -> None:
    assert set(EXIT_CODES) == set(ExitCode)
