"""Both ways to confine a command, with the real kernel; one that this machine lacks is skipped."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from doctor.nex import landlock
from doctor.nex.confinement import Bubblewrap, Confinement, Landlock, Workspace, find_confinement
from doctor.nex.tools import Bash, Outcome


def landlock_here() -> Confinement:
    if landlock.abi() < landlock.LOWEST_ABI:
        pytest.skip(
            f"needs a kernel with Landlock ABI {landlock.LOWEST_ABI} (Linux 6.2); this one has {landlock.abi()}"
        )
    return Landlock()


def bubblewrap_here() -> Confinement:
    program = shutil.which("bwrap")
    if program is None:
        pytest.skip("needs bwrap: apt-get install bubblewrap")
    trial = (program, "--unshare-pid", "--ro-bind", "/", "/", "--proc", "/proc", "--", "/bin/sh", "-c", ":")
    if subprocess.run(trial, check=False, capture_output=True).returncode:
        pytest.skip("needs a kernel that lets bwrap make namespaces (sysctl kernel.unprivileged_userns_clone=1)")
    return Bubblewrap(program)


@pytest.fixture(params=[landlock_here, bubblewrap_here], ids=["landlock", "bubblewrap"])
def confinement(request: pytest.FixtureRequest) -> Confinement:
    found: Confinement = request.param()
    return found


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    space = Workspace(directory=(tmp_path / "around" / "work").resolve(), scratch=(tmp_path / "scratch").resolve())
    space.directory.mkdir(parents=True)
    space.scratch.mkdir()
    (tmp_path / "around" / "kept").write_text("as it was")
    return space


@pytest.fixture
def around(space: Workspace) -> Path:
    return space.directory.parent


def nothing_else() -> None:
    """What this process runs besides is not the test's to end."""


def run(command: str, confinement: Confinement, space: Workspace, **variables: str) -> Outcome:
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(space.scratch), **variables}
    return Bash(space=space, environment=environment, timeout=30.0, end_rest=nothing_else).run(command, confinement)


def test_the_working_and_the_temporary_directory_are_writable(confinement: Confinement, space: Workspace) -> None:
    work = "mkdir -p a/b && echo 1 > a/b/c && mv a/b/c d && ln -s d e && rm -r a && truncate -s 1 d && chmod +x d"
    outcome = run(f'{work} && echo 2 > "$TMPDIR/f" && mv "$TMPDIR/f" . && echo ok > /dev/null', confinement, space)

    assert (outcome.output, outcome.status) == ("", 0)
    assert sorted(path.name for path in space.directory.iterdir()) == ["d", "e", "f"]


ESCAPES = {
    "by an absolute path": "echo x > {around}/new",
    "by going up": "cd ..; touch new",
    "by a path through the directory": "echo x > ./../new",
    "by a symbolic link to a directory": "ln -s .. out; echo x > out/new",
    "by a symbolic link to a file": "ln -s ../kept link; echo x > link",
    "by a hard link": "ln ../kept link && echo x > link",
    "by moving out": "echo x > new; mv new ..",
    "by moving in": "mv ../kept .",
    "by removing": "rm -f ../kept",
    "by truncating": "truncate -s 0 ../kept; : > ../kept",
    "by making a directory": "mkdir ../new",
    "by replacing the directory itself": "cd ..; mv work new",
    "in a session of its own": "setsid sh -c 'touch ../new'",
    "through a descriptor": "exec 3<..; touch /proc/self/fd/3/new",
    "by another program": '{python} -c \'open("../new", "w")\'',
}


@pytest.mark.parametrize("command", ESCAPES.values(), ids=ESCAPES.keys())
def test_nothing_is_changed_elsewhere(confinement: Confinement, space: Workspace, around: Path, command: str) -> None:
    outcome = run(command.format(around=around, python=sys.executable) + "; true", confinement, space)

    assert outcome.status == 0
    assert sorted(path.name for path in around.iterdir()) == ["kept", "work"]
    assert (around / "kept").read_text() == "as it was"
    assert outcome.output != ""


def test_a_link_in_the_working_directory_that_was_there_before_leads_nowhere(
    confinement: Confinement, space: Workspace, around: Path
) -> None:
    (space.directory / "out").symlink_to(around)

    assert run("echo x > out/new", confinement, space).status != 0
    assert not (around / "new").exists()


