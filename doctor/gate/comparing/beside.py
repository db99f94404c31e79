"""Small files beside the policy that change what counts: the baseline, the lock, the choice of a named profile."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from doctor.config.baseline import load_baseline
from doctor.config.files import FileProblem, is_there, read_bytes
from doctor.config.project import DIRECTORY
from doctor.config.selection import SELECTION_FILE, load_selection
from doctor.gate.baseline import FILE as BASELINE
from doctor.gate.comparing.order import NOTHING, Judged, worst
from doctor.gate.comparing.sides import Side
from doctor.gate.comparing.values import Draft, canonical
from doctor.gate.comparing.variables import digest
from doctor.gate.places import project_file
from doctor.model.comparison import Verdict

LOCK = "doctor.lock"
LARGEST = 16 * 1024 * 1024
"""Bytes of a baseline or a lock."""

MOST_NAMED = 5
_Known = Counter[tuple[str, str, str, tuple[str, ...]]]


def beside_changes(was: Side, now: Side) -> Iterator[Draft]:
    """What changes in each of these files, and in where the policy lies."""
    yield _baseline(was, now)
    yield _lock(was, now)
    yield _place(was, now)


def _baseline(was: Side, now: Side) -> Draft:
    """Each entry sets findings aside, like one of ``doctor.ignore``."""
    paths = [project_file(side.root, BASELINE) for side in (was, now)]
    texts = [_content(path) for path in paths]
    before, after = (_known(path) for path in paths)
    parts = []
    if before is None or after is None:
        parts.append(Judged(Verdict.LOOSER, "findings are set aside in a file that cannot be understood"))
    else:
        parts += [
            Judged(Verdict.LOOSER, f"more findings are set aside: {_codes(after - before)}")
            if after - before
            else NOTHING,
            Judged(Verdict.STRICTER, f"findings count again: {_codes(before - after)}") if before - after else NOTHING,
        ]
    values = tuple(None if each is None else f"{sum(each.values())} findings" for each in (before, after))
    identity = [canonical(sorted(map(repr, (each or Counter()).items()))) for each in (before, after)]
    return Draft(
        subject="baseline",
        field="ignore",
        group="ignore",
        before=values[0],
        after=values[1],
        judged=worst(parts) if texts[0] != texts[1] else NOTHING,
        pointer=None,
        identity=(digest(identity[0]), digest(identity[1])),
        path=f"{DIRECTORY}/{BASELINE}",
        in_base=texts[1] is None,
    )


def _known(path: Path) -> _Known | None:
    """How many findings of each kind are known; ``None`` where that cannot be read."""
    if not is_there(path):
        return Counter()
    loaded = load_baseline(path)
    if loaded.value is None:
        return None
    found: _Known = Counter()
    for each in loaded.value.findings:
        found[each.code, each.fingerprint, each.severity, tuple(sorted(each.affects))] += each.count
    return found


def _codes(known: _Known) -> str:
    codes = sorted({code for code, *_ in known})
    return ", ".join(codes[:MOST_NAMED]) + (", …" if len(codes) > MOST_NAMED else "")


def _lock(was: Side, now: Side) -> Draft:
    """It says what was there when somebody looked; another one accepts other versions and texts."""
    texts = [_content(project_file(side.root, LOCK)) for side in (was, now)]
    words = "is new" if texts[0] is None else "is gone" if texts[1] is None else "holds something else"
    marks = tuple(None if each is None else f"content {digest(each)}" for each in texts)
    return Draft(
        subject="lock",
        field="lock",
        group="versions",
        before=marks[0],
        after=marks[1],
        judged=NOTHING if texts[0] == texts[1] else Judged(Verdict.DIFFERENT, f"the lock {words}"),
        pointer=None,
        identity=(marks[0], marks[1]),
        path=f"{DIRECTORY}/{LOCK}",
        in_base=texts[1] is None,
    )


def _content(path: Path) -> str | None:
    if not is_there(path):
        return None
    try:
        return read_bytes(path, limit=LARGEST).decode("utf-8", "backslashreplace")
    except FileProblem as problem:
        return f"({problem.message})"


def _place(was: Side, now: Side) -> Draft:
    """A policy that really lies elsewhere may change without anybody being asked."""
    values = tuple("outside of the project" if _is_outside(side) else "in the project" for side in (was, now))
    looser = Judged(Verdict.LOOSER, "the policy lies outside of the project, where it may change without a review")
    stricter = Judged(Verdict.STRICTER, "the policy lies in the project now")
    judged = NOTHING if values[0] == values[1] else looser if _is_outside(now) else stricter
    return Draft(
        subject="policy",
        field="policy",
        group="doctor",
        before=values[0],
        after=values[1],
        judged=judged,
        pointer=None,
        identity=(values[0], values[1]),
        path=now.ref.policy,
    )


def _is_outside(side: Side) -> bool:
    """Whether a link leads from the project's ``.metawsm`` to a policy outside of the repository."""
    path = side.project.policy_path
    top = side.project.repository or side.root
    if path is None or not path.is_relative_to(side.root):
        return False
    return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(top))


def selection_change(was: Side, now: Side, *, lacking: bool) -> Draft:
    """The project's own choice of a named profile, whether or not this machine can follow it.

    Args:
        was: The side before.
        now: The side after.
        lacking: Whether the choice of ``now`` cannot be followed here.
    """
    texts = [_content(project_file(side.root, SELECTION_FILE)) for side in (was, now)]
    names = tuple(_chosen(side) for side in (was, now))
    looser = Judged(
        Verdict.LOOSER, "a named profile is chosen that cannot be read here, so nobody can tell what it allows"
    )
    other = Judged(Verdict.DIFFERENT, "another named profile, or another content of it, is chosen")
    changed = texts[0] != texts[1] and names[0] != names[1]
    name = tuple(each.partition(" ")[0] if each else None for each in names)
    return Draft(
        subject="project",
        field="profile",
        group="profile",
        before=name[0],
        after=name[1],
        judged=NOTHING if not changed else looser if lacking and names[1] else other,
        pointer=None,
        identity=(names[0], names[1]),
        path=f"{DIRECTORY}/{SELECTION_FILE}",
        in_base=names[1] is None,
    )


def _chosen(side: Side) -> str | None:
    """The name of the profile with the hash of its content."""
    loaded = load_selection(side.root)
    if loaded is None:
        return None
    return f"{loaded.value.profile} {loaded.value.sha256}" if loaded.value else "(unreadable)"
