"""Completion: the shell's code, where it goes, and what is offered."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import shellingham  # type: ignore[import-untyped]

from doctor.cli import main
from doctor.cli.completion_command import MARK, PROGRAMS, script

Capture = pytest.CaptureFixture[str]

FILES = {
    "bash": (
        ".local/share/bash-completion/completions/doctor",
        ".local/share/bash-completion/completions/harness-doctor",
        ".local/share/bash-completion/completions/agent-runner",
    ),
    "zsh": (".zfunc/_doctor",),
    "fish": tuple(f".config/fish/completions/{name}.fish" for name in ("doctor", "harness-doctor", "agent-runner")),
}


@pytest.mark.parametrize("shell", FILES)
def test_installing_writes_the_shell_s_own_files_and_again_changes_nothing(
    shell: str, project: Path, capsys: Capture
) -> None:
    home = project.parent / "home"
    assert main(["completion", "install", shell]) == 0
    written = {path.relative_to(home).as_posix(): path.read_text() for path in home.rglob("*") if path.is_file()}
    assert set(written) == set(FILES[shell])
    assert all(MARK in text.split("\n")[:2] for text in written.values())
    capsys.readouterr()
    assert main(["completion", "install", shell]) == 0
    assert capsys.readouterr().err.count("up to date: ") == len(FILES[shell])


def test_a_dry_run_says_what_would_be_written_and_writes_nothing(project: Path, capsys: Capture) -> None:
    home = project.parent / "home"
    assert main(["completion", "install", "zsh", "--dry-run"]) == 0
    assert capsys.readouterr().err.startswith(f"create: {home}/.zfunc/_doctor\n")
    assert list(home.iterdir()) == []


def test_a_file_of_somebody_else_s_is_left_alone(project: Path, capsys: Capture) -> None:
    other = project.parent / "home" / FILES["bash"][1]
    other.parent.mkdir(parents=True)
    other.write_text("mine")
    assert main(["completion", "install", "bash"]) == 2
    assert "was not written by this program" in capsys.readouterr().err
    assert other.read_text() == "mine"
    assert not (other.parent / "doctor").exists()


def test_an_older_file_of_ours_is_replaced(project: Path, capsys: Capture) -> None:
    ours = project.parent / "home" / FILES["bash"][0]
    ours.parent.mkdir(parents=True)
    ours.write_text(f"{MARK}\nold")
    assert main(["completion", "install", "bash"]) == 0
    assert ours.read_text() == script("bash", PROGRAMS[:1])


@pytest.mark.parametrize(
    ("detected", "variable", "code"),
    [(("fish", "/bin/fish"), "", 0), (None, "/bin/zsh", 0), (("tcsh", "/bin/tcsh"), "", 2), (None, "", 2)],
)
def test_the_shell_is_found_or_asked_for(
    detected: tuple[str, str] | None,
    variable: str,
    code: int,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    def detect_shell() -> tuple[str, str]:
        if detected is None:
            raise shellingham.ShellDetectionFailure
        return detected

    monkeypatch.setattr(shellingham, "detect_shell", detect_shell)
    monkeypatch.setenv("SHELL", variable)
    assert main(["completion", "show"]) == code
    assert (MARK in capsys.readouterr().out) is (code == 0)


POLICY = """
{"version": 2, "agent_profiles": [{"name": "b", "runner": "codex", "base_prompt": "x"}],
 "agents": [{"name": "bob", "profile": "b"}]}
"""


@pytest.mark.parametrize("line", ["doctor ps bob", "doctor launch --agent b"])
def test_where_nothing_was_launched_or_the_policy_is_broken_nothing_is_offered(
    line: str, project: Path, tmp_path: Path
) -> None:
    (project / ".metawsm").mkdir()
    (project / ".metawsm" / "policy.json").write_text("{")
    assert [each for each in offered(line, tmp_path) if each and not each.startswith("-")] == []


def offered(line: str, tmp_path: Path) -> list[str]:
    """What the program offers a shell for a command line."""
    answer = tmp_path / "answer"
    environment = {
        **os.environ,
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    subprocess.run([sys.executable, "-m", "doctor"], env=environment, check=True, timeout=60, capture_output=True)
    return [each.strip() for each in answer.read_text().split("\n")]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("doctor expl", "explain"),
        ("doctor --onl", "--online"),
        ("doctor checks --sel", "--select"),
        ("doctor --stage ref", "reflect"),
        ("doctor explain SKL00", "SKL001"),
        ("doctor --runtime claude_", "claude_code"),
        ("doctor --format pl", "plain"),
        ("doctor --profile off", "office"),
        ("doctor lau", "launch"),
        ("doctor launch --agent bo", "bob"),
        ("doctor launch --executor pro", "process"),
        ("doctor stop bob-", "bob-3-1"),
        ("doctor journal re", "rebuild"),
        ("doctor prof", "profile"),
        ("doctor profile us", "use"),
        ("doctor profile use --cl", "--clear"),
        ("doctor profile use off", "office"),
        ("doctor profile create x --from mix", "mixed"),
        ("doctor profile set-model office eval", "evaluator"),
        ("doctor endpoint set x http://h --kind anth", "anthropic"),
        ("doctor endpoint test at", "attic"),
        ("doctor init --route co", "codex"),
    ],
)
def test_commands_options_and_values_are_offered(line: str, expected: str, project: Path, tmp_path: Path) -> None:
    profile = tmp_path / "config" / "profiles" / "office.toml"
    profile.parent.mkdir(parents=True)
    profile.write_text("")
    (tmp_path / "config" / "machine.toml").write_text('[endpoints.attic]\nurl = "http://127.0.0.1:1/v1"\n')
    (project / ".metawsm" / "processes" / "bob-3-1").mkdir(parents=True)
    (project / ".metawsm" / "policy.json").write_text(POLICY)
    assert expected in offered(line, tmp_path)
