"""What the README shows is what happens."""

import fcntl
import json
import os
import pty
import re
import secrets
import shlex
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import captured

CHECKOUT = Path(__file__).parents[2]
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
CONSOLE = [text for language, text in BLOCKS if language == "console"]
COMMANDS = [line[2:] for text in CONSOLE for line in text.splitlines() if line.startswith("$ ")]
ABOUT_PROCESSES = ("doctor launch", "doctor ps", "doctor logs", "doctor replay", "doctor stop")
"""They build on each other, and need a tmux and a harness that really run."""

ABOUT_CHANGES = (
    *("doctor compare", "doctor fix", "doctor baseline", "doctor --baseline", "doctor lock", "doctor --locked"),
    *("doctor attest", "doctor verify", "doctor report"),
)
"""They build on each other, and need a git that really runs and a project that nothing is wrong with."""

CHANGES = [command for command in COMMANDS if command.startswith(ABOUT_CHANGES)]
LAUNCHING = [command for command in COMMANDS if command.startswith(ABOUT_PROCESSES)]
SET_UP = ["sh .ci/doctor", "sh .ci/test"]
[POLICY] = [text for language, text in BLOCKS if language == "json"]

HOME = "/home/ada"
"""The home directory that the README shows; the real one has a name of the same length, so that lines wrap alike."""

PROGRAMS = {
    "claude": "case \"$1\" in --version) echo '2.1.197 (Claude Code)' ;; auth) echo '{\"loggedIn\": true}' ;; esac",
    "codex": "case \"$1\" in --version) echo 'codex-cli 0.169.0' ;; login) exit 0 ;; esac",
    "git": "echo 'git version 2.47.3'",
    "tmux": "echo 'tmux 3.5a'",
}
FLAGS = "-c --config -m --model -p --print -s --sandbox --skip-git-repo-check --permission-mode --settings -a"


class Machine:
    """A machine on which the README's policy is checked."""

    def __init__(self, home: Path, argv: tuple[str, ...]) -> None:
        self.home = home
        self.argv = argv
        self.project = home / "shop"
        self.environment = {"HOME": str(home), "PATH": str(home / ".local" / "bin"), "LANG": "C.UTF-8", "NO_COLOR": "1"}
        self.install_programs()
        self.write_state()

    def install_programs(self) -> None:
        """Everything on PATH, harnesses and tools."""
        directory = self.home / ".local" / "bin"
        directory.mkdir(parents=True)
        for name, body in PROGRAMS.items():
            path = directory / name
            flags = f"case \"$*\" in *--help*) printf '  %s X\\n' {FLAGS}; exit ;; esac\n"
            path.write_text(f"#!/bin/sh\n{flags}{body}\n", encoding="utf-8")
            path.chmod(0o755)

    def write_state(self) -> None:
        """The project with its policy, and harnesses that were logged in and trust it."""
        (self.project / ".git").mkdir(parents=True)
        files = {
            self.project / ".metawsm" / "policy.json": POLICY,
            self.home / ".codex" / "auth.json": "{}",
            self.home / ".codex" / "config.toml": f'[projects."{self.project}"]\ntrust_level = "trusted"\n',
            self.home / ".claude.json": json.dumps(
                {"hasCompletedOnboarding": True, "projects": {str(self.project): {"hasTrustDialogAccepted": True}}}
            ),
        }
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command in the project, its output captured."""
        return captured([*self.argv, *arguments], cwd=self.project, environment=self.environment)

    def shown(self, *arguments: str) -> str:
        """What the command shows in a terminal of 80 columns."""
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        process = subprocess.Popen(
            [*self.argv, *arguments],
            cwd=self.project,
            env={**self.environment, "TERM": "xterm"},
            stdin=subprocess.DEVNULL,
            stdout=follower,
            stderr=subprocess.DEVNULL,
        )
        os.close(follower)
        text = b"".join(iter(lambda: read(leader), b"")).decode()
        os.close(leader)
        process.wait()
        return text.replace("\r\n", "\n").replace(str(self.home), HOME)


def read(leader: int) -> bytes:
    """The next bytes from a terminal; nothing once the other side is gone."""
    try:
        return os.read(leader, 65536)
    except OSError:
        return b""


def without_what_varies(text: str) -> str:
    """Output without how many checks there are, and without nex, whose client may or may not be beside the tests."""
    counted = re.sub(r"\d+ (checks passed|failed|skipped)", r"N \1", text)
    return re.sub(r"^nex .*\n|, nex$", "", counted, flags=re.MULTILINE)


@pytest.fixture
def machine(doctor_argv: tuple[str, ...]) -> Iterator[Machine]:
    """A machine whose home directory has a short path."""
    home = Path("/tmp") / secrets.token_hex(2)
    home.mkdir()
    assert len(str(home)) == len(HOME)
    try:
        yield Machine(home, doctor_argv)
    finally:
        shutil.rmtree(home)


def copy_of_the_checkout(target: Path) -> None:
    """What a clone has, without what was built or installed in this one."""
    unwanted = shutil.ignore_patterns(
        ".git", ".nox", ".venv", ".*_cache", ".hypothesis", "__pycache__", "build", "dist"
    )
    shutil.copytree(CHECKOUT, target, ignore=unwanted)


@pytest.fixture
def newcomer(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who never ran anything here; what pip is told stays."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))}
    proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    python = str(Path(sys.executable).resolve().parent)
    return {**kept, **proxies, "HOME": str(home), "PATH": os.pathsep.join((python, "/usr/bin", "/bin"))}


def run_in_clone(command: str, clone: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command line of the README in a clone."""
    return captured(shlex.split(command), cwd=clone, environment=environment, limit=600)


