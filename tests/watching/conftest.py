"""A watch in a process of its own, whose reports are lines that a test waits for."""

import json
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

LIMIT = 60.0
"""Seconds in which a line has to come; no test measures time with it."""

WATCHER = """
import json, sys
from datetime import date
from pathlib import Path

settings = json.loads(sys.argv[1])
if settings["polls"]:
    sys.modules["watchfiles"] = None

from doctor.model.options import Options
from doctor.watching.watch import watch

def tell(**line):
    print(json.dumps(line), flush=True)

def show(report):
    tell(
        exit=int(report.exit_code),
        profile=report.profile.active,
        model={row.stage.value: row.model.value for row in report.stages}.get("execute"),
        codes=sorted({finding.code for finding in report.findings}),
        versions={fact.runtime_id: fact.program.version for fact in report.harnesses if fact.found},
    )

options = Options(
    cwd=Path(settings["cwd"]),
    home=Path(settings["home"]),
    environment=settings["environment"],
    cache=False,
    locked=settings["locked"],
    baseline=Path(settings["baseline"]) if settings["baseline"] else None,
)
code = watch(options, on_report=show, once=settings["once"], say=lambda text: tell(said=text))
sys.exit(code)
"""


class Watching:
    """A watch that runs."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []
        self._queue: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(json.loads(line))
        self._queue.put(None)

    def until(self, **expected: Any) -> dict[str, Any]:
        """The next line that says all this."""
        while True:
            try:
                line = self._queue.get(timeout=LIMIT)
            except queue.Empty:
                raise AssertionError(f"no line says {expected}: {self.lines}") from None
            assert line is not None, f"it ended, and no line said {expected}: {self.lines}"
            self.lines.append(line)
            if expected.items() <= line.items():
                return line

    def end(self, number: signal.Signals) -> int:
        """Send a signal, and wait for the exit status."""
        self.process.send_signal(number)
        return self.process.wait(LIMIT)


Watch = Callable[..., Watching]


@pytest.fixture
def short(private_environment: dict[str, str]) -> Iterator[Path]:
    """A short directory that holds the settings and the state of the private machine."""
    directory = Path(tempfile.mkdtemp(prefix="dw-", dir="/tmp"))
    for what in ("config", "state", "cache"):
        private_environment[f"DOCTOR_{what.upper()}_DIR"] = str(directory / what)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def watch(
    short: Path, private_project: Path, private_home: Path, private_environment: dict[str, str]
) -> Iterator[Watch]:
    """Start a watch on the private machine: ``watch(polls=True)``."""
    started: list[Watching] = []

    def start(
        *, polls: bool = False, once: bool = False, locked: bool = False, baseline: Path | None = None
    ) -> Watching:
        settings = {
            "polls": polls,
            "once": once,
            "locked": locked,
            "baseline": str(baseline) if baseline else None,
            "cwd": str(private_project),
            "home": str(private_home),
            "environment": private_environment,
        }
        process = subprocess.Popen(
            [sys.executable, "-Ic", WATCHER, json.dumps(settings)], stdout=subprocess.PIPE, text=True
        )
        started.append(Watching(process))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.wait()
        each._reader.join()
        if each.process.stdout is not None:
            each.process.stdout.close()


@pytest.fixture
def write_profile(short: Path) -> Callable[[str, str], Path]:
    """Write a named profile whose worker model is this: ``write_profile("a", "codex:m")``."""

    def write(name: str, model: str) -> Path:
        path = short / "config" / "profiles" / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'[agent]\nmodel = "{model}"\n', encoding="utf-8")
        return path

    return write


@pytest.fixture
def write_policy(private_project: Path) -> Callable[..., Path]:
    """Write a policy of one agent: ``write_policy("codex", skills=["docs"])``."""

    def write(runner: str, **profile: Any) -> Path:
        path = private_project / ".metawsm" / "policy.json"
        path.parent.mkdir(exist_ok=True)
        agent_profile = {"name": "p", "runner": runner, "base_prompt": "Work.", **profile}
        policy = {"version": 2, "agent_profiles": [agent_profile], "agents": [{"name": "a", "profile": "p"}]}
        path.write_text(json.dumps(policy), encoding="utf-8")
        return path

    return write
