"""What lies beside the policy: skills, and the project's own checks."""

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from doctor.config.files import FileProblem, read_bytes
from doctor.config.project import DIRECTORY
from doctor.config.skills import FILE, LARGEST_SKILL
from doctor.diagnosis.trust import read_plugins
from doctor.gate.comparing.order import NOTHING, Judged, freedoms
from doctor.gate.comparing.sides import Side
from doctor.gate.comparing.values import Draft, canonical
from doctor.gate.comparing.variables import digest
from doctor.harness.base import HarnessContext
from doctor.harness.registry import Registry
from doctor.model.comparison import Verdict

MOST_FILES = 20_000
"""Files of one directory that are looked at."""

LARGEST_FILE = 1024 * 1024
"""Bytes of a file whose content is read."""

_NO_ENTRY: tuple[str | None, str | None] = (None, None)


def skill_changes(was: Side, now: Side, registry: Registry) -> Iterator[Draft]:
    """Skills that either side brings along, whether a policy names them or a harness finds them by itself."""
    before, after = (_skills(side, registry) for side in (was, now))
    for path in union(before, after):
        yield _skill_text(path, before.get(path), after.get(path))
        yield _skill_files(path, before.get(path), after.get(path))
        yield _skill_grants(path, before.get(path), after.get(path))


class _Skill:
    """One directory with a ``SKILL.md``."""

    def __init__(self, text: str, files: Mapping[str, str]) -> None:
        self.text = text
        self.files = files


def _skills(side: Side, registry: Registry) -> dict[str, _Skill]:
    """By path of their directories, relative to the project."""
    context = HarnessContext(home=side.options.home, project=side.root, environment={})
    every = [root for harness in registry.harnesses for root in harness.skill_roots(context)]
    roots = [side.root / DIRECTORY / "skills", *(root for root in every if root.is_relative_to(side.root))]
    found: dict[str, _Skill] = {}
    for root in dict.fromkeys(roots):
        for directory in _directories(root, side.root):
            text = text_of(directory / FILE)
            if text is not None:
                found[directory.relative_to(side.root).as_posix()] = _Skill(text, _hashes(directory, side.root))
    return found


def _directories(root: Path, within: Path) -> list[Path]:
    """Directories in ``root`` that really lie within a project."""
    try:
        entries = sorted(root.iterdir())
    except OSError:
        return []
    return [entry for entry in entries if entry.is_dir() and is_within(entry, within)]


def is_within(path: Path, root: Path) -> bool:
    """Whether a path really lies in a directory, wherever links lead."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def text_of(path: Path) -> str | None:
    """A file's content; ``None`` where it cannot be read."""
    try:
        return read_bytes(path, limit=LARGEST_SKILL).decode("utf-8", "backslashreplace")
    except FileProblem:
        return None


def _hashes(directory: Path, within: Path) -> dict[str, str]:
    """What tells the other files of a skill from others of the same names."""
    found: dict[str, str] = {}
    for folder, _, names in os.walk(directory):
        for name in sorted(names):
            path = Path(folder, name)
            relative = path.relative_to(directory).as_posix()
            if relative != FILE and len(found) < MOST_FILES:
                found[relative] = _hash(path) if is_within(path, within) else "outside"
    return found


