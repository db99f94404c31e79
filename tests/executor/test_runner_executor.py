"""What others on a machine have to do with a runner's processes."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from doctor.executor.base import MARK, Place
from doctor.executor.runner_executor import RunnerExecutor
from doctor.model.process import OutcomeKind
from doctor.os_processes import is_alive, start_time

NAP = "import time; print('on', flush=True); time.sleep(60)"


class Processes:
    """A ``.metawsm`` in which a runner keeps one process; this test's own process is the runner."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.executor = RunnerExecutor(Place(directory=directory))
        self.running: list[subprocess.Popen[bytes]] = []

    def record(self, name: str, *, supervisor: list[object] | None = None, agent: bool = True) -> Path:
        path = self.directory / "processes" / name
        path.mkdir(parents=True)
        own = [os.getpid(), start_time(os.getpid())]
        pid: list[object] | None = None
        if agent:
            environment = {**os.environ, MARK: name}
            started = subprocess.Popen(
                [sys.executable, "-c", NAP], env=environment, stdout=subprocess.PIPE, start_new_session=True
            )
            assert started.stdout is not None
            started.stdout.readline()
            self.running.append(started)
            pid = [started.pid, start_time(started.pid)]
        request = {"executor": "runner", "run_id": "run_1", "session": "ses_1", "launcher": own, "submitted_at": 1.0}
        (path / "request.json").write_text(json.dumps(request))
        (path / "live.json").write_text(json.dumps({"supervisor": supervisor or own, "agent": pid}))
        return path


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    made = Processes(tmp_path)
    yield made
    for each in made.running:
        each.kill()
        each.communicate()


def test_it_shows_those_of_runners_only(processes: Processes) -> None:
    processes.record("a")
    other = processes.record("b", agent=False) / "request.json"
    other.write_text(json.dumps({"executor": "process"}))
    [seen] = processes.executor.poll()
    assert (seen.process_id, seen.executor, seen.run_id, seen.agent_alive) == ("a", "runner", "run_1", True)


def test_ending_one_ends_its_executor_and_never_the_runner(processes: Processes) -> None:
    path = processes.record("a")
    [running] = processes.running
    began = start_time(running.pid) or ""

    def runner() -> None:
        running.wait()
        (path / "exit.json").write_text(json.dumps({"kind": "killed", "signal": "SIGTERM", "cancelled": True}))

    thread = threading.Thread(target=runner)
    thread.start()
    [seen] = processes.executor.cancel(["a"], patience=5)
    thread.join()
    assert (seen.ended, seen.cancelled, seen.kind) == (True, True, OutcomeKind.KILLED)
    assert not is_alive(running.pid, began)
    assert (path / "cancel").read_text() == "5\n"


@pytest.mark.parametrize("agent", [True, False])
def test_where_the_runner_is_gone_the_end_is_recorded_here(agent: bool, processes: Processes) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        began = start_time(gone.pid)
    processes.record("a", supervisor=[gone.pid, began or "1"], agent=agent)
    [seen] = processes.executor.cancel(["a"], patience=1)
    assert (seen.ended, seen.cancelled) == (True, True)


def test_nothing_is_started_through_it(processes: Processes) -> None:
    offer = processes.executor.offers()
    assert (offer.modes, offer.problem) == ((), "its processes are started by a runner, for a coordinator")


def test_the_next_runner_is_left_what_a_dead_one_had(processes: Processes) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        began = start_time(gone.pid)
    path = processes.record("a", supervisor=[gone.pid, began or "1"], agent=False)
    processes.executor.adopt()
    assert not (path / "exit.json").exists()
