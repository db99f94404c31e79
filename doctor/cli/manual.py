"""The reference of the command line, made from the tables that the parser is made from."""

from collections.abc import Iterator

from doctor.cli.command import Command, exit_codes
from doctor.cli.commands import COMMANDS
from doctor.exit_codes import ExitCode

EXIT_CODES = {
    ExitCode.OK: "nothing at or above the threshold was found",
    ExitCode.FINDINGS: (
        "findings at or above the threshold (`--fail-on`, default `error`), or what was to start or to end did not, an"
        " endpoint did not answer, or a file could not be taken over"
    ),
    ExitCode.USAGE: "the command line is wrong, or a configuration file cannot be understood",
    ExitCode.INTERNAL: "the tool itself failed",
    ExitCode.INCOMPLETE: "a check timed out or crashed, so the answer is not whole",
    ExitCode.NOTHING_RAN: "the selection left no check to run",
    ExitCode.INTERRUPTED: "interrupted",
}


def markdown() -> str:
    """The whole reference as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Command line"
    yield ""
    yield "Reports go to stdout, everything else to stderr. `doctor` without a command is `doctor check`."
    for command in COMMANDS.values():
        yield ""
        yield from _command(command)
    yield ""
    yield "## Exit codes"
    yield ""
    yield "| code | meaning |"
    yield "|---|---|"
    yield from (f"| {int(code)} | {meaning} |" for code, meaning in EXIT_CODES.items())


def _command(command: Command) -> Iterator[str]:
    yield f"## `doctor {command.name}`"
    yield ""
    yield command.description
    yield ""
    yield "```console"
    yield from (f"$ {line}  # {what}" for line, what in command.examples)
    yield "```"
    yield ""
    yield "| argument | meaning |"
    yield "|---|---|"
    for argument in command.arguments:
        choices = f": {', '.join(argument.choices)}" if argument.choices else ""
        yield f"| `{argument.name.upper()}` | {_cell(argument.help + choices)} |"
    yield from (f"| `{_cell(option.usage)}` | {_cell(option.help)} |" for option in command.options)
    yield ""
    yield "| exit code | meaning |"
    yield "|---|---|"
    yield from (f"| {code} | {_cell(what)} |" for code, what in exit_codes(command).items())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
