"""What an executor is told on its standard input: one JSON document, in one of two versions.

Version 2.1 has a ``prompt``; 2.2 has ``parameters`` in its place, which for an agent hold a ``prompt``.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from doctor.errors import UsageError
from doctor.model.executor_profile import SCHEMA_VERSIONS

MODES = ("start", "resume")

WITH_PARAMETERS = "2.2"
"""The version that has ``parameters`` instead of a ``prompt``."""


class InvocationError(UsageError):
    """A document is no invocation, or an invocation is none that could be written."""


@dataclass(frozen=True, slots=True)
class ExecutorInvocation:
    """One run, as its executor is told it. Optional values that are empty are left out of the document."""

    schema_version: str
    mode: str
    """``start`` or ``resume``."""

    session_id: str
    """The coordinator's, never empty."""

    prompt: str | None = None
    """Version 2.1 only."""

    project_dir: str | None = None
    """Where to work; of use when a session starts."""

    executor_config: Mapping[str, Any] | None = None
    agent_blueprint: Mapping[str, Any] | None = None
    metadata: Mapping[str, Any] | None = None
    parameters: Mapping[str, Any] | None = None
    """Version 2.2 only."""

    agent_name: str | None = None
    """Version 2.2 only."""

    @property
    def text(self) -> str | None:
        """What the agent is asked, in either version; ``None`` where the parameters hold no such text."""
        if self.schema_version != WITH_PARAMETERS:
            return self.prompt
        prompt = (self.parameters or {}).get("prompt")
        return prompt if isinstance(prompt, str) else None

    def to_json(self) -> bytes:
        """The document, in ASCII, its keys in the order of the protocol.

        Raises:
            InvocationError: It would not be read back: a value is none that JSON has, or one of the wrong type.
        """
        document = {name: getattr(self, name) for name in _written(self.schema_version)}
        needed = _required(self.schema_version)
        document = {name: value for name, value in document.items() if value or (name in needed and value is not None)}
        _check(document)
        try:
            return json.dumps(document, allow_nan=False).encode("ascii")
        except (TypeError, ValueError, RecursionError) as error:
            raise InvocationError(f"the invocation cannot be written as JSON: {error}") from error

    @classmethod
    def from_json(cls, content: bytes | str, *, warn: Callable[[str], None] | None = None) -> "ExecutorInvocation":
        """Read the document.

        Args:
            content: All of the standard input; bytes are UTF-8.
            warn: Told of what is ignored: unknown keys, and a project directory in a resume (which is kept).

        Raises:
            InvocationError: The first of these: there is none; it is no JSON; it is no object; a required key is
                missing; the version or the mode is not known; a value has the wrong type.
        """
        document = _parsed(content)
        _check(document)
        known = _written(document["schema_version"])
        for name in document:
            if name not in known and warn is not None:
                warn(f"unknown key {_quoted(name)} is ignored")
        if document["mode"] == "resume" and document.get("project_dir") and warn is not None:
            warn("project_dir is ignored when a session is resumed")
        return cls(**{name: document[name] for name in known if document.get(name) is not None})


def _written(version: Any) -> tuple[str, ...]:
    """Every key of a version, in the order in which they are written."""
    optional = ("project_dir", "executor_config", "agent_blueprint", "metadata")
    named = ("agent_name",) if version == WITH_PARAMETERS else ()
    return (*_required(version), *named, *optional)


def _required(version: Any) -> tuple[str, ...]:
    asked = "parameters" if version == WITH_PARAMETERS else "prompt"
    return ("schema_version", "mode", "session_id", asked)


def _parsed(content: bytes | str) -> dict[str, Any]:
    if isinstance(content, bytes):
        try:
            content = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InvocationError(f"invalid JSON: the input is not UTF-8, at byte {error.start}") from error
    if not content.strip():
        raise InvocationError("no input on stdin", remedy="write an invocation, one JSON document, to standard input")
    try:
        document = json.loads(content, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise InvocationError(f"invalid JSON: {error}") from error
    if not isinstance(document, dict):
        raise InvocationError(f"expected a JSON object, found {_found(document)}")
    return document


def _constant(word: str) -> NoReturn:
    raise ValueError(f"{word}, which JSON does not have")


def _check(document: Mapping[str, Any]) -> None:
    version = document.get("schema_version")
    for name in _required(version):
        if document.get(name) is None:
            raise InvocationError(f"missing required field: {name}")
    supported = ", ".join(SCHEMA_VERSIONS)
    if version not in SCHEMA_VERSIONS:
        raise InvocationError(f"unsupported schema version: {_found(version)} (supported: {supported})")
    if document["mode"] not in MODES:
        raise InvocationError(f"invalid mode: {_found(document['mode'])} (expected {' or '.join(MODES)})")
    for name in _written(version):
        value = document.get(name)
        if value is not None and not isinstance(value, _TYPES[name][0]):
            raise InvocationError(f"{name}: expected {_TYPES[name][1]}, found {_found(value)}")
        if isinstance(value, str):
            _check_text(name, value)


def _check_text(name: str, text: str) -> None:
    if name == "session_id" and not text.strip():
        raise InvocationError("session_id: expected text, found none")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvocationError(f"{name}: half a surrogate pair, at character {error.start}, is no text") from error


_TEXT = (str, "a string")
_OBJECT = (Mapping, "an object")
_TYPES: Mapping[str, tuple[type, str]] = {
    "schema_version": _TEXT,
    "mode": _TEXT,
    "session_id": _TEXT,
    "prompt": _TEXT,
    "project_dir": _TEXT,
    "agent_name": _TEXT,
    "parameters": _OBJECT,
    "executor_config": _OBJECT,
    "agent_blueprint": _OBJECT,
    "metadata": _OBJECT,
}


def _found(value: Any) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int | float):
        return (
            f"the number {value}" if isinstance(value, float) or value.bit_length() <= _MOST_BITS else "a huge number"
        )
    return "a list" if isinstance(value, list) else "an object"


def _quoted(text: str) -> str:
    return json.dumps(text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 1]}\u2026")


_LONGEST_QUOTE = 60
_MOST_BITS = 128
