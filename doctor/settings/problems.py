"""From what is wrong with a file to the error of a command that needs it."""

from collections.abc import Sequence

from doctor.config.problems import ConfigProblem, in_words
from doctor.errors import UsageError


def first_of(problems: Sequence[ConfigProblem]) -> str | None:
    """The first problem with its place, and how many follow; ``None`` when there are none."""
    if not problems:
        return None
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{in_words(problems[0])}{more}"


def refuse(problems: Sequence[ConfigProblem]) -> None:
    """Pass when there are no problems.

    Raises:
        UsageError: There are; says the first with its place, and how many follow.
    """
    message = first_of(problems)
    if message is not None:
        raise UsageError(message, remedy=problems[0].remedy)
