"""The parser comes from the tables."""

import pytest

from doctor.cli.command import Command
from doctor.cli.commands import CHECK, CHECKS, COMMANDS, EXPLAIN, TRUST
from doctor.cli.options import SEVERITIES, STAGES
from doctor.cli.parser import command_parser, parse, program_parser, split_command
from doctor.errors import UsageError
from doctor.model.finding import Severity
from doctor.model.stage import Stage


@pytest.mark.parametrize(
    ("arguments", "command", "rest"),
    [
        ([], CHECK, []),
        (["-v"], CHECK, ["-v"]),
        (["--format", "json"], CHECK, ["--format", "json"]),
        (["--format=json", "checks"], CHECKS, ["--format=json"]),
        (["-C", "trust", "checks"], CHECKS, ["-C", "trust"]),
        (["-v", "trust", "--list"], TRUST, ["-v", "--list"]),
        (["explain", "check"], EXPLAIN, ["check"]),
        (["--", "checks"], CHECKS, ["--"]),
        (["--"], CHECK, ["--"]),
        (["--wrong", "value"], CHECK, ["--wrong", "value"]),
        (["--help"], None, ["--help"]),
    ],
)
def test_the_first_word_that_is_no_option_s_value_is_the_command(
    arguments: list[str], command: Command | None, rest: list[str]
) -> None:
    assert split_command(arguments) == (command, rest)


def test_an_unknown_command_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="there is no command 'explian'") as caught:
        split_command(["explian", "SKL001"])
    assert caught.value.remedy == "did you mean 'explain'?"


def test_options_are_not_abbreviated() -> None:
    with pytest.raises(UsageError, match="check has no option '--onlin'; did you mean --online"):
        parse(CHECK, ["--onlin"])


def test_names_are_gathered_from_commas_and_repetitions() -> None:
    assert parse(CHECK, ["--select", "SKL, POL", "--select=STG"]).select == ["SKL", "POL", "STG"]


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(UsageError, match="expected names separated by commas, found 'SKL,'"):
        parse(CHECK, ["--select", "SKL,"])


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0.0), ("0.5", 0.5), ("30", 30.0), ("-1", None), ("nan", None), ("", None)]
)
def test_patience_may_be_none_at_all(text: str, value: float | None) -> None:
    if value is None:
        with pytest.raises(UsageError, match="expected seconds"):
            parse(COMMANDS["stop"], ["--patience", text])
    else:
        assert parse(COMMANDS["stop"], ["--patience", text]).patience == value


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_every_example_is_a_command_line_that_can_be_parsed(command: Command) -> None:
    for line, _ in command.examples:
        program, *arguments = line.split()
        found, rest = split_command(arguments)
        assert (program, found) == ("doctor", command)
        parse(command, rest)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_help_names_every_option(command: Command) -> None:
    text = command_parser(command).format_help()
    assert [flag for option in command.options for flag in option.flags if flag not in text] == []


def test_the_whole_program_s_parser_knows_every_command() -> None:
    text = program_parser().format_help()
    assert [name for name in COMMANDS if f"\n    {name}" not in text] == []


def test_closed_sets_are_those_of_the_model() -> None:
    assert tuple(Severity) == SEVERITIES
    assert tuple(Stage) == STAGES
