"""One named profile by its name: of this machine, or else a starter that nobody used yet."""

from pathlib import Path

from doctor.config.documents import Document
from doctor.config.files import is_there
from doctor.config.names import name_problem, nearest
from doctor.config.paths import Paths
from doctor.config.profiles import load_named_profile, profile_names
from doctor.config.words import listed, quoted
from doctor.errors import UsageError
from doctor.model.machine import NamedProfile
from doctor.records import dataclass
from doctor.settings.problems import refuse
from doctor.settings.results import SourceKind
from doctor.settings.starters import starter_content, starter_names, starter_path
from doctor.settings.surroundings import Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A named profile that was read."""

    name: str
    profile: NamedProfile
    document: Document | None
    kind: SourceKind
    """``profile``, or ``starter``."""


def read_named(name: str, around: Surroundings) -> Named:
    """Read a profile of this machine, or a starter of that name.

    Raises:
        UsageError: The name cannot be one, there is no such profile, or its file is wrong.
    """
    paths = around.paths
    reason = name_problem(name)
    if reason is not None:
        raise UsageError(f"the profile name {quoted(name)} {reason}", remedy="give a plain name, such as work")
    path = paths.profile_file(name)
    kind: SourceKind = "profile"
    content = None
    if not is_there(path):
        path, content = _starter(name, paths)
        kind = "starter"
    loaded = load_named_profile(path, runners=around.runners, content=content)
    refuse(loaded.problems)
    return Named(name=name, profile=loaded.value or NamedProfile(), document=loaded.document, kind=kind)


def _starter(name: str, paths: Paths) -> tuple[Path, bytes]:
    """Where a starter's file is, and what it says."""
    content = starter_content(name)
    if content is not None:
        return starter_path(name), content
    known = sorted({*profile_names(paths), *starter_names()})
    near = nearest(name, known)
    hint = f"did you mean {quoted(near)}? " if near else ""
    raise UsageError(f"there is no profile {quoted(name)}", remedy=f"{hint}profiles: {listed(known)}")
