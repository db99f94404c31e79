"""The command that repairs, as data."""

from types import NoneType

from doctor.cli import options
from doctor.cli.command import Argument, Command
from doctor.cli.options import Option

APPLY = Option(("--apply",), "write it, then run the checks again")
UNDO = Option(("--undo",), "take back the newest application to this project, or the one named")
APPLIED = Option(("--list",), "show what was applied to this project; change nothing")

FIX = Command(
    name="fix",
    module="fix_command",
    summary="repair what can be repaired: show how, apply it, take it back",
    description=(
        "Shows what would be done about each finding that can be repaired, and what changes in which file. Nothing is\n"
        "written without --apply. What is there is saved before, a file that somebody changes meanwhile is left as it\n"
        "is, and comments and formatting stay. Keys are never shown: one that is written down moves into a file\n"
        "that only its owner can read, or gives way to the name of a variable that holds it. Exit code 1 where\n"
        "something is left."
    ),
    examples=(
        ("doctor fix", "what would be done, as a diff"),
        ("doctor fix --select POL003 --apply", "repair misspelt keys"),
        ("doctor fix --undo", "take back what was applied last"),
        ("doctor fix --list", "what can be taken back"),
    ),
    endings=(
        (0, "shown; with --apply, everything is repaired"),
        (1, "with --apply or --undo, something is left"),
    ),
    options=(
        APPLY,
        UNDO,
        APPLIED,
        options.LIST_FORMAT,
        *options.SELECTION,
        options.POLICY,
        options.PROFILE,
        options.RUNTIME,
        options.STAGE,
        options.ONLINE,
        *options.DIAGNOSING,
    ),
    arguments=(Argument("id", "with --undo: which application, as --list shows it", nargs="?"),),
    answer=(("action", NoneType), ("id", NoneType), ("fixes", list), ("files", list), ("applications", list)),
)
