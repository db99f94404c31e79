"""What every executor has to keep: ending processes, and whatever is left of them."""

import dataclasses
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from doctor.model.process import OutcomeKind
from doctor.os_processes import start_time

if TYPE_CHECKING:
    from tests.executor.conftest import Project, Run


def test_a_killed_supervisor_is_told_as_unknown(run: "Run", project: "Project") -> None:
    submission = run.start(project.submission(project.harness("sleeper", "exec sleep 1000")))
    agent = run.kill_supervisor(submission)

    seen = run.poll(submission)

    assert (seen.kind, seen.supervisor_alive, seen.agent_alive, seen.ended) == (OutcomeKind.UNKNOWN, False, True, False)
    assert seen.pid == agent
    assert "supervisor" in seen.detail[0]


def test_cancel_cleans_up_after_a_killed_supervisor(run: "Run", project: "Project") -> None:
    submission = run.start(project.submission(project.harness("sleeper", "trap '' TERM; sleep 1000 & wait")))
    run.kill_supervisor(submission)

    (seen,) = run.executor.cancel([submission.process_id], patience=0.2)

    assert (seen.kind, seen.cancelled, seen.ended, seen.agent_alive) == (OutcomeKind.UNKNOWN, True, True, False)
    project.wait(lambda: not project.started_here(), what="the end of all processes")


def test_adopt_records_an_end_that_nobody_was_left_to_record(run: "Run", project: "Project") -> None:
    submission = run.start(project.submission(project.harness("sleeper", "exec sleep 1000")))
    agent = run.kill_supervisor(submission)
    os.kill(agent, signal.SIGKILL)
    before = run.ended(submission)
    assert not project.directory(submission).exit.exists()

    (seen,) = run.executor.adopt()

    assert project.directory(submission).exit.exists()
    assert seen == dataclasses.replace(before, ended_at=seen.ended_at)
    assert (seen.kind, seen.cancelled) == (OutcomeKind.UNKNOWN, False)
    assert seen.ended_at is not None


def test_adopt_leaves_what_lives_alone(run: "Run", project: "Project") -> None:
    submission = run.start(project.submission(project.harness("sleeper", "exec sleep 1000")))
    before = run.running(submission)

    assert run.executor.adopt() == (before,)


def test_an_asked_agent_ends_and_is_cancelled(run: "Run", project: "Project") -> None:
    program = project.harness("polite", "trap 'echo bye; exit 4' TERM; echo ready; while :; do sleep 0.05; done")
    submission = run.start(project.submission(program))
    run.wait_for_output(submission, b"ready")

    (seen,) = run.executor.cancel([submission.process_id], patience=20)

    assert (seen.kind, seen.code, seen.cancelled, seen.ended) == (OutcomeKind.EXITED, 4, True, True)
    assert run.log(submission).endswith(b"bye\n")


def test_an_agent_that_ignores_the_request_is_killed(run: "Run", project: "Project") -> None:
    program = project.harness("stubborn", "trap '' TERM HUP INT; echo ready; while :; do sleep 0.05; done")
    submission = run.start(project.submission(program))
    run.wait_for_output(submission, b"ready")

    (seen,) = run.executor.cancel([submission.process_id], patience=0.2)

    assert (seen.kind, seen.signal, seen.cancelled) == (OutcomeKind.KILLED, "SIGKILL", True)
    project.wait(lambda: not project.started_here(), what="the end of all processes")


def test_a_stopped_agent_can_be_cancelled(run: "Run", project: "Project") -> None:
    submission = run.start(project.submission(project.harness("sleeper", "exec sleep 1000")))
    pid = run.running(submission).pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)

    (seen,) = run.executor.cancel([submission.process_id], patience=20)

    assert (seen.kind, seen.signal, seen.cancelled) == (OutcomeKind.KILLED, "SIGTERM", True)


DAEMON = """\
import os, sys, time, signal
if os.fork():
    time.sleep({seconds})
    sys.exit(0)
os.setsid()
if os.fork():
    os._exit(0)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
null = os.open(os.devnull, os.O_RDWR)
for each in range(3):
    os.dup2(null, each)
open("daemon.new", "w").write(str(os.getpid()))
os.rename("daemon.new", "daemon")
os.execve("/bin/sleep", ["sleep", "1000"], {environment})
"""
KNOWN_BY = pytest.mark.parametrize("environment", ["os.environ", "{}"], ids=["its mark", "its parent"])


def _daemon(project: "Project", seconds: float, environment: str) -> Path:
    path = project.root / "daemon-starter"
    path.write_text(f"#!{sys.executable}\n{DAEMON.format(seconds=seconds, environment=environment)}", encoding="utf-8")
    path.chmod(0o755)
    return path


