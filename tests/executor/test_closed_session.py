"""A session that a person closes, while its server runs on."""

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from doctor.executor.builtin import BUILTIN_EXECUTORS
from doctor.model.failure import FailureKind
from doctor.model.process import OutcomeKind

if TYPE_CHECKING:
    from tests.executor.conftest import Project

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux on PATH: apt install tmux")


@pytest.mark.parametrize(
    ("body", "kind", "signal", "code"),
    [
        ("echo ready; exec sleep 1000", OutcomeKind.KILLED, "SIGHUP", None),
        ("trap 'exit 9' HUP; echo ready; while :; do sleep 0.02; done", OutcomeKind.EXITED, None, 9),
    ],
    ids=["an agent that knows nothing of it", "an agent that cleans up"],
)
def test_its_agent_is_ended_and_it_is_told_why(
    project: "Project", body: str, kind: OutcomeKind, signal: str | None, code: int | None
) -> None:
    executor = BUILTIN_EXECUTORS["tmux"](project.place)
    keeper = project.submission(project.harness("keeper", "exec sleep 1000"), session="keeper")
    closed = project.submission(project.harness("agent", body), session="closed")
    assert [each.problem for each in executor.submit([keeper, closed])] == [None, None]
    log = project.directory(closed).log
    project.wait(lambda: log.exists() and b"ready" in log.read_bytes(), what="the agent")

    tmux = ["tmux", "-L", project.place.socket, "kill-session", "-t", "=closed"]
    subprocess.run(tmux, env=dict(project.place.environment), check=True)
    project.wait(lambda: executor.poll([closed.process_id])[0].ended, what="the end of the agent")

    (seen,) = executor.poll([closed.process_id])
    assert (seen.kind, seen.signal, seen.code, seen.cancelled) == (kind, signal, code, False)
    assert seen.problem == FailureKind.TERMINAL_LOST
    assert seen.detail == ("its session was closed from outside while the terminal's server ran on, so it was ended",)
    assert seen.terminal_lost_at is not None
    assert executor.poll([keeper.process_id])[0].agent_alive
