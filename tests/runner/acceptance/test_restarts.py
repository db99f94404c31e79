"""Runners that come and go while there is work: every run ends once, and none is left behind."""

import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.coordinator.client import ENDS
from tests.coordinator.server import Coordinator
from tests.runner.acceptance.machine import Machine, Runner, prompt

pytestmark = pytest.mark.crash

RESTARTS = int(os.environ.get("DOCTOR_TEST_RESTARTS", "20"))
SEED = int(os.environ.get("DOCTOR_TEST_SEED", "1"))
PAUSE = 0.1
"""Seconds between two runs."""

PATIENCE = 120.0
PROMPTS = (
    "nothing",
    prompt(("sleep", 0.2)),
    prompt(("exit", 1)),
    prompt(("flood", 2, 200_000)),
    prompt(("fork", "polite")),
)


@contextmanager
def load(coordinator: Coordinator, chance: random.Random) -> Iterator[list[str]]:
    """Create runs all the time; the list of their ids grows."""
    created: list[str] = []
    enough = threading.Event()

    def create() -> None:
        while not enough.wait(PAUSE):
            created.append(coordinator.create(chance.choice(PROMPTS))["run_id"])

    thread = threading.Thread(target=create)
    thread.start()
    try:
        yield created
    finally:
        enough.set()
        thread.join()


def let_go(runner: Runner, chance: random.Random, signals: list[signal.Signals]) -> None:
    """Have a runner leave, in one of some ways."""
    number = chance.choice(signals)
    if number is signal.SIGINT:  # which the interpreter answers with a traceback of its own while it starts
        Machine.until(lambda: "registered" in runner.said, "it to be registered")
    runner.send(number)
    if number is signal.SIGTERM and chance.random() < 0.3:
        runner.send(number)
    code = runner.wait()
    # Before its handlers are there, a signal ends it as it ends any program.
    assert code in {0, -number}, runner.said
    assert "Traceback" not in runner.said, runner.said


@pytest.mark.parametrize(
    "signals", [[signal.SIGTERM], [signal.SIGTERM, signal.SIGINT, signal.SIGKILL]], ids=["asked", "killed"]
)
def test_every_run_ends_once_however_often_the_runner_does(
    machine: Machine, coordinator: Coordinator, signals: list[signal.Signals]
) -> None:
    chance = random.Random(SEED)
    with load(coordinator, chance) as created:
        for _ in range(RESTARTS):
            runner = machine.start(coordinator, "--max-concurrency", "4")
            threading.Event().wait(chance.uniform(0.0, 1.0))
            let_go(runner, chance, signals)
    last = machine.ready(coordinator)
    coordinator.until_ended(*created, seconds=PATIENCE)
    assert last.stop() == 0
    wrong = {}
    told = coordinator.all_reports()
    for run_id in created:
        reports = told.get(run_id, [])
        if [each for each in reports if each in ENDS] != reports[-1:] or reports.count("started") > 1:
            wrong[run_id] = (reports, coordinator.run(run_id))
    assert wrong == {}, f"seed {SEED}"
    assert {run["status"] for run in coordinator.runs()} <= {"completed", "failed"}
    assert (machine.processes(), coordinator.runners(), coordinator.marks()) == ([], [], [])
