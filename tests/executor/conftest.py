"""A project with materialised specs, harnesses that do as a test says, and an end to everything that was started."""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from doctor.executor.base import Executor, Place, Submission, Typing
from doctor.executor.builtin import BUILTIN_EXECUTORS
from doctor.executor.directories import ProcessDirectory, directory_of
from doctor.executor.family import MARK
from doctor.executor.starting import BOOTSTRAP
from doctor.identity import program_identity
from doctor.model.canonical import content_id
from doctor.model.process import Observation
from doctor.model.spec import Delivery, LaunchSpec, Mode, ProgramIdentity, PromptRef
from doctor.model.stage import Stage
from doctor.os_processes import is_alive, mark_of, process_ids, start_time

LIMIT_SECONDS = 30
"""Ends a wait for something that does not come; no test measures time with it."""


_ECHO = """\
import os, sys
if sys.argv[1:2] == ["--file"]:
    content = open(sys.argv[2], "rb").read()
elif sys.argv[1:]:
    content = os.fsencode(sys.argv[-1])
else:
    content = sys.stdin.buffer.read()
open("received", "wb").write(content)
"""


class Project:
    """One project directory, what is launched in it, and what was started."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.place = Place(
            directory=root / ".metawsm",
            socket="doctor-test",
            environment={"PATH": os.environ["PATH"], "HOME": str(root), "TMUX_TMPDIR": str(root), "LANG": "C.UTF-8"},
        )
        self.place.directory.mkdir()
        self.attempts = 0

    def wait(self, condition: Callable[[], object], *, what: str) -> None:
        """Return as soon as ``condition`` holds."""
        deadline = time.monotonic() + LIMIT_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"{what} did not come about within {LIMIT_SECONDS} s")
            time.sleep(0.01)

    def harness(self, name: str, body: str) -> Path:
        """A shell script that is an agent's program."""
        path = self.root / name
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    def echo_harness(self) -> Path:
        """A program that keeps its arguments, its input or the file after ``--file``, byte for byte, then exits 0."""
        path = self.root / "echo-harness"
        path.write_text(f"#!{sys.executable}\n{_ECHO}", encoding="utf-8")
        path.chmod(0o755)
        return path

    @property
    def received(self) -> bytes:
        """What the echo harness kept."""
        return (self.root / "received").read_bytes()

    def spec_document(
        self,
        program: Path,
        *arguments: str,
        mode: Mode = Mode.HEADLESS,
        delivery: Delivery = Delivery.NONE,
        prompt: str = "",
        session: str = "agent-t-1",
        cwd: Path | None = None,
    ) -> dict[str, Any]:
        """What a launch writes, as far as an executor reads it; ``{prompt}`` in an argument is the prompt's file."""
        launches = self.place.directory / "launches"
        document: dict[str, Any] = {
            "schema_version": 1,
            "agent": "agent",
            "stage": "execute",
            "path": str(program),
            "program": program_identity(str(program)),
            "argv": [str(program), *arguments],
            "env": {},
            "cwd": str(cwd or self.root),
            "session": session,
            "mode": mode.value,
            "prompt": {
                "sha256": hashlib.sha256(prompt.encode()).hexdigest(),
                "path": str(launches / f"prompt-{hashlib.sha256(prompt.encode()).hexdigest()[:12]}.md"),
                "delivery": delivery.value,
                "typed": None,
                "text": prompt,
            },
        }
        document["argv"] = [each.replace("{prompt}", document["prompt"]["path"]) for each in document["argv"]]
        document["id"] = content_id(document)
        return document

    def materialise(self, document: Mapping[str, Any]) -> Path:
        """Write a document and its prompt."""
        directory = self.place.directory / "launches" / str(document["id"])
        directory.mkdir(parents=True, exist_ok=True)
        Path(document["prompt"]["path"]).write_bytes(document["prompt"]["text"].encode())
        path = directory / "spec.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    def submission(
        self,
        program: Path,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        secrets: Sequence[str] = (),
        typing: Typing | None = None,
        on_exit: Sequence[str] = (),
        process_id: str | None = None,
        **spec: Any,
    ) -> Submission:
        """One attempt at a spec that was just materialised."""
        document = self.spec_document(program, *arguments, **spec)
        path = self.materialise(document)
        self.attempts += 1
        return Submission(
            spec=_spec(document),
            spec_path=path,
            process_id=process_id or f"agent-{document['id'][:12]}-{self.attempts}",
            attempt=self.attempts,
            run_id="run-1",
            environment={"PATH": os.environ["PATH"], **(environment or {})},
            secrets=tuple(secrets),
            typing=typing,
            on_exit=tuple(on_exit),
        )

    def directory(self, submission: Submission) -> ProcessDirectory:
        """Where a submission's process has its records."""
        return directory_of(self.place, submission.process_id)

    def started_here(self) -> list[int]:
        """Every process that belongs to something launched in this project."""
        processes = str(self.place.directory / "processes")
        marks = {each.name for each in Path(processes).iterdir()} if Path(processes).is_dir() else set()
        return [
            pid
            for pid in process_ids()
            if pid != os.getpid() and (_names(pid, processes) or mark_of(pid, MARK) in marks) and start_time(pid)
        ]

    def end_everything(self) -> None:
        """Leave no process behind, whatever a test did."""
        if (tmux := shutil.which("tmux")) is not None:
            environment = {**self.place.environment, "LC_ALL": "C.UTF-8"}
            argv = [tmux, "-L", self.place.socket, "kill-server"]
            subprocess.run(argv, env=environment, capture_output=True, check=False, timeout=LIMIT_SECONDS)
        deadline = time.monotonic() + LIMIT_SECONDS
        while (left := self.started_here()) and time.monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)


