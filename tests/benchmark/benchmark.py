"""Start-up, scale, agents under tmux and the agent runner, as ratios to the bare thing in the same run.

Run by ``nox -s benchmark``. Each command is measured in turn, round after round, so that a machine that slows down
slows all of them down; the middle of each series of ratios counts. Exit status 1: a limit is exceeded.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from doctor.harness.registry import builtin_harnesses

HARNESSES = 12
SLOWEST_PROBE_SECONDS = 0.5
AGENTS = 10_000
VERSION_LIMIT = 4.0
WARM_LIMIT = 12.0
COLD_LIMIT_SECONDS = 0.3
CPU_LIMIT_SECONDS = 1.0
GROWTH_LIMIT = 2.6
"""Twice as many agents take twice as long when time is linear; quadratic would be four times."""

RSS_LIMIT_MB = 200.0
SESSIONS = 50
SUBMIT_LIMIT = 1.3
QUESTIONS_LIMIT = 1
RUNS = 50
RUN_LIMIT = 4.0
"""Times what a run costs that nothing is started for: 40 runs a second where the bare protocol reaches 160."""

CHILD_LIMIT = 1.6
"""Times what a run costs that only starts an interpreter: 40 runs a second where that loop reaches 64."""

REGISTERED_LIMIT_SECONDS = 0.3
IDLE_LIMIT_MB = 40.0
SHUTDOWN_LIMIT_SECONDS = 1.0
EXECUTOR = Path(__file__).with_name("executor.py")
RUNNER_RATES = Path(__file__).with_name("runner_rates.py")
RESULTS = Path(__file__).parents[2] / "reference" / "performance.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one process used."""

    wall: float
    """Seconds."""

    cpu: float
    """Seconds, of the process and of what it waited for."""

    rss_mb: float
    """Largest resident set of the process itself, in MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measured value with its limit, both in the same unit."""

    what: str
    value: float
    limit: float | None
    """``None`` for what is only told."""

    unit: str

    @property
    def ok(self) -> bool:
        """Whether the limit is kept."""
        return self.limit is None or self.value <= self.limit

    def cells(self) -> tuple[str, str, str]:
        """What is measured, the value, the limit."""
        limit = "none" if self.limit is None else f"{self.limit:g}{self.unit}"
        return self.what, f"{self.value:.2f}{self.unit}", limit


