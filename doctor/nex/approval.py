"""Whether a command may run: by the mode, by what confines it, and by a person."""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from doctor.nex.confinement import Confinement, Unconfined
from doctor.nex.talk import Voice, visible

Ask = Callable[[str], str | None]
"""Shows a question and returns the answer; ``None`` when nobody can be asked."""

TERMINAL = Path("/dev/tty")
REMEDY = "use --approval ask at a terminal, or --unconfined"
YES, ALL = {"y", "yes"}, {"a", "all"}


class Approval:
    """Decides about one command after the other.

    Args:
        mode: ``ask``, ``auto`` or ``deny``.
        confinement: What would hold the command; ``None`` where the machine has nothing.
        problem: What the machine is missing then.
        ask: Reaches the person, if there is one.
        voice: Told why something is refused.
    """

    def __init__(self, *, mode: str, confinement: Confinement | None, problem: str, ask: Ask, voice: Voice) -> None:
        self._mode = mode
        self._confinement = confinement
        self._problem = problem
        self._ask = ask
        self._voice = voice

    def decide(self, command: str) -> Confinement | str:
        """What the command runs under, or, in words, why it does not run."""
        if self._mode == "deny":
            return self._refused("commands are not allowed here (--approval deny)")
        if self._mode == "ask":
            return self._asked(command)
        if self._confinement is None:
            return self._refused(f"commands cannot be confined here: {self._problem}; {REMEDY}")
        return self._confinement

    def _asked(self, command: str) -> Confinement | str:
        held = self._confinement or Unconfined()
        choices = "[y]es, [n]o, [a]ll from now on" if self._confinement else "[y]es, [n]o"
        why = f" because {self._problem}" if self._confinement is None else ""
        self._voice.end_line()
        answer = self._ask(f"{_indented(command)}\nRun it, {held.words}{why}? {choices}: ")
        if answer is None:
            return self._refused("nobody can be asked: there is no terminal (--approval ask)")
        word = answer.strip().lower()
        if word in ALL and self._confinement is not None:
            self._mode = "auto"
            return held
        return held if word in YES else self._refused("the user refused this command")

    def _refused(self, reason: str) -> str:
        self._voice.say(f"nex: refused: {reason}")
        return reason


def ask_terminal(question: str) -> str | None:
    """Ask on the terminal, also where standard input or output is a file; ``None`` where there is none."""
    with ExitStack() as stack:
        source, target = sys.__stdin__, sys.stderr
        if source is None or not source.isatty():
            try:
                source = stack.enter_context(TERMINAL.open(encoding="utf-8", errors="replace"))
                target = stack.enter_context(TERMINAL.open("w", encoding="utf-8", errors="replace"))
            except OSError:
                return None
        target.write(question)
        target.flush()
        return source.readline()


def _indented(command: str) -> str:
    return "\n".join(f"  {line}" for line in visible(command).splitlines())