def _spec(document: Mapping[str, Any]) -> LaunchSpec:
    prompt = {**document["prompt"], "delivery": Delivery(document["prompt"]["delivery"])}
    return LaunchSpec(
        id=document["id"],
        agent=document["agent"],
        profile="agent-profile",
        stage=Stage(document["stage"]),
        runtime_id="shell",
        harness_version=None,
        path=document["path"],
        program=ProgramIdentity(**document["program"]),
        argv=tuple(document["argv"]),
        cwd=document["cwd"],
        session=document["session"],
        mode=Mode(document["mode"]),
        prompt=PromptRef(**prompt),
    )


def _is_the_program(pid: int | None) -> bool:
    """Whether a process is an agent's program already, and not its supervisor's image."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return bool(command) and BOOTSTRAP.encode() not in command


def _names(pid: int, processes: str) -> bool:
    try:
        argv = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
    except OSError:
        return False
    return BOOTSTRAP in argv and any(each.startswith(processes) for each in argv)


@pytest.fixture
def project() -> Iterator[Project]:
    """An empty project; its path is short enough for sockets."""
    root = Path(tempfile.mkdtemp(prefix="doctor-", dir="/tmp"))
    project = Project(root)
    try:
        yield project
    finally:
        project.end_everything()
        shutil.rmtree(root, ignore_errors=True)


EXECUTORS = tuple(BUILTIN_EXECUTORS)
"""Everything that keeps the executor contract."""


@pytest.fixture(params=EXECUTORS)
def executor(request: pytest.FixtureRequest, project: Project) -> Executor:
    """Each executor in turn, working in ``project``."""
    if request.param == "tmux" and shutil.which("tmux") is None:
        pytest.skip("no tmux on PATH: apt install tmux")
    return BUILTIN_EXECUTORS[request.param](project.place)


class Run:
    """Submitting to one executor, and waiting for what becomes of it."""

    def __init__(self, executor: Executor, project: Project) -> None:
        self.executor = executor
        self.project = project

    def start(self, submission: Submission) -> Submission:
        """Submit it; it has to be taken."""
        (answer,) = self.executor.submit([submission])
        assert answer.problem is None, answer
        return submission

    def poll(self, submission: Submission) -> Observation:
        """What is to be seen of it now."""
        (observation,) = self.executor.poll([submission.process_id])
        return observation

    def ended(self, submission: Submission) -> Observation:
        """What is to be seen of it once it has ended and its supervisor too."""
        self.project.wait(
            lambda: (seen := self.poll(submission)).ended and not seen.supervisor_alive, what="the end of the process"
        )
        return self.poll(submission)

    def running(self, submission: Submission) -> Observation:
        """What is to be seen of it once its agent runs its own program."""
        self.project.wait(lambda: _is_the_program(self.poll(submission).pid), what="the start of the agent")
        return self.poll(submission)

    def log(self, submission: Submission) -> bytes:
        """What is kept of its output."""
        log = self.project.directory(submission).log
        older = log.with_name("log.1")
        return (older.read_bytes() if older.exists() else b"") + (log.read_bytes() if log.exists() else b"")

    def wait_for_output(self, submission: Submission, text: bytes) -> None:
        """Return once the agent wrote that."""
        self.project.wait(lambda: text in self.log(submission), what=repr(text))

    def kill_supervisor(self, submission: Submission) -> int:
        """End the supervisor of a running agent with SIGKILL; returns the number of that agent."""
        agent = self.running(submission).pid
        assert agent is not None
        pid, began = json.loads(self.project.directory(submission).live.read_bytes())["supervisor"]
        os.kill(pid, signal.SIGKILL)
        self.project.wait(lambda: not is_alive(pid, began), what="the end of the supervisor")
        return agent


@pytest.fixture
def run(executor: Executor, project: Project) -> Run:
    """What a test does with an executor."""
    return Run(executor, project)
