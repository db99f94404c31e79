"""What every executor has to keep: nothing is ever started twice, whoever is killed meanwhile."""

import dataclasses
import os
import signal
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import pytest

from doctor.executor import handover
from doctor.executor.base import Executor, Submission
from doctor.model.failure import FailureKind
from doctor.model.process import OutcomeKind

if TYPE_CHECKING:
    from tests.executor.conftest import Project, Run


def test_a_process_id_is_never_used_twice(run: "Run", project: "Project") -> None:
    program = project.harness("agent", "echo ran >>runs")
    first = run.start(project.submission(program))
    run.ended(first)

    (answer,) = run.executor.submit([dataclasses.replace(first)])

    assert answer.problem == FailureKind.UNKNOWN
    assert answer.detail == f"a process {first.process_id} was started before, and no name is used twice"
    assert _runs(project) == "ran\n"


def test_a_spec_is_not_started_while_another_attempt_lives(run: "Run", project: "Project") -> None:
    program = project.harness("sleeper", "echo ran >>runs; exec sleep 1000")
    first = run.start(project.submission(program))
    run.running(first)

    (answer,) = run.executor.submit([project.submission(program)])

    assert answer.detail == f"{first.process_id} runs from the same spec, so it is not started a second time"
    assert _runs(project) == "ran\n"


def test_a_spec_is_started_again_once_its_attempt_has_ended(run: "Run", project: "Project") -> None:
    program = project.harness("agent", "exit 0")
    run.ended(run.start(project.submission(program)))

    assert run.ended(run.start(project.submission(program))).code == 0


def test_two_attempts_at_one_spec_in_one_submit_start_once(run: "Run", project: "Project") -> None:
    program = project.harness("sleeper", "echo ran >>runs; exec sleep 1000")
    first, second = project.submission(program), project.submission(program)

    answers = run.executor.submit([first, second])
    run.running(first)

    assert [each.problem for each in answers] == [None, FailureKind.UNKNOWN]
    assert _runs(project) == "ran\n"


def test_of_launchers_at_the_same_time_exactly_one_wins(run: "Run", project: "Project") -> None:
    submission = project.submission(project.harness("sleeper", "echo ran >>runs; exec sleep 1000"))

    launchers = [_launcher(partial(_race, run.executor, submission)) for _ in range(6)]
    codes = sorted(os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in launchers)
    run.running(submission)

    assert codes == [0, 1, 1, 1, 1, 1]
    assert _runs(project) == "ran\n"


def test_of_attempts_at_one_spec_at_the_same_time_exactly_one_wins(run: "Run", project: "Project") -> None:
    program = project.harness("sleeper", "echo ran >>runs; exec sleep 1000")
    attempts = [project.submission(program) for _ in range(6)]

    launchers = [_launcher(partial(_race, run.executor, each)) for each in attempts]
    codes = sorted(os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in launchers)

    assert codes == [0, 1, 1, 1, 1, 1]
    assert _runs(project) == "ran\n"


def test_a_launcher_killed_before_the_handover_leaves_nothing_running(
    run: "Run", project: "Project", monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = project.submission(project.harness("agent", "echo ran >>runs"))
    with monkeypatch.context() as patch:
        patch.setattr(handover, "deliver", lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
        os.waitpid(_launcher(lambda: len(run.executor.submit([submission]))), 0)

    run.executor.adopt()
    seen = run.ended(submission)

    assert (seen.kind, seen.cancelled) == (OutcomeKind.FAILED_TO_START, False)
    assert seen.detail == ("whoever launched this process ended before it was handed over, so it was never started",)
    assert not (project.root / "runs").exists()
    assert not project.directory(submission).gate.exists()
    project.wait(lambda: not project.started_here(), what="the end of the supervisor")


def test_a_process_that_was_never_handed_over_can_be_cancelled(
    run: "Run", project: "Project", monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = project.submission(project.harness("agent", "echo ran >>runs"))
    with monkeypatch.context() as patch:
        patch.setattr(handover, "deliver", lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
        os.waitpid(_launcher(lambda: len(run.executor.submit([submission]))), 0)

    (seen,) = run.executor.cancel([submission.process_id], patience=1)

    assert (seen.kind, seen.cancelled, seen.ended) == (OutcomeKind.FAILED_TO_START, True, True)
    project.wait(lambda: not project.started_here(), what="the end of the supervisor")
    assert not (project.root / "runs").exists()


def test_a_launcher_killed_after_the_handover_changes_nothing(run: "Run", project: "Project") -> None:
    submission = project.submission(project.harness("agent", "exit 3"))

    os.waitpid(_launcher(lambda: _submit_and_die(run.executor, submission)), 0)

    assert (run.ended(submission).kind, run.ended(submission).code) == (OutcomeKind.EXITED, 3)


def test_an_agent_without_a_supervisor_keeps_its_lease(run: "Run", project: "Project") -> None:
    program = project.harness("sleeper", "exec sleep 1000")
    submission = run.start(project.submission(program))
    run.kill_supervisor(submission)

    (answer,) = run.executor.submit([project.submission(program)])

    assert answer.problem == FailureKind.UNKNOWN
    assert run.executor.adopt()[0].agent_alive


def _launcher(act: Callable[[], int]) -> int:
    """Another process that acts as a launcher and exits with the answer."""
    pid = os.fork()
    if pid == 0:
        code = 99
        try:
            code = act()
        finally:
            os._exit(code)
    return pid


def _race(executor: Executor, submission: Submission) -> int:
    """0 for who wins."""
    (answer,) = executor.submit([submission])
    return 0 if answer.problem is None else 1


def _submit_and_die(executor: Executor, submission: Submission) -> int:
    executor.submit([submission])
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def _runs(project: "Project") -> str:
    """What the agents wrote that note their start, once one did."""
    runs = project.root / "runs"
    project.wait(lambda: runs.exists() and runs.read_bytes(), what="the agent's first step")
    return runs.read_text(encoding="utf-8")
