"""Looking from inside of a pane."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from doctor.executor import in_pane
from doctor.executor.base import Place
from doctor.executor.in_pane import told
from doctor.executor.tmux import NoServer, Tmux
from doctor.executor.tmux_executor import TmuxExecutor
from doctor.executor.tmux_probe import probe
from doctor.identity import program_identity
from doctor.os_processes import mark_of, process_ids

SECRET = "planted-secret-4711"


@pytest.fixture
def root() -> Iterator[Path]:
    """A short directory for a socket and for what a test makes."""
    path = Path(tempfile.mkdtemp(prefix="doctor-p-", dir="/tmp"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def environment(root: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """The doctor's own, with a secret and a proxy that has a password."""
    monkeypatch.setattr(tempfile, "tempdir", str(root))
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "TMUX_TMPDIR": str(root),
        "LANG": "C.UTF-8",
        "API_KEY": SECRET,
        "https_proxy": f"http://user:{SECRET}@proxy.example",
    }


@pytest.fixture
def tmux(environment: Mapping[str, str]) -> Iterator[Tmux]:
    made = Tmux("test", environment)
    yield made
    try:
        made.run(("kill-server",))
    except NoServer:
        return


def test_only_the_values_that_are_compared_are_told_and_none_with_a_user_in_it() -> None:
    proxy = f"http://user:{SECRET}@proxy.example"
    seen = told({"PATH": "/bin", "API_KEY": SECRET, "https_proxy": proxy, "NO_PROXY": "localhost"})
    assert {**seen, "https_proxy": seen["https_proxy"][:7]} == {
        "PATH": "/bin",
        "API_KEY": "",
        "https_proxy": "sha256:",
        "NO_PROXY": "localhost",
    }
    assert told({"https_proxy": proxy}) != told({"https_proxy": proxy.replace("4711", "4712")})


def test_a_pane_has_what_tmux_was_given_and_no_secret(tmux: Tmux, environment: Mapping[str, str], root: Path) -> None:
    seen = TmuxExecutor(Place(directory=root, socket="test", environment=environment)).probe(programs=(), cwd="/")
    assert (seen.reachable, seen.problem, seen.programs, seen.cwd_problem) == (True, None, {}, None)
    for place in (seen.environment or {}, seen.beside or {}):
        known = {name: place.get(name) for name in ("HOME", "PATH", "LANG", "API_KEY", "https_proxy")}
        assert known == {
            "HOME": str(root),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "API_KEY": None,
            "https_proxy": None,
        }
    assert SECRET not in repr(seen)


def test_nothing_is_left_of_a_look(tmux: Tmux, root: Path) -> None:
    tmux.run(("new-session", "-d", "-s", "anchor", "sleep", "600"))
    before = {path.name for path in root.iterdir()}
    assert probe(tmux, programs=(), cwd="/").reachable
    assert not probe(tmux, programs=(), cwd="/", python="/nowhere/python").reachable
    assert list(tmux.sessions()) == ["anchor"]
    assert {path.name for path in root.iterdir()} == before
    assert [pid for pid in process_ids() if "doctor-pane-" in str(mark_of(pid, "TMUX"))] == []


def test_what_a_pane_of_a_server_of_somebody_else_has_is_told(tmux: Tmux, root: Path) -> None:
    other = {**tmux.environment, "HOME": "/elsewhere", "PATH": f"/elsewhere:{os.environ['PATH']}"}
    Tmux("test", other).run(
        ("new-session", "-d", "-s", "anchor", "sleep", "600"), ("set-environment", "-g", "NO_PROXY", "x")
    )
    seen = probe(tmux, programs=(), cwd="/")
    assert seen.environment is not None
    assert seen.beside is not None
    assert [seen.environment["HOME"], seen.environment["NO_PROXY"]] == ["/elsewhere", "x"]
    assert seen.beside["PATH"] == other["PATH"]


def test_programs_and_the_directory_are_tried_inside(tmux: Tmux, root: Path) -> None:
    plain = root / "plain"
    plain.write_text("")
    seen = probe(tmux, programs=("/bin/sh", str(root / "none"), str(plain)), cwd=str(root / "no directory"))
    assert seen.programs == {
        "/bin/sh": None,
        str(root / "none"): "no such file or directory",
        str(plain): "it may not be executed",
    }
    assert seen.cwd_problem == "no such file or directory"


def test_another_program_inside_is_told(tmux: Tmux, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "doctor.executor.tmux_probe.program_identity", lambda path: {**program_identity(path), "mtime_ns": 1}
    )
    seen = probe(tmux, programs=("/bin/sh",), cwd="/")
    assert str(seen.programs["/bin/sh"]).startswith(f"it is another program there: {os.path.realpath('/bin/sh')}")


def test_an_interpreter_that_is_not_there_is_told_in_the_shell_s_own_words(tmux: Tmux) -> None:
    seen = probe(tmux, programs=(), cwd="/", python="/nowhere/python")
    assert seen.reachable is False
    assert "/nowhere/python could not be run there as agents need it" in (seen.problem or "")
    assert "not found" in (seen.problem or "")


def test_that_an_interpreter_ended_that_said_nothing_is_told(tmux: Tmux, root: Path) -> None:
    killed = root / "killed"
    killed.write_text("#!/bin/sh\nkill -KILL $$\n")
    killed.chmod(0o755)
    seen = probe(tmux, programs=(), cwd="/", python=str(killed))
    assert seen.problem == f"{killed} could not be run there as agents need it: it ended without a word"


def test_a_process_that_never_answers_is_given_up_at_the_limit(tmux: Tmux, root: Path) -> None:
    mute = root / "mute"
    mute.write_text("#!/bin/sh\ncat <&3 >/dev/null\nexec sleep 600\n")
    mute.chmod(0o755)
    seen = probe(tmux, programs=(), cwd="/", python=str(mute), limit=0.5)
    assert seen.problem == f"{mute} was started there and gave no answer within 0.5 s"
    assert tmux.sessions() == {}


def test_that_there_is_no_tmux_is_an_answer(root: Path) -> None:
    seen = probe(Tmux("test", {"PATH": str(root)}), programs=(), cwd="/")
    assert (seen.reachable, seen.problem) == (False, "tmux was not found on PATH")


@pytest.mark.parametrize("name", ["a b;", "#{pid}", "#(touch gotcha)", "new\nline", "ünï"])
def test_a_hostile_directory_is_only_a_directory(name: str, tmux: Tmux, root: Path) -> None:
    directory = root / name
    directory.mkdir()
    program = directory / "agent"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    seen = probe(tmux, programs=(str(program),), cwd=str(directory))
    assert (seen.reachable, seen.programs, seen.cwd_problem) == (True, {str(program): None}, None)
    assert list(root.rglob("gotcha")) == []


def test_the_process_inside_imports_next_to_nothing() -> None:
    code = "import sys; sys.path.append(sys.argv[1]); import doctor.executor.in_pane; print(*sys.modules)"
    packages = str(Path(in_pane.__file__).parents[2])
    argv = [sys.executable, "-I", "-S", "-c", code, packages]
    listed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()
    assert {"json", "doctor.identity"} <= set(listed)
    assert not {"dataclasses", "pathlib", "subprocess", "doctor.executor.base"} & set(listed)
