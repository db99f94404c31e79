"""Writing a project's own choice of a profile."""

import json
from pathlib import Path

from doctor.config.own_files import ignore_own_files
from doctor.config.problems import Loaded
from doctor.config.selection import fingerprint, load_selection, selection_file
from doctor.config.writing import replace_file
from doctor.model.machine import NamedProfile


def selected(root: Path) -> str | None:
    """The name that the project at ``root`` chose; ``None`` where it chose none that could be read."""
    selection = load_selection(root)
    return selection.value.profile if selection is not None and selection.value is not None else None


def select(root: Path, name: str, loaded: Loaded[NamedProfile]) -> Path:
    """Have the project at ``root`` use a profile, as it is now.

    Args:
        root: Of the project; its ``.metawsm`` is made if it is missing.
        name: Of the profile.
        loaded: The profile, without problems.

    Raises:
        OSError: It cannot be written.
    """
    path = selection_file(root)
    path.parent.mkdir(exist_ok=True)
    ignore_own_files(path.parent)
    data = loaded.document.data if loaded.document else {}
    content = {"profile": name, "sha256": fingerprint(data)}
    replace_file(path, (json.dumps(content, indent=2) + "\n").encode(), mode=0o600)
    return path


def deselect(root: Path) -> None:
    """Have the project at ``root`` use what the machine uses.

    Raises:
        OSError: It cannot be written.
    """
    selection_file(root).unlink(missing_ok=True)
