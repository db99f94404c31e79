"""The commands that hold a project to what was agreed, as data: baseline, lock, attestation, and the file for a bug."""

from types import NoneType

from doctor.cli import gate_options as own
from doctor.cli import options
from doctor.cli.command import DIAGNOSED, Argument, Command, Group

BASELINE_WRITE = Command(
    name="baseline write",
    module="baseline_command",
    function="write",
    summary="write down what is found today, so that only new findings fail",
    description=(
        "Checks, and writes every finding into a file that doctor check takes with --baseline: what stands in it\n"
        "is shown and does not count. Entries of checks that did not run stay. Errors still keep agents from starting."
    ),
    examples=(
        ("doctor baseline write", "into .metawsm/doctor-baseline.json"),
        ("doctor baseline write --dry-run", "only say what would be added and removed"),
    ),
    endings=((4, "a check did not end, so its entries stay"),),
    options=(options.DRY_RUN, options.LIST_FORMAT, *own.LOOKING),
    arguments=(Argument("file", "default: .metawsm/doctor-baseline.json", nargs="?", candidates="files"),),
    answer=(("path", NoneType), ("written", bool), ("added", list), ("removed", list), ("total", int)),
)
BASELINE = Group(
    name="baseline",
    summary="findings that are known, so that only new ones fail",
    description="A baseline is a file of known findings. It is how a project with problems adopts the doctor.",
    commands=(BASELINE_WRITE,),
)
LOCK = Command(
    name="lock",
    module="lock_command",
    summary="write down which agent runs where with what",
    description=(
        "Checks, and writes .metawsm/doctor.lock: the versions of harnesses, the hashes of skills, prompts, policy\n"
        "and profile, and each agent's harness, model and endpoint. doctor --locked fails where anything of it\n"
        "moved. With errors nothing is written, unless it is told to."
    ),
    examples=(
        ("doctor lock --dry-run", "what moved since the last time"),
        ("doctor lock", "accept it; from now on, doctor --locked"),
    ),
    endings=(
        (1, "there are errors, or the lock is a newer version's; nothing was written"),
        (4, "a check did not end, so nothing was written"),
    ),
    options=(own.FORCE, options.DRY_RUN, options.LIST_FORMAT, *own.LOOKING),
    answer=(("path", NoneType), ("written", bool), ("changes", list)),
)
ATTEST = Command(
    name="attest",
    module="attest_command",
    function="attest",
    summary="print what was checked, found and resolved, with its hashes",
    description=(
        "Checks, and prints an attestation as JSON: hashes of the policy, of what was found on the machine, of what\n"
        "is resolved and of the findings, and one claim over all of them that is the same wherever and whenever the\n"
        "state is the same. It is no signature; sign the file where that is wanted. The exit code is that of a check."
    ),
    examples=(
        ("doctor attest --output attestation.json", "into a file"),
        ("doctor attest --select POL,SKL", "of these checks only"),
    ),
    endings=DIAGNOSED,
    options=(own.ATTESTATION_FORMAT, own.ATTESTATION_FILE, options.RUNTIME, options.STAGE, *own.LOOKING),
    answer=(("claim", NoneType), ("sections", dict), ("evidence", dict)),
)
VERIFY = Command(
    name="verify",
    module="attest_command",
    function="verify",
    summary="compare what is here with an attestation",
    description=(
        "Checks with the options of the attestation and compares. Exit code 0: everything is as it was attested;\n"
        "1: it is not, and it is said what differs; 2: the attestation is malformed or does not fit its own claim."
    ),
    examples=(("doctor verify attestation.json", "is it still so?"),),
    endings=(
        (0, "everything is as it was attested"),
        (1, "something is not"),
    ),
    options=(
        options.LIST_FORMAT,
        options.POLICY,
        options.ONLINE,
        *options.DIAGNOSING,
    ),
    arguments=(Argument("file", "an attestation, - for stdin", candidates="files"),),
    answer=(("claim", NoneType), ("seen", NoneType), ("differences", list)),
)
REPORT = Command(
    name="report",
    module="bundle_command",
    summary="write one file to attach to a bug report",
    description=(
        "Writes versions, paths, names of variables, the whole report, and the policy, profile and machine settings\n"
        "into one file that only you may read. Secrets are replaced, and so is the home directory; look through it\n"
        "before you send it. Nothing is sent. It is written whatever is broken."
    ),
    examples=(
        ("doctor report", "into doctor-report-DATE.md here"),
        ("doctor report /tmp/bug.json --format json", "as JSON, somewhere else"),
    ),
    options=(
        own.REPORT_FORMAT,
        options.POLICY,
        options.PROFILE,
        options.RUNTIME,
        options.ONLINE,
        options.TIMEOUT,
        options.NO_CACHE,
        options.VERBOSE,
        options.QUIET,
        *options.PLUGINS,
        options.CWD,
    ),
    arguments=(Argument("file", "default: doctor-report-DATE.md", nargs="?", candidates="files"),),
    answer=(("path", NoneType),),
)

GATE_COMMANDS = (LOCK, ATTEST, VERIFY, REPORT)
"""Those that stand in no group."""