def measure(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Usage:
    """Run a command to its end and return what it used; an exit status above 1 is an error here."""
    start = time.perf_counter()
    process = subprocess.Popen(
        argv, cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 1}:
        raise SystemExit(f"{argv}: exit status {process.returncode}; expected 0 or 1")
    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    return Usage(wall=wall, cpu=used.ru_utime + used.ru_stime, rss_mb=used.ru_maxrss / unit)


def interleaved(commands: Mapping[str, Callable[[], Usage]], rounds: int) -> dict[str, list[Usage]]:
    """Run each command once in every round."""
    series: dict[str, list[Usage]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            series[name].append(command())
    return series


def middle(usages: Sequence[Usage]) -> float:
    """Median of the wall times, in seconds."""
    return statistics.median(usage.wall for usage in usages)


def ratio(usages: Sequence[Usage], bare: Sequence[Usage]) -> float:
    """Median of the ratios of each round: the two runs of a round are neighbours, so a slow moment hits both."""
    return statistics.median(usage.wall / other.wall for usage, other in zip(usages, bare, strict=True))


class Machine:
    """A private machine below ``root``: its own home, a PATH with twelve harnesses, one project."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bin = root / "bin"
        self.home = root / "home"
        self.project = root / "project"
        self.cache = root / "cache"
        for directory in (self.bin, self.home, self.project, self.cache):
            directory.mkdir()
        self.environment = {
            "HOME": str(self.home),
            "PATH": os.pathsep.join((str(self.bin), "/usr/bin", "/bin")),
            "LANG": "C.UTF-8",
            "DOCTOR_CACHE_DIR": str(self.cache),
        }
        self.doctor = str(Path(sys.executable).parent / "doctor")

    def install_harnesses(self) -> list[Path]:
        """Put programs on PATH that answer any question with a version; the first takes as long as a slow one."""
        programs = [harness.binaries[0] for harness in builtin_harnesses() if harness.binaries][:HARNESSES]
        if len(programs) < HARNESSES:
            raise SystemExit(f"{len(programs)} harnesses have a program of their own; expected {HARNESSES}")
        for index, name in enumerate(programs):
            pause = f"sleep {SLOWEST_PROBE_SECONDS}\n" if index == 0 else ""
            path = self.bin / name
            path.write_text(f"#!/bin/sh\n{pause}echo '{name} 1.2.{index}'\n", encoding="utf-8")
            path.chmod(0o755)
        return [self.bin / name for name in programs]

    def run(self, *argv: str) -> Usage:
        """Run a command in the project."""
        return measure(argv, cwd=self.project, env=self.environment)

    def check(self) -> Usage:
        """``doctor check --format json``."""
        return self.run(self.doctor, "check", "--format", "json")

    def check_cold(self) -> Usage:
        """The same, with no probe cached."""
        for path in sorted(self.cache.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        return self.check()

    def write_agents(self, count: int) -> None:
        """A policy with as many agents as profiles."""
        names = [f"agent-{number:06}" for number in range(count)]
        profiles = [{"name": name, "runner": "shell", "runner_options": {"command": "bash"}} for name in names]
        agents = [{"name": name, "profile": name} for name in names]
        path = self.project / ".metawsm" / "policy.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"version": 2, "agent_profiles": profiles, "agents": agents}), encoding="utf-8")


@contextmanager
def machine() -> Iterator[Machine]:
    """A private machine that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="doctor-benchmark-") as directory:
        yield Machine(Path(directory))


def start_up(rounds: int) -> list[Row]:
    """Start-up with twelve harnesses installed: the version, a warm check, a cold one."""
    with machine() as here:
        programs = here.install_harnesses()
        here.check()
        series = interleaved(
            {
                "bare": lambda: here.run(sys.executable, "-I", "-c", "pass"),
                "version": lambda: here.run(here.doctor, "--version"),
                "warm": here.check,
            },
            rounds,
        )
        cold = interleaved(
            {"slowest": lambda: here.run(str(programs[0])), "cold": here.check_cold}, max(1, rounds // 3)
        )
    return [
        Row(
            what="`doctor --version`",
            value=ratio(series["version"], series["bare"]),
            limit=VERSION_LIMIT,
            unit=" x bare",
        ),
        Row(
            what=f"`doctor check --format json`, {HARNESSES} harnesses, warm probe cache",
            value=ratio(series["warm"], series["bare"]),
            limit=WARM_LIMIT,
            unit=" x bare",
        ),
        Row(
            what=f"the same with a cold cache, above the slowest probe ({SLOWEST_PROBE_SECONDS:g} s)",
            value=middle(cold["cold"]) - middle(cold["slowest"]),
            limit=COLD_LIMIT_SECONDS,
            unit=" s",
        ),
    ]


def scale(rounds: int, agents: int) -> list[Row]:
    """A policy with many agents and as many profiles: CPU, growth, memory."""
    series: dict[int, list[Usage]] = {0: [], agents // 2: [], agents: []}
    with machine() as here:
        here.check()
        for _ in range(rounds):
            for count, usages in series.items():
                here.write_agents(max(count, 1))
                usages.append(here.check())
    empty, half, whole = (statistics.median(usage.cpu for usage in usages) for usages in series.values())
    what = f"policy with {agents:,} agents and {agents:,} profiles"
    return [
        Row(what=f"{what}: CPU", value=whole, limit=CPU_LIMIT_SECONDS, unit=" s"),
        Row(
            what=f"{what}: growth from half as many",
            value=(whole - empty) / max(half - empty, 1e-3),
            limit=GROWTH_LIMIT,
            unit=" x",
        ),
        Row(
            what=f"{what}: memory", value=max(usage.rss_mb for usage in series[agents]), limit=RSS_LIMIT_MB, unit=" MB"
        ),
    ]


def agents_in_tmux(rounds: int, sessions: int) -> list[Row]:
    """Many agents in tmux: until they are handed over, until they run, and one look at them."""
    argv = [sys.executable, "-I", str(EXECUTOR), "--rounds", str(rounds), "--sessions", str(sessions)]
    seen = json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout)
    unit = " x `tmux new-session`"
    return [
        Row(what=f"{sessions} agents submitted under tmux", value=seen["submit"], limit=SUBMIT_LIMIT, unit=unit),
        Row(what="the same until every agent runs", value=seen["running"], limit=None, unit=unit),
        Row(what=f"questions to tmux for {sessions} agents", value=seen["questions"], limit=QUESTIONS_LIMIT, unit=""),
    ]


def agent_runner(rounds: int, runs: int) -> list[Row]:
    """The agent runner: a burst of runs, until it is registered, its memory, its end."""
    argv = [sys.executable, "-I", str(RUNNER_RATES), "--rounds", str(rounds), "--runs", str(runs)]
    seen = json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout)
    what = f"{runs} runs through the agent runner, each"
    return [
        Row(what=what, value=1 / seen["to_bare"], limit=RUN_LIMIT, unit=" x the bare protocol"),
        Row(what=what, value=1 / seen["to_bare_child"], limit=CHILD_LIMIT, unit=" x the bare protocol and `pass`"),
        Row(what="runs in a second", value=seen["rate"], limit=None, unit=""),
        Row(
            what="`agent-runner` launched until registered",
            value=seen["registered"],
            limit=REGISTERED_LIMIT_SECONDS,
            unit=" s",
        ),
        Row(what="the same", value=seen["to_interpreter"], limit=None, unit=" x bare"),
        Row(what="idle agent runner: memory", value=seen["rss_mb"], limit=IDLE_LIMIT_MB, unit=" MB"),
        Row(
            what="idle agent runner: from SIGTERM until gone",
            value=seen["shutdown"],
            limit=SHUTDOWN_LIMIT_SECONDS,
            unit=" s",
        ),
    ]


def markdown(rows: Sequence[Row]) -> str:
    """The table of ``reference/performance.md``."""
    lines = ["| what | measured | limit |", "|---|---|---|"]
    lines += ["| " + " | ".join(row.cells()) + " |" for row in rows]
    return "\n".join(lines)


def page(rows: Sequence[Row], rounds: int) -> str:
    """The whole of ``reference/performance.md``."""
    where = f"Python {platform.python_version()} on {platform.system()}, {os.cpu_count()} CPUs, {rounds} rounds"
    return f"""# Performance

Measured by `nox -s benchmark`, recorded by `nox -s benchmark -- --write`. Every command runs once in
every round, and a ratio is the median of the rounds' ratios to *bare*: `python -I -c pass` of the same interpreter. So
they hold on slower machines too. Agents under tmux are compared with as many sessions made by one
`tmux new-session -d` after the other. Runs of the agent runner are
compared with one loop that polls, reports started and reports completed over one connection, and with the same loop
when it also waits for a `python -I -S` that reads its input between the two reports; coordinator, loop and runner
share the machine, and the coordinator works as hard for each request as a real one. The limits are the project's own;
exceeding one makes the session fail.

{where}:

{markdown(rows)}
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say through the exit status whether every limit is kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"record the results in {RESULTS.name}")
    parser.add_argument(
        "--quick", action="store_true", help="one round on a small policy; limits are printed, not held"
    )
    options = parser.parse_args(arguments)
    rounds, agents = (1, 100) if options.quick else (30, AGENTS)
    sessions = 3 if options.quick else SESSIONS
    rows = [
        *start_up(rounds),
        *scale(max(1, rounds // 10), agents),
        *agents_in_tmux(max(1, rounds // 3), sessions),
        *agent_runner(max(1, rounds // 4), 5 if options.quick else RUNS),
    ]
    print(markdown(rows))
    if options.write:
        RESULTS.write_text(page(rows, rounds), encoding="utf-8")
    return 0 if options.quick or all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
