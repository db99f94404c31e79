"""Looking up secrets when a process starts. No message ever holds a value, nor what a command printed."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from doctor.config.files import FileProblem, read_bytes
from doctor.config.paths import machine_paths
from doctor.harness.process import run
from doctor.launch.errors import LaunchRefused
from doctor.model.secret import SecretRef

LARGEST_SECRET = 64 * 1024
"""Bytes; the longest key or certificate is a tenth of it."""

COMMAND_LIMIT = 15.0
"""Seconds that a command may take to print a secret."""


def resolve(env: Mapping[str, str | SecretRef], environment: Mapping[str, str], *, home: Path) -> dict[str, str]:
    """The values of those variables that refer to a secret.

    Args:
        env: Variables of a spec; literal ones are left out of the answer.
        environment: The doctor's own, in which references to variables are looked up and commands run.
        home: What ``~`` stands for. A path that is not absolute starts in the settings directory.

    Raises:
        LaunchRefused: Some cannot be had; all of those are named, with why.
    """
    values: dict[str, str] = {}
    problems: list[str] = []
    for name, reference in env.items():
        if isinstance(reference, str):
            continue
        try:
            values[name] = _value(reference, environment, home)
        except _NoSecretError as problem:
            problems.append(f"{name} ({reference.words}): {problem}")
    if problems:
        raise LaunchRefused(
            f"no value for {'; '.join(problems)}", remedy="set it, or correct the reference in machine.toml"
        )
    return values


def problem_of(reference: SecretRef, environment: Mapping[str, str], *, home: Path) -> str | None:
    """Why a secret could not be looked up now, as far as that is seen without running a command; ``None``: it could."""
    try:
        if reference.command is not None:
            _program(reference.command[0], environment, home)
        else:
            _value(reference, environment, home)
    except _NoSecretError as problem:
        return str(problem)
    return None


class _NoSecretError(Exception):
    """Why there is no value, in words without it."""


def _value(reference: SecretRef, environment: Mapping[str, str], home: Path) -> str:
    if reference.env is not None:
        value = environment.get(reference.env, "")
        if not value.strip():
            raise _NoSecretError("the variable is not set")
    elif reference.file is not None:
        value = _from_file(reference.file, environment, home)
    else:
        value = _from_command(reference.command or ("",), environment, home)
    if "\0" in value:
        raise _NoSecretError("it has a NUL character")
    return value


def _from_file(written: str, environment: Mapping[str, str], home: Path) -> str:
    path = machine_paths(environment, home).config_dir / _expanded(written, home)
    try:
        text = read_bytes(path, limit=LARGEST_SECRET).decode()
    except FileProblem as problem:
        raise _NoSecretError(f"the file {problem.message}") from problem
    except UnicodeDecodeError:
        raise _NoSecretError("the file is not UTF-8") from None
    value = text.removesuffix("\n").removesuffix("\r")
    if not value.strip():
        raise _NoSecretError("the file is empty")
    return value


def _from_command(command: tuple[str, ...], environment: Mapping[str, str], home: Path) -> str:
    program = _program(command[0], environment, home)
    answer = run((program, *command[1:]), timeout=COMMAND_LIMIT, env=environment, cwd=str(home))
    if answer.error is not None:
        raise _NoSecretError(f"the command cannot be started: {answer.error}")
    if answer.timed_out:
        raise _NoSecretError(f"the command took longer than {COMMAND_LIMIT:.0f} s")
    if answer.returncode != 0:
        raise _NoSecretError(f"the command ended with exit code {answer.returncode}")
    value = answer.stdout.strip()
    if not value:
        raise _NoSecretError("the command printed nothing")
    return value


def _program(written: str, environment: Mapping[str, str], home: Path) -> str:
    found = shutil.which(str(_expanded(written, home)), path=environment.get("PATH", ""))
    if found is None:
        raise _NoSecretError("there is no such command")
    return found


def _expanded(written: str, home: Path) -> Path:
    return home / written[1:].lstrip("/") if written == "~" or written.startswith("~/") else Path(written)
