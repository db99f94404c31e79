"""The conversation: prompt, reply, commands, reply, until the model has no more commands."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from doctor.nex.approval import Approval
from doctor.nex.deltas import Reply, ToolCall
from doctor.nex.failures import NexError
from doctor.nex.talk import Voice
from doctor.nex.tools import DEFINITION, NAME, Bash


class Model(Protocol):
    """What answers."""

    def reply(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[object], on_text: Callable[[str], None]
    ) -> Reply:
        """One reply, whose text is handed on as it comes."""


class Conversation:
    """Keeps the messages. A prompt that fails leaves none behind.

    Args:
        model: Answers.
        bash: Runs commands.
        approval: Is asked before each.
        voice: Shows it all.
        system: The first message.
        max_turns: Requests that one prompt may take.
    """

    def __init__(
        self, *, model: Model, bash: Bash, approval: Approval, voice: Voice, system: str, max_turns: int
    ) -> None:
        self._model = model
        self._bash = bash
        self._approval = approval
        self._voice = voice
        self._max_turns = max_turns
        self._messages: list[dict[str, Any]] = [{"role": "system", "content": system}]

    def answer(self, prompt: str) -> None:
        """Work on ``prompt`` until the model is finished.

        Raises:
            NexError: It cannot go on.
        """
        kept = len(self._messages)
        self._messages.append({"role": "user", "content": prompt})
        try:
            self._work()
        except NexError:
            del self._messages[kept:]
            raise
        finally:
            self._voice.end_line()

    def _work(self) -> None:
        for _ in range(self._max_turns):
            reply = self._model.reply(self._messages, [DEFINITION], self._voice.text)
            self._voice.end_line()
            self._messages.append(reply.message())
            if not reply.calls:
                return
            for call in reply.calls:
                result = self._result(call)
                self._messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
        raise NexError(
            f"the model was not finished after {self._max_turns} requests", remedy="raise --max-turns, or ask for less"
        )

    def _result(self, call: ToolCall) -> str:
        """What the model is told about its call."""
        if call.name != NAME:
            self._voice.say(f"nex: the model asked for a tool {call.name!r}, which there is not")
            return f"There is no tool {call.name!r}; the only one is {NAME!r}."
        match call.parsed():
            case {"command": str(command)} if command.strip() and "\0" not in command:
                return self._run(command)
        self._voice.say("nex: the model called bash without a command")
        return 'The arguments have to be a JSON object such as {"command": "ls"}.'

    def _run(self, command: str) -> str:
        self._voice.say(f"$ {command}")
        decision = self._approval.decide(command)
        if isinstance(decision, str):
            return f"Not run: {decision}."
        try:
            outcome = self._bash.run(command, decision)
        except (OSError, ValueError) as error:
            self._voice.say(f"nex: the command could not be started: {error}")
            return f"Not run: {error}."
        self._voice.say(f"[{outcome.words}]")
        return outcome.for_model()
