"""Moving a key out of the settings of an endpoint, so that they only refer to it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import doctor
from checks.written_keys import KEYS, WrittenKey

REFERENCES = ("api_key_env", "api_key_file", "api_key_command")
DIRECTORY = "keys"
"""Of the files that hold keys, beside ``machine.toml``, where relative paths start."""

MOST_NAMES = 100
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def can_be_moved(found: WrittenKey) -> bool:
    """Whether a reference can take the place of a key: it is the only one, and nothing else says where the key is."""
    table, own = _table(found), str(found.path[0])
    if len(found.path) != 1 or not isinstance(table[own], str) or not (_is_key(own) or own in REFERENCES):
        return False
    return not any(key != own and (_is_key(key) or key in REFERENCES) for key in table)


def moved(
    check: doctor.Check, finding: doctor.Finding, found: WrittenKey, environment: Mapping[str, str], settings: Path
) -> doctor.Fix | None:
    """The repair that puts a reference in the place of a key; the key itself is never shown, and never lost.

    Args:
        check: Whose finding it is.
        finding: What is repaired.
        found: The key.
        environment: Where a variable may have it already.
        settings: The directory of ``machine.toml``.
    """
    if not can_be_moved(found):
        return None
    own = str(found.path[0])
    key = str(_table(found)[own]).strip()
    variable = _variable(key, environment)
    name, value = ("api_key_env", variable) if variable else ("api_key_file", _free(found.endpoint, settings))
    edits = doctor.edit(found.document)
    edits.set((*found.place, own), value)
    if own != name:
        edits.rename((*found.place, own), name)
    files = [edits.fix()]
    title = f"refer to {variable}, which holds it, for the key of endpoint {found.endpoint}"
    if variable is None:
        title = f"move the key of endpoint {found.endpoint} into {value}, which only you can read"
        path = str((settings / value).absolute())
        files.insert(0, doctor.FileFix(path=path, sha256=None, secret=f"{key}\n", mode=0o600))
    return check.repair(finding, title, *files, secrets=(key,))


def _table(found: WrittenKey) -> dict[str, Any]:
    table = found.document.data
    for part in found.place:
        table = table[part]
    return dict(table)


def _is_key(name: str) -> bool:
    return name.lower() in KEYS


def _variable(key: str, environment: Mapping[str, str]) -> str | None:
    """A variable that has the key as its value: rather one whose name says that it is a key."""
    named = [name for name, value in environment.items() if value.strip() == key and VARIABLE.fullmatch(name)]
    inherited = [name for name in named if not name.startswith("DOCTOR_")]
    return min(inherited, key=lambda name: (not re.search("KEY|TOKEN", name), name), default=None)


def _free(endpoint: str, settings: Path) -> str:
    """A file of its own for an endpoint's key, as ``api_key_file`` names it.

    Raises:
        Unavailable: There are files of this name already.
    """
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", endpoint).strip("-")[:80] or "endpoint"
    for number in range(1, MOST_NAMES):
        name = f"{DIRECTORY}/{plain}{f'-{number}' if number > 1 else ''}.key"
        path = settings / name
        if not path.exists() and not path.is_symlink():
            return name
    raise doctor.Unavailable(f"there are {MOST_NAMES} keys of endpoint {endpoint} in {settings / DIRECTORY} already")
