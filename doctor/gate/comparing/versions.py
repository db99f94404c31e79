"""Whether a required version asks for more or for less than another one."""

from typing import TYPE_CHECKING

from doctor.gate.comparing.order import NOTHING, Judged
from doctor.model.comparison import Verdict

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version


def judge_versions(name: str, before: str | None, after: str | None) -> Judged:
    """Two requirements of one harness: the one that takes every version that the other does is the looser one.

    Args:
        name: The harness.
        before: The requirement before; ``None`` takes any version.
        after: The one after.
    """
    if before == after:
        return NOTHING
    if after is None:
        return Judged(Verdict.LOOSER, f"{name} may have any version now")
    if before is None:
        return Judged(Verdict.STRICTER, f"{name} may no longer have any version")
    return _judge(name, before, after)


def _judge(name: str, before: str, after: str) -> Judged:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - few policies change one

    try:
        was, now = SpecifierSet(before), SpecifierSet(after)
    except InvalidSpecifier:
        return Judged(Verdict.LOOSER, f"{name}: a requirement that cannot be understood")
    samples = _samples(was, now)
    was_taken, now_taken = ([each for each in samples if each in one] for one in (was, now))
    if any(each not in was for each in now_taken):
        return Judged(Verdict.LOOSER, f"{name} may have a version that it might not have")
    if any(each not in now for each in was_taken):
        return Judged(Verdict.STRICTER, f"{name} may have fewer versions")
    return Judged(Verdict.DIFFERENT, f"{name}: the same versions, written otherwise")


def _samples(*sets: "SpecifierSet") -> "list[Version]":
    """Versions at, just below, just above and far from every bound: all that can tell two requirements apart."""
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415 - see above

    texts = {"0", "999999"}
    for specifier in (each for one in sets for each in one):
        bound = specifier.version.removesuffix(".*")
        texts |= {bound, f"{bound}.0.1", f"{bound}.999999", f"{bound}a1", f"{bound}.dev1", f"{bound}.post1"}
        parts = bound.split(".")
        for index, part in enumerate(parts):
            if part.isdigit():
                head = parts[:index]
                texts |= {".".join([*head, str(int(part) + 1)]), ".".join([*head, str(int(part) + 1), "1"])}
                if int(part) > 0:
                    texts |= {".".join([*head, str(int(part) - 1)]), ".".join([*head, str(int(part) - 1), "999999"])}
    found = []
    for text in sorted(texts):
        try:
            found.append(Version(text))
        except InvalidVersion:
            continue
    return found