def test_the_rest_can_be_read(confinement: Confinement, space: Workspace) -> None:
    assert run("cat ../kept; ls ..", confinement, space).output == "as it waskept\nwork\n"


def test_keys_below_the_home_directory_cannot_be_read(
    confinement: Confinement, space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    for name in (".ssh/id", ".docker/config.json", ".docker/other", "notes", "moved/harness-doctor/key"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(f"text of {name}\n")
    (home / "linked").symlink_to(home / ".ssh")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "moved"))
    names = ".ssh/id linked/id .docker/config.json .docker/other notes moved/harness-doctor/key"

    outcome = run(f"cd {home}; cat {names} 2>&-", confinement, space)

    assert outcome.output == "text of .docker/other\ntext of notes\n"


def test_the_environment_of_nex_cannot_be_read(
    confinement: Confinement, space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = run(f"tr '\\0' '\\n' < /proc/{os.getpid()}/environ", confinement, space)

    assert "PATH=" not in outcome.output
    assert outcome.status != 0


def test_root_keeps_no_power_over_the_machine(confinement: Confinement, space: Workspace) -> None:
    output = run("grep -E '^Cap(Prm|Eff|Inh|Amb)' /proc/self/status", confinement, space).output
    held = [int(line.split()[1], 16) for line in output.splitlines()]

    assert len(held) == 4
    assert [each & ~landlock.KEPT_CAPABILITIES for each in held] == [0, 0, 0, 0]


def test_no_process_outside_is_signalled(confinement: Confinement, space: Workspace) -> None:
    if isinstance(confinement, Landlock) and landlock.abi() < landlock.SCOPE_ABI:
        pytest.skip(f"needs a kernel with Landlock ABI {landlock.SCOPE_ABI} (Linux 6.12)")

    assert run(f"kill -0 {os.getpid()}", confinement, space).status == 1


def test_no_server_does_it_through_its_socket(confinement: Confinement, space: Workspace) -> None:
    if os.uname().machine not in landlock.SOCKET_CALLS:
        pytest.skip(f"needs a machine of {', '.join(landlock.SOCKET_CALLS)}")
    code = "import socket; [s.close() for s in socket.socketpair()]; socket.socket().close(); "
    code += "print('others work', flush=True); socket.socket(socket.AF_UNIX)"

    output = run(f'{sys.executable} -c "{code}"', confinement, space).output

    assert output.startswith("others work\n")
    assert "PermissionError" in output


@pytest.mark.parametrize(
    ("version", "kernel"),
    [(0, "this kernel has no Landlock"), (2, "this kernel's Landlock is too old (ABI 2)")],
)
def test_a_machine_without_either_is_told_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int, kernel: str
) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: version)

    assert find_confinement(str(tmp_path)) == (
        None,
        f"{kernel} (Linux 6.2 or later has what is needed) and bwrap is not installed",
    )


def test_bubblewrap_that_may_not_work_here_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'bwrap: no permission to make a namespace' >&2\nexit 1\n")
    program.chmod(0o755)

    assert find_confinement(str(tmp_path)) == (
        None,
        f"this kernel has no Landlock and {program} does not work: bwrap: no permission to make a namespace",
    )


def test_bubblewrap_is_taken_where_landlock_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    bubblewrap_here()
    monkeypatch.setattr(landlock, "abi", lambda: 0)

    assert isinstance(find_confinement()[0], Bubblewrap)


def test_a_command_does_not_start_where_it_cannot_be_confined(space: Workspace) -> None:
    class Broken(Landlock):
        def argv(self, command: object, space: Workspace) -> tuple[str, ...]:
            *_, program = super().argv(("/bin/sh",), space)
            order = '{"write": [], "devices": [], "hidden": [], "parent": 1}'
            return (sys.executable, "-I", "-S", landlock.__file__, order, program, "-c", "touch started")

    outcome = run("touch started", Broken(), space)

    assert outcome.status == landlock.CANNOT_START
    assert outcome.output.startswith("nex: the command was not started: ")
    assert not (space.directory / "started").exists()


def test_the_largest_trees_without_what_is_hidden_are_named(tmp_path: Path) -> None:
    for name in ("a/b/secret/x", "a/b/open/y", "a/z", "c/d"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "a" / "link").symlink_to("b")

    found = set(landlock.readable(str(tmp_path), frozenset({str(tmp_path / "a/b/secret")})))

    assert found == {str(tmp_path / name) for name in ("a/b/open", "a/z", "c")}
