"""Several runners on one machine that serve one coordinator: the figures of ``reference/scaling.md``.

Prints its table: ``python tests/benchmark/runner_scaling.py``. It is run by hand, as what it shows depends on the
machine more than other figures do.
"""

import argparse
import contextlib
import signal
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.append(str(Path(__file__).resolve().parents[2]))

from tests.benchmark.idle import until_idle
from tests.benchmark.runner_rates import PATIENCE, coordinator, launch, machine
from tests.coordinator.client import Client

WAITING = "#!/bin/sh\ncat >/dev/null\nexec sleep 1\n"
"""An agent that waits for its model most of the time, as agents do."""

PROFILE = '{"type": "autonomous", "command": "waiting"}'
SLOTS = 5


class Seen(NamedTuple):
    """What one number of runners did."""

    runners: int
    rate: float
    """Runs per second."""

    fewest: float
    """Share of the runs that the least busy had, where 1 is its equal share."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=60)
    options = parser.parse_args(arguments)
    print("| runners | runs that wait | `test` | fewest runs of one |\n|---|---|---|---|")
    first: tuple[float, float] | None = None
    for count in (1, 2, 4):
        waiting = [measure(count, "waiting", options.runs) for _ in range(options.rounds)]
        busy = [measure(count, "test", options.runs) for _ in range(options.rounds)]
        rates = (_middle(waiting), _middle(busy))
        first = first or rates
        fewest = statistics.median(each.fewest for each in waiting)
        print(
            f"| {count} | {rates[0] / first[0]:.2f} x | {rates[1] / first[1]:.2f} x | {fewest:.2f} of an equal share |"
        )
    return 0


def _middle(seen: Sequence[Seen]) -> float:
    return statistics.median(each.rate for each in seen)


def measure(count: int, profile: str, runs: int) -> Seen:
    """Let so many runners, each with so many slots, do a burst of runs."""
    until_idle()
    with machine() as here, coordinator(here) as peer, running(peer, here, count, profile):
        begun = time.monotonic()
        created = [peer.create(f"run {number}")["run_id"] for number in range(runs)]
        peer.until_ended(*created, seconds=PATIENCE)
        rate = runs / (time.monotonic() - begun)
        shares = Counter(run["runner_id"] for run in peer.runs())
    return Seen(count, rate, min(shares.values()) * count / runs if len(shares) == count else 0.0)


@contextlib.contextmanager
def running(peer: Client, here: Path, count: int, profile: str) -> Iterator[None]:
    """Runners, each of a project of its own."""
    processes = []
    try:
        for number in range(count):
            project = here / f"project-{number}"
            write_profile(project)
            options = ("--profile", profile, "--project-dir", str(project), "--max-concurrency", str(SLOTS))
            processes.append(launch(peer, here, *options)[1])
        peer.until_registered(count)
        peer.until(lambda: peer.open_polls() == count, "every runner to poll")
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(PATIENCE)


def write_profile(project: Path) -> None:
    """Put the profile of the agent that waits into a project."""
    root = project / ".metawsm" / "executors"
    (root / "profiles").mkdir(parents=True)
    (root / "profiles" / "waiting.json").write_text(PROFILE, encoding="utf-8")
    program = root / "waiting"
    program.write_text(WAITING, encoding="utf-8")
    program.chmod(0o755)


if __name__ == "__main__":
    sys.exit(main())