def test_the_output_shown_is_the_program_s_own(machine: Machine) -> None:
    command, _, expected = CONSOLE[0].partition("\n")
    shown = machine.shown(*shlex.split(command.removeprefix("$ doctor")))
    assert without_what_varies(shown) == without_what_varies(expected)


@pytest.mark.parametrize(
    "command", [each for each in COMMANDS if each.startswith("doctor") and each not in (*LAUNCHING, *CHANGES)]
)
def test_a_documented_command_does_what_it_is_asked(machine: Machine, command: str) -> None:
    completed = machine.run(*shlex.split(command)[1:])
    assert completed.returncode in {0, 1}, completed.stderr
    assert completed.stdout
    assert "Traceback" not in completed.stderr


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux: apt-get install tmux")
def test_launching_looking_and_stopping_work_in_the_order_shown(machine: Machine) -> None:
    programs = machine.home / ".local" / "bin"
    (programs / "tmux").unlink()
    (programs / "tmux").symlink_to(str(shutil.which("tmux")))
    with (programs / "claude").open("a", encoding="utf-8") as claude:
        claude.write("case \"$1\" in --version | auth) ;; *) echo 'Looks fine.' ;; esac\n")
    machine.environment["TMUX_TMPDIR"] = str(machine.home)
    done = {command: machine.run(*shlex.split(command)[1:]) for command in LAUNCHING}
    assert {command: (each.returncode, each.stderr) for command, each in done.items() if each.returncode} == {}
    dry, launched, ps, logs, replay, stop = (each.stdout for each in done.values())
    assert [" headless " in dry, "eve-" in launched, "exited 0" in ps, logs] == [True, True, True, "Looks fine.\n"]
    assert ["claude_code" in replay, stop] == [True, ""]


def test_the_gate_works_in_the_order_shown(machine: Machine) -> None:
    policy = machine.project / ".metawsm" / "policy.json"
    skill = machine.home / ".codex" / "skills" / "diary" / "SKILL.md"
    skill.parent.mkdir(parents=True)
    skill.write_text("---\nname: diary\ndescription: Keeps a diary.\n---\nWrite down what you did.\n", encoding="utf-8")
    policy.write_text(POLICY.replace("hermes", "claude"), encoding="utf-8")
    use_real_git(machine)
    looser = POLICY.replace("hermes", "claude").replace(
        '"version": 2', '"version": 2, "close": {"require_clean_git": false}'
    )
    policy.write_text(looser, encoding="utf-8")
    done = {command: machine.run(*shlex.split(command)[1:]) for command in CHANGES}
    expected = dict.fromkeys(CHANGES, 0) | {"doctor compare HEAD --deny looser": 1}
    assert {command: each.returncode for command, each in done.items()} == expected


def use_real_git(machine: Machine) -> None:
    """Make the project a repository whose first commit has all of it."""
    program = machine.home / ".local" / "bin" / "git"
    program.unlink()
    program.symlink_to(str(shutil.which("git")))
    (machine.project / ".git").rmdir()
    author = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for arguments in (("init", "--quiet"), ("add", "--all"), (*author, "commit", "--quiet", "--message", "First")):
        subprocess.run(["git", *arguments], cwd=machine.project, env=machine.environment, check=True, timeout=60)


def test_every_documented_command_is_executed_here() -> None:
    assert [command for command in COMMANDS if not command.startswith("doctor")] == SET_UP


def test_the_library_example_runs(machine: Machine, doctor_argv: tuple[str, ...]) -> None:
    [example] = [text for language, text in BLOCKS if language == "python"]
    completed = subprocess.run(
        [sys.executable, "-Ic", example],
        cwd=machine.project,
        env=machine.environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "SKL001" in completed.stdout


@pytest.mark.slow
def test_the_first_command_sets_everything_up_and_shows_the_embedded_default(
    tmp_path: Path, newcomer: dict[str, str]
) -> None:
    clone = tmp_path / "clone"
    copy_of_the_checkout(clone)
    completed = run_in_clone(SET_UP[0], clone, newcomer)
    assert completed.returncode == 0, completed.stderr
    assert "embedded default" in completed.stdout
    assert run_in_clone(f"{SET_UP[0]} --version", clone, newcomer).stdout.startswith("harness-doctor ")


@pytest.mark.slow
def test_the_second_command_passes_tests_against_the_built_wheel(tmp_path: Path, newcomer: dict[str, str]) -> None:
    clone = tmp_path / "clone"
    copy_of_the_checkout(clone)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    completed = run_in_clone(f"{SET_UP[1]} -p {python} -- tests/model", clone, newcomer)
    assert completed.returncode == 0, completed.stdout + completed.stderr
    assert re.search(r"^=+ .*\d+ passed.* =+$", completed.stdout, re.MULTILINE)
