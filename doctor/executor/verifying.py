"""Whether what is about to be started is still what was decided: looked at where and when it starts."""

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from typing import Any, NamedTuple

from doctor.identity import program_identity
from doctor.model.canonical import content_id

READ_FROM_FILE = frozenset({"stdin", "file", "pointer"})
"""Deliveries by which the harness reads the prompt's file."""

_LARGEST = 64 * 1024 * 1024
_FACTS = {"real_path": "is now", "size": "has now a size of", "mtime_ns": "was changed at", "sha256": "has now sha256"}


class Refusal(Exception):  # noqa: N818 - an answer, not an error of this program
    """Why an agent is not started.

    Args:
        detail: One line for each difference.
        missing: Whether its program is not there.
    """

    def __init__(self, *detail: str, missing: bool = False) -> None:
        super().__init__(*detail)
        self.detail = detail
        self.missing = missing


class Spec(NamedTuple):
    """What the supervisor needs of a spec."""

    path: str
    argv: tuple[str, ...]
    cwd: str
    delivery: str
    prompt_path: str
    prompt_sha256: str


def verified(spec_path: str, spec_id: str) -> tuple[Spec, int | None]:
    """The spec, and a descriptor of its prompt's file where that is the standard input.

    Raises:
        Refusal: It is not what was decided, or its program, working directory or prompt are not.
    """
    document = _document(spec_path)
    if document.get("id") != spec_id or content_id(document) != spec_id:
        raise Refusal(f"{spec_path} was changed: its content is not that of {spec_id}")
    spec = _spec(document, spec_path)
    differences = [*_program_differences(document["program"], spec.path), *_cwd_differences(spec.cwd)]
    missing = not os.path.exists(spec.path)  # noqa: PTH110 - pathlib costs the start of every agent
    prompt = None
    try:
        prompt = _prompt(spec)
    except Refusal as refusal:
        differences += refusal.detail
    if differences:
        if prompt is not None:
            os.close(prompt)
        raise Refusal(*differences, missing=missing)
    return spec, prompt


def _document(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - see above
            document = json.loads(file.read(_LARGEST))
    except OSError as error:
        raise Refusal(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise Refusal(f"{path} was changed: it is no JSON any more") from error
    if not isinstance(document, dict):
        raise Refusal(f"{path} was changed: it is no launch spec any more")
    return document


def _spec(document: Mapping[str, Any], path: str) -> Spec:
    try:
        prompt = document["prompt"]
        return Spec(
            path=document["path"],
            argv=tuple(document["argv"]),
            cwd=document["cwd"],
            delivery=prompt["delivery"],
            prompt_path=prompt["path"],
            prompt_sha256=prompt["sha256"],
        )
    except (KeyError, TypeError) as error:
        raise Refusal(f"{path} is no launch spec: {error} is missing or malformed") from error


def _program_differences(expected: Mapping[str, Any], path: str) -> list[str]:
    try:
        found = program_identity(path)
    except OSError as error:
        return [f"the program {path} cannot be found: {error.strerror}"]
    return [
        f"the program {path} {words} {found[fact]}, expected {expected.get(fact)}"
        for fact, words in _FACTS.items()
        if found[fact] != expected.get(fact)
    ]


def _cwd_differences(cwd: str) -> list[str]:
    try:
        is_directory = stat.S_ISDIR(os.stat(cwd).st_mode)  # noqa: PTH116 - see above
    except OSError as error:
        return [f"the working directory {cwd} cannot be entered: {error.strerror}"]
    return [] if is_directory else [f"the working directory {cwd} is no directory"]


def _prompt(spec: Spec) -> int | None:
    """A descriptor of the prompt's file, at its beginning, if the harness gets it; checked where it is read."""
    if spec.delivery not in READ_FROM_FILE:
        return None
    try:
        file = os.open(spec.prompt_path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise Refusal(f"the prompt {spec.prompt_path} cannot be read: {error.strerror}") from error
    try:
        unchanged = stat.S_ISREG(os.fstat(file).st_mode) and _sha256(file) == spec.prompt_sha256
        os.lseek(file, 0, os.SEEK_SET)
        os.set_blocking(file, True)
    except OSError as error:
        os.close(file)
        raise Refusal(f"the prompt {spec.prompt_path} cannot be read: {error.strerror}") from error
    if unchanged and spec.delivery == "stdin":
        return file
    os.close(file)
    if not unchanged:
        raise Refusal(f"the prompt {spec.prompt_path} was changed: its content is another one")
    return None


def _sha256(file: int) -> str:
    digest = hashlib.sha256()
    while chunk := os.read(file, 65536):
        digest.update(chunk)
    return digest.hexdigest()
