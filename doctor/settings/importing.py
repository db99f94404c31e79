"""Taking over what other tools are set to, as named profiles of this machine. Nothing is overwritten.

=======================================  =============================================================
path                                     what becomes of it
=======================================  =============================================================
a directory with ``profiles/``           each profile in it, and its ``config.toml`` as profile ``wg``
a directory with ``*.toml``              each file, but a ``config.toml`` as profile ``wg``
one ``*.toml``                           that profile
one ``*.json``                           an executor profile or a policy: its models
=======================================  =============================================================

Secrets are never copied: a key that a file writes out becomes a reference to a variable.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from doctor.config.documents import Document, read_document
from doctor.config.files import FileProblem, is_there, read_bytes
from doctor.errors import UsageError
from doctor.harness.registry import Registry
from doctor.model.options import Options
from doctor.records import dataclass
from doctor.settings.foreign_json import convert_json
from doctor.settings.problems import refuse
from doctor.settings.store import ABSENT, Store
from doctor.settings.surroundings import look_around
from doctor.settings.wg_profile import Converted, Note, WgReader

CONFIG = "config.toml"
CONFIG_PROFILE = "wg"
"""What the profile made from a ``config.toml`` is called."""

_LONGEST_POINTER = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedProfile:
    """One file that was looked at."""

    name: str
    source: str
    """The file."""

    path: str | None
    """The profile made from it; ``None`` when none was."""

    problem: str | None = None
    """Why none was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imports:
    """What an import did."""

    profiles: tuple[ImportedProfile, ...]
    notes: tuple[Note, ...]

    @property
    def ok(self) -> bool:
        """Whether every file became a profile."""
        return all(each.problem is None for each in self.profiles)


def import_tree(options: Options, path: Path) -> Imports:
    """Make named profiles of what stands at ``path``; see the module. None becomes active.

    A file that cannot be taken over is told of, and the others are.

    Raises:
        UsageError: There is nothing at ``path`` that could be taken over, or nothing can be written here.
    """
    root = (options.cwd / _expanded(path, options.home)).absolute()
    sources = tuple(_sources(root))
    if not sources:
        raise UsageError(
            f"there is nothing to take over at {root}",
            remedy="name a directory of profiles, a profile, a config.toml, an executor profile or a policy",
        )
    around = look_around(options)
    return _Importer(Store(around.paths, runners=around.runners), around.registry).run(sources)


def _expanded(path: Path, home: Path) -> Path:
    return home.joinpath(*path.parts[1:]) if path.parts[:1] == ("~",) else path


def _sources(root: Path) -> Iterator[tuple[str, Path]]:
    """Name of the profile to make and the file to make it from."""
    if not root.is_dir():
        if is_there(root):
            yield (CONFIG_PROFILE if root.name == CONFIG else root.stem), root
        return
    directory = root / "profiles" if (root / "profiles").is_dir() else root
    base = root / CONFIG
    if is_there(base):
        yield CONFIG_PROFILE, base
    for path in sorted(directory.glob("*.toml")):
        if path != base:
            yield path.stem, path


class _Importer:
    """Makes profiles of files, one by one."""

    def __init__(self, store: Store, registry: Registry) -> None:
        self._store = store
        self._registry = registry
        self._notes: list[Note] = []
        self._inherited: tuple[dict[str, Any], ...] = ()

    def run(self, sources: tuple[tuple[str, Path], ...]) -> Imports:
        looked_at = (self._profile(name, path) for name, path in sources)
        done = tuple(each for each in looked_at if each is not None)
        self._tell_of_pointer(sources[0][1].parent, {each.name for each in done if each.path})
        return Imports(profiles=done, notes=tuple(self._notes))

    def _profile(self, name: str, path: Path) -> ImportedProfile | None:
        """Make one profile; ``None`` for a ``config.toml`` that is about other things than models."""
        try:
            converted = self._converted(path)
            if path.name == CONFIG and not converted.data:
                self._notes.append(Note(key="", message="names no model and no endpoint", path=str(path), line=1))
                return None
            written = self._store.write(name, _as_toml(converted.data, path), expected=ABSENT)
        except UsageError as error:
            return ImportedProfile(name=name, source=str(path), path=None, problem=error.message)
        self._notes += converted.notes
        return ImportedProfile(name=name, source=str(path), path=str(written))

    def _converted(self, path: Path) -> Converted:
        kind = "json" if path.suffix.lower() == ".json" else "toml"
        document, problems = read_document(path, "json" if kind == "json" else "toml", may_be_blank=kind == "toml")
        refuse(problems)
        if document is None or not isinstance(document.data, dict):
            raise UsageError(f"{path} holds no table", remedy="name a profile")
        if kind == "json":
            return convert_json(document, self._registry)
        return self._wg(document, is_base=path.name == CONFIG)

    def _wg(self, document: Document, *, is_base: bool) -> Converted:
        converted = WgReader(document, self._registry, inherited=self._inherited).convert()
        if is_base:
            endpoints = converted.data.get("llm_endpoints", {}).get("endpoints", ())
            self._inherited = tuple(endpoints)
            if converted.data:
                converted.data.setdefault("description", f"taken over from {document.path}")
        return converted

    def _tell_of_pointer(self, directory: Path, made: set[str]) -> None:
        for pointer in (directory / "active-profile", directory.parent / "active-profile"):
            if not is_there(pointer):
                continue
            try:
                name = read_bytes(pointer, limit=_LONGEST_POINTER).decode("utf-8", "replace").strip()
            except FileProblem:
                continue
            if name in made:
                message = f"{name} is active there; to use it here: doctor profile use {name}"
                self._notes.append(Note(key="", message=message, path=str(pointer), line=1))
            return


def _as_toml(data: dict[str, Any], source: Path) -> bytes:
    import tomlkit  # noqa: PLC0415 - only a command that writes a file needs it

    document = tomlkit.document()
    document.add(tomlkit.comment(f"Taken over from {_printable(source)}"))
    document.update(data)
    return tomlkit.dumps(document).encode("utf-8", "backslashreplace")


def _printable(path: Path) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in str(path))
