"""The canonical form of a launch spec, from which its id is made.

Kept free of dataclasses: the first process in a terminal checks it too, and its start is on the way of every agent.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

_PLACED = ("argv", "env", "prompt")
"""The only keys in which the spec's own directory, which is named by its id, may stand."""


def content_id(document: Mapping[str, Any]) -> str:
    """The id of a spec document: sha256, in hex, of its canonical JSON.

    The ``id`` itself is left out. Each text of ``argv``, ``env`` or the prompt that holds the directory named by it
    counts as ``{"around": [...]}``, the pieces around the directory: no text has that form, so nothing that could be
    written in its place gives the same id.
    """
    text = json.dumps(content_of(document), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def content_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the id of a spec document is made from: two documents with the same content have the same id."""
    directory = launch_directory(document)
    return {
        name: _without(value, directory) if name in _PLACED and directory else value
        for name, value in document.items()
        if name != "id"
    }


def launch_directory(document: Mapping[str, Any]) -> str | None:
    """The directory that the spec is materialised in, by its prompt's path; ``None`` where that has no id in it."""
    prompt = document.get("prompt")
    path = prompt.get("path") if isinstance(prompt, Mapping) else None
    identity = document.get("id")
    if not isinstance(path, str) or not isinstance(identity, str) or not identity:
        return None
    head, found, _ = path.rpartition(f"/{identity}/")
    return f"{head}/{identity}" if found else None


def _without(value: Any, directory: str) -> Any:
    if isinstance(value, str):
        return {"around": value.split(directory)} if directory in value else value
    if isinstance(value, Mapping):
        return {name: _without(each, directory) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without(each, directory) for each in value]
    return value
