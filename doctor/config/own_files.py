"""What of a project's ``.metawsm`` belongs to one machine, and not into a repository."""

from pathlib import Path

from doctor.config.files import FileProblem, is_there, read_bytes
from doctor.config.writing import replace_file

IGNORE_FILE = ".gitignore"
RUN_STATE = ("launches/", "processes/", "metawsm.db*", "profile-selection.json")
"""What lies in ``.metawsm`` for the time of a run, or for one machine, as lines of a ``.gitignore``."""

_EARLIER = "launches/\nprocesses/\nmetawsm.db*\n"
IGNORED = "".join(f"{line}\n" for line in RUN_STATE)
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
