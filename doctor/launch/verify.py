"""Whether everything is still as it was when a spec was made."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from doctor.config.files import FileProblem, is_there, read_bytes
from doctor.config.skills import LARGEST_SKILL
from doctor.identity import program_identity
from doctor.launch.documents import to_document
from doctor.launch.materialise import differences
from doctor.launch.secrets import problem_of
from doctor.model.canonical import content_id, launch_directory
from doctor.model.secret import SecretRef
from doctor.model.spec import LaunchSpec, ProgramIdentity


def changes(spec: LaunchSpec, *, environment: Mapping[str, str], home: Path) -> tuple[str, ...]:
    """Every difference between a spec and what is there now, one sentence each; nothing where it can be started.

    Nothing is written and no command is run.

    Args:
        spec: As read from its document.
        environment: The doctor's own.
        home: What ``~`` stands for in references to secrets.
    """
    return (
        *_identity(spec),
        *_program(spec),
        *_directory(spec.cwd),
        *_files(spec),
        *(problem for skill in spec.skills if (problem := _skill(skill.path, skill.sha256))),
        *_secrets(spec.env, environment, home),
    )


def _identity(spec: LaunchSpec) -> Iterator[str]:
    document = to_document(spec)
    if launch_directory(document) is None:
        yield f"the prompt's file {spec.prompt.path} is not in a directory named by the spec's id"
    if content_id(document) != spec.id:
        yield f"the spec's content was changed: it is no longer what its id {spec.id} names"


def _program(spec: LaunchSpec) -> Iterator[str]:
    if not os.access(spec.path, os.X_OK):
        there = is_there(Path(spec.path))
        yield f"the program {spec.path} {'may not be executed' if there else 'is gone'}"
        return
    try:
        now = ProgramIdentity(**program_identity(spec.path))
    except OSError as error:
        yield f"the program {spec.path} cannot be looked at: {error.strerror or error}"
        return
    was = spec.program
    if now.real_path != was.real_path:
        yield f"the program {spec.path} is now {now.real_path}, and was {was.real_path}"
    elif now != was:
        yield f"the program {spec.path} was changed: {_what_changed(was, now)}"


def _what_changed(was: ProgramIdentity, now: ProgramIdentity) -> str:
    if now.size != was.size:
        return f"{was.size} bytes then, {now.size} now"
    return "its content" if now.sha256 != was.sha256 else "it was written again"


def _directory(cwd: str) -> Iterator[str]:
    if not Path(cwd).is_dir():
        yield f"the directory {cwd} is {'no directory' if is_there(Path(cwd)) else 'gone'}"


def _files(spec: LaunchSpec) -> Iterator[str]:
    """Differences in the spec's own files, where they were written already."""
    target = Path(spec.prompt.path).parent
    if is_there(target):
        yield from differences(target, spec)


def _skill(path: str, digest: str) -> str | None:
    try:
        content = read_bytes(Path(path), limit=LARGEST_SKILL)
    except FileProblem as problem:
        return f"the skill {path} {problem.message}"
    return None if hashlib.sha256(content).hexdigest() == digest else f"the skill {path} was changed"


def _secrets(env: Mapping[str, str | SecretRef], environment: Mapping[str, str], home: Path) -> Iterator[str]:
    for name, reference in env.items():
        problem = None if isinstance(reference, str) else problem_of(reference, environment, home=home)
        if problem and not isinstance(reference, str):
            yield f"the secret for {name} ({reference.words}): {problem}"
