"""The two that are compared: each a directory to look into, whatever it was asked for as."""

import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from pathlib import Path

from doctor.config.documents import read_document
from doctor.config.paths import Paths
from doctor.config.project import DIRECTORY, Project, find_project
from doctor.errors import UsageError
from doctor.gate.comparing.git_tree import Repository, extract, find_repository, undisturbed
from doctor.harness.base import HarnessContext
from doctor.harness.registry import Registry
from doctor.model.comparison import SideRef
from doctor.model.location import Location
from doctor.model.options import Options
from doctor.records import dataclass
from doctor.report.visible import visible

REVISION = "rev:"
"""Before a name that is to be taken for a revision although a file or directory has it too."""

WORKTREE = "worktree"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side, laid out on disk."""

    ref: SideRef
    project: Project
    options: Options
    """Those that look at this side."""

    top: Path
    """What paths of this side are shown relative to."""

    file: Path | None = None
    """The one file that is meant, where it is no project."""

    submodules: Mapping[str, str] = field(default_factory=dict)
    """Those that were not looked into: which commit of theirs stands at which path."""

    own_config: Path | None = None
    """The directory of this tool's settings, where that is part of what is compared."""

    fetch_more: Callable[[Sequence[str]], None] | None = None
    list_named: Callable[[Collection[str]], Mapping[str, str] | None] | None = None

    def fetch(self, names: Sequence[str]) -> None:
        """Lay out further files of the project, where they are not there anyway.

        Raises:
            UsageError: There is too much, or git cannot tell.
        """
        if self.fetch_more is not None and names:
            self.fetch_more(names)

    def named(self, names: Collection[str]) -> Mapping[str, str] | None:
        """Every file of the project with one of these names, as far as git tracks it or would.

        Returns:
            By path relative to the project, the id of the content, empty where that has to be looked at; ``None`` where
            there is no git to tell what belongs to the project.

        Raises:
            UsageError: There are too many, or git cannot tell.
        """
        if self.list_named is not None:
            return self.list_named(names)
        try:
            repository = find_repository(self.root, self.options.environment)
        except UsageError:
            return None
        return repository.named(names) if repository else None

    @property
    def root(self) -> Path:
        """The project's root."""
        return self.project.root

    def shown(self, path: str | None) -> str | None:
        """A path of this side as it is shown: relative to the side where it lies in it."""
        if path is None:
            return None
        relative = os.path.relpath(path, self.top) if os.path.isabs(path) else path  # noqa: PTH117 - a string at hand
        return path if relative.startswith("..") else relative

    def place(self, location: Location | None) -> Location | None:
        """A place of this side, its path as it is shown."""
        return replace(location, path=self.shown(location.path) or "") if location else None

    def file_place(self, path: str, place: str | None = None) -> Location:
        """Where a file of this side begins, or the value at a pointer in it."""
        absolute = self.root / path if self.file is None else self.file
        if place is not None and absolute.suffix.lower() == ".toml":
            document, _ = read_document(absolute, "toml", may_be_blank=True)
            if document is not None:
                return replace(document.at(place), path=path)
        return Location(path=path, line=1, column=1)

    def unversioned(self, paths: Iterable[str]) -> set[str]:
        """Which of these paths of the working tree git ignores: they are one person's own, and no commit has them."""
        if self.ref.kind != WORKTREE:
            return set()
        repository = find_repository(self.root, self.options.environment)
        return repository.ignored(list(paths)) if repository else set()

    def words(self, text: str) -> str:
        """A text that may name paths of this side, without the directory it was laid out in."""
        return text.replace(f"{self.top}{os.sep}", "") if self.ref.kind == "revision" else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What both sides have in common."""

    options: Options
    registry: Registry
    paths: Paths
    project: Project
    """The one around the working directory."""


@contextmanager
def opened(name: str | None, around: Surroundings) -> Iterator[Side]:
    """One side, for as long as it is looked at; what was laid out for it is removed in any case.

    Args:
        name: A directory, a file or a revision; ``None`` is the working tree.
        around: What both sides have in common.

    Raises:
        UsageError: It is none of these, or cannot be read.
    """
    options = around.options
    if name is None:
        yield _directory(options.cwd, around, SideRef(name="working tree", kind=WORKTREE), policy=options.policy)
        return
    explicit = name.startswith(REVISION)
    path = None if explicit else _existing(options.cwd, name)
    if path is not None:
        if _is_revision(name, around):
            # Whoever makes a change could lay a directory `main` beside it, to be compared with that.
            raise UsageError(
                f"{name!r} is a revision, and a file or directory too",
                remedy=f"name one of them: {REVISION}{name} or ./{name}",
            )
        kind = "directory" if path.is_dir() else "file"
        yield (_directory if path.is_dir() else _file)(path, around, SideRef(name=name, kind=kind))
        return
    with _revision(name.removeprefix(REVISION), around) as side:
        yield side


def _existing(cwd: Path, name: str) -> Path | None:
    try:
        path = Path(os.path.abspath(cwd / name))  # noqa: PTH100 - links stay as the user wrote them
        return path if name and path.exists() else None
    except (OSError, ValueError):
        return None


def _is_revision(name: str, around: Surroundings) -> bool:
    """Whether a name is a revision too; where git cannot tell, it is none."""
    try:
        repository = find_repository(around.options.cwd, around.options.environment)
    except UsageError:
        return False
    return repository is not None and repository.commit(name) is not None


def _directory(path: Path, around: Surroundings, ref: SideRef, *, policy: Path | None = None) -> Side:
    project = find_project(cwd=path, home=around.options.home, policy=policy)
    return _side(ref, project, around, top=project.root)


def _file(path: Path, around: Surroundings, ref: SideRef) -> Side:
    if not path.is_file():
        raise UsageError(f"{ref.name!r} is neither a file nor a directory", remedy="name a policy, profile or project")
    project = find_project(cwd=around.options.cwd, home=around.options.home, policy=path)
    side = _side(ref, project, around, top=path.parent)
    return replace(side, file=path)


def _side(ref: SideRef, project: Project, around: Surroundings, *, top: Path) -> Side:
    relative = os.path.relpath(project.policy_path, top) if project.policy_path else None
    return Side(
        ref=replace(ref, policy=relative),
        project=project,
        options=replace(around.options, cwd=project.cwd, policy=None),
        top=top,
    )


@contextmanager
def _private_directory() -> Iterator[Path]:
    """A directory of one's own, which is removed whatever happens: neither step is cut short by a signal."""
    made = None
    try:
        with undisturbed():
            made = tempfile.mkdtemp(prefix="doctor-compare-")
        yield Path(os.path.realpath(made))
    finally:
        if made is not None:
            with undisturbed():
                shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _revision(name: str, around: Surroundings) -> Iterator[Side]:
    options = around.options
    repository = find_repository(options.cwd, options.environment)
    commit = repository.commit(name) if repository else None
    if repository is None or commit is None:
        where = "" if repository else ", and there is no git repository here"
        raise UsageError(
            f"{visible(name)!r} is no file, no directory and no revision{where}",
            remedy="name a commit, branch or tag that is here (git fetch), a directory, or a file",
        )
    with _private_directory() as made:
        root = made / "tree"
        root.mkdir(mode=0o700)
        # Where the search for a policy ends.
        (root / ".git").mkdir()
        policy = _policy_in(repository, around)
        config = _config_in(repository, around)
        wanted = wanted_paths(repository.prefix, around.registry, (policy, config))
        submodules = extract(repository, commit, wanted, root)
        (root / repository.prefix).mkdir(parents=True, exist_ok=True)
        project = find_project(
            cwd=root / repository.prefix, home=options.home, policy=root / policy if policy else None
        )
        side = _side(SideRef(name=name, kind="revision", commit=commit), project, around, top=project.root)
        inside = os.path.relpath(project.root, root)

        def fetch_more(names: Sequence[str]) -> None:
            extract(repository, commit, [os.path.normpath(f"{inside}/{name}") for name in names], root)

        def list_named(names: Collection[str]) -> Mapping[str, str] | None:
            return repository.named(names, commit=commit, below="" if inside == "." else inside)

        yield replace(
            side,
            fetch_more=fetch_more,
            list_named=list_named,
            submodules=submodules,
            own_config=root / config if config else None,
        )


