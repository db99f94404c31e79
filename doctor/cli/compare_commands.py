"""The command that compares, as data."""

from types import NoneType

from doctor.cli import options
from doctor.cli.command import Argument, Command
from doctor.cli.convert import names
from doctor.cli.options import Option

FORMATS = ("table", "markdown", "json")

FORMAT = Option(("--format",), "how to print it (default: table)", choices=FORMATS)
OUTPUT = options.OUTPUT._replace(help="also write it to FILE, - for stdout; may be repeated")
DENY = Option(
    ("--deny",),
    "exit 1 for these changes: looser, different, stricter, a group such as endpoint, or looser:endpoint; comma "
    "separated, may be repeated",
    metavar="TERMS",
    convert=names,
    many="extend",
)
APPROVALS = Option(
    ("--approvals",), "take approvals from FILE instead of the project's", metavar="FILE", candidates="files"
)
ACCEPT_NEW = Option(("--accept-new-approvals",), "also count approvals that BASE does not have")

COMPARE = Command(
    name="compare",
    module="compare_command",
    summary="say what a change of policy, profile or skill means",
    description=(
        "Resolves two sides and prints what changes for each agent and stage, and whether it allows more (looser),\n"
        "less (stricter) or something else (different). A side is a directory, a file, or else a git revision, which\n"
        "is read without a checkout; rev:NAME is always a revision. Harnesses that are not installed are compared all\n"
        "the same. With --deny the exit code is 1 where such a change is left that nobody approved."
    ),
    examples=(
        ("doctor compare main", "what the working tree changes"),
        ("doctor compare origin/main HEAD --deny looser --format markdown", "for a pull request"),
        ("doctor compare main --deny looser,endpoint", "nothing looser, and no change of endpoints at all"),
        ("doctor compare old/policy.json new/policy.toml", "two files"),
    ),
    endings=(
        (0, "nothing that is denied changed, or all of it was approved"),
        (1, "a denied change is left"),
    ),
    options=(
        FORMAT,
        OUTPUT,
        DENY,
        APPROVALS,
        ACCEPT_NEW,
        options.POLICY,
        options.PROFILE,
        *options.DIAGNOSING,
    ),
    arguments=(
        Argument("base", "what it was: a revision, directory or file", candidates="files"),
        Argument("head", "what it is (default: the working tree)", nargs="?", candidates="files"),
    ),
    answer=(
        ("base", NoneType),
        ("head", NoneType),
        ("verdict", NoneType),
        ("changes", list),
        ("approvals", list),
        ("findings", list),
    ),
)
