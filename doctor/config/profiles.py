"""Reading named profiles, and finding the active one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from doctor.config.documents import whole_file
from doctor.config.endpoints import endpoint_rules
from doctor.config.files import FileProblem, is_there, read_bytes
from doctor.config.issues import Issues
from doctor.config.leaves import Vocabulary
from doctor.config.loading import load
from doctor.config.names import name_problem, nearest
from doctor.config.paths import Paths
from doctor.config.problems import ConfigProblem, Loaded
from doctor.config.selection import ProjectSelection, fingerprint, load_selection
from doctor.config.typed import BAD
from doctor.config.words import encodable, listed, quoted
from doctor.model.harness import RunnerSpec
from doctor.model.machine import NamedProfile
from doctor.records import dataclass

Source = Literal["flag", "env", "project", "pointer", "none"]

_ENDPOINTS = ("llm_endpoints", "endpoints")

VARIABLE = "DOCTOR_PROFILE"
LONGEST_POINTER = 4096
"""Bytes of the pointer file; it holds one name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveProfile:
    """The named profile that counts, and who chose it."""

    name: str | None = None
    source: Source = "none"
    path: Path | None = None
    """Its file; ``None`` when no profile is active or its name is not valid."""

    loaded: Loaded[NamedProfile] | None = None
    """What reading the file gave; ``None`` when there is no file to read."""

    problem: ConfigProblem | None = None
    """Why there is no file to read although a profile was chosen."""

    drift: ConfigProblem | None = None
    """Told of a project's choice: its profile says something else by now. What it says now counts."""

    @property
    def problems(self) -> tuple[ConfigProblem, ...]:
        """Everything that is wrong, in the choice or in the file."""
        if self.problem is not None:
            return (self.problem,)
        return self.loaded.problems if self.loaded is not None else ()


def load_named_profile(
    path: Path, *, runners: Sequence[RunnerSpec], content: bytes | None = None
) -> Loaded[NamedProfile]:
    """Read a named profile. Model specs keep the prefix as written; each names a harness that runs models.

    Args:
        path: Its file.
        runners: The harnesses that may be named.
        content: What to take for the file's content instead of reading it; the file need not exist.
    """
    return load(path, "toml", NamedProfile, runners=runners, rules=_profile_rules, content=content)


def _profile_rules(profile: NamedProfile, _data: Any, _words: Vocabulary, issues: Issues) -> None:
    if profile.llm_endpoints is BAD or profile.llm_endpoints.endpoints is BAD:
        return
    endpoints = [each for each in enumerate(profile.llm_endpoints.endpoints) if each[1] is not BAD]
    for index, endpoint in endpoints:
        endpoint_rules(endpoint, (*_ENDPOINTS, index), issues)
    first: dict[str, int] = {}
    for index, endpoint in endpoints:
        if endpoint.name is not BAD and first.setdefault(endpoint.name, index) != index:
            message = f"the name {quoted(endpoint.name)} is taken by endpoints[{first[endpoint.name]}]"
            issues.add("value", message, *_ENDPOINTS, index, "name", remedy="give it a name of its own")
    defaults = [index for index, endpoint in endpoints if endpoint.is_default is True]
    for index in defaults[1:]:
        message = f"endpoints[{defaults[0]}] is the default already"
        issues.add("value", message, *_ENDPOINTS, index, "is_default", remedy="keep one default")


def profile_names(paths: Paths) -> tuple[str, ...]:
    """Names of the profiles of this machine, sorted; none when their directory is missing or unreadable."""
    try:
        files = [path for path in paths.profiles_dir.iterdir() if path.suffix == ".toml"]
    except OSError:
        return ()
    return tuple(sorted(path.stem for path in files if name_problem(path.stem) is None))


def active_profile(
    *,
    flag: str | None,
    environment: Mapping[str, str],
    paths: Paths,
    runners: Sequence[RunnerSpec],
    project: Path | None = None,
) -> ActiveProfile:
    """The active profile: of the command line, else ``DOCTOR_PROFILE``, else the project, else the pointer file.

    A blank variable, or a pointer file that is blank or missing, chooses none. A choice that cannot be followed is
    a problem; nothing weaker takes its place.

    Args:
        flag: The name given on the command line.
        environment: Variables.
        paths: Where this machine's profiles are.
        runners: The harnesses that a profile may name.
        project: Root of the project whose own choice counts; ``None``: no project's does.
    """
    if flag is not None:
        return _chosen(flag, "flag", "--profile", paths, runners)
    if name := environment.get(VARIABLE, "").strip():
        return _chosen(name, "env", VARIABLE, paths, runners)
    selection = load_selection(project) if project is not None else None
    if selection is not None:
        return _of_project(selection, paths, runners)
    return _pointed(paths, runners)