def _policy_in(repository: Repository, around: Surroundings) -> str | None:
    """Path from the repository's root of the policy that was named, where one was."""
    if around.options.policy is None:
        return None
    named = os.path.relpath(os.path.realpath(around.options.policy), os.path.realpath(repository.directory))
    path = os.path.normpath(os.path.join(repository.prefix, named))  # noqa: PTH118 - texts, not places
    if path.startswith(".."):
        raise UsageError(
            f"--policy {around.options.policy} lies outside of the repository, so no revision has it",
            remedy="compare two files instead: doctor compare BEFORE AFTER",
        )
    return path


def _config_in(repository: Repository, around: Surroundings) -> str | None:
    """Path from the repository's root of this tool's settings, where they are part of it."""
    relative = os.path.relpath(os.path.realpath(around.paths.config_dir), os.path.realpath(repository.directory))
    path = os.path.normpath(os.path.join(repository.prefix, relative))  # noqa: PTH118 - texts, not places
    return None if path.startswith("..") or path == "." else path


def own_paths(side: Side, around: Surroundings) -> Paths:
    """Where this tool's settings are that count on a side: the machine's, or those that the side brings along."""
    if side.own_config is None:
        return around.paths
    return replace(around.paths, config_dir=side.own_config)


def wanted_paths(prefix: str, registry: Registry, more: Sequence[str | None] = ()) -> Sequence[str]:
    """What of a repository can matter, from its root: ``.metawsm`` and what harnesses find by themselves.

    Any directory from the root down to ``prefix`` may be the project's.
    """
    parts = [part for part in prefix.split("/") if part]
    above = ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]
    own = [name for harness in registry.harnesses for name in harness.own_files.every]
    inside = list(dict.fromkeys([DIRECTORY, *project_skill_roots(registry), *(name.rstrip("/") for name in own)]))
    every = [f"{directory}/{name}".lstrip("/") for directory in above for name in inside]
    return [*every, *(path for path in more if path)]


def project_skill_roots(registry: Registry) -> list[str]:
    """What in a project's root leads to where some harness looks for skills: directories, or links to some."""
    project, home = Path("/project"), Path("/home/nobody")
    context = HarnessContext(home=home, project=project, environment={})
    roots = (root for harness in registry.harnesses for root in harness.skill_roots(context))
    return list(dict.fromkeys(root.relative_to(project).parts[0] for root in roots if root.is_relative_to(project)))
