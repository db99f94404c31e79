"""Where the files of the gate lie, and how they are written."""

from pathlib import Path

from doctor.config.documents import LARGEST_DOCUMENT
from doctor.config.files import FileProblem, is_there, read_bytes
from doctor.config.project import DIRECTORY
from doctor.config.writing import replace_file
from doctor.errors import UsageError
from doctor.model.options import Options

NEW_FILE_MODE = 0o644
"""Of files that belong into a repository."""


def project_file(root: Path, name: str) -> Path:
    """Where the project at ``root`` keeps the file of this name."""
    return root / DIRECTORY / name


def chosen_file(options: Options, chosen: str | None, root: Path, name: str) -> Path:
    """The file that was named, relative to the directory that is looked from, or the project's own."""
    return options.cwd / chosen if chosen is not None else project_file(root, name)


def update_file(path: Path, text: str) -> bool:
    """Put ``text`` in the place of a file at once, unless it says so already; its mode and a link to it stay.

    Returns:
        Whether that changed the file.

    Raises:
        UsageError: It cannot be read or written; what was there is unchanged.
    """
    content = text.encode("utf-8", "backslashreplace")
    try:
        if is_there(path) and read_bytes(path, limit=LARGEST_DOCUMENT) == content:
            return False
    except FileProblem as problem:
        raise UsageError(f"{path} {problem.message}", remedy=problem.remedy) from problem
    target = path.resolve()
    try:
        if target.parent.name == DIRECTORY:
            target.parent.mkdir(exist_ok=True)
        replace_file(target, content, mode=NEW_FILE_MODE, keep_mode=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"{path} cannot be written: {reason}", remedy="make room for it and let it be written"
        ) from error
    return True
