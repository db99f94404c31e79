"""The agent runner against the bare protocol in the same run: a burst of runs, its start, its memory, its end.

Prints one JSON object: see ``Summary``. ``benchmark.py`` runs it and holds the limits. The coordinator is that of the
tests, a process of its own, with the half-second ticks of the real one.
"""

import argparse
import http.client
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

# After everything that is installed: what is measured is the installed doctor, and only `tests` comes from here.
sys.path.append(str(Path(__file__).resolve().parents[2]))

from tests.benchmark.idle import until_idle
from tests.coordinator.client import Client
from tests.coordinator.settings import Settings

COORDINATOR = Path(__file__).resolve().parents[1] / "coordinator"
CHILD = (sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()")
COST = 0.0016
"""Seconds that the coordinator spends on each of a run's three requests, so that the bare protocol comes to about 160
runs a second, as with the real one on a machine like the one that the limits are from."""

PATIENCE = 120.0
SETTLED = 1.0
"""Seconds until a runner without work counts as idle."""


class Round(NamedTuple):
    """What one round measured."""

    bare: float
    """Runs per second: polled, started and completed one after the other by a loop that runs nothing."""

    bare_child: float
    """The same, with the start and end of a bare interpreter between started and completed."""

    runner: float
    """Runs per second of the runner with the executor ``test``."""

    interpreter: float
    """Seconds of ``python -I -c pass``."""

    registered: float
    """Seconds from the launch of the runner until it is registered."""

    rss_mb: float
    """Its resident set, in MB, when it is idle."""

    shutdown: float
    """Seconds from SIGTERM until an idle one is gone."""


class Summary(NamedTuple):
    """Medians of all rounds."""

    rate: float
    """Runs per second."""

    to_bare: float
    """Median of the rounds' ratios to the bare loop."""

    to_bare_child: float
    """The same to the loop with a bare child."""

    bare: float
    registered: float
    to_interpreter: float
    rss_mb: float
    shutdown: float


def summary(rounds: Sequence[Round]) -> Summary:
    """What counts of them."""
    return Summary(
        rate=statistics.median(each.runner for each in rounds),
        to_bare=statistics.median(each.runner / each.bare for each in rounds),
        to_bare_child=statistics.median(each.runner / each.bare_child for each in rounds),
        bare=statistics.median(each.bare for each in rounds),
        registered=statistics.median(each.registered for each in rounds),
        to_interpreter=statistics.median(each.registered / each.interpreter for each in rounds),
        rss_mb=max(each.rss_mb for each in rounds),
        shutdown=statistics.median(each.shutdown for each in rounds),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=50)
    options = parser.parse_args(arguments)
    print(json.dumps(summary([_round(options.runs) for _ in range(options.rounds)])._asdict()))
    return 0


def _round(runs: int) -> Round:
    until_idle()
    with machine() as here, coordinator(here, cost=COST) as peer:
        bare = bare_rate(peer, runs, child=False)
        bare_child = bare_rate(peer, runs, child=True)
        begun = time.monotonic()
        subprocess.run([sys.executable, "-I", "-c", "pass"], check=True)
        interpreter = time.monotonic() - begun
        launched, runner = launch(peer, here)
        try:
            registered = _registered(peer, since=launched) - launched
            time.sleep(SETTLED)
            rss = _rss_mb(runner.pid)
            rate = burst(peer, runs)
            asked = time.monotonic()
            runner.send_signal(signal.SIGTERM)
            runner.wait(PATIENCE)
            shutdown = time.monotonic() - asked
        finally:
            runner.kill()
            runner.wait()
    return Round(bare, bare_child, rate, interpreter, registered, rss, shutdown)


# The peers.


@contextmanager
def machine() -> Iterator[Path]:
    """A home and a project that are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="doctor-r-", dir="/tmp") as directory:
        for name in ("home", "project"):
            (Path(directory) / name).mkdir()
        yield Path(directory)


@contextmanager
def coordinator(here: Path, **settings: Any) -> Iterator[Client]:
    """A coordinator of the seed's dialect that keeps nothing."""
    argv = [sys.executable, "-I", str(COORDINATOR), "--settings", json.dumps(settings)]
    process = subprocess.Popen(argv, cwd=here, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    client = Client(process.stdout.readline().strip())
    client.settings = Settings(**settings)
    try:
        client.until(client.healthy, "the coordinator to start")
        yield client
    finally:
        client.disconnect()
        process.kill()
        process.stdout.close()
        process.wait()


def launch(
    peer: Client, here: Path, *options: str, environment: Mapping[str, str] | None = None
) -> tuple[float, subprocess.Popen[bytes]]:
    """Launch a runner with the executor that echoes; when, and its process."""
    script = Path(sys.executable).with_name("agent-runner")
    program = [str(script)] if script.is_file() else [sys.executable, "-Ic", _IN_THE_CHECKOUT]
    argv = [*program, "--profile", "test", "--coordinator-url", peer.url, *options]
    variables = {"HOME": str(here / "home"), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", **(environment or {})}
    begun = time.monotonic()
    log = (here / f"runner-{begun}.log").open("wb")
    with log:
        process = subprocess.Popen(
            argv, cwd=here / "project", env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    return begun, process


_IN_THE_CHECKOUT = "import sys; from doctor.cli.agent_runner import main; sys.exit(main())"


# What is measured.


def burst(peer: Client, runs: int) -> float:
    """Runs per second from the first that is taken to the last that is completed; all are created at once."""
    created = [peer.create(f"run {number}")["run_id"] for number in range(runs)]
    ended = peer.until_ended(*created, seconds=PATIENCE)
    if set(ended) != {"completed"}:
        raise SystemExit(f"{ended}: expected every run to be completed")
    return _rate(peer, created)


def bare_rate(peer: Client, runs: int, *, child: bool) -> float:
    """The same of a loop over one connection which does one run after the other."""
    connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=PATIENCE)

    def ask(method: str, path: str, body: Any = None) -> Any:
        connection.request(method, path, None if body is None else json.dumps(body))
        raw = connection.getresponse().read()
        return json.loads(raw) if raw else {}

    who = {"hostname": "bare", "project_dir": "/", "executor_profile": f"bare-{child}"}
    runner = {"runner_id": ask("POST", "/runner/register", who)["runner_id"]}
    created = [peer.create(f"run {number}")["run_id"] for number in range(runs)]
    for _ in created:
        run = ask("GET", f"/runner/runs?runner_id={runner['runner_id']}")["run"]
        ask("POST", f"/runner/runs/{run['run_id']}/started", runner)
        if child:
            subprocess.run(CHILD, input=b"{}", stdout=subprocess.DEVNULL, check=True)
        ask("POST", f"/runner/runs/{run['run_id']}/completed", {**runner, "status": "success"})
    ask("DELETE", f"/runners/{runner['runner_id']}?self=true")
    connection.close()
    return _rate(peer, created)


def _rate(peer: Client, created: Sequence[str]) -> float:
    wanted = set(created)
    taken = [each["ended"] for each in peer.history("GET", "/runner/runs") if each["claimed"] in wanted]
    done = [each["ended"] for each in peer.history("POST", "/completed") if each["path"].split("/")[3] in wanted]
    if len(done) != len(wanted) or len(taken) != len(wanted):
        raise SystemExit(f"{len(taken)} runs taken and {len(done)} completed; expected {len(wanted)}, each once")
    seconds: float = max(done) - min(taken)
    return len(wanted) / seconds


def _registered(peer: Client, *, since: float) -> float:
    def entries() -> list[dict[str, Any]]:
        found = peer.history("POST", "/runner/register")
        return [each for each in found if each["began"] > since and each["status"] == 200 and each["ended"]]

    peer.until(entries, "the runner to register")
    return float(entries()[0]["ended"])


def _rss_mb(pid: int) -> float:
    if shutil.which("ps") is None or Path("/proc/self/status").exists():
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        return int(text.partition("VmRSS:")[2].split()[0]) / 1024
    answer = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], stdout=subprocess.PIPE, check=True)
    return int(answer.stdout) / 1024


if __name__ == "__main__":
    sys.exit(main())
