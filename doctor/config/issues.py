"""Problems on their way from the value where they are noticed up to the file they are reported for."""

from typing import TYPE_CHECKING, Any

from doctor.config.problems import ConfigProblem, Rule
from doctor.config.words import encodable, path_words
from doctor.model.location import pointer

if TYPE_CHECKING:
    from doctor.config.documents import Document

MOST_ISSUES = 20_000
"""How many problems of one file are kept; the number of the others is reported. It bounds memory."""

Trail = tuple[Any, str | int] | None
"""A path as a chain of (way up to here, last part): longer by one without copying, so deep data stays cheap."""


def parts_of(trail: Trail) -> list[str | int]:
    """The path that a trail stands for, outermost part first."""
    parts: list[str | int] = []
    while trail is not None:
        trail, part = trail
        parts.append(part)
    return parts[::-1]


class Issue:
    """A problem whose place is known as a path from the value being read."""

    __slots__ = ("at_key", "instead", "message", "path", "remedy", "rule")

    def __init__(self, rule: Rule, message: str, remedy: str | None, path: list[str | int], *, at_key: bool) -> None:
        self.rule = rule
        self.message = message
        self.remedy = remedy
        self.path = path
        self.at_key = at_key
        self.instead: str | None = None


class Issues(list[Issue]):
    """The problems noticed so far. A path is written innermost part first while reading climbs back up."""

    more = 0
    """How many were noticed beyond ``MOST_ISSUES``."""

    def add(
        self,
        rule: Rule,
        message: str,
        *path: str | int,
        remedy: str | None = None,
        at_key: bool = False,
        instead: str | None = None,
    ) -> None:
        """Note a problem at ``path``, outermost part first, seen from the value being read."""
        if len(self) < MOST_ISSUES:
            self.append(Issue(rule, message, remedy, [*reversed(path)], at_key=at_key))
            self[-1].instead = instead
        else:
            self.more += 1

    def full(self) -> bool:
        """Whether one more is only counted; it is counted by asking, which saves making its message."""
        if len(self) < MOST_ISSUES:
            return False
        self.more += 1
        return True

    def lift(self, since: int, part: str | int) -> None:
        """Say that the problems from number ``since`` on stand below ``part``."""
        for index in range(since, len(self)):
            self[index].path.append(part)

    def problems(self, document: "Document") -> tuple[ConfigProblem, ...]:
        """Everything noted, with its place in ``document``, in the order of the file."""
        every = [_located(issue, document) for issue in self]
        every.sort(key=_position)
        if self.more:
            every.append(_overflow(self.more, document))
        return tuple(every)


def _located(issue: Issue, document: "Document") -> ConfigProblem:
    parts = issue.path[::-1]
    place = pointer(*parts)
    return ConfigProblem(
        rule=issue.rule,
        subject=encodable(path_words(parts)) or document.name,
        message=issue.message,
        remedy=issue.remedy,
        location=document.at_key(place) if issue.at_key else document.at(place),
        instead=issue.instead,
    )


def _position(problem: ConfigProblem) -> tuple[int, int]:
    return (problem.location.line or 0, problem.location.column or 0)


def _overflow(more: int, document: "Document") -> ConfigProblem:
    return ConfigProblem(
        rule="value",
        subject=document.name,
        message=f"{more} further problems are not listed",
        remedy="repair those listed first",
        location=document.at(""),
    )
