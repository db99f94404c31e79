"""What harnesses read in the project by themselves: their own settings and instructions."""

import json
import os
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from doctor.config.documents import LARGEST_DOCUMENT
from doctor.config.files import FileProblem, is_there, read_bytes
from doctor.gate.comparing.harness_settings import judge_settings, unique
from doctor.gate.comparing.order import NOTHING, Judged
from doctor.gate.comparing.sides import Side
from doctor.gate.comparing.values import Draft, canonical
from doctor.gate.comparing.variables import digest
from doctor.harness.base import Harness
from doctor.harness.own_files import OwnFiles
from doctor.model.comparison import Verdict

MOST_FILES = 5_000
"""Of one directory of settings."""

_CHANGED = "the harness's own configuration in the project changed"


class _Own(NamedTuple):
    """One file that harnesses read."""

    text: str
    settings: bool
    readers: tuple[Harness, ...]


def harness_file_changes(was: Side, now: Side, harnesses: Sequence[Harness], named: OwnFiles) -> Iterator[Draft]:
    """Files that some of these harnesses read in the project, on either side, by themselves or since they are named.

    Settings may allow anything; those whose meaning is known are judged by it. What they say is not shown, since it
    may hold keys. Instructions are texts in no order; they count in every directory of the project.
    """
    below = _instructions_below(was, now, harnesses)
    before, after = (
        # What is known as settings stays that, whatever it is called.
        (found := _files(side, harnesses, named))
        | _nested(side, harnesses, [path for path in paths if path not in found])
        for side, paths in zip((was, now), below, strict=True)
    )
    unseen = {*now.unversioned(path for path in after if path not in before)} if was.ref.commit else set()
    for path in dict.fromkeys((*before, *after)):
        old, new = before.get(path), after.get(path)
        if path in unseen or (old and new and old.text == new.text):
            continue
        known = new or old
        if known is not None:
            yield (_settings if known.settings else _instructions)(path, old, new, known)


def _files(side: Side, harnesses: Iterable[Harness], named: OwnFiles) -> dict[str, _Own]:
    """By path relative to the project, which for a file above it starts with ``..``."""
    found: dict[str, _Own] = {}
    for directory in _directories(side):
        readers: list[tuple[OwnFiles, tuple[Harness, ...]]] = [(harness.own_files, (harness,)) for harness in harnesses]
        readers += [(named, ())] if directory == side.root else []
        for files, who in readers:
            for names, settings in ((files.settings, True), (files.instructions, False)):
                for path in (path for name in names for path in _expanded(directory, name)):
                    _add(found, Path(os.path.relpath(path, side.root)).as_posix(), path, settings, who)
    return found


def _names(harness: Harness) -> set[str]:
    """The files of instructions that a harness also reads in a directory that it comes to work in."""
    return {name for name in harness.own_files.instructions if "/" not in name}


def _instructions_below(was: Side, now: Side, harnesses: Iterable[Harness]) -> tuple[list[str], list[str]]:
    """Those of either side below the project's root that may not be the same.

    None where one of the sides cannot be asked for them.
    """
    names = {name for harness in harnesses for name in _names(harness)}
    if not names:
        return [], []
    before, after = was.named(names), now.named(names)
    if before is None or after is None:
        return [], []
    same = {path for path, oid in before.items() if oid and after.get(path) == oid}
    return [path for path in before if path not in same], [path for path in after if path not in same]


def _nested(side: Side, harnesses: Sequence[Harness], paths: Iterable[str]) -> dict[str, _Own]:
    nested = [path for path in paths if "/" in path]
    side.fetch(nested)
    return {
        path: _Own(_text(side.root / path), False, readers)
        for path in nested
        if is_there(side.root / path)
        and not (side.root / path).is_dir()
        and (readers := tuple(each for each in harnesses if PurePosixPath(path).name in _names(each)))
    }


def _add(found: dict[str, _Own], shown: str, path: Path, settings: bool, who: tuple[Harness, ...]) -> None:
    known = found.get(shown)
    if known is None:
        found[shown] = _Own(_text(path), settings, who)
    else:
        found[shown] = _Own(known.text, settings or known.settings, (*known.readers, *who))


