"""A project's own choice of a named profile: ``.metawsm/profile-selection.json``."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from doctor.config.files import is_there
from doctor.config.loading import load
from doctor.config.problems import Loaded
from doctor.config.project import DIRECTORY
from doctor.model.fields import key
from doctor.records import dataclass

SELECTION_FILE = "profile-selection.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSelection:
    """Which profile a project uses, and what it said when it was chosen."""

    profile: str = key("Name of a named profile.", as_name=True)
    sha256: str = key("Fingerprint of its content.", pattern="[0-9a-f]{64}", expected="64 hex digits")


def selection_file(root: Path) -> Path:
    """Where the project at ``root`` keeps its choice."""
    return root / DIRECTORY / SELECTION_FILE


def load_selection(root: Path) -> Loaded[ProjectSelection] | None:
    """The choice of the project at ``root``; ``None`` where it made none."""
    path = selection_file(root)
    return load(path, "json", ProjectSelection, runners=()) if is_there(path) else None


def fingerprint(data: Mapping[str, Any]) -> str:
    """A hash of what a profile says: the same whatever its comments, its order and its formatting."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
