"""Settings files of harnesses, as far as what they say has an order; whatever else they say may allow more."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from doctor.gate.comparing.order import Judged, chain, freedoms, restrictions, worst
from doctor.gate.comparing.values import canonical
from doctor.harness.base import Dial
from doctor.model.comparison import Verdict

_FORBIDS = re.compile(r"(?:^|\.)(?:deny|denied|disallow\w*|forbid\w*|exclude\w*|block\w*)\[\]$", re.IGNORECASE)
"""Lists of which every entry forbids something."""

_ALLOWS = re.compile(r"(?:^|\.)(?:allow\w*|additionalDirectories|trusted\w*)\[\]$", re.IGNORECASE)
"""Lists of which every entry allows something."""

_HARMLESS = frozenset({"$schema", "model", "theme", "language", "ui", "tui", "attribution", "username"})
"""First parts of settings that say nothing of what may be done."""

MOST_NAMED = 5


def judge_settings(
    before: Mapping[str, Any], after: Mapping[str, Any], dials: Sequence[Dial], *, changed: str
) -> Judged:
    """What becomes of a harness whose settings are these instead of those.

    Args:
        before: Parsed; empty where there was no file.
        after: The same, for the other side.
        dials: Settings of the harness whose values have an order.
        changed: What to say where something changed that has none.
    """
    was, now = (list(_leaves(each)) for each in (before, after))
    parts = []
    for dial in dials:
        for key in dial.keys:
            steps = tuple(dict(each).get(key, canonical(dial.unset)).strip('"') for each in (was, now))
            more, less = f"{key}: {steps[0]} before, {steps[1]} after", f"{key} allows less"
            parts.append(chain(dial.steps, looser=more, stricter=less)(*steps))
    known = {key for dial in dials for key in dial.keys}
    forbidden, allowed = ([{leaf for leaf in each if rule.search(leaf[0])} for each in (was, now)] for rule in _LISTS)
    parts.append(
        restrictions(_names(forbidden[0]), _names(forbidden[1]), more="forbidden now", fewer="no longer forbidden")
    )
    parts.append(freedoms(_names(allowed[0]), _names(allowed[1]), more="allowed now", fewer="no longer allowed"))
    others = _others(set(was) ^ set(now), known)
    bold = [path for path in others if path.partition(".")[0] not in _HARMLESS]
    if bold:
        more = ", …" if len(bold) > MOST_NAMED else ""
        parts.append(Judged(Verdict.LOOSER, f"{changed}: {', '.join(bold[:MOST_NAMED])}{more}"))
    if was != now:
        parts.append(Judged(Verdict.DIFFERENT, "other settings") if others else _ordered(set(was) == set(now)))
    return worst(parts)


_LISTS = (_FORBIDS, _ALLOWS)


def _ordered(same: bool) -> Judged:
    """The same entries in another order, or nothing beyond what was judged already."""
    return Judged(Verdict.DIFFERENT, "the same settings in another order") if same else Judged(Verdict.EQUAL, "")


def _others(changed: set[tuple[str, str]], known: set[str]) -> list[str]:
    """Paths of what changed and is in none of the orders."""
    every = sorted({path for path, _ in changed})
    return [path for path in every if path not in known and not any(rule.search(path) for rule in _LISTS)]


def _names(leaves: set[tuple[str, str]]) -> list[str]:
    return sorted(f"{path.removesuffix('[]')} {value}" for path, value in leaves)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every value that holds no other, with its path; an entry of a list has ``[]`` instead of its number."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for inner in value:
            yield from _leaves(inner, f"{path}[]")
    elif path and value not in ({}, []):
        yield path, canonical(value)


def unique(pairs: Sequence[tuple[str, Any]]) -> Mapping[str, Any]:
    """An object of JSON; one that says a thing twice is read differently by different programs.

    Raises:
        ValueError: A key stands twice.
    """
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)
