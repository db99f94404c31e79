"""The parser comes from the tables."""

from importlib import import_module

import pytest

from doctor.cli.command import Command, Group, exit_codes
from doctor.cli.commands import CHECK, CHECKS, COMMANDS, EXPLAIN, GROUPS, TRUST
from doctor.cli.options import SEVERITIES, STAGES
from doctor.cli.parser import NAMES, command_parser, group_parser, parse, program_parser, split_command
from doctor.cli.settings_options import KINDS, ROUTES
from doctor.errors import UsageError
from doctor.exit_codes import ExitCode
from doctor.model.finding import Severity
from doctor.model.machine import ENDPOINT_KINDS
from doctor.model.stage import Stage
from doctor.settings.routes import ROUTES as MODEL_ROUTES


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
        (["profile", "use", "codex"], COMMANDS["profile use"], ["codex"]),
        (["-v", "profile", "--format", "json", "list"], COMMANDS["profile list"], ["-v", "--format", "json"]),
        (["profile", "-C", "use", "show", "list"], COMMANDS["profile show"], ["-C", "use", "list"]),
        (["endpoint", "test", "-h"], COMMANDS["endpoint test"], ["-h"]),
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


@pytest.mark.parametrize("arguments", [["profile"], ["profile", "-h"], ["--help", "profile"]])
def test_a_group_alone_is_asked_for_its_help(arguments: list[str]) -> None:
    assert split_command(arguments)[0] is GROUPS["profile"]


@pytest.mark.parametrize(
    ("arguments", "said", "remedy"),
    [
        (["profile", "ues"], "there is no command 'profile ues'", "did you mean 'profile use'?"),
        (["profil", "use"], "there is no command 'profil'", "did you mean 'profile'?"),
        (["rename", "a", "b"], "there is no command 'rename'", "did you mean 'profile rename'?"),
        (["endpoint", "xyz"], "there is no command 'endpoint xyz'", "commands of endpoint: list, set, unset, test"),
        (
            ["endpoint", "--format", "json"],
            "endpoint is several commands, and none of them was named",
            "commands of endpoint: list, set, unset, test",
        ),
    ],
)
def test_a_wrong_word_of_two_is_refused_with_what_there_is(arguments: list[str], said: str, remedy: str) -> None:
    with pytest.raises(UsageError) as caught:
        split_command(arguments)
    assert (caught.value.message, caught.value.remedy) == (said, remedy)


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
    assert [name for name in NAMES if f"\n    {name}" not in text] == []
    assert set(GROUPS) < set(NAMES)


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
def test_a_group_s_help_names_each_of_its_commands(group: Group) -> None:
    text = group_parser(group).format_help()
    verbs = [command.name.removeprefix(f"{group.name} ") for command in group.commands]
    assert [verb for verb in verbs if f"\n    {verb}" not in text] == []


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_every_command_names_a_function(command: Command) -> None:
    assert callable(getattr(import_module(f"doctor.cli.{command.module}"), command.function))


def test_a_flag_takes_a_value_everywhere_or_nowhere() -> None:
    takes: dict[str, set[bool]] = {}
    for option in (option for command in COMMANDS.values() for option in command.options):
        for flag in option.flags:
            takes.setdefault(flag, set()).add(option.takes_value)
    assert [flag for flag, ways in takes.items() if len(ways) > 1] == []


def test_closed_sets_are_those_of_the_model() -> None:
    assert tuple(Severity) == SEVERITIES
    assert tuple(Stage) == STAGES
    assert tuple(ENDPOINT_KINDS) == KINDS
    assert tuple(MODEL_ROUTES) == ROUTES


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.name)
def test_every_help_has_examples_and_says_the_exit_codes(command: Command) -> None:
    text = command_parser(command).format_help()
    _, _, codes = text.partition("exit codes:\n")
    assert "examples:\n" in text
    assert [int(line.split()[0]) for line in codes.splitlines()] == sorted(exit_codes(command))
    assert {0, 2, 3, 130} <= exit_codes(command).keys() <= {int(code) for code in ExitCode}


def test_the_exit_codes_of_a_command_are_its_own() -> None:
    assert exit_codes(COMMANDS["stop"])[1] == "something of them could not be ended"
    assert 1 not in exit_codes(COMMANDS["ps"])
    assert exit_codes(COMMANDS["check"]).keys() == {int(code) for code in ExitCode}
