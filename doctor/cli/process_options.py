"""The options of the commands about processes, as data."""

from doctor.cli.convert import count, patience
from doctor.cli.options import Option

LOOK_FROM = Option(
    ("-C",),
    "look from DIR instead of the current directory",
    metavar="DIR",
    dest="cwd",
    candidates="directories",
)
AGENT = Option(
    ("--agent",),
    "only this agent; may be repeated (default: all of the policy)",
    metavar="NAME",
    many="append",
    dest="agents",
    candidates="agents",
)
AGENT_CWD = Option(
    ("--cwd",),
    "where agents start (default: the project's root)",
    metavar="DIR",
    dest="agent_cwd",
    candidates="directories",
)
TICKET = Option(("--ticket",), "the ticket that they work on", metavar="T")
PROMPT = Option(("--prompt",), "a task that follows the base prompt", metavar="TEXT")
PROMPT_FILE = Option(("--prompt-file",), "the same, from a file; - is stdin", metavar="FILE", candidates="files")
INTERACTIVE = Option(("--interactive",), "start them so that a person can talk to them (default: headless)")
WAIT = Option(("--wait",), "return when all have ended; exit code 0 only if all exited 0")
DRY_RUN = Option(("--dry-run",), "print what would be started and start nothing")
EXECUTOR = Option(("--executor",), "what runs them (default: tmux)", metavar="NAME", candidates="executors")
ALL_ENDED = Option(("--all",), "also those that have ended")
ALL_RUNNING = Option(("--all",), "every process of the project")
FOLLOW = Option(("-f", "--follow"), "go on as it grows, until the process has ended")
LINES = Option(("-n", "--lines"), "only the last LINES (default: all that is kept)", metavar="LINES", convert=count)
PATIENCE = Option(
    ("--patience",),
    "how long they may take to end before they are killed (default: 5)",
    metavar="SECONDS",
    convert=patience,
)
QUIET = Option(("-q", "--quiet"), "show no progress")
RUN = Option(("--run",), "only this run", metavar="ID")
