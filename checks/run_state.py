"""RUN: what runs leave in a project."""

import os
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import doctor

IGNORE_FILE = ".gitignore"
LARGEST = 256 * 1024
"""Bytes of an ignore file that is read."""


class RUN001(doctor.Check):
    """Git leaves out what runs leave in the project.

    Journals, prompts and process directories belong to one machine. Committed, they show what agents were told, and
    every run makes the repository dirty.
    """

    severity = doctor.Severity.WARNING

    def run(self, project: doctor.Project) -> Iterator[doctor.Finding]:
        """Fails when run state is in ``.metawsm`` of a repository, and no ``.gitignore`` there has it."""
        missing = _missing(project)
        if missing:
            path = project.root / ".metawsm" / IGNORE_FILE
            yield self.finding(
                str(path),
                f"git does not leave out {', '.join(missing)} in {path.parent}",
                remedy=f"add to {path}: {' '.join(missing)}",
                location=doctor.Location(path=str(path)),
                fixable=_text(path) is not None,
            )

    def fix(self, finding: doctor.Finding, project: doctor.Project) -> doctor.Fix | None:
        """Adds the lines that are missing to ``.metawsm/.gitignore``, or makes it."""
        path = project.root / ".metawsm" / IGNORE_FILE
        text = _text(path)
        if text is None:
            return None
        return self.repair(finding, f"have git leave out {', '.join(_missing(project))}", _longer(path, text, project))


def _missing(project: doctor.Project) -> list[str]:
    """The lines for run state that is there and that git would take."""
    if project.repository is None:
        return []
    directory = project.root / ".metawsm"
    try:
        names = sorted(os.listdir(directory))  # noqa: PTH208 - names are what is compared
    except OSError:
        return []
    lines = [line for line in doctor.RUN_STATE if any(fnmatch(name, line.rstrip("/")) for name in names)]
    return [line for line in lines if not _left_out(directory / line.rstrip("/*"), project.repository)]


def _left_out(path: Path, repository: Path) -> bool:
    """Whether git's ignore files leave out a path, or a directory that it lies in, which nothing takes in again."""
    above = [each for each in path.parents if repository in each.parents]
    return any(_is_ignored(each, repository) for each in (*reversed(above), path))


def _is_ignored(path: Path, repository: Path) -> bool:
    """What the last line that means a path says of it, from the repository's root down to its directory."""
    bases = [each for each in reversed(path.parents) if each == repository or repository in each.parents]
    sources = [(repository, repository / ".git" / "info" / "exclude"), *((base, base / IGNORE_FILE) for base in bases)]
    verdict = False
    for base, file in sources:
        for line in (_text(file) or "").splitlines():
            pattern = line.strip()
            if pattern and not pattern.startswith("#") and _matches(pattern.lstrip("!"), path, base):
                verdict = not pattern.startswith("!")
    return verdict


def _matches(pattern: str, path: Path, base: Path) -> bool:
    plain = pattern.rstrip("/")
    return fnmatch(path.name if "/" not in plain else path.relative_to(base).as_posix(), plain.lstrip("/"))


def _text(path: Path) -> str | None:
    """The content of an ignore file, empty where there is none; ``None`` where it cannot be changed."""
    if not os.path.lexists(path):
        return ""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
            return None
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _longer(path: Path, text: str, project: doctor.Project) -> doctor.FileFix:
    from hashlib import sha256  # noqa: PLC0415 - only a repair needs it

    newline = "\r\n" if "\r\n" in text else "\n"
    added = "".join(f"{line}{newline}" for line in _missing(project))
    if not os.path.lexists(path):
        return doctor.FileFix(path=str(path), sha256=None, content=added)
    gap = newline if text and not text.endswith("\n") else ""
    place = doctor.Location(path=str(path), line=text.count("\n") + 1, column=len(text) - text.rfind("\n"))
    edit = doctor.TextEdit(start=len(text), end=len(text), text=gap + added, begins=place, ends=place)
    return doctor.FileFix(path=str(path), sha256=sha256(text.encode()).hexdigest(), edits=(edit,))


@doctor.hookimpl
def doctor_register_checks() -> list[type[doctor.Check]]:
    """The checks of this family."""
    return [RUN001]
