"""Every command, as data."""

from doctor.cli import options
from doctor.cli.command import DIAGNOSED, Argument, Command
from doctor.cli.compare_commands import COMPARE
from doctor.cli.file_commands import FILE_COMMANDS
from doctor.cli.fix_commands import FIX
from doctor.cli.gate_commands import BASELINE, GATE_COMMANDS
from doctor.cli.process_commands import PROCESS_COMMANDS
from doctor.cli.profile_commands import PROFILE
from doctor.cli.runner_commands import RUNNER
from doctor.cli.settings_commands import ENDPOINT, INIT, WATCH

CHECK = Command(
    name="check",
    module="check_command",
    summary="find what is wrong before anything starts (the default)",
    description=(
        "Reads the policy and the machine, resolves which agent would run where with what, checks all of it and\n"
        "prints the table and the findings. Starts no agent, and writes nothing but its cache of probes."
    ),
    examples=(
        ("doctor", "check the policy of the current project"),
        ("doctor --format json", "the same, as one JSON document"),
        ("doctor --select SKL,STG --fail-on warning", "only skills and stages, strictly"),
        ("doctor --profile codex --runtime claude", "what would change with these"),
        ("doctor --output json=report.json", "also write a file"),
        ("doctor --baseline .metawsm/doctor-baseline.json --locked", "what a change brought, and what moved"),
    ),
    endings=DIAGNOSED,
    options=(
        options.POLICY,
        options.FORMAT,
        options.OUTPUT,
        options.FAIL_ON,
        options.BASELINE,
        options.LOCKED,
        options.PROFILE,
        options.RUNTIME,
        options.STAGE,
        *options.SELECTION,
        options.ONLINE,
        options.IN_PANE,
        *options.DIAGNOSING,
    ),
)
CHECKS = Command(
    name="checks",
    module="checks_command",
    summary="list the checks",
    description="Lists the checks that a run with the same selection would run, those of plugins included.",
    examples=(
        ("doctor checks", "all of them"),
        ("doctor checks --select SKL --format json", "one family, for programs"),
    ),
    options=(
        options.LIST_FORMAT,
        *options.SELECTION,
        options.POLICY,
        options.COLOR,
        options.VERBOSE,
        *options.PLUGINS,
        options.CWD,
    ),
)
EXPLAIN = Command(
    name="explain",
    module="explain_command",
    summary="explain a check",
    description="Says what a check looks at, why it matters and when it fails.",
    examples=(
        ("doctor explain SKL001", "one check"),
        ("doctor explain SKL001 POL001 --format json", "two, for programs"),
    ),
    options=(options.TEXT_FORMAT, options.POLICY, options.VERBOSE, *options.PLUGINS, options.CWD),
    arguments=(Argument("codes", "code of a check, such as SKL001", nargs="+", candidates="codes"),),
)
TRUST = Command(
    name="trust",
    module="trust_command",
    summary="trust the project's own plugins",
    description=(
        "Records the content of every .metawsm/checks/*.py, so that doctor loads them. They are programs and can do\n"
        "whatever you can: read them first. A file that changes afterwards is not loaded until it is trusted again."
    ),
    examples=(
        ("doctor trust --list", "what there is, and whether it is trusted"),
        ("doctor trust", "trust it as it is now"),
        ("doctor trust --remove", "trust it no longer"),
    ),
    options=(options.LIST, options.REMOVE, options.TEXT_FORMAT, options.POLICY, options.VERBOSE, options.CWD),
)
COMPLETION = Command(
    name="completion",
    module="completion_command",
    summary="complete commands and options in the shell",
    description="Prints or installs what the shell needs to complete commands, options and their values.",
    examples=(
        ("doctor completion install --dry-run", "what would be written for the shell in use"),
        ("doctor completion install", "write it"),
        ("doctor completion show zsh", "print it"),
    ),
    options=(options.DRY_RUN, options.VERBOSE),
    arguments=(
        Argument("action", "install it, or only print it", choices=("install", "show")),
        Argument("shell", "default: the shell in use", choices=("bash", "zsh", "fish"), nargs="?"),
    ),
)
VERSION = Command(
    name="version",
    module="version_command",
    summary="print the version; with --verbose also paths and plugins",
    description="Prints the version of this program; with --verbose also where it is, its directories and its plugins.",
    examples=(("doctor version --verbose", "what to put into a bug report"),),
    options=(options.TEXT_FORMAT, options.VERBOSE, *options.PLUGINS, options.CWD),
)

GROUPS = {group.name: group for group in (PROFILE, ENDPOINT, BASELINE)}
"""By name, in the order in which they are shown."""

COMMANDS = {
    command.name: command
    for command in (
        CHECK,
        WATCH,
        *PROCESS_COMMANDS,
        RUNNER,
        INIT,
        *PROFILE.commands,
        *ENDPOINT.commands,
        FIX,
        *BASELINE.commands,
        *GATE_COMMANDS,
        COMPARE,
        *FILE_COMMANDS,
        CHECKS,
        EXPLAIN,
        TRUST,
        COMPLETION,
        VERSION,
    )
}
"""By name, in the order in which they are shown; the commands of a group stand together."""
