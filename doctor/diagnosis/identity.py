"""What tells a finding from others of its check wherever lines, list items and directories move; and their order."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from doctor.model.finding import Finding
from doctor.model.location import Location


@cache
def _step() -> re.Pattern[str]:
    return re.compile(r"(?:^|\.)(?P<key>[^.\[\]\s]+)|\[(?P<index>\d{1,9})\]|\[(?P<quoted>\"(?:[^\"\\]|\\.)*\")\]")


NAMES = frozenset({"skills"})
"""Lists of names: an item is known by what it says. Of no other text that is a secret's place, be it only a hash."""


def said(finding: Finding) -> str:
    """What a finding is known by as its check says."""
    return finding.key or finding.subject


class Keys:
    """What each finding of one check is known by; no two of them by the same.

    Args:
        identify: What a finding is known by, unless an earlier one is: then it is numbered.
    """

    __slots__ = ("_identify", "_seen")

    def __init__(self, identify: Callable[[Finding], str]) -> None:
        self._identify = identify
        self._seen: Counter[str] = Counter()

    def key_of(self, finding: Finding) -> str | None:
        """The key of the next finding; as it is, where that will do."""
        key = self._identify(finding)
        self._seen[key] += 1
        if self._seen[key] > 1:
            key = f"{key} #{self._seen[key]}"
        return finding.key if key == said(finding) else key


def position(finding: Finding) -> tuple[Any, ...]:
    """Sort key of findings: located ones by place, then by code and subject; never a tie between different ones."""
    place = finding.location or Location(path="")
    return (
        finding.location is None,
        place.path,
        place.line or 0,
        place.column or 0,
        finding.code,
        finding.subject,
        finding.message,
        finding.fingerprint,
    )


def identifier(data: Any, *, root: Path, home: Path) -> Callable[[Finding], str]:
    """A function from a finding to what it is known by, see ``Finding.key``.

    Args:
        data: The policy as parsed; indices in a subject that is a path in it are replaced by names.
        root: The project's root; what lies in it is known by its path from there.
        home: The user's home directory, likewise.
    """
    directories = [
        (f"{directory}/", short) for directory, short in ((root, ""), (home, "~/")) if directory != directory.parent
    ]

    labels: dict[int, list[str | None]] = {}

    def identify(finding: Finding) -> str:
        text = finding.key or steady(finding.subject, data, labels)
        if "/" in text:
            for directory, short in directories:
                text = text.replace(directory, short)
        return text

    return identify


def steady(subject: str, data: Any, labels: dict[int, list[str | None]]) -> str:
    """A path such as ``agent_profiles[0].skills[1]`` with names for indices: ``agent_profiles[codex].skills[diary]``.

    An index stays where the item has no name, or where the path is none in ``data``.

    Args:
        subject: The path.
        data: What it is a path in.
        labels: What the items of each list are known by, as far as asked; filled on the way.
    """
    if "[" not in subject or not isinstance(data, dict):
        return subject
    steps = list(_step().finditer(subject))
    if "".join(step[0] for step in steps) != subject:
        return subject
    said, parent = "", ""
    value: Any = data
    for step in steps:
        word = step[0]
        if step["index"] is not None and isinstance(value, list):
            if id(value) not in labels:
                labels[id(value)] = _labels(value, parent)
            index = int(step["index"])
            known = index < len(value)
            word = f"[{(labels[id(value)][index] if known else None) or index}]"
            value = value[index] if known else None
        elif step["key"] is not None:
            parent = step["key"]
            value = value.get(parent) if isinstance(value, dict) else None
        else:
            value = None
        said += word
    return said


def _labels(items: Sequence[Any], parent: str) -> list[str | None]:
    """The name of each item, numbered where an earlier one has the same; ``None`` where it has none."""
    names = [_name(item, parent) for item in items]
    taken = set(names)
    seen: Counter[str] = Counter()
    labels: list[str | None] = []
    for name in names:
        label = name
        if name is not None:
            seen[name] += 1
            while seen[name] > 1 and (label := f"{name}#{seen[name]}") in taken:
                seen[name] += 1
            if label and (label.isdecimal() or label.startswith("'")):
                label = f"'{label}'"  # lest it is taken for an index
        labels.append(label)
    return labels


def _name(item: Any, parent: str) -> str | None:
    name = item.get("name") if isinstance(item, dict) else item if parent in NAMES else None
    return name if isinstance(name, str) and name else None
