"""The command that is the first process of every agent, the same for all executors and free of policy text."""

from collections.abc import Sequence
from pathlib import Path

from doctor.executor.directories import ProcessDirectory
from doctor.os_processes import command_line, process_ids

# Appended rather than put in front: what is installed beside this package must not shadow the standard library.
BOOTSTRAP = "import sys; sys.path.append(sys.argv[1]); from doctor.executor.supervisor import main; main(sys.argv[2])"

_LOOK = (
    "import json, os, sys; sys.path.append(sys.argv[1]); from doctor.executor.in_pane import look; "
    "print(json.dumps(look(sys.argv[3:], sys.argv[2], os.environ)))"
)

_AT_THE_GATE = 'exec "$1" -I -S -c "$2" "$3" "$4" 3<"$4/gate"'
"""A shell waits for the handover: it is there in a millisecond, so that many can wait before many Pythons start."""


def start_argv(python: str, directory: ProcessDirectory) -> tuple[str, ...]:
    """What an executor has to start in the place where the agent shall run.

    Args:
        python: The interpreter that the supervisor runs on, usually ``sys.executable``.
        directory: The process's directory, as ``prepare`` made it.
    """
    return ("/bin/sh", "-c", _AT_THE_GATE, "doctor", python, BOOTSTRAP, _packages(), str(directory.path))


def looking_argv(python: str, cwd: str, programs: Sequence[str]) -> tuple[str, ...]:
    """What an executor has to start where agents run, to learn what they would find there; see ``in_pane``."""
    return (python, "-I", "-S", "-c", _LOOK, _packages(), cwd, *programs)


def waits_at_gate(directory: ProcessDirectory) -> int | None:
    """The process that waits for the handover of this process, or has just got it; ``None`` where there is none.

    Found by its command line, in one look through all processes: ask only where nothing else tells.
    """
    path = str(directory.path)
    return next((pid for pid in process_ids() if _is_supervisor(command_line(pid), path)), None)


def _is_supervisor(argv: Sequence[str], path: str) -> bool:
    # A terminal server keeps the command line that started it, which may end in ours.
    return argv[-3:] == [BOOTSTRAP, _packages(), path] and argv[1:2] in (["-c"], ["-I"])


def _packages() -> str:
    return str(Path(__file__).resolve().parents[2])
