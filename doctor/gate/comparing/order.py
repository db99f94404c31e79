"""The order in which values are compared: what lies higher allows more.

A value is either a place in an order, and then moving up, or to a place that cannot be compared, is ``looser``, and
moving down ``stricter``; or it is in no order at all, and then another one is ``different``. ``reference/compare.md``
tells what each setting is.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple

from doctor.model.comparison import Verdict


class Judged(NamedTuple):
    """What one change of a value does."""

    verdict: Verdict
    reason: str


Rule = Callable[[Any, Any], Judged]
"""From a value before and another one after to what that does."""

NOTHING = Judged(Verdict.EQUAL, "")


def worst(parts: Iterable[Judged]) -> Judged:
    """Several parts of one change as one: the highest rank, with the reasons of that rank."""
    every = [part for part in parts if part.verdict is not Verdict.EQUAL]
    if not every:
        return NOTHING
    verdict = max((part.verdict for part in every), key=lambda each: each.rank)
    reasons = dict.fromkeys(part.reason for part in every if part.verdict is verdict)
    return Judged(verdict, "; ".join(reasons))


def different(reason: str) -> Rule:
    """Values in no order."""
    return lambda before, after: NOTHING if before == after else Judged(Verdict.DIFFERENT, reason)


def chain(steps: Sequence[Any], *, looser: str, stricter: str) -> Rule:
    """Values in one line, from the strictest; one that is not in it cannot be compared with any.

    Args:
        steps: The line.
        looser: What moving up does.
        stricter: What moving down does.
    """

    def rule(before: Any, after: Any) -> Judged:
        if before == after:
            return NOTHING
        if before in steps and after in steps and steps.index(after) < steps.index(before):
            return Judged(Verdict.STRICTER, stricter)
        return Judged(Verdict.LOOSER, looser)

    return rule


def switch(*, on_is_looser: bool, looser: str, stricter: str) -> Rule:
    """Something that is on or off."""
    return chain((False, True) if on_is_looser else (True, False), looser=looser, stricter=stricter)


def number(*, more_is_looser: bool, looser: str, stricter: str) -> Rule:
    """A limit."""

    def rule(before: int, after: int) -> Judged:
        if before == after:
            return NOTHING
        up = (after > before) is more_is_looser
        return Judged(Verdict.LOOSER, looser) if up else Judged(Verdict.STRICTER, stricter)

    return rule


def freedoms(before: Collection[str], after: Collection[str], *, more: str, fewer: str) -> Judged:
    """A set in which every member allows something. The members stand in the reason, so they must be no secrets."""
    added, removed = _only(after, before), _only(before, after)
    parts = []
    if added:
        parts.append(Judged(Verdict.LOOSER, f"{more}: {', '.join(added)}"))
    if removed:
        parts.append(Judged(Verdict.STRICTER, f"{fewer}: {', '.join(removed)}"))
    return worst(parts)


def restrictions(before: Collection[str], after: Collection[str], *, more: str, fewer: str) -> Judged:
    """A set in which every member forbids something: the order of ``freedoms``, upside down."""
    added, removed = _only(after, before), _only(before, after)
    parts = []
    if removed:
        parts.append(Judged(Verdict.LOOSER, f"{fewer}: {', '.join(removed)}"))
    if added:
        parts.append(Judged(Verdict.STRICTER, f"{more}: {', '.join(added)}"))
    return worst(parts)


def freedom_set(*, more: str, fewer: str) -> Rule:
    """``freedoms`` as a rule for lists, whose order says nothing."""
    return lambda before, after: freedoms(before, after, more=more, fewer=fewer)


def restriction_set(*, more: str, fewer: str) -> Rule:
    """``restrictions`` as a rule for lists, whose order says nothing."""
    return lambda before, after: restrictions(before, after, more=more, fewer=fewer)


def _only(of: Collection[str], without: Collection[str]) -> list[str]:
    """What is in one and not in the other, each once, in order."""
    gone = set(without)
    return [each for each in dict.fromkeys(of) if each not in gone]