def read_pointer(paths: Paths) -> str | None:
    """The name in the pointer file, as written; ``None`` when it is blank or missing.

    Raises:
        FileProblem: It cannot be had as text.
    """
    pointer = paths.active_profile_file
    if not is_there(pointer):
        return None
    try:
        return read_bytes(pointer, limit=LONGEST_POINTER).decode("utf-8").strip() or None
    except UnicodeDecodeError as error:
        raise FileProblem("is not UTF-8", "write the profile's name into it") from error


def _pointed(paths: Paths, runners: Sequence[RunnerSpec]) -> ActiveProfile:
    pointer = paths.active_profile_file
    try:
        while True:
            stamp = _stamp(pointer)
            name = read_pointer(paths)
            if name is None:
                return ActiveProfile()
            chosen = _chosen(name, "pointer", str(pointer), paths, runners)
            # A rename or a switch may come in between the pointer and the profile; then the pointer is another file,
            # though it may name the same profile again.
            if not chosen.problems or _stamp(pointer) == stamp:
                return chosen
    except FileProblem as error:
        problem = whole_file(str(pointer), "unreadable", f"the file {error.message}", error.remedy, line=1, column=1)
        return ActiveProfile(source="pointer", problem=problem)


def _stamp(path: Path) -> tuple[int, int] | None:
    """What tells a file from one that was put in its place."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _of_project(selection: Loaded[ProjectSelection], paths: Paths, runners: Sequence[RunnerSpec]) -> ActiveProfile:
    if selection.value is None or selection.document is None:
        return ActiveProfile(source="project", problem=selection.problems[0])
    document, name = selection.document, selection.value.profile
    chosen = _chosen(name, "project", document.path, paths, runners)
    if chosen.problem is not None:
        return replace(chosen, problem=replace(chosen.problem, location=document.at("/profile")))
    now = chosen.loaded.document if chosen.loaded else None
    if now is None or fingerprint(now.data) == selection.value.sha256:
        return chosen
    drift = ConfigProblem(
        rule="reference",
        subject="sha256",
        message=f"the profile {quoted(name)} was changed after this project chose it",
        remedy=f"look at it (doctor profile show {name}), then accept it (doctor profile use {name} --project)",
        location=document.at("/sha256"),
    )
    return replace(chosen, drift=drift)


def _chosen(name: str, source: Source, said_by: str, paths: Paths, runners: Sequence[RunnerSpec]) -> ActiveProfile:
    reason = name_problem(name)
    if reason is not None:
        message = f"the profile name {quoted(name)}, from {encodable(said_by)}, {reason}"
        problem = _choice_problem("value", message, None, source, paths)
        return ActiveProfile(name=encodable(name), source=source, problem=problem)
    path = paths.profile_file(name)
    if not is_there(path):
        known = profile_names(paths)
        message = f"there is no profile {quoted(name)}, which {encodable(said_by)} names: {path} does not exist"
        problem = _choice_problem("reference", message, _which(name, known), source, paths)
        return ActiveProfile(name=name, source=source, path=path, problem=problem)
    return ActiveProfile(name=name, source=source, path=path, loaded=load_named_profile(path, runners=runners))


def _which(name: str, known: tuple[str, ...]) -> str:
    if not known:
        return "there are no profiles yet; create one, or name none"
    near = nearest(name, known)
    return f"did you mean {quoted(near)}? (profiles: {listed(known)})" if near else f"profiles: {listed(known)}"


def _choice_problem(
    rule: Literal["value", "reference"], message: str, remedy: str | None, source: Source, paths: Paths
) -> ConfigProblem:
    if source == "pointer":
        return whole_file(str(paths.active_profile_file), rule, message, remedy, line=1, column=1)
    return whole_file(str(paths.profiles_dir), rule, message, remedy)
