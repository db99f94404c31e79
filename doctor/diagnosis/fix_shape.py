"""Whether a repair is one that can be shown, applied and taken back. It may come from a plugin."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from doctor.diagnosis.check import Check
from doctor.model.finding import Finding
from doctor.model.fix import FileFix, Fix, TextEdit

MOST_BITS = 0o7777
_SHA256 = re.compile(r"[0-9a-f]{64}")


def shape_problem(fix: Any, check: Check, finding: Finding) -> str | None:
    """What is wrong with a repair, as the rest of a sentence; ``None`` for one that is sound.

    Args:
        fix: What ``fix`` of a check gave.
        check: The check.
        finding: What it was asked to repair.
    """
    return next(_problems(fix, check, finding), None)


def _problems(fix: Any, check: Check, finding: Finding) -> Iterator[str]:
    if not isinstance(fix, Fix):
        yield f"is a {type(fix).__name__}, expected what self.repair gives"
        return
    if (fix.code, fix.fingerprint) != (check.code, finding.fingerprint):
        yield "is one of another finding"
    if not _is_text(fix.title) or not fix.title.strip():
        yield "has no title"
    if not _all(fix.secrets, str):
        yield "has secrets that are no texts"
    if not _all(fix.files, FileFix) or not fix.files:
        yield "changes no file"
        return
    for file in fix.files:
        yield from _file_problems(file)
    if len({file.path for file in fix.files}) < len(fix.files):
        yield "names a file twice"


def _file_problems(file: FileFix) -> Iterator[str]:
    if not _is_absolute(file.path):
        yield f"names {file.path!r}, which is no absolute path"
    if file.mode is not None and (type(file.mode) is not int or not 0 <= file.mode <= MOST_BITS):
        yield f"has the mode {file.mode!r}"
    made = [each for each in (file.content, file.secret, file.copy_of) if each is not None]
    if len(made) > 1 or not (made or file.edits or file.mode is not None) or (made and (file.edits or file.sha256)):
        yield f"does not say what becomes of {file.path!r}"
    if not all(each is None or _is_text(each) for each in (file.content, file.secret)):
        yield f"makes of {file.path!r} what is no text"
    if file.copy_of is not None and not (_is_absolute(file.copy_of) and _is_sha256(file.copy_sha256)):
        yield f"copies {file.copy_of!r}, which is no absolute path, or without its SHA-256"
    if file.edits and not (_is_sha256(file.sha256) and _are_edits(file.edits)):
        yield f"has edits of {file.path!r} without its SHA-256, out of order, or that overlap"


def _are_edits(edits: Any) -> bool:
    if not _all(edits, TextEdit):
        return False
    offsets = [offset for edit in edits for offset in (edit.start, edit.end)]
    if not all(type(offset) is int for offset in offsets) or not all(_is_text(edit.text) for edit in edits):
        return False
    return offsets[0] >= 0 and all(before <= behind for before, behind in pairwise(offsets))


def _all(values: Any, kind: type) -> bool:
    return isinstance(values, tuple) and all(isinstance(value, kind) for value in values)


def _is_absolute(path: Any) -> bool:
    return isinstance(path, str) and path.startswith("/") and "\0" not in path


def _is_sha256(value: Any) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None


def _is_text(value: Any) -> bool:
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False
