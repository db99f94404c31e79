"""The whole program, as a shell starts it."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest

PYTHON = (sys.executable, "-m", "doctor")


def start(*argv: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PYTHON, *argv], capture_output=True, text=True, check=False, timeout=60, **settings)


def test_it_works_as_a_module(project: Path) -> None:
    done = start("--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["policy"] == {"path": None, "sha256": None, "embedded_default": True}


def test_piped_it_is_plain_text(project: Path) -> None:
    assert start().stdout.startswith("policy   embedded default (no policy file found)\nagent    ok  agent  execute")


@pytest.mark.parametrize(
    "environment", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"COLUMNS": "20"}, {"TERM": "dumb"}, {"LANG": "x"}]
)
def test_a_strange_environment_is_no_crash(project: Path, environment: dict[str, str]) -> None:
    done = start(env={**os.environ, **environment})
    assert (done.returncode, done.stderr) == (0, "")


def test_an_ascii_stdout_gets_ascii_symbols(project: Path) -> None:
    assert start("--color", "always", env={**os.environ, "PYTHONIOENCODING": "ascii"}).stdout.isascii()


@pytest.mark.parametrize(("closed", "expected"), [((0,), 0), ((1,), 2), ((2,), 0), ((0, 1, 2), 2)])
def test_closed_standard_streams_are_no_crash(project: Path, closed: Sequence[int], expected: int) -> None:
    command = f"exec {sys.executable} -m doctor " + " ".join(f"{descriptor}>&-" for descriptor in closed)
    done = subprocess.run(["/bin/sh", "-c", command], check=False, capture_output=True, timeout=60)
    assert (done.returncode, b"Traceback" in done.stderr) == (expected, False)


@pytest.mark.parametrize("argv", [(), ("--version",)])
def test_a_reader_that_goes_away_is_no_error(project: Path, argv: Sequence[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as nobody:  # noqa: PTH123 - a descriptor
        done = subprocess.run([*PYTHON, *argv], check=False, stdout=nobody, stderr=subprocess.PIPE, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_version_that_cannot_be_written_is_exit_2(project: Path) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = subprocess.run([*PYTHON, "--version"], check=False, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith(b"doctor: the report cannot be written to stdout: [Errno 28]")


def test_the_version_imports_next_to_nothing(project: Path) -> None:
    loaded = "sorted(name for name in sys.modules if name.startswith('doctor'))"
    code = f"import sys, doctor.cli; doctor.cli.main(['--version']); print({loaded})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[1] == "['doctor', 'doctor.__about__', 'doctor.cli']"


def test_argparse_loads_neither_rich_nor_yaml_nor_argcomplete_for_json(project: Path) -> None:
    code = "import sys, doctor.cli; doctor.cli.main(['--format', 'json']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert not {"rich", "yaml", "argcomplete", "shellingham", "platformdirs", "tempfile"} & set(done.stderr.split())


def in_terminal(*argv: str, **variables: str) -> str:
    """What the program prints to a terminal of 80 columns."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", **variables}
    with subprocess.Popen(
        [*PYTHON, *argv], stdin=follower, stdout=follower, stderr=follower, env=environment
    ) as process:
        os.close(follower)
        printed = b""
        try:
            while chunk := os.read(leader, 65536):
                printed += chunk
        except OSError:
            pass  # Linux says so when the last writer of a terminal is gone
        finally:
            os.close(leader)
        process.wait(timeout=60)
    return printed.decode()


def test_a_terminal_gets_the_table_in_colour(project: Path) -> None:
    text = in_terminal()
    assert "\x1b[1mAgents\x1b[0m" in text
    assert "absent: codex" in text


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_no_colour_gets_the_table_without(project: Path, variables: dict[str, str]) -> None:
    text = in_terminal(**variables)
    assert "\nAgents\r\n" in text
    assert "\x1b" not in text


def test_the_table_of_an_empty_project_fits_80_columns(project: Path) -> None:
    assert [line for line in in_terminal(NO_COLOR="1").splitlines() if len(line) > 80] == []


def test_force_color_brings_the_table_to_a_pipe(project: Path) -> None:
    assert "\x1b[1mAgents\x1b[0m" in start(env={**os.environ, "FORCE_COLOR": "1"}).stdout


def is_running(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition: Callable[[], bool]) -> bool:
    """Whether the condition comes to hold within a minute."""
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        Event().wait(0.01)
    return condition()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_leaves_neither_traceback_nor_process(project: Path, number: signal.Signals, expected: int) -> None:
    slow = project.parent / "bin" / "codex"
    started = project / "started"
    first = f"echo $$ > {started}.part\n/bin/mv {started}.part {started}\nexec /bin/sleep 60"
    slow.write_text(f"#!/bin/sh\n[ -e {started} ] && exit 1\n{first}\n")
    slow.chmod(0o755)
    with subprocess.Popen([*PYTHON, "--format", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert wait_for(lambda: started.exists() or process.poll() is not None)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    interrupted = number is signal.SIGINT
    assert (process.returncode, err) == (expected, b"doctor: interrupted\n" if interrupted else b"")
    assert [each["code"] for each in json.loads(out)["findings"]] == ["DOC003"] if interrupted else out == b""
    assert wait_for(lambda: not is_running(int(started.read_text())))
