"""How harnesses tell, in a headless start, what is said: which flags ask for it, and what each line means."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

_WITH_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Session(NamedTuple):
    """The harness's own name for the session."""

    name: str


class Words(NamedTuple):
    """Something that the agent said."""

    text: str


class Failed(NamedTuple):
    """Why the harness gives up, in its own words."""

    text: str


class Recovered(NamedTuple):
    """It got over what it had failed at."""


Said = Session | Words | Failed | Recovered


class Speech:
    """A harness that prints the agent's answer and nothing else; it cannot be asked to go on later."""

    always: ClassVar[tuple[str, ...]] = ()
    """Arguments that make it speak so."""

    name_flag: ClassVar[str | None] = None
    """Gives a new session the name that follows, a UUID; ``None``: it chooses one itself."""

    resume_flag: ClassVar[str | None] = None
    """Lets the session go on whose name follows."""

    resume_command: ClassVar[str | None] = None
    """The same as a command of its own, which stands with the name before the prompt."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    @property
    def resumes(self) -> bool:
        """Whether a session can go on later."""
        return bool(self.resume_flag or self.resume_command)

    def arguments(self, own: str | None, *, resume: bool) -> tuple[str, ...]:
        """Arguments that are added.

        Args:
            own: Name of the session, where it is known or to be given.
            resume: Whether it goes on.
        """
        flag = self.resume_flag if resume else self.name_flag
        return (*self.always, *((flag, own) if flag and own else ()))

    def ordered(self, argv: tuple[str, ...], own: str | None, *, resume: bool) -> tuple[str, ...]:
        """The argv, the prompt last, with what cannot be said by an added argument."""
        if not (resume and own and self.resume_command):
            return argv
        return (*argv[:-1], self.resume_command, own, argv[-1])

    def hear(self, line: str) -> Iterator[Said]:
        """What a line of standard output means."""
        self._lines.append(_WITH_ESCAPES.sub("", line))
        return iter(())

    def end(self) -> Iterator[Said]:
        """What the whole output means, once it has ended."""
        text = "\n".join(self._lines).strip()
        if text:
            yield Words(text)


class JsonSpeech(Speech):
    """A harness that prints one JSON object on each line."""

    def hear(self, line: str) -> Iterator[Said]:
        """What the object means; other lines mean nothing."""
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            return
        if isinstance(event, dict):
            yield from self.meant(event)

    def meant(self, event: Mapping[str, Any]) -> Iterator[Said]:
        """What one object means."""
        raise NotImplementedError

    def end(self) -> Iterator[Said]:
        """Nothing more."""
        return iter(())


class ClaudeCodeSpeech(JsonSpeech):
    """``--output-format stream-json``, which ``-p`` prints with ``--verbose`` only."""

    always = ("--output-format", "stream-json", "--verbose")
    name_flag = "--session-id"
    resume_flag = "--resume"

    def meant(self, event: Mapping[str, Any]) -> Iterator[Said]:
        """Messages of the agent itself; those of its helpers are part of the work."""
        match event:
            case {"type": "system", "subtype": "init", "session_id": str(name)}:
                yield Session(name)
            case {"type": "assistant", "message": {"content": list(parts)}} if not event.get("parent_tool_use_id"):
                text = "\n\n".join(part["text"] for part in parts if _is_text(part))
                if text.strip():
                    yield Words(text)
            case {"type": "result", "is_error": True}:
                yield Failed(str(event.get("result") or event.get("subtype") or "it failed"))
            case {"type": "result"}:
                yield Recovered()


class CodexSpeech(JsonSpeech):
    """``codex exec --json``."""

    always = ("--json",)
    resume_command = "resume"

    def meant(self, event: Mapping[str, Any]) -> Iterator[Said]:
        """The thread's name, the agent's messages, and what ends a turn."""
        match event:
            case {"type": "thread.started", "thread_id": str(name)}:
                yield Session(name)
            case {"type": "item.completed", "item": {"type": "agent_message", "text": str(text)}}:
                yield Words(text)
            case {"type": "turn.failed", "error": {"message": str(text)}} | {"type": "error", "message": str(text)}:
                yield Failed(text)
            case {"type": "turn.completed"}:
                yield Recovered()


class OpenCodeSpeech(JsonSpeech):
    """``opencode run --format json``."""

    always = ("--format", "json")
    resume_flag = "--session"

    def meant(self, event: Mapping[str, Any]) -> Iterator[Said]:
        """Every object has the session's name in it."""
        if isinstance(name := event.get("sessionID"), str):
            yield Session(name)
        match event:
            case {"type": "text", "part": {"text": str(text)}} if text.strip():
                yield Words(text)
            case {"type": "error", "error": error}:
                yield Failed(_error_text(error))


SPEECHES: Mapping[str, type[Speech]] = {
    "claude_code": ClaudeCodeSpeech,
    "codex": CodexSpeech,
    "opencode": OpenCodeSpeech,
}
"""By harness id; the others print their answer."""


def speech_of(runtime_id: str) -> Speech:
    """How a harness speaks."""
    return SPEECHES.get(runtime_id, Speech)()


def _is_text(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)


def _error_text(error: Any) -> str:
    match error:
        case {"data": {"message": str(text)}} | {"message": str(text)} | {"name": str(text)} | str(text):
            return text
    return "it failed"
