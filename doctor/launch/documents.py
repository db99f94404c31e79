"""Launch specs as JSON documents, and back."""

import hashlib
import json
from pathlib import Path
from typing import Any

from doctor.config.files import FileProblem, read_bytes
from doctor.launch.errors import SpecError
from doctor.launch.fields import Fields
from doctor.model.secret import SecretRef
from doctor.model.spec import (
    SCHEMA_VERSION,
    Delivery,
    LaunchSpec,
    Mode,
    ProgramIdentity,
    PromptRef,
    SkillRef,
)
from doctor.model.stage import Stage

LARGEST_SPEC = 64 * 1024 * 1024
"""Bytes of a document that is read."""

Document = dict[str, Any]


def to_document(spec: LaunchSpec) -> Document:
    """The spec as JSON data: keys in a fixed order, secrets as references."""
    return {
        "schema_version": SCHEMA_VERSION,
        "id": spec.id,
        "agent": spec.agent,
        "profile": spec.profile,
        "stage": spec.stage.value,
        "runtime_id": spec.runtime_id,
        "harness_version": spec.harness_version,
        "path": spec.path,
        "program": {
            "real_path": spec.program.real_path,
            "size": spec.program.size,
            "mtime_ns": spec.program.mtime_ns,
            "sha256": spec.program.sha256,
        },
        "argv": list(spec.argv),
        "env": {name: _variable(value) for name, value in spec.env.items()},
        "cwd": spec.cwd,
        "session": spec.session,
        "mode": spec.mode.value,
        "prompt": {
            "sha256": spec.prompt.sha256,
            "path": spec.prompt.path,
            "delivery": spec.prompt.delivery.value,
            "typed": spec.prompt.typed,
            "text": spec.prompt.text,
        },
        "skills": [
            {"name": skill.name, "path": skill.path, "source": skill.source, "sha256": skill.sha256}
            for skill in spec.skills
        ],
        "policy_path": spec.policy_path,
        "policy_sha256": spec.policy_sha256,
        "named_profile": spec.named_profile,
        "model": spec.model,
        "endpoint": spec.endpoint,
        "ticket": spec.ticket,
        "notes": list(spec.notes),
        "grants": list(spec.grants),
    }


def _variable(value: str | SecretRef) -> str | Document:
    if isinstance(value, str):
        return value
    if value.command is not None:
        return {"secret": "command", "command": list(value.command)}
    return {"secret": value.words}


def spec_text(spec: LaunchSpec) -> str:
    """The document as the text of a file."""
    return json.dumps(to_document(spec), indent=2) + "\n"


def from_document(document: Any, *, source: str = "the document") -> LaunchSpec:
    """The spec that a document holds.

    Whether its id is that of its content is for ``verify.changes`` to say, which names what else changed too.

    Args:
        document: JSON data.
        source: What it is called in the error, such as the path it was read from.

    Raises:
        SpecError: It is none. Every problem is named: what is missing, unknown, of a wrong type or value.
    """
    fields = Fields(document)
    version = fields.integer("schema_version")
    if version is not None and version != SCHEMA_VERSION:
        age = "a newer version of this tool wrote it" if version > SCHEMA_VERSION else "there was never such a version"
        fields.problem("schema_version", f"expected {SCHEMA_VERSION}, found {version}: {age}")
    spec = _spec(fields)
    fields.finish()
    if fields.problems:
        raise SpecError(source, fields.problems, remedy="`doctor launch` makes a new one")
    return spec


def _spec(fields: Fields) -> LaunchSpec:
    path = fields.path("path")
    argv = fields.texts("argv")
    if argv[:1] != (path,):
        fields.problem("argv", "expected the program of `path` as its first element")
    return LaunchSpec(
        id=fields.digest("id"),
        agent=fields.name("agent"),
        profile=fields.name("profile"),
        stage=fields.member("stage", Stage),
        runtime_id=fields.word("runtime_id"),
        harness_version=fields.optional("harness_version"),
        path=path,
        program=_program(fields.inner("program")),
        argv=argv,
        env=fields.variables("env"),
        cwd=fields.path("cwd"),
        session=fields.session("session"),
        mode=fields.member("mode", Mode),
        prompt=_prompt(fields.inner("prompt")),
        skills=_skills(fields),
        policy_path=fields.optional("policy_path"),
        policy_sha256=fields.optional_digest("policy_sha256"),
        named_profile=fields.optional("named_profile"),
        model=fields.optional("model"),
        endpoint=fields.optional("endpoint"),
        ticket=fields.optional_name("ticket"),
        notes=fields.texts("notes"),
        grants=fields.texts("grants"),
    )


def _program(fields: Fields) -> ProgramIdentity:
    return ProgramIdentity(
        real_path=fields.path("real_path"),
        size=fields.integer("size") or 0,
        mtime_ns=fields.integer("mtime_ns") or 0,
        sha256=fields.optional_digest("sha256"),
    )


def _prompt(fields: Fields) -> PromptRef:
    delivery = fields.member("delivery", Delivery)
    typed = fields.optional("typed")
    if (typed is not None) is not (delivery is Delivery.TYPED):
        fields.problem("typed", "expected a line for the delivery `typed`, and null for every other")
    if typed is not None and not typed.isprintable():
        fields.problem("typed", "expected one line of characters that print")
    text, digest = fields.text("text"), fields.digest("sha256")
    if digest and digest != _digest(fields, text):
        fields.problem("sha256", "it is not that of `text`")
    return PromptRef(
        sha256=digest,
        path=fields.path("path"),
        text=text,
        delivery=delivery,
        typed=typed,
    )


def _digest(fields: Fields, text: str) -> str | None:
    try:
        return hashlib.sha256(text.encode()).hexdigest()
    except UnicodeEncodeError as error:
        fields.problem("text", f"it has half a surrogate pair, at character {error.start}, which is no text")
        return None


def _skills(fields: Fields) -> tuple[SkillRef, ...]:
    skills = tuple(
        SkillRef(
            name=each.name("name"), path=each.path("path"), source=each.word("source"), sha256=each.digest("sha256")
        )
        for each in fields.every("skills")
    )
    if len({skill.name for skill in skills}) != len(skills):
        fields.problem("skills", "expected each skill once")
    return skills


def read_spec(path: Path) -> LaunchSpec:
    """The spec in a file.

    Raises:
        SpecError: The file cannot be read, or holds no spec.
    """
    try:
        content = read_bytes(path, limit=LARGEST_SPEC)
    except FileProblem as problem:
        raise SpecError(str(path), [f"it {problem.message}"], remedy=problem.remedy) from problem
    try:
        document = json.loads(content.decode(), object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        reason = "it nests too deeply" if isinstance(error, RecursionError) else f"it is no JSON: {error}"
        raise SpecError(str(path), [reason], remedy="`doctor launch` makes a new one") from error
    return from_document(document, source=str(path))


def _object(pairs: list[tuple[str, Any]]) -> Document:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("an object has the same key twice")
    return document
