"""The canonical form of a launch spec, from which its id is made.

Kept free of dataclasses: the first process in a terminal checks it too, and its start is on the way of every agent.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

LAUNCH = "{launch}"
"""Stands for the spec's own directory while the id, which that directory is named by, is not known yet."""


def content_id(document: Mapping[str, Any]) -> str:
    """The id of a spec document: sha256, in hex, of its canonical JSON.

    The ``id`` itself is left out, and wherever the directory named by it stands in ``argv``, ``env`` or the prompt,
    ``LAUNCH`` counts instead.
    """
    content = {name: value for name, value in document.items() if name != "id"}
    directory = launch_directory(document)
    if directory is not None:
        content = _replaced(content, directory, LAUNCH)
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def launch_directory(document: Mapping[str, Any]) -> str | None:
    """The directory that the spec was materialised in, told by its prompt's path; ``None`` before it has one."""
    prompt = document.get("prompt")
    path = prompt.get("path") if isinstance(prompt, Mapping) else None
    identity = document.get("id")
    if not isinstance(path, str) or not isinstance(identity, str) or not identity:
        return None
    head, found, _ = path.rpartition(f"/{identity}/")
    return f"{head}/{identity}" if found else None


def placed(document: Mapping[str, Any], directory: str) -> dict[str, Any]:
    """The same document with ``LAUNCH`` replaced by the directory that it is materialised in."""
    replaced: dict[str, Any] = _replaced(document, LAUNCH, directory)
    return replaced


_PLACED = ("argv", "env", "prompt")
"""The only keys in which the spec's own directory stands."""


def _replaced(document: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    return {name: _in_value(value, old, new) if name in _PLACED else value for name, value in document.items()}


def _in_value(value: Any, old: str, new: str) -> Any:
    if isinstance(value, str):
        return new + value[len(old) :] if value == old or value.startswith(f"{old}/") else value
    if isinstance(value, Mapping):
        return {name: each if name == "text" else _in_value(each, old, new) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_in_value(each, old, new) for each in value]
    return value
