"""Finding the skills that agent profiles name."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from doctor.config.files import FileProblem, read_bytes
from doctor.config.frontmatter import FrontmatterError, description_of
from doctor.config.names import name_problem
from doctor.config.words import encodable, quoted
from doctor.model.harness import SkillFact, SkillProblem, SkillSource

LARGEST_SKILL = 1024 * 1024
"""Bytes of a ``SKILL.md``; more than any harness would read into its context."""

FILE = "SKILL.md"


def find_skill(name: str, *, runtime_id: str, project: Path, home: Path, harness_roots: Sequence[Path]) -> SkillFact:
    """Find one skill as one harness would get it.

    The first root in which ``<name>/SKILL.md`` is there in any form decides, even when it is broken there: what a
    later root holds would hide the mistake.

    Args:
        name: As the policy writes it.
        runtime_id: The harness, for the fact.
        project: Root of the project.
        home: Home directory.
        harness_roots: Directories that the harness itself reads, first match wins.
    """
    reason = name_problem(name)
    if reason is not None:
        detail = f"the skill name {quoted(name)} {reason}"
        return SkillFact(name=name, runtime_id=runtime_id, problem=SkillProblem.NAME, problem_detail=detail)
    tried: list[str] = []
    for source, root in _roots(project, home, harness_roots):
        path = root / name / FILE
        tried.append(str(path))
        if _is_there(path):
            return _read(name, runtime_id, path, root, source=source, tried=tuple(tried), harness_roots=harness_roots)
    return SkillFact(
        name=name,
        runtime_id=runtime_id,
        tried=tuple(tried),
        problem=SkillProblem.MISSING,
        problem_detail="looked for " + ", ".join(encodable(each) for each in tried),
    )


def _roots(project: Path, home: Path, harness_roots: Sequence[Path]) -> Iterator[tuple[SkillSource, Path]]:
    seen: set[Path] = set()
    first = ((SkillSource.REPO, project / ".metawsm/skills"), (SkillSource.HOME, home / ".codex/skills"))
    for source, root in (*first, *((SkillSource.HARNESS, root) for root in harness_roots)):
        if root not in seen:
            seen.add(root)
            yield source, root


def _is_there(path: Path) -> bool:
    """Whether something is there: a file, a directory, a dangling symlink, or what may not be looked at."""
    for place in (path, path.parent):
        try:
            place.stat()
        except PermissionError:
            return True
        except (OSError, ValueError):
            if os.path.islink(place):  # noqa: PTH114 - pathlib's own raises, for example for a name too long
                return True
        else:
            return place == path
    return False


def _read(
    name: str,
    runtime_id: str,
    path: Path,
    root: Path,
    *,
    source: SkillSource,
    tried: tuple[str, ...],
    harness_roots: Sequence[Path],
) -> SkillFact:
    problem, detail, digest, description = _content(path, root)
    real = os.path.realpath(root)
    return SkillFact(
        name=name,
        runtime_id=runtime_id,
        path=str(path),
        source=source,
        sha256=digest,
        description=description,
        tried=tried,
        seen_by_harness=any(os.path.realpath(each) == real for each in harness_roots),
        problem=problem,
        problem_detail=detail,
    )


def _content(path: Path, root: Path) -> tuple[SkillProblem | None, str | None, str | None, str | None]:
    """Problem, its detail, sha256 and description of a ``SKILL.md``."""
    real = os.path.realpath(path)
    if not Path(real).is_relative_to(os.path.realpath(root)):
        return SkillProblem.ESCAPES, f"{path} is really {real}, which is outside of {root}", None, None
    try:
        content = read_bytes(path, limit=LARGEST_SKILL)
    except FileProblem as error:
        return SkillProblem.UNREADABLE, f"{path} {error.message}", None, None
    digest = hashlib.sha256(content).hexdigest()
    try:
        return None, None, digest, description_of(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        return SkillProblem.UNREADABLE, f"{path} is not UTF-8 at byte {error.start}", digest, None
    except FrontmatterError as error:
        return SkillProblem.FRONTMATTER, f"{path}: its frontmatter {error.message}", digest, None
