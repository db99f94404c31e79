"""A machine of a test's own, on which runners are really started, and which leaves nothing behind."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from doctor.os_processes import mark_of, process_ids, start_time
from tests.coordinator.client import ENDS, Client

PROBE = Path(__file__).with_name("probe.py")
PATIENCE = 30.0
"""Seconds until something that has to happen counts as not happening; no test measures time with it."""

TOOLS = ("bash", "cat", "git", "sh", "sleep", "tmux")


def command(name: str) -> list[str]:
    """A console script, or the same in this interpreter where nothing is installed."""
    script = Path(sys.executable).with_name(name)
    if script.is_file():
        return [str(script)]
    module = {"doctor": "doctor.cli", "agent-runner": "doctor.cli.agent_runner"}[name]
    return [sys.executable, "-Ic", f"import sys; from {module} import main; sys.exit(main())"]


class Runner:
    """One runner that was started."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def pid(self) -> int:
        """Its process."""
        return self.process.pid

    @property
    def said(self) -> str:
        """What it wrote so far, both streams."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def wait(self, seconds: float = PATIENCE) -> int:
        """Wait for its end; returns the exit status."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the runner does not end; it said:\n{self.said}") from None

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to leave, and wait."""
        self.send(number)
        return self.wait()

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()


class Machine:
    """The machine: a home, a project, and a profile ``probe`` whose executor does what its prompt says."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="runner-", dir="/tmp"))
        self.home, self.project, self.bin, self.config = (
            self.root / name for name in ("home", "project", "bin", "config")
        )
        for directory in (self.home, self.project, self.bin, self.config):
            directory.mkdir(mode=0o700)
        for name in TOOLS:
            if (path := shutil.which(name)) is not None:
                (self.bin / name).symlink_to(path)
        self.environment = {
            "HOME": str(self.home),
            "PATH": str(self.bin),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "DOCTOR_CONFIG_DIR": str(self.config),
            "DOCTOR_STATE_DIR": str(self.root / "state"),
            "DOCTOR_CACHE_DIR": str(self.root / "cache"),
            "TMUX_TMPDIR": str(self.root),
        }
        self.executors = self.project / ".metawsm" / "executors"
        self.records = self.executors / "records"
        self.records.mkdir(parents=True)
        subprocess.run(["git", "init", "-q", str(self.project)], env=self.environment, check=True)
        self.executor("probe", PROBE.read_text(encoding="utf-8"))
        self.profile("probe", type="autonomous", command="probe")
        self.runners: list[Runner] = []

    # What is on it.

    def executor(self, name: str, text: str) -> Path:
        """A program in Python for profiles to name."""
        path = self.executors / name
        path.write_text(f"#!{sys.executable} -IS\n{text}", encoding="utf-8")
        path.chmod(0o755)
        return path

    def profile(self, name: str, **document: Any) -> Path:
        """A profile of the project."""
        return self.profile_text(name, json.dumps(document))

    def profile_text(self, name: str, text: str | bytes) -> Path:
        """A profile with any content."""
        path = self.executors / "profiles" / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    # Runners.

    def start(self, coordinator: Client | None, *options: str, profile: str | None = "probe", **more: str) -> Runner:
        """Start a runner in the project; ``more`` is added to its environment."""
        words = [*command("agent-runner"), *(["--profile", profile] if profile else []), *options]
        words += ["--coordinator-url", coordinator.url] if coordinator is not None else []
        log = self.root / f"runner-{len(self.runners)}.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                words,
                cwd=self.project,
                env={**self.environment, **more},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
            )
        runner = Runner(process, log)
        self.runners.append(runner)
        return runner

    def ready(self, coordinator: Client, *options: str, profile: str | None = "probe", **more: str) -> Runner:
        """Start a runner and wait until it is registered and polls."""
        before = len(coordinator.history("GET", "/runner/runs"))
        runner = self.start(coordinator, *options, profile=profile, **more)
        self.until(
            lambda: len(coordinator.history("GET", "/runner/runs")) > before or runner.process.poll() is not None,
            lambda: f"the runner to poll; it said:\n{runner.said}",
        )
        assert runner.process.poll() is None, runner.said
        return runner

    def run(self, *words: str, name: str = "agent-runner", **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end in the project."""
        return subprocess.run(
            [*command(name), *words],
            cwd=self.project,
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * PATIENCE,
        )

    def doctor(self, *words: str) -> dict[str, Any]:
        """Ask the doctor, and return its document."""
        answer = self.run(*words, "--format", "json", name="doctor")
        assert answer.stdout.startswith("{"), f"exit {answer.returncode}\n{answer.stdout}\n{answer.stderr}"
        document: dict[str, Any] = json.loads(answer.stdout)
        return document

    # Its children.

    def received(self, session_id: str, *, count: int = 1) -> list[dict[str, Any]]:
        """What the probes of a session kept, once there are so many."""
        self.until(lambda: len(self._records(session_id)) >= count, lambda: f"{count} probes of {session_id}")
        return self._records(session_id)

    def _records(self, session_id: str) -> list[dict[str, Any]]:
        paths = sorted(self.records.glob(f"{session_id}.*.json"), key=lambda path: path.stat().st_mtime_ns)
        return [json.loads(path.read_text(encoding="utf-8")) for path in paths]

    def go(self, name: str = "go") -> None:
        """Let probes that wait for a file go on."""
        (self.records / name).touch()

    def processes(self) -> list[int]:
        """Every process of this machine that runs, told by its home directory."""
        home = str(self.home)
        return [pid for pid in process_ids() if mark_of(pid, "HOME") == home and start_time(pid) is not None]

    def children(self) -> list[int]:
        """Those that are no runner which was started here."""
        runners = {runner.pid for runner in self.runners}
        return [pid for pid in self.processes() if pid not in runners]

    # Waiting.

    @staticmethod
    def until(condition: Callable[[], object], what: Callable[[], str] | str, *, seconds: float = PATIENCE) -> None:
        """Wait until something holds; fails when it does not come to that."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"waited in vain for {what if isinstance(what, str) else what()}"
            time.sleep(0.01)

    def until_alone(self) -> None:
        """Wait until no child is left."""
        self.until(lambda: not self.children(), lambda: f"no process to be left: {self.children()}")

    def close(self) -> None:
        """End whatever still runs, and leave no file."""
        end = time.monotonic() + PATIENCE
        while (left := self.processes()) and time.monotonic() < end:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for runner in self.runners:
                runner.process.poll()
            time.sleep(0.01)
        for runner in self.runners:
            runner.process.wait()
        shutil.rmtree(self.root, ignore_errors=True)
        assert left == [], f"these processes do not end: {left}"


def prompt(*steps: Sequence[Any]) -> str:
    """A prompt for the probe."""
    return json.dumps([list(step) for step in steps])


def told_once(coordinator: Client, run_id: str) -> bool:
    """Whether a run's start was told once, or not at all, and then its end once."""
    reports = coordinator.reports(run_id)
    return reports[-1:] in [[end] for end in ENDS] and reports[:-1] in ([], ["started"])