def _directories(side: Side) -> list[Path]:
    """The project's root and those above it, up to the repository's."""
    root, repository = side.root, side.project.repository
    if repository is None or not root.is_relative_to(repository):
        return [root]
    return [each for each in (root, *root.parents) if each.is_relative_to(repository)]


def _expanded(directory: Path, name: str) -> Iterator[Path]:
    path = directory / name
    if not name.endswith("/"):
        yield from (path,) if is_there(path) and not path.is_dir() else ()
        return
    count = 0
    for folder, folders, names in os.walk(path):
        # A link to a directory is an entry like a file: following it might never end.
        links = [each for each in folders if Path(folder, each).is_symlink()]
        for each in sorted((*names, *links)):
            count += 1
            if count <= MOST_FILES:
                yield Path(folder, each)


def _text(path: Path) -> str:
    """Its content; where it cannot be read, why, and for a link that leads nowhere, where to."""
    try:
        if path.is_symlink() and path.is_dir():
            return f"(leads to {path.readlink()})"
        return read_bytes(path, limit=LARGEST_DOCUMENT).decode("utf-8", "backslashreplace")
    except (FileProblem, OSError) as problem:
        return f"({problem})"


def _settings(path: str, old: _Own | None, new: _Own | None, known: _Own) -> Draft:
    texts = tuple(each.text if each else None for each in (old, new))
    judged = _judged(path, old, new, known)
    return Draft(
        subject=f"file {path}",
        field="permissions",
        group="permissions",
        before=_mark(texts[0]),
        after=_mark(texts[1]),
        judged=judged,
        pointer=None,
        identity=(_identity(path, texts[0]), _identity(path, texts[1])),
        path=path,
        in_base=new is None,
    )


def _judged(path: str, old: _Own | None, new: _Own | None, known: _Own) -> Judged:
    values = [_parsed(path, each.text) if each else {} for each in (old, new)]
    if path.endswith(".md"):
        fronts = [_frontmatter(each.text) if each else "" for each in (old, new)]
        if fronts[0] == fronts[1] or not fronts[1]:
            return Judged(Verdict.DIFFERENT, "other instructions")
        return Judged(Verdict.LOOSER, f"{_CHANGED}: what it says of its tools")
    if not isinstance(values[0], dict) or not isinstance(values[1], dict):
        words = "is new" if old is None else "is gone" if new is None else "says something else"
        return Judged(Verdict.LOOSER, f"{_CHANGED}: {path} {words}")
    dials = [dial for harness in known.readers for dial in harness.dials]
    return judge_settings(values[0], values[1], dials, changed=_CHANGED)


def _instructions(path: str, old: _Own | None, new: _Own | None, known: _Own) -> Draft:
    titles = ", ".join(dict.fromkeys(harness.title for harness in known.readers)) or "an agent"
    words = "reads it now" if old is None else "no longer finds it" if new is None else "is told something else"
    texts = tuple(each.text if each else None for each in (old, new))
    return Draft(
        subject=f"file {path}",
        field="prompt",
        group="prompt",
        before=texts[0],
        after=texts[1],
        judged=Judged(Verdict.DIFFERENT, f"{titles} {words}") if texts[0] != texts[1] else NOTHING,
        pointer=None,
        identity=(_digest(texts[0]), _digest(texts[1])),
        text=True,
        path=path,
        in_base=new is None,
    )


def _parsed(path: str, text: str) -> Any:
    """What a file of settings says; ``None`` where it is in no format that is understood here."""
    try:
        if path.endswith(".json"):
            return json.loads(text.removeprefix("\ufeff"), object_pairs_hook=unique)
        if path.endswith(".toml"):
            return tomllib.loads(text)
    except (ValueError, RecursionError):
        pass
    return None


def _frontmatter(text: str) -> str:
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].rstrip() != "---":
        return ""
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() in {"---", "..."}), len(lines))
    return "\n".join(line for line in lines[1:end] if not line.startswith(("name:", "description:")))


def _mark(text: str | None) -> str | None:
    return None if text is None else f"content {digest(text)}"


def _identity(path: str, text: str | None) -> str | None:
    """The same for settings that say the same."""
    parsed = _parsed(path, text) if text is not None else None
    return _digest(text if parsed is None else canonical(parsed))


def _digest(text: str | None) -> str | None:
    return None if text is None else digest(text)
