"""A project with agents in a shell, whose processes are all gone when the test is over."""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from doctor.errors import UsageError
from doctor.model.options import Options
from doctor.processes.look import observe
from doctor.processes.order import Order
from doctor.processes.plan import plan
from doctor.processes.start import Launched, launch
from doctor.processes.workplace import workplace

MakeOptions = Callable[..., Options]
Launch = Callable[..., Launched]


@pytest.fixture
def terminals(private_environment: dict[str, str]) -> Iterator[Path]:
    """Where tmux puts its sockets, with a path short enough for one."""
    directory = Path(tempfile.mkdtemp(prefix="dr-", dir="/tmp"))
    private_environment["TMUX_TMPDIR"] = str(directory)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def write_policy(private_project: Path) -> Callable[..., Path]:
    """Write a policy whose agents each run a shell command: ``write_policy(a="exit 7", b="sleep 60")``."""

    def write(more: dict[str, Any] | None = None, **commands: str) -> Path:
        path = private_project / ".metawsm" / "policy.json"
        path.parent.mkdir(exist_ok=True)
        policy = {
            "version": 2,
            "agent_profiles": [
                {"name": f"of-{name}", "runner": "shell", "runner_options": {"command": command}}
                for name, command in commands.items()
            ],
            "agents": [{"name": name, "profile": f"of-{name}"} for name in commands],
        }
        path.write_text(json.dumps(policy | (more or {})), encoding="utf-8")
        return path

    return write


@pytest.fixture
def options(
    private_project: Path,
    private_bin: Path,
    private_home: Path,
    private_environment: dict[str, str],
    terminals: Path,
) -> Iterator[Options]:
    """The private machine, with a ``sleep``; what runs on it at the end is ended."""
    (private_bin / "sleep").symlink_to(shutil.which("sleep") or "/bin/sleep")
    private_environment["SHELL"] = shutil.which("bash") or "/bin/sh"
    given = Options(cwd=private_project, home=private_home, environment=private_environment)
    yield given
    place = workplace(given)
    with contextlib.suppress(UsageError):  # a test that spoilt the place started nothing in it
        for name, executor in place.executors.items():
            executor.cancel([each.process_id for each in observe(place) if each.executor == name], patience=0.2)


@pytest.fixture
def start(options: Options) -> Launch:
    """Launch agents of the policy: ``start("a", wait=True)``."""

    def run(*agents: str, executor: str = "process", wait: bool = False, **order: Any) -> Launched:
        wanted = Order(options=options, agents=agents, executor=executor, **order)
        return launch(wanted, plan(wanted), wait=wait)

    return run


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], Any]:
    """Wait until something is true, at most half a minute: ``eventually(lambda: path.exists())``."""

    def wait(condition: Callable[[], Any]) -> Any:
        import time

        deadline = time.monotonic() + 30
        while not (found := condition()):
            assert time.monotonic() < deadline, "this never came true"
            os.sched_yield()
            time.sleep(0.02)
        return found

    return wait
