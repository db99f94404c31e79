"""Finding programs: each source is judged on its own, and the path found is the path that is spawned."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from doctor.harness.base import Harness, HarnessContext
from doctor.model.harness import Candidate, ProgramFact


def locate_harness(harness: Harness, context: HarnessContext, setting: str | None) -> ProgramFact:
    """Where a harness is: ``DOCTOR_<ID>_PATH``, then the machine's setting, then PATH or this tool itself.

    Args:
        harness: The adapter.
        context: The machine; its environment's PATH counts.
        setting: What machine.toml says.

    Returns:
        A fact without a version. ``candidates`` holds every source looked at, in order, each with why it was not used.
    """
    chosen, candidates = _chosen(f"DOCTOR_{harness.id.upper()}_PATH", setting, context)
    if chosen is not None:
        return _found(chosen, candidates)
    if not harness.builtin:
        return _on_path(harness.binaries, context, candidates)
    own = harness.builtin_program(context)
    return ProgramFact(
        path=own.path,
        path_source=own.path_source,
        candidates=(*candidates, *own.candidates),
        version=own.version,
        version_source=own.version_source,
    )


def locate_tool(name: str, context: HarnessContext) -> ProgramFact:
    """Where a tool such as ``tmux`` is: ``DOCTOR_<NAME>_PATH``, then PATH."""
    variable = f"DOCTOR_{name.upper().replace('-', '_')}_PATH"
    chosen, candidates = _chosen(variable, None, context)
    return _found(chosen, candidates) if chosen is not None else _on_path((name,), context, candidates)


def executable_problem(path: str) -> str | None:
    """Why this path cannot be spawned, or ``None``."""
    if "\0" in path:
        return "has a NUL character in it"
    try:
        mode = _mode(path)
    except FileNotFoundError:
        return "is a broken symbolic link" if Path(path).is_symlink() else "does not exist"
    except OSError as error:
        return f"cannot be looked at ({error.strerror})"
    if stat.S_ISDIR(mode):
        return "is a directory"
    if not stat.S_ISREG(mode):
        return "is no regular file"
    return None if os.access(path, os.X_OK) else "is not executable"


def search_path(name: str, context: HarnessContext) -> str | None:
    """The first usable program of this name in the context's PATH; relative directories there are passed over."""
    return next((path for path in _on_each(name, context) if _is_executable(path)), None)


def _chosen(variable: str, setting: str | None, context: HarnessContext) -> tuple[Candidate | None, list[Candidate]]:
    said = ((f"env:{variable}", context.environment.get(variable)), ("machine.toml", setting))
    candidates: list[Candidate] = []
    for source, value in said:
        if value is None or not value.strip():
            continue
        candidate = _judge(source, value.strip(), context)
        candidates.append(candidate)
        if candidate.problem is None:
            return candidate, candidates
    return None, candidates


def _judge(source: str, value: str, context: HarnessContext) -> Candidate:
    if "/" not in value:
        found = search_path(value, context) if value != "~" else None
        problem = None if found else "is not on PATH"
        return Candidate(source=source, path=found or value, problem=problem)
    path = str(context.expand(value))
    if not path.startswith("/"):
        return Candidate(source=source, path=value, problem="is a relative path; give an absolute one")
    return Candidate(source=source, path=path, problem=executable_problem(path))


def _found(chosen: Candidate, candidates: Sequence[Candidate]) -> ProgramFact:
    return ProgramFact(path=chosen.path, path_source=chosen.source, candidates=tuple(candidates))


def _on_path(names: Sequence[str], context: HarnessContext, candidates: Sequence[Candidate]) -> ProgramFact:
    for name in names:
        if found := search_path(name, context):
            return _found(Candidate(source="PATH", path=found), [*candidates, Candidate(source="PATH", path=found)])
    unusable = [
        Candidate(source="PATH", path=path, problem=executable_problem(path))
        for name in names
        for path in _on_each(name, context)
        if os.path.lexists(path)
    ]
    absent = Candidate(source="PATH", path=" or ".join(names), problem="is not on PATH")
    return ProgramFact(candidates=(*candidates, *(unusable or [absent])))


def _on_each(name: str, context: HarnessContext) -> Iterator[str]:
    for folder in context.environment.get("PATH", "").split(os.pathsep):
        if folder.startswith("/"):
            yield f"{folder.rstrip('/')}/{name}"


def _is_executable(path: str) -> bool:
    try:
        return stat.S_ISREG(_mode(path)) and os.access(path, os.X_OK)
    except (OSError, ValueError):
        return False


def _mode(path: str) -> int:
    return os.stat(path).st_mode  # noqa: PTH116 - hundreds of looks, for each of which a Path costs more than the look


def real_bin_directories(path: Path) -> tuple[Path, ...]:
    """The directory a program stands in, and the one it is linked from, where that is another."""
    return tuple(dict.fromkeys((path.parent, path.resolve().parent)))