@KNOWN_BY
def test_cancel_ends_a_descendant_that_made_itself_a_daemon(run: "Run", project: "Project", environment: str) -> None:
    submission = run.start(project.submission(_daemon(project, 1000, environment)))
    project.wait((project.root / "daemon").exists, what="the daemon")
    daemon = int((project.root / "daemon").read_text(encoding="utf-8"))

    (seen,) = run.executor.cancel([submission.process_id], patience=5)

    assert (seen.cancelled, seen.survivors) == (True, ())
    assert start_time(daemon) is None


@KNOWN_BY
def test_what_outlives_its_agent_is_told_and_can_be_ended_later(
    run: "Run", project: "Project", environment: str
) -> None:
    program = _daemon(project, 0.5, environment)
    submission = run.start(project.submission(program))
    project.wait((project.root / "daemon").exists, what="the daemon")
    daemon = int((project.root / "daemon").read_text(encoding="utf-8"))

    seen = run.ended(submission)
    (afterwards,) = run.executor.cancel([submission.process_id], patience=5)

    assert (seen.kind, seen.code, seen.survivors) == (OutcomeKind.EXITED, 0, (daemon,))
    assert afterwards == dataclasses.replace(seen, survivors=())
    assert start_time(daemon) is None


def test_cancelling_what_has_ended_changes_nothing(run: "Run", project: "Project") -> None:
    seen = run.ended(submission := run.start(project.submission(project.harness("seven", "exit 7"))))

    assert run.executor.cancel([submission.process_id], patience=1) == (seen,)


def test_cancelling_one_leaves_others_alone(run: "Run", project: "Project") -> None:
    program = project.harness("sleeper", "exec sleep 1000")
    one = run.start(project.submission(program, "1", session="agent-t-1", process_id="agent-t-1"))
    other = run.start(project.submission(program, "2", session="agent-t-1-abc", process_id="agent-t-1-abc"))
    run.running(one)
    before = run.running(other)

    run.executor.cancel(["agent-t-1"], patience=5)

    assert run.poll(other) == before


def test_a_restarted_machine_is_told(run: "Run", project: "Project") -> None:
    submission = run.start(project.submission(project.harness("sleeper", "exec sleep 1000")))
    run.running(submission)
    path = project.directory(submission).request
    request = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(request | {"boot_id": "another-start"}), encoding="utf-8")

    seen = run.poll(submission)

    assert (seen.ended, seen.kind, seen.agent_alive, seen.supervisor_alive) == (True, OutcomeKind.UNKNOWN, False, False)
    assert seen.detail == ("the machine was restarted while this process ran, so nobody recorded how it ended",)


def test_a_command_is_run_after_the_end_was_recorded(run: "Run", project: "Project") -> None:
    submission = project.submission(project.harness("agent", "exit 7"))
    record = project.directory(submission).exit
    done = project.root / "done"
    command = ("/bin/sh", "-c", 'cat "$1" >"$2.new" && mv "$2.new" "$2"', "sh", str(record), str(done))

    run.ended(run.start(dataclasses.replace(submission, on_exit=command)))

    project.wait(done.exists, what="the command at the end")
    assert json.loads(done.read_text(encoding="utf-8"))["code"] == 7


def test_nothing_is_left_in_the_launcher(run: "Run", project: "Project") -> None:
    program = project.harness("agent", "exit 0")
    run.ended(run.start(project.submission(program, "warm-up", session="warm-up")))
    before = _descriptors()
    submissions = [project.submission(program, str(number), session=f"agent-{number}") for number in range(10)]

    run.executor.submit(submissions)
    for each in submissions:
        run.ended(each)
    run.executor.cancel([each.process_id for each in submissions], patience=1)

    assert _descriptors() == before
    assert _own_children() == []


def test_nothing_is_left_on_the_machine(run: "Run", project: "Project") -> None:
    program = project.harness("sleeper", "exec sleep 1000")
    submissions = [project.submission(program, str(number), session=f"agent-{number}") for number in range(5)]
    run.executor.submit(submissions)

    seen = run.executor.cancel([each.process_id for each in submissions], patience=5)

    assert all(each.ended and each.cancelled for each in seen)
    project.wait(lambda: not project.started_here(), what="the end of all processes")


def _descriptors() -> set[str]:
    """Those of this process, without the one that reading them takes."""
    return {each.name for each in Path("/proc/self/fd").iterdir() if each.exists()}


def _own_children() -> list[str]:
    tasks = Path("/proc/self/task")
    return [child for task in tasks.iterdir() for child in (task / "children").read_text(encoding="utf-8").split()]