def _hash(path: Path) -> str:
    """Of the content, and whether it can be executed; of a large file only the size counts."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return "no regular file"
        runs = "x" if status.st_mode & stat.S_IXUSR else "-"
        if status.st_size > LARGEST_FILE:
            return f"{runs}{status.st_size}"
        return runs + hashlib.sha256(read_bytes(path, limit=LARGEST_FILE)).hexdigest()
    except (OSError, FileProblem):
        return "unreadable"


def _skill_text(path: str, before: _Skill | None, after: _Skill | None) -> Draft:
    texts = (before.text if before else None, after.text if after else None)
    words = "is new" if before is None else "is gone" if after is None else "says something else"
    judged = NOTHING if texts[0] == texts[1] else Judged(Verdict.DIFFERENT, f"the skill {words}")
    return file_draft((f"skill {_name(path)}", "content", "skills"), texts, judged, f"{path}/{FILE}", text=True)


def _skill_files(path: str, before: _Skill | None, after: _Skill | None) -> Draft:
    was, now = (each.files if each else {} for each in (before, after))
    others = [name for name in union(was, now) if was.get(name) != now.get(name)]
    judged = Judged(Verdict.DIFFERENT, f"other files: {', '.join(others[:5])}") if others else NOTHING
    values = tuple(", ".join(each) or None for each in (was, now))
    identity = (canonical(was), canonical(now))
    return file_draft(
        (f"skill {_name(path)}", "files", "skills"), (values[0], values[1]), judged, f"{path}/{FILE}", identity=identity
    )


def _skill_grants(path: str, before: _Skill | None, after: _Skill | None) -> Draft:
    """Tools that a skill may use without asking, where a harness reads such a list."""
    was, now = (_allowed_tools(each.text) if each else () for each in (before, after))
    judged = freedoms(was, now, more="the skill may use without asking", fewer="the skill asks again before")
    values = (", ".join(was) or None, ", ".join(now) or None)
    return file_draft((f"skill {_name(path)}", "allowed-tools", "permissions"), values, judged, f"{path}/{FILE}")


def _allowed_tools(text: str) -> tuple[str, ...]:
    """The lines of ``allowed-tools`` in a frontmatter, as they stand there."""
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].rstrip() != "---":
        return ()
    found: list[str] = []
    inside = False
    for line in lines[1:]:
        if line.rstrip() == "---":
            break
        key, colon, value = line.partition(":")
        if colon and not line[:1].isspace() and not line.startswith("-"):
            inside = key.strip().strip("\"'").lower().replace("_", "-") in {"allowed-tools", "tools", "hooks"}
            line = value  # noqa: PLW2901 - the rest of the line
        if (inside or _FLOW.search(line)) and line.strip(" -[]\t"):
            found.append(" ".join(line.strip(" -[]\t").split()))
    return tuple(dict.fromkeys(found))


_FLOW = re.compile(r"[{,].*(?:allowed[-_]tools|hooks)\b.*:", re.IGNORECASE)
"""A line that holds several keys, as in ``{name: a, allowed-tools: b}``."""


def _name(path: str) -> str:
    """A skill's name, with its root where that is not the project's own."""
    root, _, name = path.rpartition("/")
    return name if root == f"{DIRECTORY}/skills" else path


def plugin_changes(was: Side, now: Side) -> Iterator[Draft]:
    """The project's own checks: programs that judge, so a new one may do anything and a missing one judges nothing."""
    before, after = (_plugins(side) for side in (was, now))
    for path in union(before, after):
        texts = (before.get(path), after.get(path))
        if texts[0] == texts[1]:
            continue
        words = "is new, and runs as whoever trusts it" if texts[0] is None else "judges no longer"
        if None not in texts:
            words = "is another program, which may do or let through more"
        yield file_draft(
            (f"check {path}", "plugin", "plugins"), texts, Judged(Verdict.LOOSER, f"the check {words}"), path, text=True
        )


def _plugins(side: Side) -> dict[str, str]:
    files, refused = read_plugins(side.root)
    found = {f"{DIRECTORY}/checks/{each.path.name}": each.source.decode("utf-8", "backslashreplace") for each in files}
    found |= {f"{DIRECTORY}/checks/{Path(each.path).name}": f"({each.reason})" for each in refused}
    return {**_loaded_with(side), **found}


def _loaded_with(side: Side) -> dict[str, str]:
    """What else lies beside the checks: they may import or read it."""
    root = side.root / DIRECTORY / "checks"
    found: dict[str, str] = {}
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(each for each in folders if each != "__pycache__")
        for name in sorted(names):
            path = Path(folder, name)
            if len(found) < MOST_FILES:
                found[path.relative_to(side.root).as_posix()] = _hash(path) if is_within(path, side.root) else "outside"
    return found


def file_draft(
    what: tuple[str, str, str],
    values: tuple[str | None, str | None],
    judged: Judged,
    path: str,
    *,
    text: bool = False,
    identity: tuple[str | None, str | None] = _NO_ENTRY,
) -> Draft:
    """A change of a file; ``what`` is subject, field and group."""
    before, after = values
    subject, field, group = what
    told = identity if identity != _NO_ENTRY else tuple(None if each is None else digest(each) for each in values)
    return Draft(
        subject=subject,
        field=field,
        group=group,
        before=before,
        after=after,
        judged=judged,
        pointer=None,
        identity=(told[0], told[1]),
        text=text,
        path=path,
        in_base=after is None,
    )


def union(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names of both, those before first."""
    return [*before, *(key for key in after if key not in before)]
