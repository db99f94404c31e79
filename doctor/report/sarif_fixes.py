"""Planned repairs as SARIF has them: regions of files, and what takes their place."""

from collections.abc import Callable
from typing import Any

from doctor.model.fix import FileFix, Fix, TextEdit
from doctor.report.redact import Redactor

Object = dict[str, Any]


def fix_object(fix: Fix, clean: Redactor, artifact: Callable[[str], Object]) -> Object | None:
    """A fix, or ``None`` where SARIF cannot tell it as it is.

    Only text can be told: no modes, and nothing that holds a secret, since a reader would put the redacted text into
    the file.

    Args:
        fix: The plan.
        clean: Removes secrets.
        artifact: What a path is called.
    """
    if not fix.files or any(_untold(file, clean) for file in fix.files):
        return None
    return {
        "description": {"text": clean(fix.title)},
        "artifactChanges": [
            {"artifactLocation": artifact(file.path), "replacements": _replacements(file)} for file in fix.files
        ],
    }


def _untold(file: FileFix, clean: Redactor) -> bool:
    texts = [edit.text for edit in file.edits] if file.content is None else [file.content]
    return file.mode is not None or not texts or any(clean(text) != text for text in texts)


def _replacements(file: FileFix) -> list[Object]:
    if file.content is not None:
        start = {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}
        return [{"deletedRegion": start, "insertedContent": {"text": file.content}}]
    return [_replacement(edit) for edit in file.edits]


def _replacement(edit: TextEdit) -> Object:
    return {
        "deletedRegion": {
            "startLine": edit.begins.line,
            "startColumn": edit.begins.column,
            "endLine": edit.ends.line,
            "endColumn": edit.ends.column,
        },
        "insertedContent": {"text": edit.text},
    }
