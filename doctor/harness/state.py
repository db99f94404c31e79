"""Harnesses' own state files, read without trusting them: size-limited, and malformed is the same as absent."""

import json
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LARGEST = 16 * 1024 * 1024
"""Bytes. Claude Code's state file holds histories and grows to several megabytes."""

_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_ASSIGNMENT = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(?:[^\s'"#]|['"][^'"])""", re.MULTILINE
)


def read_text(path: Path) -> str | None:
    """The file's text; ``None`` when it is absent, unreadable, no regular file, too large or not UTF-8."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            return None
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        return None


def read_json(path: Path) -> Mapping[str, Any]:
    """The file's top-level object, ``//`` and ``/* */`` comments allowed; empty when there is none to be had."""
    text = read_text(path)
    if text is None:
        return {}
    try:
        try:
            data = json.loads(text)
        except ValueError:
            data = json.loads(_COMMENT.sub(lambda found: found[1] or " ", text))
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def read_toml(path: Path) -> Mapping[str, Any]:
    """The file's table; empty when there is none to be had."""
    text = read_text(path)
    if text is None:
        return {}
    import tomllib  # noqa: PLC0415 - few harnesses keep TOML

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}


def table(data: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """The object that lies at ``keys``; empty when anything else does."""
    for key in keys:
        value = data.get(key)
        if not isinstance(value, dict):
            return {}
        data = value
    return data


def names_in_env_file(path: Path) -> frozenset[str]:
    """The names that a ``.env`` file gives a value."""
    return frozenset(_ASSIGNMENT.findall(read_text(path) or ""))
