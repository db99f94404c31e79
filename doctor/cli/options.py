"""Every option of every command, as data: the parser, completion and the reference are made from it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from doctor.cli.convert import finite_seconds, names, output_target, positive_count


class Option(NamedTuple):
    """One option."""

    flags: tuple[str, ...]
    """Spellings; the last one that starts with ``--`` names the value in the parsed arguments, else ``dest`` does."""

    help: str
    metavar: str | None = None
    """What its value is called; ``None`` where it takes none or one of ``choices``."""

    choices: tuple[str, ...] | None = None
    convert: Callable[[str], Any] | None = None
    """From the text given to the value; raises ``ValueError`` with what was expected."""

    many: str | None = None
    """``append`` or ``extend`` where it may be given several times."""

    dest: str | None = None
    candidates: str | None = None
    """What completes its value, a key of ``doctor.cli.completing.COMPLETERS``."""

    @property
    def takes_value(self) -> bool:
        """Whether a value follows it."""
        return self.metavar is not None or self.choices is not None

    @property
    def usage(self) -> str:
        """How it is written: flags and value."""
        value = self.metavar or (f"{{{','.join(self.choices)}}}" if self.choices else "")
        return ", ".join(self.flags) + (f" {value}" if value else "")


DOCUMENTS = ("json", "junit", "sarif", "github", "markdown", "html", "agent", "tap")
"""Formats that say what failed as they say everything else, for those who read nothing but stdout."""

BUILT_IN = ("table", "plain", *DOCUMENTS)
"""Formats of a report that need no plugin."""

SEVERITIES = ("info", "warning", "error")
STAGES = ("interview", "execute", "evaluate", "reflect")

VERBOSE = Option(("-v", "--verbose"), "say more: timings, every path tried, tracebacks")
QUIET = Option(("-q", "--quiet"), "only findings and the summary")
COLOR = Option(
    ("--color",),
    "when to use colour (default: auto; NO_COLOR and FORCE_COLOR count)",
    choices=("auto", "always", "never"),
)
CWD = Option(("-C", "--cwd"), "look from DIR instead of the current directory", metavar="DIR", candidates="directories")
POLICY = Option(
    ("--policy",),
    "policy file (default: .metawsm/policy.json or .toml, looked for upwards to the repository's root)",
    metavar="PATH",
    candidates="files",
)
FORMAT = Option(
    ("--format",),
    f"{', '.join(BUILT_IN)} or a plugin's (default: table in a terminal, plain elsewhere)",
    metavar="FORMAT",
    candidates="formats",
)
LIST_FORMAT = Option(("--format",), "how to print it (default: table)", choices=("table", "json"))
TEXT_FORMAT = Option(("--format",), "how to print it (default: text)", choices=("text", "json"))
OUTPUT = Option(
    ("--output",),
    "also write the report to FILE, - for stdout; may be repeated",
    metavar="FORMAT=FILE",
    convert=output_target,
    many="append",
    candidates="files",
)
FAIL_ON = Option(
    ("--fail-on",), "least severity that makes the exit code 1 (default: the policy's, else error)", choices=SEVERITIES
)
BASELINE = Option(
    ("--baseline",),
    "file of known findings, which do not count (written by doctor baseline write)",
    metavar="FILE",
    candidates="files",
)
LOCKED = Option(("--locked",), "also fail where anything is not as .metawsm/doctor.lock has it")
PROFILE = Option(("--profile",), "named profile for this run only", metavar="NAME", candidates="profiles")
RUNTIME = Option(("--runtime",), "harness for every stage", metavar="ID", candidates="runtimes")
STAGE = Option(("--stage",), "only this stage", choices=STAGES)
SELECT = Option(
    ("--select",),
    "run only these checks: codes or their beginnings, comma separated; may be repeated",
    metavar="CODES",
    convert=names,
    many="extend",
    candidates="codes",
)
IGNORE = Option(
    ("--ignore",), "leave these checks out", metavar="CODES", convert=names, many="extend", candidates="codes"
)
KEYWORD = Option(
    ("-k",),
    "run only checks whose code, family or title match, such as 'skill and not home'",
    metavar="EXPR",
    dest="keyword",
)
ONLINE = Option(("--online",), "allow checks that use the network")
IN_PANE = Option(("--in-pane",), "also look from inside of a terminal made as an agent's is; starts and ends one")
JOBS = Option(("--jobs",), "checks and probes at once", metavar="N", convert=positive_count)
TIMEOUT = Option(
    ("--timeout",), "limit for each probe and check, instead of their own", metavar="SECONDS", convert=finite_seconds
)
NO_CACHE = Option(("--no-cache",), "ask every program again")
PLUGIN = Option(("-p",), "load MODULE as a plugin; may be repeated", metavar="MODULE", many="append", dest="plugins")
NO_AUTOLOAD = Option(("--disable-plugin-autoload",), "load no plugins of installed distributions")
PROJECT_PLUGINS = Option(("--allow-project-plugins",), "load .metawsm/checks/*.py even where they are not trusted")
LIST = Option(("--list",), "show the plugins and whether they are trusted; change nothing")
REMOVE = Option(("--remove",), "trust none of this project's plugins any more")
DRY_RUN = Option(("--dry-run",), "print what would be written and write nothing")

PLUGINS = (PLUGIN, NO_AUTOLOAD, PROJECT_PLUGINS)
SELECTION = (SELECT, IGNORE, KEYWORD)
DIAGNOSING = (JOBS, TIMEOUT, NO_CACHE, COLOR, VERBOSE, QUIET, *PLUGINS, CWD)
"""How a diagnosis is made and told: what every command takes that makes one and shows what came of it."""
