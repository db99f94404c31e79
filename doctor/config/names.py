"""Names: which are safe to become paths, sessions or branches, and which known one a wrong one is nearest to."""

from collections.abc import Collection

LONGEST_NAME = 128
"""Characters; leaves room for what is put around a name in a file or session name."""

LONGEST_COMPARED = 64
"""Characters; comparing is quadratic in length and nobody mistypes a word this long."""


def name_problem(name: str) -> str | None:
    """Why ``name`` cannot become a path, a session or a branch, as the rest of "the name ..."; ``None`` when it can.

    Letters of any script, digits, dots, dashes, underscores and inner spaces are fine.
    """
    if not name or name.isspace():
        return "is blank"
    if not name.isprintable():
        return "contains a control character or an invisible one"
    if name != name.strip():
        return "has white space around it"
    if "/" in name or "\\" in name:
        return "contains a path separator"
    if ".." in name:
        return "contains `..`"
    if name[0] in ".-":
        return f"starts with `{name[0]}`"
    if len(name) > LONGEST_NAME:
        return f"is {len(name)} characters long; {LONGEST_NAME} is the most"
    return None


def nearest(word: str, known: Collection[str]) -> str | None:
    """The one of ``known`` that ``word`` probably meant, or ``None`` when none is like it."""
    if len(word) > LONGEST_COMPARED:
        return None
    from difflib import get_close_matches  # noqa: PLC0415 - only needed once something is wrong

    folded = {name.casefold(): name for name in sorted(known) if len(name) <= LONGEST_COMPARED}
    matches = get_close_matches(word.strip().casefold(), folded, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None


class Suggestions:
    """``nearest`` with a memory and a limit, so that a file full of mistakes stays cheap to report.

    Args:
        budget: Comparisons of two words allowed in all; after that nothing is suggested any more.
    """

    __slots__ = ("_answers", "_budget")

    def __init__(self, budget: int = 100_000) -> None:
        self._budget = budget
        self._answers: dict[tuple[str, int], str | None] = {}

    def nearest(self, word: str, known: Collection[str]) -> str | None:
        """Like the function. ``known`` has to stay the same object while this one is used."""
        question = (word, id(known))
        if question not in self._answers:
            if self._budget < len(known):
                return None
            self._budget -= len(known)
            self._answers[question] = nearest(word, known)
        return self._answers[question]
