"""The commands about processes, as data."""

from typing import Any

from doctor.cli import options
from doctor.cli import process_options as own
from doctor.cli.command import Argument, Command

_LOOKING = (options.POLICY, options.CWD)
_SHOWING = (options.COLOR, options.VERBOSE)

LAUNCH = Command(
    name="launch",
    module="launch_command",
    summary="start the agents that nothing is wrong with",
    description=(
        "Diagnoses like `check`, then starts the agents of the policy side by side, each with its prompt and skills,\n"
        "in tmux sessions of the project's own. Where an error finding touches an agent that is to start, nothing\n"
        "is started: exit code 1, and the findings say why. Ways around it are to mend it, to leave the agent out\n"
        "with --agent, and to ignore the finding in the policy with a reason."
    ),
    examples=(
        ("doctor launch --dry-run", "show what would be started"),
        ("doctor launch", "start all agents, headless"),
        ("doctor launch --agent bob --prompt-file task.md --wait", "one agent, one task, until it has ended"),
        ("doctor launch --agent bob --interactive", "start it so that you can attach and talk to it"),
        ("doctor launch --dry-run --format json", "the launch specs, for programs"),
    ),
    endings=(
        (0, "all started, or could be; with --wait, all exited 0"),
        (1, "an error finding is against it, or one did not start; with --wait, one did not exit 0"),
        (4, "a check did not end, so nothing was started"),
    ),
    options=(
        own.AGENT,
        options.STAGE,
        options.LOCKED,
        own.AGENT_CWD,
        own.TICKET,
        own.PROMPT,
        own.PROMPT_FILE,
        own.INTERACTIVE,
        own.WAIT,
        own.DRY_RUN,
        own.EXECUTOR,
        options.LIST_FORMAT,
        options.POLICY,
        options.PROFILE,
        options.RUNTIME,
        options.JOBS,
        options.TIMEOUT,
        options.NO_CACHE,
        *_SHOWING,
        own.QUIET,
        *options.PLUGINS,
        own.LOOK_FROM,
    ),
    answer=(("processes", list), ("refusals", list), ("findings", list)),
)
EXEC = Command(
    name="exec",
    module="exec_command",
    summary="start a launch spec again, exactly as it is",
    description=(
        "Starts what a launch spec says, after looking whether all of it is still so: its own hash, the program, the\n"
        "working directory and the skills. Where anything has changed it is refused, and what has changed is named.\n"
        "With --locked or --baseline it is diagnosed before, as `launch` does, and refused where an error finding\n"
        "touches its agent that is not in the baseline; with --locked also where the policy makes another spec now."
    ),
    examples=(
        ("doctor exec spec.json", "start it"),
        ("doctor exec spec.json --locked", "only while everything is as it was agreed to"),
        ("doctor exec spec.json --wait --format json", "until it has ended, for programs"),
    ),
    endings=(
        (0, "it started; with --wait, it exited 0"),
        (1, "it did not start or is blocked; with --wait, it did not exit 0"),
        (2, "usage, or refused: something has changed or stands against it"),
    ),
    options=(
        own.EXECUTOR,
        own.WAIT,
        options.LOCKED,
        options.BASELINE,
        options.LIST_FORMAT,
        *_SHOWING,
        own.QUIET,
        *_LOOKING,
    ),
    arguments=(Argument("spec", "file of a launch spec, .metawsm/launches/ID/spec.json", candidates="files"),),
    answer=(("processes", list), ("refusals", list)),
)
PS = Command(
    name="ps",
    module="ps_command",
    summary="show the processes and how they do",
    description=(
        "Shows the project's processes: which harness runs for which agent and stage, how it does, and how it ended.\n"
        "Looking changes nothing."
    ),
    examples=(
        ("doctor ps", "what runs"),
        ("doctor ps --all", "what has ended, too"),
        ("doctor ps bob --format json", "the processes of one agent, for programs"),
    ),
    options=(own.ALL_ENDED, options.LIST_FORMAT, *_SHOWING, *_LOOKING),
    arguments=(Argument("names", "a process, an agent or a session", nargs="*", candidates="processes"),),
    answer=(("processes", list),),
)
ATTACH = Command(
    name="attach",
    module="attach_command",
    summary="go to an agent's terminal",
    description="Attaches this terminal to the one that a process runs in. Ctrl-b d leaves it running.",
    examples=(("doctor attach bob", "the terminal of the agent bob"),),
    endings=(
        (0, "left again"),
        (1, "tmux could not attach"),
    ),
    options=(options.VERBOSE, *_LOOKING),
    arguments=(Argument("name", "a process, an agent or a session", candidates="processes"),),
)
LOGS = Command(
    name="logs",
    module="logs_command",
    summary="print what a process has printed",
    description="Prints the output of a process as it is kept, without control sequences and without secrets.",
    examples=(
        ("doctor logs bob", "all that is kept"),
        ("doctor logs bob -n 20 -f", "the last 20 lines, and what follows"),
    ),
    options=(own.FOLLOW, own.LINES, options.VERBOSE, *_LOOKING),
    arguments=(Argument("name", "a process, an agent or a session", candidates="processes"),),
)
STOP = Command(
    name="stop",
    module="stop_command",
    summary="end processes and what they started",
    description=(
        "Ends processes together with everything that they started: they are asked first, and killed when they take\n"
        "too long. Also ends what outlived a process that has ended already."
    ),
    examples=(
        ("doctor stop bob", "one agent"),
        ("doctor stop --all", "everything of this project"),
        ("doctor stop bob --patience 30", "give it time to finish"),
    ),
    endings=(
        (0, "nothing is left of them"),
        (1, "something of them could not be ended"),
    ),
    options=(own.ALL_RUNNING, own.PATIENCE, options.LIST_FORMAT, *_SHOWING, own.QUIET, *_LOOKING),
    arguments=(Argument("names", "a process, an agent or a session", nargs="*", candidates="processes"),),
    answer=(("processes", list),),
)
REPLAY = Command(
    name="replay",
    module="replay_command",
    summary="tell from the journal which harness ran which stage",
    description="Tells from the journal's events alone which harness ran at which stage, and how every process ended.",
    examples=(
        ("doctor replay", "everything that was journalled"),
        ("doctor replay --format json", "for programs"),
    ),
    options=(own.RUN, options.LIST_FORMAT, *_SHOWING, *_LOOKING),
    answer=(("stages", dict), ("processes", list)),
)
JOURNAL = Command(
    name="journal",
    module="journal_command",
    summary="make the journal's tables again from its events",
    description="Makes everything that the journal derives from its events again. The events themselves stay.",
    examples=(("doctor journal rebuild", "make them again"),),
    options=(options.TEXT_FORMAT, options.VERBOSE, *_LOOKING),
    arguments=(Argument("action", "what to do with it", choices=("rebuild",)),),
    answer=(),
)

DRY_RUN_ANSWER: tuple[tuple[str, type[Any]], ...] = (("specs", list), ("findings", list))
"""What `doctor launch --dry-run` answers instead."""

PROCESS_COMMANDS = (LAUNCH, EXEC, PS, ATTACH, LOGS, STOP, REPLAY, JOURNAL)
"""In the order in which they are shown."""
