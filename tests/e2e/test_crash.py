"""Whatever the doctor is doing when it is killed, the next one sees what is there and can end it.

``nox -s crash`` kills it at many more points. ``DOCTOR_TEST_CRASHES`` says at how many, ``DOCTOR_TEST_SEED`` where.
"""

import os
import random
import signal
import subprocess
import time

import pytest

from tests.e2e.bench import Bench

pytestmark = pytest.mark.crash

CYCLES = 5
"""Cycles of a start and a stop that one test goes through; each of the two is killed once."""

BLOCKS = max(1, int(os.environ.get("DOCTOR_TEST_CRASHES", "10")) // (2 * CYCLES))
SEED = int(os.environ.get("DOCTOR_TEST_SEED", "1"))

AGENTS = [
    {"name": "stays", "runner": "codex", "env": {"STAND_IN": "wait"}},
    {"name": "ends", "runner": "codex", "env": {"STAND_IN": "exit=0"}},
    {"name": "fails", "runner": "opencode", "env": {"STAND_IN": "exit=3"}},
    {"name": "resists", "runner": "opencode", "env": {"STAND_IN": "child forever"}},
]
START, STOP = ("launch", "--format", "json"), ("stop", "--all", "--patience", "0.1", "--format", "json")


def timed(bench: Bench, command: tuple[str, ...]) -> float:
    """Seconds that a command takes when nobody kills it."""
    began = time.monotonic()
    bench.run(*command)
    return time.monotonic() - began


def killed(bench: Bench, command: tuple[str, ...], after: float) -> bool:
    """Run a command, and kill it after so many seconds; ``False`` when it ended before."""
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    argv = [*bench.argv, *command]
    with subprocess.Popen(argv, cwd=bench.project, env=bench.environment, **quiet) as running:  # type: ignore[call-overload]
        try:
            running.wait(after)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL)
            return True
    return False


def agrees(bench: Bench) -> bool:
    """Whether ``doctor ps`` shows exactly the agents that run, and every session belongs to one of them."""
    shown = {each["process_id"]: each for each in bench.ps()}
    running = set(bench.agents().values())
    sessions = {each["session"] for each in shown.values()}
    pids = {each["pid"] for each in shown.values() if each["pid"] is not None}
    return running <= set(shown) and set(bench.sessions()) <= sessions and pids <= set(bench.agents())


@pytest.mark.parametrize("seed", range(SEED, SEED + BLOCKS))
def test_a_doctor_killed_at_any_point_leaves_what_the_next_one_can_see_and_end(bench: Bench, seed: int) -> None:
    chance = random.Random(seed)
    bench.log_in()
    bench.install("codex")
    bench.install("opencode")
    bench.policy(AGENTS)
    lasts = {command: timed(bench, command) for command in (START, STOP)}
    bench.until(lambda: not bench.agents(), "the end of the first agents")

    for cycle in range(CYCLES):
        for command in (START, STOP):
            after = chance.uniform(0.1, 0.9) * lasts[command]
            was_killed = killed(bench, command, after)
            when = f"seed {seed}, cycle {cycle}: {command[0]} {'killed' if was_killed else 'done'} after {after:.3f} s"
            print(when)  # noqa: T201 - shown where the test fails
            bench.until(lambda: agrees(bench), f"doctor ps to agree with what runs, {when}")
        end_everything(bench)

    again = bench.ask("launch", code=None)
    assert [each["agent"] for each in again["processes"]] == [each["name"] for each in AGENTS]
    end_everything(bench)


def end_everything(bench: Bench) -> None:
    """``doctor stop --all`` ends all that is there, and leaves nothing."""
    assert bench.run("replay", "--format", "json").returncode == 0
    bench.ask(*STOP[:-2])
    assert (bench.ps(), bench.agents(), bench.sessions()) == ([], {}, [])
    bench.until(lambda: not bench.processes(), "every process to be gone")
    assert leftovers(bench) == []


def leftovers(bench: Bench) -> list[str]:
    """What is of no use to anyone: pipes of launches that are over, and directories that never became a lease."""
    processes = bench.metawsm / "processes"
    return sorted(path.name for path in processes.rglob("*") if path.is_fifo() or path.name.startswith(".new-"))
