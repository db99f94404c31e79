"""Reading a lock, and its text."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from doctor.config.issues import Issues
from doctor.config.leaves import Vocabulary
from doctor.config.loading import load, newer
from doctor.config.problems import Loaded
from doctor.config.project import DIRECTORY
from doctor.model.lock import Lock

VERSION = 1
FILE = "doctor.lock"

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_HEAD = "# Written by `doctor lock`, and not by hand: `doctor --locked` fails where anything is not as it says.\n"


def lock_path(root: Path) -> Path:
    """Where the project at ``root`` keeps its lock."""
    return root / DIRECTORY / FILE


def load_lock(path: Path, *, content: bytes | None = None) -> Loaded[Lock]:
    """Read a lock, with everything that is wrong with it.

    Args:
        path: The file.
        content: What to take for the file's content instead of reading it.
    """
    return load(path, "toml", Lock, runners=(), rules=_rules, content=content)


def _rules(lock: Lock, _data: Any, _words: Vocabulary, issues: Issues) -> None:
    newer(lock.version, "version", known=VERSION, issues=issues)


def lock_text(lock: Lock) -> str:
    """A lock's file: one entry per line, in an order that depends on nothing but the entries."""
    return "".join(f"{line}\n" for line in (_HEAD.rstrip(), *_lines(lock)))


def _lines(lock: Lock) -> Iterator[str]:
    yield f"version = {lock.version}"
    yield from ("", "[policy]", f"sha256 = {_quoted(lock.policy.sha256)}")
    if lock.profile is not None:
        yield from ("", "[profile]", f"name = {_quoted(lock.profile.name)}", f"sha256 = {_quoted(lock.profile.sha256)}")
    if lock.harnesses:
        yield from ("", "[harnesses]")
        yield from (f"{_key(name)} = {_quoted(version)}" for name, version in sorted(lock.harnesses.items()))
    for runtime_id, skills in sorted(lock.skills.items()):
        yield from ("", f"[skills.{_key(runtime_id)}]", *_tables(skills))
    for title, starts in (("agents", lock.agents), ("stages", lock.stages)):
        if starts:
            yield from ("", f"[{title}]", *_tables(starts))


def _tables(entries: Any) -> Iterator[str]:
    for name, entry in sorted(entries.items()):
        values = ((each.name, getattr(entry, each.name)) for each in fields(entry))
        said = ", ".join(f"{own} = {_quoted(value)}" for own, value in values if value is not None)
        yield f"{_key(name)} = {{ {said} }}" if said else f"{_key(name)} = {{}}"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _quoted(name)


def _quoted(text: str) -> str:
    """A basic string of TOML: as JSON's, but for a character that only TOML escapes."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
