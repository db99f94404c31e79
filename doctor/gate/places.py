"""Where the files of the gate lie, and how they are written."""

from pathlib import Path

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


def write_file(path: Path, text: str, *, mode: int = NEW_FILE_MODE) -> None:
    """Put ``text`` in the place of a file at once; it keeps its mode, and a link to it stays one.

    Raises:
        UsageError: It cannot be written; what was there is unchanged.
    """
    target = path.resolve()
    try:
        if target.parent.name == DIRECTORY:
            target.parent.mkdir(exist_ok=True)
        replace_file(target, text.encode("utf-8", "backslashreplace"), mode=mode, keep_mode=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"{path} cannot be written: {reason}", remedy="make room for it and let it be written"
        ) from error
