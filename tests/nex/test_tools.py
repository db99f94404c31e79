import os
import time
from pathlib import Path

import pytest

from doctor.nex.confinement import Unconfined, Workspace
from doctor.nex.output import HEAD_BYTES, TAIL_BYTES
from doctor.nex.tools import Bash, Outcome, command_environment


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    (tmp_path / "work").mkdir()
    return Workspace(directory=tmp_path / "work", scratch=tmp_path)


def nothing_else() -> None:
    """What this process runs besides is not the test's to end."""


def run(command: str, space: Workspace, *, timeout: float = 30.0) -> Outcome:
    return Bash(space=space, environment={"PATH": os.environ["PATH"]}, timeout=timeout, end_rest=nothing_else).run(
        command, Unconfined()
    )


@pytest.mark.parametrize(
    ("command", "output", "status"),
    [
        ("echo out; echo err >&2", "out\nerr\n", 0),
        ("exit 7", "", 7),
        ("kill -KILL $$", "", 137),
        ("cat; echo read", "read\n", 0),
        ("[[ a == a ]] && pwd -P", "{work}\n", 0),
        ("printf 'a\\377b'", "a\ufffdb", 0),
        ("test -t 0 || test -t 1 || echo no terminal; : < /dev/tty", "no terminal\n{bash}", 1),
    ],
)
def test_a_command_gives_its_output_and_how_it_ended(command: str, output: str, status: int, space: Workspace) -> None:
    outcome = run(command, space)
    expected, _, complaint = output.replace("{work}", str(space.directory)).partition("{bash}")

    assert outcome.output.startswith(expected)
    assert outcome.status == status
    assert complaint or "{bash}" in output or outcome.output == expected


def test_a_command_that_takes_too_long_is_ended_with_all_it_started(space: Workspace) -> None:
    outcome = run("echo before; sleep 1000 & echo $! > child; wait", space, timeout=0.5)

    assert (outcome.output, outcome.status, outcome.words) == ("before\n", None, "ended after 0.5 s")
    assert ended(int((space.directory / "child").read_text()))


def test_long_output_is_cut_in_the_middle(space: Workspace) -> None:
    output = run("head -c 5000000 /dev/zero | tr '\\0' x; echo; echo last", space).output

    assert output.startswith("x" * HEAD_BYTES + "\n[... ")
    assert output.endswith("x\nlast\n")
    assert len(output) < HEAD_BYTES + TAIL_BYTES + 100


def test_the_model_reads_output_and_end() -> None:
    assert Outcome(output="a", status=1, seconds=5.0).for_model() == "a\n[exit status 1]"
    assert Outcome(output="", status=None, seconds=5.0).for_model() == "[ended after 5 s]"


def test_a_command_gets_no_key_under_any_name(space: Workspace) -> None:
    environment = {"OPENAI_API_KEY": "sk-a", "MINE": "sk-b", "COPY": "Bearer sk-b", "OTHER": "1"}

    assert command_environment(environment, space, "sk-b", "MINE") == {
        "OTHER": "1",
        "PWD": str(space.directory),
        "TMPDIR": str(space.scratch),
        "TMP": str(space.scratch),
        "TEMP": str(space.scratch),
    }


def ended(pid: int) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        os.sched_yield()
    return False
