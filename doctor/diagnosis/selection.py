"""Which checks run."""

import re
from collections.abc import Callable, Iterable, Sequence

from doctor.diagnosis.check import Check
from doctor.diagnosis.facts_graph import did_you_mean
from doctor.diagnosis.keyword import parse_keyword
from doctor.errors import RegistrationError, UsageError
from doctor.model.options import Options


def select(
    checks: Sequence[Check], options: Options, *, modify: Callable[[list[Check]], None] | None = None
) -> list[Check]:
    """The checks that ``options`` leave, in code order.

    A name of ``select`` or ``ignore`` is a code or its beginning (``SKL``), in any case. ``keyword`` is an expression
    over codes, families and the words of titles, see ``parse_keyword``. Checks with ``always`` stay whatever is said.

    Args:
        checks: Every registered check.
        options: ``select``, ``ignore`` and ``keyword`` are used.
        modify: Changes the list in place afterwards; what plugins do.

    Raises:
        UsageError: A name matches no check (all such names at once), or the expression is malformed.
        RegistrationError: ``modify`` put something into the list that is no registered check.
    """
    _refuse_unknown("--select", options.select, checks)
    _refuse_unknown("--ignore", options.ignore, checks)
    matches = _keyword(options.keyword, checks)
    chosen = [
        check
        for check in checks
        if check.always or (_chosen(check, options.select, options.ignore) and matches(haystack(check)))
    ]
    if modify is not None:
        modify(chosen)
        _refuse_strangers(chosen, checks)
    kept = {check.code for check in chosen}
    return sorted((check for check in checks if check.always or check.code in kept), key=lambda check: check.code)


def haystack(check: Check) -> str:
    """What ``-k`` looks through: code, family and title in lower case."""
    return f"{check.code} {check.family} {check.title}".lower()


def _chosen(check: Check, wanted: Sequence[str], unwanted: Sequence[str]) -> bool:
    return (not wanted or _named(check, wanted)) and not _named(check, unwanted)


def _named(check: Check, names: Iterable[str]) -> bool:
    return any(check.code.startswith(name.strip().upper()) for name in names)


def _refuse_unknown(option: str, names: Sequence[str], checks: Sequence[Check]) -> None:
    unknown = [name for name in names if not name.strip() or not any(_named(check, (name,)) for check in checks)]
    if not unknown:
        return
    known = sorted({name for check in checks for name in (check.code, check.family)})
    said = "\n".join(f"{option}: no check is called {name!r}{did_you_mean(name.upper(), known)}" for name in unknown)
    raise UsageError(said, remedy="list the checks: doctor checks")


def _keyword(expression: str | None, checks: Sequence[Check]) -> Callable[[str], bool]:
    if expression is None:
        return lambda _: True
    keyword = parse_keyword(expression)
    haystacks = [haystack(check) for check in checks]
    unknown = [word for word in keyword.words if not any(word in text for text in haystacks)]
    if unknown:
        known = sorted({word for text in haystacks for word in re.findall(r"\w+", text)})
        said = "\n".join(f"-k: nothing is called {word!r}{did_you_mean(word, known)}" for word in unknown)
        raise UsageError(said, remedy="list the checks: doctor checks")
    return keyword.matches


def _refuse_strangers(chosen: Sequence[object], checks: Sequence[Check]) -> None:
    known = {id(check) for check in checks}
    strangers = [item for item in chosen if id(item) not in known]
    if strangers:
        raise RegistrationError(f"doctor_modify_selection added {strangers[0]!r}, which is no registered check")
