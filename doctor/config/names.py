"""Names: which are safe to become paths, sessions or branches, and which known one a wrong one is nearest to."""

from collections.abc import Callable, Collection

LONGEST_NAME = 128
"""Characters; leaves room for what is put around a name in a file or session name."""

LONGEST_COMPARED = 64
"""Characters; comparing is quadratic in length and nobody mistypes a word this long."""

ALIKE = 0.75
"""Likeness from which a word counts as a misspelling of another: one letter in four may be wrong."""

APART = 0.1
"""By how much every other word has to be less like it."""

_NAME_RULES: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda name: not name.isprintable(), "contains a control character or an invisible one"),
    (lambda name: name != name.strip(), "has white space around it"),
    (lambda name: "/" in name or "\\" in name, "contains a path separator"),
    (lambda name: ".." in name, "contains `..`"),
    (lambda name: name[0] in ".-", "starts with a dot or a dash"),
    (lambda name: len(name) > LONGEST_NAME, f"is longer than {LONGEST_NAME} characters"),
)


def name_problem(name: str) -> str | None:
    """Why ``name`` cannot become a path, a session or a branch, as the rest of "the name ..."; ``None`` when it can.

    Letters of any script, digits, dots, dashes, underscores and inner spaces are fine.
    """
    if not name or name.isspace():
        return "is blank"
    return next((reason for is_wrong, reason in _NAME_RULES if is_wrong(name)), None)


def nearest(word: str, known: Collection[str]) -> str | None:
    """The one of ``known`` that ``word`` probably meant, or ``None`` when none is like it."""
    if len(word) > LONGEST_COMPARED:
        return None
    from difflib import get_close_matches  # noqa: PLC0415 - only needed once something is wrong

    folded = {name.casefold(): name for name in sorted(known) if len(name) <= LONGEST_COMPARED}
    matches = get_close_matches(word.strip().casefold(), folded, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None


def is_only_one(word: str, near: str, known: Collection[str]) -> bool:
    """Whether ``word`` can hardly mean another of ``known`` than ``near``: it is like none of the others."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - only needed once something is wrong

    matcher = SequenceMatcher(b=word.strip().casefold())

    def likeness(name: str) -> float:
        matcher.set_seq1(name.casefold())
        return matcher.ratio()

    best = likeness(near)
    return best >= ALIKE and all(likeness(name) <= best - APART for name in known if name != near)


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

    def only(self, word: str, known: Collection[str]) -> str | None:
        """Like ``nearest``; ``None`` also where another one could be meant as well."""
        near = self.nearest(word, known)
        question = (word, -id(known))
        if near is not None and question not in self._answers:
            if self._budget < len(known):
                return None
            self._budget -= len(known)
            self._answers[question] = near if is_only_one(word, near, known) else None
        return self._answers.get(question)
