"""Writing down what an agent is told, so that it can be read there, and audited."""

import contextlib
import hashlib
import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from doctor.config.files import FileProblem, is_there, read_bytes
from doctor.config.names import name_problem
from doctor.config.own_files import ignore_own_files
from doctor.config.skills import LARGEST_SKILL
from doctor.config.writing import replace_file
from doctor.executor.directories import PROCESSES
from doctor.launch.documents import LARGEST_SPEC, spec_text
from doctor.launch.errors import LaunchRefused
from doctor.launch.places import LAUNCHES, PROMPT_NAME, SKILL_FILE, SKILLS, SPEC, launch_directory, prompt_file
from doctor.model.spec import LaunchSpec, SkillRef

PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700


def materialise(spec: LaunchSpec, directory: Path) -> Path:
    """Write a spec, its prompt and its skills below ``directory``, the project's ``.metawsm``.

    All of it appears at once, or not at all. What is there already is compared and left as it is, but for permissions
    that others have: those are taken away. No symlink below ``directory`` is followed.

    Args:
        spec: Its prompt's path says where it belongs, which must be below ``directory``.
        directory: Made if it is missing.

    Returns:
        The path of its ``spec.json``.

    Raises:
        LaunchRefused: It belongs elsewhere, a skill has changed, something else is in its place, or it cannot be
            written.
    """
    directory = directory.absolute()
    target = launch_directory(directory, spec.id)
    if spec.prompt.path != str(prompt_file(directory, spec.id)):
        raise LaunchRefused(
            f"the spec's prompt belongs to {spec.prompt.path}, which is not below {directory}",
            remedy="start it in the project it was made for, or make a new one there",
        )
    try:
        _prepare(directory)
        if not is_there(target):
            _write(target, _contents(spec))
        for path in (target, *(target / name for name in _parts(spec))):
            _make_private(path)
        _compare(target, spec)
    except OSError as error:
        raise LaunchRefused(
            f"{error.filename or target} cannot be written: {error.strerror or error}",
            remedy=f"make room, and make {directory} writable",
        ) from error
    return target / SPEC


def _prepare(directory: Path) -> None:
    directory.mkdir(exist_ok=True)
    launches = directory / LAUNCHES
    with contextlib.suppress(FileExistsError):
        launches.mkdir(mode=PRIVATE_DIRECTORY)
    for each in (launches, directory / PROCESSES):
        if is_there(each):
            _require_directory(each)
            _make_private(each)
    ignore_own_files(directory)


def _contents(spec: LaunchSpec) -> dict[str, bytes]:
    """Every file of a spec's directory, by its path in there."""
    skills = {f"{SKILLS}/{_skill_name(skill)}/{SKILL_FILE}": _skill(skill) for skill in spec.skills}
    return {PROMPT_NAME: spec.prompt.text.encode(), **skills, SPEC: spec_text(spec).encode()}


def _parts(spec: LaunchSpec) -> list[str]:
    """Every directory and file in a spec's directory, each directory before what is in it."""
    skills = [f"{SKILLS}/{_skill_name(skill)}" for skill in spec.skills]
    return [PROMPT_NAME, SPEC, *([SKILLS] if skills else []), *skills, *(f"{skill}/{SKILL_FILE}" for skill in skills)]


def _skill_name(skill: SkillRef) -> str:
    problem = name_problem(skill.name)
    if problem:
        raise LaunchRefused(f"the skill name {skill.name!r} {problem}", remedy="rename the skill")
    return skill.name


def _skill(skill: SkillRef) -> bytes:
    try:
        content = read_bytes(Path(skill.path), limit=LARGEST_SKILL)
    except FileProblem as problem:
        raise LaunchRefused(f"{skill.path} {problem.message}", remedy=problem.remedy) from problem
    if hashlib.sha256(content).hexdigest() != skill.sha256:
        raise LaunchRefused(
            f"{skill.path} was changed after the spec was made", remedy="make a new spec: doctor launch"
        )
    return content


def _write(target: Path, contents: Mapping[str, bytes]) -> None:
    """Make the directory under a name of its own, then give it its name in one step."""
    temporary = target.with_name(f".new-{os.urandom(8).hex()}")
    temporary.mkdir(mode=PRIVATE_DIRECTORY)
    try:
        for name, content in contents.items():
            for parent in reversed(Path(name).parents):
                (temporary / parent).mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
            replace_file(temporary / name, content, mode=PRIVATE_FILE)
        try:
            temporary.rename(target)
        except OSError:
            if not is_there(target):
                raise
            # Somebody else was first; what they wrote is compared like anything that is there already.
            shutil.rmtree(temporary)
    except BaseException:  # an interrupt leaves no litter either
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _compare(target: Path, spec: LaunchSpec) -> None:
    different = differences(target, spec)
    if different:
        listed = "; ".join(different)
        raise LaunchRefused(
            f"what is in {target} is not what belongs there: {listed}",
            remedy="find out who changed it, then remove that directory",
        )


def differences(target: Path, spec: LaunchSpec) -> tuple[str, ...]:
    """Where a directory differs from what ``materialise`` writes into it, one sentence each; follows no symlink."""
    skills = {f"{SKILLS}/{skill.name}/{SKILL_FILE}": skill.sha256 for skill in spec.skills}
    expected = {
        SPEC: hashlib.sha256(spec_text(spec).encode()).hexdigest(),
        PROMPT_NAME: spec.prompt.sha256,
        **skills,
    }
    found = ((name, _problem(target, name, digest)) for name, digest in expected.items())
    return tuple(f"{target / name} {problem}" for name, problem in found if problem)


def _problem(target: Path, name: str, digest: str) -> str | None:
    path = target / name
    for each in (path, *path.parents):
        if each.is_symlink():
            return f"is reached through a symlink, {each}"
        if stranger := _stranger(each):
            return f"can be changed: {each} belongs to another user, {stranger}"
        if each == target:
            break
    try:
        content = read_bytes(path, limit=LARGEST_SPEC)
    except FileProblem as problem:
        return problem.message
    return None if hashlib.sha256(content).hexdigest() == digest else "was changed"


def _require_directory(path: Path) -> None:
    if not stat.S_ISDIR(path.lstat().st_mode):
        kind = "a symlink" if path.is_symlink() else "no directory"
        raise LaunchRefused(f"{path} is {kind}, expected a directory", remedy="remove it")


def _stranger(path: Path) -> int | None:
    """Who owns it, when that is neither this user nor root."""
    try:
        owner = path.lstat().st_uid
    except OSError:
        return None
    return None if owner in {0, os.geteuid()} else owner


def _make_private(path: Path) -> None:
    """Take from others what they may do with it; what is a symlink, missing or not one's own stays as it is."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if found.st_uid != os.geteuid() or stat.S_ISLNK(found.st_mode) or not found.st_mode & 0o077:
        return
    with contextlib.suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.fchmod(descriptor, stat.S_IMODE(found.st_mode) & 0o700)
        finally:
            os.close(descriptor)
