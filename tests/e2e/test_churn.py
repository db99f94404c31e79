"""Many agents, started and stopped again and again, leave nothing behind."""

import os
from pathlib import Path

import pytest

from tests.e2e.bench import Bench

pytestmark = pytest.mark.crash

ROUNDS = int(os.environ.get("DOCTOR_TEST_ROUNDS", "2"))
AGENTS = 20


def zombies(parent: int) -> list[int]:
    """Children of a process that ended and were never collected."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, own = path.read_text(encoding="utf-8").rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state == "Z" and int(own) == parent:
            found.append(int(path.parent.name))
    return found


def open_files_of(pid: int) -> int:
    """How many files a process holds open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def test_twenty_agents_started_and_stopped_again_and_again_leave_nothing(bench: Bench) -> None:
    bench.log_in()
    bench.install("codex")
    bench.policy([{"name": f"a{number}", "runner": "codex", "env": {"STAND_IN": "wait"}} for number in range(AGENTS)])
    bench.tmux("new-session", "-d", "-s", "bystander", "sleep 600")
    server = bench.server_pid()
    open_files = open_files_of(server)
    bystanders = set(bench.processes())
    for _ in range(ROUNDS):
        processes = bench.ask("launch")["processes"]
        assert {each["state"] for each in processes} == {"running"}
        assert len(bench.sessions()) == AGENTS + 1

        stopped = bench.ask("stop", "--all")["processes"]

        assert [each["state"] for each in stopped] == ["cancelled"] * AGENTS
        assert (bench.sessions(), bench.agents()) == (["bystander"], {})
        bench.until(lambda: set(bench.processes()) == bystanders, "every process to be gone")
        bench.until(lambda: zombies(server) == [], "every child to be collected")
    bench.until(lambda: open_files_of(server) <= open_files, "every file of the server to be closed")
    leases = list((bench.metawsm / "processes").iterdir())
    assert [path.name for path in leases if path.name.startswith(".")] == []
    assert [path for lease in leases for path in lease.iterdir() if path.is_fifo()] == []
    assert len({each["process_id"] for each in bench.ps("--all")}) == AGENTS * ROUNDS
