import pwd
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.harness.base import HarnessContext
from doctor.harness.codex import Codex
from doctor.harness.discovery import executable_problem, locate_harness, locate_tool, search_path
from doctor.harness.shell import Shell
from doctor.model.harness import Candidate

MakeProgram = Callable[..., str]
MakeContext = Callable[..., HarnessContext]


def test_a_variable_wins_over_the_machine_and_over_path(
    program: MakeProgram, machine: MakeContext, tmp_path: Path
) -> None:
    program("codex", "")
    own, setting = (program("codex", "", folder=tmp_path / name) for name in ("own", "setting"))

    fact = locate_harness(Codex(), machine(DOCTOR_CODEX_PATH=own), setting)

    assert (fact.path, fact.path_source) == (own, "env:DOCTOR_CODEX_PATH")


def test_the_machine_wins_over_path(program: MakeProgram, machine: MakeContext, tmp_path: Path) -> None:
    program("codex", "")
    setting = program("codex", "", folder=tmp_path / "setting")

    fact = locate_harness(Codex(), machine(), setting)

    assert (fact.path, fact.path_source) == (setting, "machine.toml")


def test_every_stale_source_is_told_and_the_next_one_used(
    program: MakeProgram, machine: MakeContext, tmp_path: Path
) -> None:
    path = program("codex", "")

    fact = locate_harness(Codex(), machine(DOCTOR_CODEX_PATH="/nope/codex"), str(tmp_path))

    assert fact.path == path
    assert fact.candidates == (
        Candidate(source="env:DOCTOR_CODEX_PATH", path="/nope/codex", problem="does not exist"),
        Candidate(source="machine.toml", path=str(tmp_path), problem="is a directory"),
        Candidate(source="PATH", path=path),
    )


def test_nothing_anywhere_is_an_absent_program(machine: MakeContext) -> None:
    fact = locate_harness(Codex(), machine(DOCTOR_CODEX_PATH="  "), None)

    assert not fact.found
    assert fact.candidates == (Candidate(source="PATH", path="codex", problem="is not on PATH"),)


def test_a_program_on_path_that_cannot_be_run_is_named(program: MakeProgram, machine: MakeContext) -> None:
    path = program("codex", "", mode=0o644)

    assert locate_harness(Codex(), machine(), None).candidates == (
        Candidate(source="PATH", path=path, problem="is not executable"),
    )


def test_what_cannot_be_run_on_path_does_not_hide_what_can(
    program: MakeProgram, machine: MakeContext, tmp_path: Path
) -> None:
    program("codex", "", mode=0o644)
    usable = program("codex", "", folder=tmp_path / "second")
    context = machine(PATH=f"{tmp_path / 'bin'}:{tmp_path / 'second'}/")

    assert locate_harness(Codex(), context, None).path == usable


def test_a_link_is_shown_as_it_would_be_spawned(program: MakeProgram, machine: MakeContext, tmp_path: Path) -> None:
    real = program("codex.js", "", folder=tmp_path / "lib")
    (tmp_path / "bin" / "codex").symlink_to(real)

    assert locate_harness(Codex(), machine(), None).path == str(tmp_path / "bin" / "codex")


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("bin/codex", "is a relative path; give an absolute one"),
        ("./codex", "is a relative path; give an absolute one"),
        ("codex-nightly", "is not on PATH"),
        ("~/missing", "does not exist"),
        ("~", "is not on PATH"),
        ("/etc/\0", "has a NUL character in it"),
        ("/dev/null", "is no regular file"),
    ],
)
def test_a_source_that_names_nothing_usable_says_why(machine: MakeContext, said: str, problem: str) -> None:
    (candidate, _) = locate_harness(Codex(), machine(DOCTOR_CODEX_PATH=said), None).candidates

    assert candidate.problem == problem


def test_a_bare_name_is_looked_up_on_path(program: MakeProgram, machine: MakeContext) -> None:
    nightly = program("codex-nightly", "")

    assert locate_harness(Codex(), machine(), "codex-nightly").path == nightly


def test_a_tilde_is_the_home_of_the_context(program: MakeProgram, machine: MakeContext, tmp_path: Path) -> None:
    path = program("codex", "", folder=tmp_path / "home" / "tools")

    assert locate_harness(Codex(), machine(), "~/tools/codex").path == path


def test_a_broken_link_is_told_from_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "gone")

    assert executable_problem(str(tmp_path / "link")) == "is a broken symbolic link"
    assert executable_problem(str(tmp_path / "gone")) == "does not exist"


def test_relative_directories_in_path_are_passed_over(
    program: MakeProgram, machine: MakeContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program("codex", "")
    monkeypatch.chdir(tmp_path / "bin")

    assert search_path("codex", machine(PATH=".::bin:/nowhere")) is None


def test_a_tool_has_a_variable_of_its_own(program: MakeProgram, machine: MakeContext, tmp_path: Path) -> None:
    program("tmux", "")
    own = program("tmux", "", folder=tmp_path / "own")

    assert locate_tool("tmux", machine(DOCTOR_TMUX_PATH=own)).path == own
    assert locate_tool("no-such-tool", machine()).path is None


def test_the_shell_is_the_users_own(program: MakeProgram, machine: MakeContext) -> None:
    fish = program("fish", "")

    fact = locate_harness(Shell(), machine(SHELL=fish), None)

    assert (fact.path, fact.path_source) == (fish, "env:SHELL")


@pytest.mark.parametrize("shell", ["/nowhere/zsh", "zsh", ""])
def test_a_shell_that_is_not_there_gives_way_to_the_login_shell(
    program: MakeProgram, machine: MakeContext, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    fish = program("fish", "")
    monkeypatch.setattr("doctor.harness.shell.login_shell", lambda: fish)

    fact = locate_harness(Shell(), machine(SHELL=shell), None)

    assert (fact.path, fact.path_source) == (fish, "login")


@pytest.mark.parametrize("shell", ["/usr/sbin/nologin", "/bin/false", "", "/nowhere/zsh"])
def test_a_login_shell_that_runs_nothing_gives_way_to_bash(
    machine: MakeContext, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    entry = pwd.struct_passwd(("me", "x", 1, 1, "", "/home/me", shell))
    monkeypatch.setattr(pwd, "getpwuid", lambda _: entry)

    fact = locate_harness(Shell(), machine(SHELL=""), None)

    assert (fact.path, fact.path_source) in {("/bin/bash", "default"), ("/bin/sh", "default")}


def test_a_setting_wins_over_what_is_built_in(program: MakeProgram, machine: MakeContext) -> None:
    fish = program("fish", "")

    assert locate_harness(Shell(), machine(), fish).path_source == "machine.toml"
