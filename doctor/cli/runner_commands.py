"""The command that runs what a coordinator asks for, as data: ``doctor runner``, and the program ``agent-runner``."""

from doctor.cli import options
from doctor.cli.command import Command
from doctor.cli.convert import finite_seconds, positive_count
from doctor.cli.options import Option

COORDINATOR_URL = Option(
    ("-c", "--coordinator-url"),
    "where the coordinator is (AGENT_ORCHESTRATOR_API_URL; default: http://localhost:8765)",
    metavar="URL",
)
PROFILE = Option(
    ("-x", "--profile"),
    "executor profile that every run is started with (default: claude-code, without a configuration)",
    metavar="NAME",
    candidates="executor_profiles",
)
PROFILE_LIST = Option(("-l", "--profile-list"), "list the executor profiles, and end")
MATCHING_TAGS = Option(("--require-matching-tags",), "take only runs that ask for one of the tags")
TAGS = Option(("-t", "--tags"), "what runs may ask for, separated by commas (RUNNER_TAGS)", metavar="TAGS")
PROJECT_DIR = Option(
    ("-p", "--project-dir"),
    "where runs work that name no directory (PROJECT_DIR; default: the current directory)",
    metavar="DIR",
    candidates="directories",
)
MAX_CONCURRENCY = Option(
    ("--max-concurrency",),
    "runs at once (RUNNER_MAX_CONCURRENCY; default: 10)",
    metavar="N",
    convert=positive_count,
)
RUN_TIMEOUT = Option(
    ("--run-timeout",),
    "how long a run may take (RUNNER_RUN_TIMEOUT; default: any time)",
    metavar="SECONDS",
    convert=finite_seconds,
)
TYPE_OVERRIDE = Option(
    ("--executor-type-override",),
    "executor type to register, where the coordinator sends runs by it: autonomous or procedural",
    metavar="TYPE",
)
ONCE = Option(("--once",), "take one run, and leave when it has ended")
TOKEN_ENV = Option(("--token-env",), "variable that holds the coordinator's token", metavar="NAME")
TOKEN_FILE = Option(
    ("--token-file",),
    "file that holds the coordinator's token (AGENT_ORCHESTRATOR_API_TOKEN_FILE)",
    metavar="PATH",
    candidates="files",
)

RUNNER = Command(
    name="runner",
    module="runner_command",
    summary="run agents for a coordinator",
    description=(
        "Registers at an agent coordinator, takes runs from it, starts each through an executor profile and reports\n"
        "how it ended. The profile is checked before. SIGTERM or Ctrl-C has it finish what it runs and leave; another\n"
        "one ends that at once. `agent-runner` is the same as a program of its own."
    ),
    examples=(
        ("doctor runner --profile-list", "the executor profiles there are"),
        ("doctor runner --profile coding --project-dir ~/src/shop", "run Claude Code for this machine's coordinator"),
        ("doctor runner -c https://agents.example -t python --token-env AGENTS_TOKEN", "for one elsewhere"),
        ("doctor runner --profile test --once", "one run, with an executor that only answers"),
    ),
    endings=(
        (0, "it left as it was asked to"),
        (1, "its profile or its credentials cannot be used, or another runner of its kind lives"),
    ),
    options=(
        COORDINATOR_URL,
        PROFILE,
        PROFILE_LIST,
        TAGS,
        MATCHING_TAGS,
        PROJECT_DIR,
        MAX_CONCURRENCY,
        RUN_TIMEOUT,
        TYPE_OVERRIDE,
        ONCE,
        TOKEN_ENV,
        TOKEN_FILE,
        options.TEXT_FORMAT,
        options.VERBOSE,
    ),
    answer=(("profiles", list),),
    gone=(
        ("--executor", "use --profile NAME, which says what is started; --profile-list shows the names"),
        (
            "--executor-path",
            "put the program into .metawsm/executors, name it as `command` in NAME.json there, and give --profile NAME",
        ),
        ("--executor-list", "use --profile-list"),
    ),
)
