"""The small language of ``-k``: words joined by ``and``, ``or``, ``not`` and parentheses."""

import re
from collections.abc import Callable
from typing import NamedTuple

from doctor.errors import UsageError

DEEPEST = 50
"""Parentheses within parentheses that an expression may have."""

Matcher = Callable[[str], bool]
_TOKEN = re.compile(r"[()]|[^\s()]+")
_OPERATORS = frozenset({"and", "or", "not", "(", ")", ""})


class Keyword(NamedTuple):
    """A parsed expression."""

    matches: Matcher
    """Whether a text in lower case satisfies it."""

    words: tuple[str, ...]
    """Its words in lower case."""


def parse_keyword(expression: str) -> Keyword:
    """Parse ``expression``. A word holds where it occurs in the text; case does not matter.

    ``not`` binds tightest, then ``and``, then ``or``.

    Raises:
        UsageError: It is malformed; the message names the 1-based column.
    """
    parser = _Parser(expression)
    matches = parser.alternatives()
    if parser.next:
        raise parser.error("expected 'and', 'or' or the end")
    return Keyword(matches, tuple(parser.words))


class _Parser:
    """Recursive descent over the tokens; ``next`` is the one to come, empty at the end."""

    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens = _TOKEN.finditer(expression.lower())
        self._depth = 0
        self.words: list[str] = []
        self._advance()

    def alternatives(self) -> Matcher:
        parts = [self._conjunction()]
        while self.next == "or":
            self._advance()
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else lambda text: any(part(text) for part in parts)

    def _conjunction(self) -> Matcher:
        parts = [self._negation()]
        while self.next == "and":
            self._advance()
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else lambda text: all(part(text) for part in parts)

    def _negation(self) -> Matcher:
        negated = False
        while self.next == "not":
            self._advance()
            negated = not negated
        operand = self._operand()
        return (lambda text: not operand(text)) if negated else operand

    def _operand(self) -> Matcher:
        if self.next == "(":
            return self._group()
        if self.next in _OPERATORS:
            raise self.error("expected a word")
        word = self.next
        self.words.append(word)
        self._advance()
        return lambda text: word in text

    def _group(self) -> Matcher:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self.error(f"expected at most {DEEPEST} parentheses within each other")
        self._advance()
        inner = self.alternatives()
        if self.next != ")":
            raise self.error("expected ')'")
        self._depth -= 1
        self._advance()
        return inner

    def _advance(self) -> None:
        match = next(self._tokens, None)
        self.next = match[0] if match else ""
        self.column = (match.start() if match else len(self._expression.rstrip())) + 1

    def error(self, expected: str) -> UsageError:
        seen = f"{self.next!r}" if self.next else "the end"
        return UsageError(
            f"-k {self._expression!r}: {expected}, found {seen} at column {self.column}",
            remedy="write words joined by and, or, not and parentheses, such as 'skill and not home'",
        )
