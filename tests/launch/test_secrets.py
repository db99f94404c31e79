"""Looking up secrets."""

import os
from pathlib import Path

import pytest

from doctor.launch import secrets
from doctor.launch.errors import LaunchRefused
from doctor.launch.secrets import problem_of, resolve
from doctor.model.secret import SecretRef

VALUE = "sk-planted-secret"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    (folder / "settings").mkdir(parents=True)
    return folder


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "KEY": VALUE, "BLANK": " ", "DOCTOR_CONFIG_DIR": str(home / "settings")}


def script(home: Path, body: str) -> SecretRef:
    path = home / "show-key"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return SecretRef(command=("~/show-key", "box"))


def test_a_variable_a_file_and_a_command_give_a_value(home: Path, environment: dict[str, str]) -> None:
    (home / "key").write_text(f" {VALUE}\n")
    (home / "settings" / "key").write_text(VALUE)
    env: dict[str, str | SecretRef] = {
        "A": "literal",
        "B": SecretRef(env="KEY"),
        "C": SecretRef(file="~/key"),
        "D": SecretRef(file="key"),
        "E": script(home, f'echo "  {VALUE} $1"'),
    }

    assert resolve(env, environment, home=home) == {"B": VALUE, "C": f" {VALUE}", "D": VALUE, "E": f"{VALUE} box"}


@pytest.mark.parametrize("ending", ["\n", "\r\n", ""])
def test_one_end_of_line_does_not_count(home: Path, environment: dict[str, str], ending: str) -> None:
    (home / "key").write_bytes(f"a\n{ending}".encode())
    expected = "a\n" if ending else "a"

    assert resolve({"A": SecretRef(file="~/key")}, environment, home=home) == {"A": expected}


def test_everything_that_cannot_be_had_is_named_at_once_without_a_value(
    home: Path, environment: dict[str, str]
) -> None:
    (home / "empty").write_text("\n")
    (home / "bytes").write_bytes(b"\xff")
    (home / "nul").write_bytes(f"{VALUE}\0".encode())
    (home / "large").write_text(VALUE * 10_000)
    env: dict[str, str | SecretRef] = {
        "A": SecretRef(env="UNSET"),
        "B": SecretRef(env="BLANK"),
        "C": SecretRef(file="~/gone"),
        "D": SecretRef(file="~/empty"),
        "E": SecretRef(file="~/bytes"),
        "F": SecretRef(file="~/nul"),
        "G": SecretRef(file="~/large"),
        "H": SecretRef(command=("no-such-command",)),
        "I": script(home, f"echo {VALUE}; echo {VALUE} >&2; exit 3"),
    }

    with pytest.raises(LaunchRefused) as caught:
        resolve(env, environment, home=home)

    problems = caught.value.message.removeprefix("no value for ").split("; ")
    assert problems == [
        "A (env:UNSET): the variable is not set",
        "B (env:BLANK): the variable is not set",
        "C (file:~/gone): the file does not exist",
        "D (file:~/empty): the file is empty",
        "E (file:~/bytes): the file is not UTF-8",
        "F (file:~/nul): it has a NUL character",
        "G (file:~/large): the file is at least 170,000 bytes large, more than the 65,536 that are read",
        "H (command:no-such-command): there is no such command",
        "I (command:~/show-key): the command ended with exit code 3",
    ]


def test_a_command_that_prints_nothing_gives_none(home: Path, environment: dict[str, str]) -> None:
    with pytest.raises(LaunchRefused, match=r"the command printed nothing$"):
        resolve({"A": script(home, "echo")}, environment, home=home)


def test_a_command_that_does_not_end_is_ended(
    home: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "COMMAND_LIMIT", 0.2)

    with pytest.raises(LaunchRefused, match="took longer than"):
        resolve({"A": script(home, f"echo {VALUE}; exec sleep 60")}, environment, home=home)


def test_whether_a_secret_is_there_is_seen_without_running_its_command(home: Path, environment: dict[str, str]) -> None:
    command = script(home, f"touch {home}/ran")

    assert problem_of(command, environment, home=home) is None
    assert problem_of(SecretRef(env="KEY"), environment, home=home) is None
    assert problem_of(SecretRef(env="UNSET"), environment, home=home) == "the variable is not set"
    assert problem_of(SecretRef(command=("gone",)), environment, home=home) == "there is no such command"
    assert not (home / "ran").exists()
