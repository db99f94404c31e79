"""What of a project's ``.metawsm`` belongs to one machine, and not into a repository."""

from pathlib import Path

from doctor.config.files import FileProblem, is_there, read_bytes
from doctor.config.writing import replace_file

IGNORE_FILE = ".gitignore"
_EARLIER = "launches/\nprocesses/\nmetawsm.db*\n"
IGNORED = f"{_EARLIER}profile-selection.json\n"
"""Lines of ``.metawsm/.gitignore``."""


def ignore_own_files(directory: Path) -> None:
    """Keep git from this machine's files in ``directory``, a ``.metawsm``.

    A ``.gitignore`` that somebody else wrote stays as it is; one that an earlier version of this tool wrote is
    brought up to date.

    Raises:
        OSError: It cannot be written.
    """
    path = directory / IGNORE_FILE
    if not is_there(path) or _content(path) == _EARLIER.encode():
        replace_file(path, IGNORED.encode(), mode=0o644)


def _content(path: Path) -> bytes | None:
    try:
        return read_bytes(path, limit=len(IGNORED))
    except FileProblem:
        return None
