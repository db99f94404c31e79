"""The commands about files by themselves, whatever the machine, as data."""

from doctor.cli import options
from doctor.cli.command import Argument, Command
from doctor.cli.options import Option

KINDS = ("policy", "profile", "executor-profile", "machine", "skill")

KIND = Option(("--as",), "what the files are (default: told from their names)", choices=KINDS, dest="kind")

VALIDATE = Command(
    name="validate",
    module="validate_command",
    summary="check files by themselves, whatever the machine",
    description=(
        "Checks policies, named profiles, executor profiles, machine settings and skills, each by itself: no harness\n"
        "is looked for, and no setting of this machine counts, so that the answer is the same everywhere. A file\n"
        "called policy.json or policy.toml is a policy, SKILL.md a skill, machine.toml the settings of a machine,\n"
        "any other .toml a named profile and any other .json an executor profile."
    ),
    examples=(
        ("doctor validate .metawsm/policy.json", "one policy"),
        ("doctor validate --as profile profiles/*.toml", "named profiles that are kept in a repository"),
        ("doctor validate .metawsm/skills/*/SKILL.md --quiet", "skills, for a hook"),
    ),
    endings=(
        (0, "every file is valid"),
        (1, "one of them is not"),
        (4, "incomplete"),
    ),
    options=(
        KIND,
        options.FORMAT,
        options.OUTPUT,
        options.FAIL_ON,
        options.COLOR,
        options.VERBOSE,
        options.QUIET,
        options.CWD,
    ),
    arguments=(Argument("files", "a policy, profile or skill", nargs="+", candidates="files"),),
)
SCHEMA = Command(
    name="schema",
    module="schema_command",
    summary="print a JSON Schema, for an editor or a program",
    description=(
        "Prints the published JSON Schema of a file that people write, or of a document that this program prints.\n"
        "Without a name it lists them. Editors complete and check with them while a file is written."
    ),
    examples=(
        ("doctor schema", "which there are"),
        ("doctor schema policy", "one, to be written to a file for an editor"),
    ),
    options=(options.LIST_FORMAT, options.VERBOSE),
    arguments=(Argument("name", "such as policy, profile, machine or report", nargs="?", candidates="schemas"),),
)

FILE_COMMANDS = (VALIDATE, SCHEMA)
