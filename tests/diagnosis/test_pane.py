"""Comparing an agent's terminal with here."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from doctor.diagnosis.pane import differences
from doctor.executor.in_pane import told
from doctor.executor.tmux import Tmux, TmuxError
from doctor.model.pane import VariableFact

PROXY = "http://user:planted-secret-4711@proxy.example"
RunDoctor = Callable[..., subprocess.CompletedProcess[str]]


def test_what_is_the_same_everywhere_is_no_difference() -> None:
    here = {"PATH": "/bin", "HOME": "/h", "LANG": "C", "SHELL": "/bin/sh", "https_proxy": PROXY, "API_KEY": "x"}
    assert list(differences(here, pane=told(here), server=told(here))) == []


def test_each_variable_is_told_once_and_the_pane_counts_before_the_server() -> None:
    here = {"PATH": "/bin", "HOME": "/h", "LANG": "C"}
    found = differences(
        here,
        pane={"PATH": "/bin", "HOME": "/other", "LANG": "C"},
        server={"PATH": "/old", "HOME": "/other", "LANG": "POSIX"},
    )
    assert list(found) == [
        VariableFact("PATH", "server", "/bin", "/old"),
        VariableFact("HOME", "pane", "/h", "/other"),
        VariableFact("LANG", "server", "C", "POSIX"),
    ]


def test_what_tmux_fills_in_where_nothing_is_set_here_is_no_difference() -> None:
    same = {"PATH": "/bin", "HOME": "/h"}
    filled = {**same, "SHELL": "/bin/sh", "LANG": "C", "TERM": "screen", "TMUX": ""}
    assert list(differences(same, pane=filled, server=filled)) == []


def test_a_proxy_with_a_password_is_compared_and_never_shown() -> None:
    other = told({"https_proxy": PROXY.replace("4711", "4712")})
    found = list(differences({"https_proxy": PROXY}, pane=other, server={}))
    assert found == [VariableFact("https_proxy", "pane", "[hidden]", "[hidden]")]


@pytest.fixture
def sockets(private_environment: dict[str, str]) -> Iterator[Path]:
    """A short directory for the sockets of the private machine."""
    directory = Path(tempfile.mkdtemp(prefix="doctor-d-", dir="/tmp"))
    private_environment["TMUX_TMPDIR"] = str(directory)
    yield directory
    shutil.rmtree(directory)


def launch_checks(completed: subprocess.CompletedProcess[str]) -> tuple[dict[str, str], list[dict[str, str]]]:
    """How the checks of the family ended, and what they found."""
    report = json.loads(completed.stdout)
    return (
        {each["code"]: each["status"] for each in report["checks"]},
        [each for each in report["findings"] if each["code"].startswith("LCH")],
    )


def test_nothing_is_looked_at_from_inside_unless_it_is_asked_for(run_doctor: RunDoctor, sockets: Path) -> None:
    completed = run_doctor("check", "--format", "json", "--select", "LCH")
    statuses, findings = launch_checks(completed)
    assert {statuses[code] for code in ("LCH001", "LCH002", "LCH003")} == {"skipped"}
    assert findings == []
    assert list(sockets.iterdir()) == []
    assert "--in-pane" in completed.stdout


def test_a_machine_in_order_passes_from_inside_and_nothing_is_left(
    run_doctor: RunDoctor, sockets: Path, private_environment: dict[str, str]
) -> None:
    completed = run_doctor("check", "--format", "json", "--select", "LCH", "--in-pane")
    statuses, findings = launch_checks(completed)
    assert findings == []
    assert {statuses[code] for code in ("LCH001", "LCH002", "LCH003")} == {"passed"}
    assert Tmux("harness-doctor", private_environment).sessions() == {}


def test_an_old_server_of_another_home_is_told_from_inside(
    run_doctor: RunDoctor, sockets: Path, private_environment: dict[str, str]
) -> None:
    other = Tmux("harness-doctor", {**private_environment, "HOME": "/elsewhere", "PATH": os.environ["PATH"]})
    other.run(("new-session", "-d", "-s", "anchor", "sleep", "600"))
    private_environment["https_proxy"] = PROXY
    try:
        completed = run_doctor("check", "--format", "json", "--select", "LCH", "--in-pane")
        assert list(other.sessions()) == ["anchor"]
    finally:
        other.run(("kill-server",))
    _, findings = launch_checks(completed)
    assert sorted((each["code"], each["severity"], each["subject"]) for each in findings) == [
        ("LCH002", "warning", "proxies"),
        ("LCH002", "warning", "variable HOME"),
        ("LCH002", "warning", "variable PATH"),
    ]
    assert "planted-secret-4711" not in completed.stdout + completed.stderr


def test_a_terminal_that_cannot_be_had_is_an_error(
    run_doctor: RunDoctor, sockets: Path, private_environment: dict[str, str], install_program: Callable[..., Path]
) -> None:
    install_program("tmux", 'case $* in *-V*) echo tmux 3.4 ;; *) echo "cannot fork" >&2; exit 1 ;; esac')
    completed = run_doctor("check", "--format", "json", "--select", "LCH", "--in-pane")
    statuses, findings = launch_checks(completed)
    assert (completed.returncode, statuses["LCH001"], statuses["LCH002"]) == (1, "failed", "skipped")
    assert ["cannot fork" in each["message"] for each in findings] == [True]
    with pytest.raises(TmuxError):
        Tmux("harness-doctor", private_environment).sessions()
