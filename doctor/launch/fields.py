"""Reading the fields of a document, one after the other, and remembering every problem."""

import re
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, TypeVar

from doctor.config.names import name_problem
from doctor.config.words import found, listed, quoted
from doctor.launch.names import session_problem, text_problem, variable_problem
from doctor.model.secret import SecretRef

Member = TypeVar("Member", bound=Enum)

_DIGEST = re.compile(r"[0-9a-f]{64}")


class Fields:
    """The fields of one object of a document.

    Every method takes a key and returns its value; where there is none that fits it remembers why, and returns one of
    the right type all the same, so that the rest can be read.

    Args:
        data: What should be an object.
        place: Where it stands in the document; empty for the document itself.
        problems: Where problems go; those of an inner object go to the outer one's.
    """

    __slots__ = ("_asked", "_data", "_inner", "_place", "problems")

    def __init__(self, data: Any, *, place: str = "", problems: list[str] | None = None) -> None:
        self.problems: list[str] = [] if problems is None else problems
        self._place = place
        self._asked: set[str] = set()
        self._inner: list[Fields] = []
        self._data: dict[Any, Any] | None = data if isinstance(data, dict) else None
        if self._data is None:
            self.problems.append(f"{place or 'it'}: expected an object, found {found(data, 'json')}")

    def problem(self, key: str, message: str) -> None:
        """Remember a problem with the value of ``key``."""
        self.problems.append(f"{self._place}{'.' if self._place else ''}{key}: {message}")

    def finish(self) -> None:
        """Remember every key that nobody asked for, here and in the objects inside."""
        for key in self.keys:
            if key not in self._asked:
                self.problem(quoted(key), "there is no such key")
        for inner in self._inner:
            inner.finish()

    def text(self, key: str) -> str:
        """Any text."""
        return self._string(key) or ""

    def word(self, key: str) -> str:
        """Text that a program can be given, and that is not blank."""
        return self._checked(key, self._string(key), lambda text: None if text.strip() else "is blank")

    def path(self, key: str) -> str:
        """An absolute path."""
        return self._checked(
            key, self._string(key), lambda text: None if text.startswith("/") else "is no absolute path"
        )

    def name(self, key: str) -> str:
        """A name that may become a path."""
        return self._checked(key, self._string(key), name_problem)

    def session(self, key: str) -> str:
        """A session's name."""
        return self._checked(key, self._string(key), session_problem)

    def digest(self, key: str) -> str:
        """A sha256 in hex."""
        return self._checked(key, self._string(key), _digest_problem)

    def optional(self, key: str) -> str | None:
        """Text that a program can be given, or ``None``."""
        return self._optional(key, lambda _: None)

    def optional_name(self, key: str) -> str | None:
        """A name, or ``None``."""
        return self._optional(key, name_problem)

    def optional_digest(self, key: str) -> str | None:
        """A sha256 in hex, or ``None``."""
        return self._optional(key, _digest_problem)

    def integer(self, key: str) -> int | None:
        """A whole number; ``None`` where there is none."""
        value = self._value(key)
        return value if type(value) is int else self._wrong(key, "a whole number", value, None)

    def member(self, key: str, members: type[Member]) -> Member:
        """One of a closed set."""
        known = {str(member.value): member for member in members}
        text = self._string(key)
        if text is not None and text not in known:
            self.problem(key, f"expected one of {listed(sorted(known))}, found {quoted(text)}")
        return known.get(text or "", next(iter(members)))

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts that a program can be given."""
        value = self._value(key)
        if not isinstance(value, list):
            self._wrong(key, "a list of strings", value, None)
            return ()
        return tuple(self._element(f"{key}[{index}]", each) for index, each in enumerate(value))

    def variables(self, key: str) -> dict[str, str | SecretRef]:
        """Variables: a text each, or where a secret is."""
        fields = self.inner(key)
        return {name: fields.variable(name) for name in fields.keys}

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key that is there."""
        return tuple(self._data or ())

    def variable(self, name: str) -> str | SecretRef:
        """The value of one variable: text, or where a secret is."""
        problem = variable_problem(name)
        if problem:
            self.problem(quoted(name), f"the name {problem}")
        value = self._value(name)
        if isinstance(value, str):
            return self._checked(name, value, lambda _: None)
        if not isinstance(value, dict):
            self._wrong(name, "a string or a reference to a secret", value, "")
            return ""
        return self._open(name, value).reference()

    def reference(self) -> SecretRef:
        """Where a secret is."""
        kind, _, rest = self.text("secret").partition(":")
        if kind == "command" and not rest:
            command = self.texts("command")
            if not command:
                self.problem("command", "expected a program and its arguments")
            return SecretRef(command=command)
        if kind not in {"env", "file"} or not rest or "\0" in rest:
            self.problem("secret", "expected env:NAME, file:PATH or command")
        return SecretRef(file=rest) if kind == "file" else SecretRef(env=rest)

    def inner(self, key: str) -> "Fields":
        """The object at ``key``."""
        return self._open(key, self._value(key))

    def every(self, key: str) -> Iterator["Fields"]:
        """The objects in the list at ``key``."""
        value = self._value(key)
        if not isinstance(value, list):
            self._wrong(key, "a list of objects", value, None)
            return
        for index, each in enumerate(value):
            yield self._open(f"{key}[{index}]", each)

    def _open(self, key: str, value: Any) -> "Fields":
        place = f"{self._place}{'.' if self._place else ''}{key}"
        inner = Fields(value, place=place, problems=self.problems)
        self._inner.append(inner)
        return inner

    def _value(self, key: str) -> Any:
        self._asked.add(key)
        if self._data is None:
            return _NOTHING
        if key not in self._data:
            self.problem(key, "it is missing")
            return _NOTHING
        return self._data[key]

    def _wrong(self, key: str, expected: str, value: Any, instead: Any) -> Any:
        if value is not _NOTHING:
            self.problem(key, f"expected {expected}, found {found(value, 'json')}")
        return instead

    def _element(self, key: str, value: Any) -> str:
        text = value if isinstance(value, str) else self._wrong(key, "a string", value, None)
        return self._checked(key, text, lambda _: None)

    def _string(self, key: str) -> str | None:
        value = self._value(key)
        return value if isinstance(value, str) else self._wrong(key, "a string", value, None)

    def _checked(self, key: str, text: str | None, problem_of: Callable[[str], str | None]) -> str:
        if text is None:
            return ""
        problem = text_problem(text) or problem_of(text)
        if problem:
            self.problem(key, f"{quoted(text)} {problem}")
        return text

    def _optional(self, key: str, problem_of: Callable[[str], str | None]) -> str | None:
        value = self._value(key)
        if value is None or value is _NOTHING:
            return None
        if not isinstance(value, str):
            self._wrong(key, "a string or null", value, None)
            return None
        return self._checked(key, value, problem_of)


_NOTHING: Any = object()
"""Stands for a value about which a problem is remembered already."""


def _digest_problem(text: str) -> str | None:
    return None if _DIGEST.fullmatch(text) else "is no sha256 in lower-case hex digits"
