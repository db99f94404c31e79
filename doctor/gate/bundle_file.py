"""The text of a file for a bug report, and where it is put."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from doctor.config.files import FileProblem, is_there, read_bytes
from doctor.config.writing import create_file, replace_file
from doctor.errors import UsageError
from doctor.gate.bundle import MARK

Format = Literal["markdown", "json"]

PRIVATE = 0o600
ENDS: Mapping[Format, str] = {"markdown": "md", "json": "json"}

_NOTE = """Secrets are replaced by `[redacted]`, the home directory by `~`.
Look through it before you send it: it holds names of agents, models, hosts and files."""

_HEAD = "<!-- doctor report -->"
_FENCE = re.compile(r"`{3,}")
_LONGEST_HEAD = 8 * 1024 * 1024


def bundle_text(document: Mapping[str, Any], form: Format) -> str:
    """A file's text."""
    if form == "json":
        return json.dumps(document, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace").decode() + "\n"
    parts = [
        _HEAD,
        "# Report of harness-doctor",
        f"Made {document['made_at']}. {_NOTE}",
    ]
    for name, part in document.items():
        if name not in {MARK, "made_at"} and part not in (None, [], {}):
            parts.append(f"## {name.capitalize()}\n\n{_fenced(json.dumps(part, indent=1, ensure_ascii=False))}")
    return ("\n\n".join(parts) + "\n").encode("utf-8", "backslashreplace").decode()


def _fenced(text: str) -> str:
    longest = max((len(each) for each in _FENCE.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}json\n{text}\n{fence}"


def check_place(path: Path) -> None:
    """Find out before any work is done that the file can be put there.

    Raises:
        UsageError: Something else is there, or nothing can be written there.
    """
    if is_there(path) and not _is_own(path):
        problem = f"{path} is there and is no report of this program's, so it is left as it is"
    elif not path.parent.is_dir():
        problem = f"{path.parent} is no directory"
    elif not os.access(path.parent, os.W_OK):
        problem = f"{path.parent} may not be written by this user"
    else:
        return
    raise UsageError(problem, remedy=_elsewhere(path))


def _elsewhere(path: Path) -> str:
    return f"name another place: doctor report {Path('/tmp') / path.name}"  # noqa: S108 - only said


def _is_own(path: Path) -> bool:
    """Whether an earlier report is there, and no link to anything."""
    if path.is_symlink():
        return False
    try:
        content = read_bytes(path, limit=_LONGEST_HEAD)
    except FileProblem:
        return False
    return content.startswith((_HEAD.encode(), f'{{\n "{MARK}":'.encode()))


def write_bundle(path: Path, text: str) -> None:
    """Write the file for its owner alone; an earlier report is replaced.

    Raises:
        UsageError: It cannot be written.
    """
    try:
        if is_there(path):
            check_place(path)
            replace_file(path, text.encode(), mode=PRIVATE)
        else:
            create_file(path, text.encode(), mode=PRIVATE)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{path} cannot be written: {reason}", remedy=_elsewhere(path)) from error
