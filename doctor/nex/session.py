"""What one start of nex holds while it runs, and its prompt line."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from doctor.nex.approval import Approval, ask_terminal
from doctor.nex.arguments import Settings
from doctor.nex.chat import Conversation, Model
from doctor.nex.confinement import Confinement, Unconfined, Workspace, find_confinement
from doctor.nex.failures import NexError
from doctor.nex.processes import adopt_orphans, end_orphans
from doctor.nex.prompts import sendable
from doctor.nex.talk import Voice, visible
from doctor.nex.tools import Bash, command_environment

PROMPT_LINE = "nex> "
SHOWN_PROMPT = 2000
END = {"/exit", "/quit"}


class Session:
    """A conversation, with the voice that shows it."""

    def __init__(self, conversation: Conversation, voice: Voice) -> None:
        self._conversation = conversation
        self._voice = voice

    def answer(self, prompt: str) -> None:
        """Work on one prompt.

        Raises:
            NexError: It cannot be finished.
        """
        self._conversation.answer(prompt)

    def interact(self, prompt: str | None) -> None:
        """Work on ``prompt``, then on one after the other that is typed, until ``/exit`` or the end of the input.

        What goes wrong is said, and the next prompt is asked for.
        """
        # Line editing; and what is pasted, line ends included, arrives as one prompt.
        with suppress(ImportError):
            import readline  # noqa: F401, PLC0415 - only where somebody types
        if prompt is not None:
            # As if it had been typed: whoever looks at the screen sees what is worked on.
            self._voice.text(f"{PROMPT_LINE}{visible(prompt.rstrip())[:SHOWN_PROMPT]}\n")
        while True:
            if prompt is not None and prompt.strip():
                self._try(prompt)
            prompt = self._typed()
            if prompt is None or prompt.strip() in END:
                return

    def _try(self, prompt: str) -> None:
        try:
            self.answer(prompt)
        except NexError as error:
            self._voice.say(f"nex: {error.message}" + (f"; {error.remedy}" if error.remedy else ""))

    def _typed(self) -> str | None:
        try:
            return sendable(input(PROMPT_LINE))
        except EOFError:
            self._voice.text("\n")
            return None


@contextmanager
def session(settings: Settings, *, endpoint: Model, system: str, secret: str | None) -> Iterator[Session]:
    """A session in the working directory, with a temporary directory that is removed at its end."""
    adopt_orphans()
    voice = Voice(out=sys.stdout, err=sys.stderr, secret=secret)
    confinement, problem = _confinement(settings)
    approval = Approval(mode=settings.approval, confinement=confinement, problem=problem, ask=ask_terminal, voice=voice)
    with _workspace() as space:
        environment = command_environment(os.environ, space, secret, settings.key_env)
        bash = Bash(space=space, environment=environment, timeout=settings.timeout, end_rest=end_orphans)
        conversation = Conversation(
            model=endpoint, bash=bash, approval=approval, voice=voice, system=system, max_turns=settings.max_turns
        )
        yield Session(conversation, voice)


def _confinement(settings: Settings) -> tuple[Confinement | None, str]:
    if settings.unconfined:
        return Unconfined(), ""
    return (None, "") if settings.approval == "deny" else find_confinement()


@contextmanager
def _workspace() -> Iterator[Workspace]:
    scratch = Path(tempfile.mkdtemp(prefix="nex-")).resolve()
    try:
        yield Workspace(directory=Path.cwd().resolve(), scratch=scratch)
    finally:
        # A command may have taken the rights off what it left there.
        shutil.rmtree(scratch, ignore_errors=True)
