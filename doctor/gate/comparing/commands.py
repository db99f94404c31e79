"""What a command that is run as it is may do. None is understood: leaving a word out may do as much as adding one."""

import shlex
from collections.abc import Sequence

from doctor.gate.comparing.order import NOTHING, Judged, worst
from doctor.model.comparison import Verdict

RUNS_MORE = "another command is run without asking"


def judge_command(before: str | None, after: str | None) -> Judged:
    """One command in place of another: looser as soon as one word is another."""
    if before == after:
        return NOTHING
    was, now = words_of(before or ""), words_of(after or "")
    if was == now:
        return Judged(Verdict.DIFFERENT, "the same words, written otherwise")
    if not now:
        return Judged(Verdict.STRICTER, "no command is run any more")
    return Judged(Verdict.LOOSER, RUNS_MORE)


def judge_commands(before: Sequence[str], after: Sequence[str]) -> Judged:
    """Lists of commands: one that is new is run, and replaces none."""
    new = [each for each in after if each not in before]
    if not new:
        return NOTHING
    return worst([Judged(Verdict.DIFFERENT, "a command is run that was not")])


def words_of(command: str) -> list[str]:
    """The words of a command as a shell takes them; where it could not, those between spaces."""
    try:
        return shlex.split(command, comments=False, posix=True)
    except ValueError:
        return command.split()
