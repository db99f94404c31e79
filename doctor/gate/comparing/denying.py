"""Which changes may not pass."""

from collections.abc import Iterable

from doctor.config.names import nearest
from doctor.errors import UsageError
from doctor.gate.comparing.groups import GROUPS
from doctor.model.comparison import Change, Verdict

CLASSES = tuple(verdict.value for verdict in Verdict if verdict is not Verdict.EQUAL)


class Denials:
    """Terms of ``--deny``: a class, a group of fields, a field, or ``CLASS:GROUP``.

    Args:
        terms: As they were given.

    Raises:
        UsageError: One of them means nothing.
    """

    def __init__(self, terms: Iterable[str]) -> None:
        self._pairs = [_pair(term) for term in terms]

    def hits(self, change: Change) -> bool:
        """Whether a change is one of those that may not pass."""
        return any(
            (verdict is None or change.verdict == verdict) and (field is None or _is_of(change, field))
            for verdict, field in self._pairs
        )


def _is_of(change: Change, field: str) -> bool:
    return field in {change.group, change.field} or change.field.startswith(f"{field}.")


def _pair(term: str) -> tuple[str | None, str | None]:
    """Class and field that a change must have; ``None`` takes any."""
    word = term.strip()
    if word in CLASSES:
        return word, None
    verdict, colon, field = word.partition(":")
    if colon and verdict in CLASSES and _is_known(field):
        return verdict, field
    if not colon and _is_known(word):
        return None, word
    known = (*CLASSES, *GROUPS)
    near = nearest(field if colon and verdict in CLASSES else word, known)
    hint = f"did you mean {near!r}?" if near else f"known: {', '.join(known)}"
    raise UsageError(f"--deny: nothing is called {term!r}", remedy=hint)


def _is_known(field: str) -> bool:
    return field in GROUPS or field.partition(".")[0] in GROUPS
