"""Exit codes of every command. Stable: a code never changes its meaning."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process's exit status says.

    When several apply, the first in this order wins: INTERRUPTED, INTERNAL, USAGE, INCOMPLETE,
    FINDINGS, NOTHING_RAN, OK. INCOMPLETE outranks FINDINGS because a list of findings that is not
    whole must not be read as one that is.
    """

    OK = 0
    """Nothing at or above the threshold was found, and everything that was to be done was."""

    FINDINGS = 1
    """Findings at or above the threshold (``--fail-on``, default ``error``); or a process that was to start or to end
    did not, or one that was waited for did not exit 0; or an endpoint did not answer, or a file could not be taken
    over; or ``--deny`` names a change that was made."""

    USAGE = 2
    """The command line is wrong, or a configuration file cannot be understood."""

    INTERNAL = 3
    """The tool itself failed."""

    INCOMPLETE = 4
    """A check timed out or crashed, so the answer is not whole."""

    NOTHING_RAN = 5
    """The selection left no check to run."""

    INTERRUPTED = 130
    """Interrupted (SIGINT)."""
