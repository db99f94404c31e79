"""What every executor has to keep, asked of each of them with real processes: starts, and what is seen."""

import hashlib
import json
import os
import signal
import string
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from doctor.executor import handover
from doctor.executor.base import Executor
from doctor.executor.records import NEVER_TAKEN
from doctor.model.failure import FailureKind
from doctor.model.process import OutcomeKind, Receipt
from doctor.model.spec import Delivery, Mode
from doctor.os_processes import start_time

if TYPE_CHECKING:
    from tests.executor.conftest import Project, Run

PROMPT = (
    "'single' \"double\" `backticks` $(touch oops) ${HOME} $HOME #{session_name} ; rm -rf / & | > < \\ \\n !! ~ * ?\n"
    "\ttabs, \r\n line ends, ünïcödé 日本語 🦊, C-c, %s %(x)s {0} {{}} -- -x =name @1 %1\n;\n"
    f"{''.join(each for each in string.printable)}\n"
)
LONG_PROMPT = PROMPT * (200_000 // len(PROMPT.encode()) + 1)
ARGV_PROMPT = LONG_PROMPT[:60_000]


def test_an_exit_code_is_told(run: "Run", project: "Project") -> None:
    seen = run.ended(run.start(project.submission(project.harness("seven", "exit 7"))))

    assert (seen.kind, seen.code, seen.signal, seen.problem) == (OutcomeKind.EXITED, 7, None, None)
    assert seen.started_at is not None
    assert seen.ended_at is not None
    assert seen.submitted_at <= seen.started_at <= seen.ended_at
    assert not seen.cancelled


def test_a_process_that_runs_is_told_with_its_number(run: "Run", project: "Project") -> None:
    submission = run.start(project.submission(project.harness("sleeper", "exec sleep 1000"), session="agent-t-1"))

    seen = run.running(submission)

    assert (seen.process_id, seen.session, seen.run_id) == (submission.process_id, "agent-t-1", "run-1")
    assert (seen.supervisor_alive, seen.ended, seen.kind) == (True, False, None)
    assert seen.pid is not None
    assert start_time(seen.pid) is not None


def test_a_killed_harness_is_told_with_its_signal(run: "Run", project: "Project") -> None:
    submission = run.start(project.submission(project.harness("sleeper", "exec sleep 1000")))
    pid = run.running(submission).pid
    assert pid is not None

    os.kill(pid, signal.SIGKILL)
    seen = run.ended(submission)

    assert (seen.kind, seen.code, seen.signal) == (OutcomeKind.KILLED, None, "SIGKILL")
    assert not seen.cancelled


def test_a_missing_program_is_told(run: "Run", project: "Project") -> None:
    program = project.harness("gone", "exit 0")
    submission = project.submission(program)
    program.unlink()

    seen = run.ended(run.start(submission))

    assert (seen.kind, seen.problem) == (OutcomeKind.FAILED_TO_START, FailureKind.CLI_MISSING)
    assert seen.detail == (f"the program {program} cannot be found: No such file or directory",)


def test_a_missing_interpreter_is_told(run: "Run", project: "Project") -> None:
    program = project.harness("script", "exit 0")
    program.write_text(f"#!{project.root}/missing\n", encoding="utf-8")

    seen = run.ended(run.start(project.submission(program)))

    assert (seen.kind, seen.problem) == (OutcomeKind.FAILED_TO_START, FailureKind.CLI_MISSING)
    assert seen.detail == (f"what runs {program} is missing: see its first line",)


def test_a_program_that_may_not_be_run_is_told(run: "Run", project: "Project") -> None:
    program = project.harness("script", "exit 0")
    program.chmod(0o644)

    seen = run.ended(run.start(project.submission(program)))

    assert (seen.kind, seen.problem) == (OutcomeKind.FAILED_TO_START, FailureKind.UNKNOWN)
    assert seen.detail == (f"{program} cannot be run: Permission denied",)


def test_a_changed_program_is_refused(run: "Run", project: "Project") -> None:
    program = project.harness("agent", "exit 0")
    submission = project.submission(program)
    program.write_text("#!/bin/sh\ntouch ran\n", encoding="utf-8")

    seen = run.ended(run.start(submission))

    assert (seen.kind, seen.problem) == (OutcomeKind.FAILED_TO_START, FailureKind.UNKNOWN)
    assert any("has now sha256" in line for line in seen.detail)
    assert not (project.root / "ran").exists()


def test_a_working_directory_that_is_gone_is_refused(run: "Run", project: "Project") -> None:
    cwd = project.root / "work"
    cwd.mkdir()
    submission = project.submission(project.harness("agent", "exit 0"), cwd=cwd)
    cwd.rmdir()

    seen = run.ended(run.start(submission))

    assert seen.kind == OutcomeKind.FAILED_TO_START
    assert seen.detail == (f"the working directory {cwd} cannot be entered: No such file or directory",)


def test_a_changed_spec_is_refused(run: "Run", project: "Project") -> None:
    submission = project.submission(project.harness("agent", "exit 0"))
    document = json.loads(submission.spec_path.read_text(encoding="utf-8"))
    submission.spec_path.write_text(json.dumps(document | {"argv": ["/bin/sh", "-c", "touch ran"]}), encoding="utf-8")

    seen = run.ended(run.start(submission))

    assert seen.kind == OutcomeKind.FAILED_TO_START
    assert "was changed" in seen.detail[0]
    assert not (project.root / "ran").exists()


@pytest.mark.parametrize("delivery", [Delivery.STDIN, Delivery.FILE, Delivery.POINTER])
def test_a_changed_prompt_is_refused_where_its_file_is_read(run: "Run", project: "Project", delivery: Delivery) -> None:
    submission = project.submission(project.echo_harness(), delivery=delivery, prompt="do this")
    Path(submission.spec.prompt.path).write_text("do that", encoding="utf-8")

    seen = run.ended(run.start(submission))

    assert seen.kind == OutcomeKind.FAILED_TO_START
    assert seen.detail == (f"the prompt {submission.spec.prompt.path} was changed: its content is another one",)


@pytest.mark.parametrize(
    ("delivery", "arguments", "prompt"),
    [
        (Delivery.ARGV, [ARGV_PROMPT], ARGV_PROMPT),
        (Delivery.STDIN, [], LONG_PROMPT),
        (Delivery.FILE, ["--file", "{prompt}"], LONG_PROMPT),
    ],
    ids=["argv", "stdin", "file"],
)
def test_a_prompt_arrives_byte_for_byte(
    run: "Run", project: "Project", delivery: Delivery, arguments: list[str], prompt: str
) -> None:
    submission = project.submission(project.echo_harness(), *arguments, delivery=delivery, prompt=prompt)

    seen = run.ended(run.start(submission))

    assert (seen.kind, seen.code) == (OutcomeKind.EXITED, 0), run.log(submission)
    assert project.received == prompt.encode()
    assert not (project.root / "oops").exists()


@pytest.mark.parametrize(
    ("delivery", "body", "receipt"),
    [
        (Delivery.ARGV, "exit 0", Receipt.DELIVERED),
        (Delivery.STDIN, "cat >/dev/null", Receipt.DELIVERED),
        (Delivery.STDIN, "exit 0", Receipt.NOT_DELIVERED),
        (Delivery.STDIN, "head -c 10 | true; dd bs=1 count=3 >/dev/null 2>&1", Receipt.DELIVERED),
        (Delivery.FILE, "exit 0", Receipt.UNCONFIRMED),
        (Delivery.NONE, "exit 0", Receipt.UNCONFIRMED),
    ],
    ids=["argv", "read from stdin", "stdin not read", "all read in pieces", "by a file", "no way"],
)
def test_a_receipt_says_whether_the_prompt_arrived(
    run: "Run", project: "Project", delivery: Delivery, body: str, receipt: Receipt
) -> None:
    submission = project.submission(project.harness("reader", body), "x", delivery=delivery, prompt="hello")

    assert run.ended(run.start(submission)).receipt == receipt


def test_a_receipt_comes_while_the_agent_runs(run: "Run", project: "Project") -> None:
    program = project.harness("reader", "cat >/dev/null; exec sleep 1000")
    submission = run.start(project.submission(program, delivery=Delivery.STDIN, prompt="hello"))

    project.wait(lambda: run.poll(submission).receipt == Receipt.DELIVERED, what="the receipt")

    assert run.poll(submission).agent_alive


def test_an_agent_has_exactly_the_environment_it_was_handed(run: "Run", project: "Project") -> None:
    program = project.harness("env", "exec env")
    submission = project.submission(program, environment={"NAME": "a value\nof two lines", "EMPTY": ""})

    run.ended(run.start(submission))

    shown = run.log(submission).decode()
    names = {line.partition("=")[0] for line in shown.splitlines() if "=" in line}
    assert names - {"PWD", "SHLVL", "_", "OLDPWD"} - {"TERM", "TMUX", "TMUX_PANE"} == {
        "PATH",
        "NAME",
        "EMPTY",
        "DOCTOR_PROCESS",
        "DOCTOR_PROMPT_FILE",
    }
    assert "NAME=a value\nof two lines\n" in shown
    assert f"DOCTOR_PROCESS={submission.process_id}\n" in shown
    assert f"DOCTOR_PROMPT_FILE={submission.spec.prompt.path}\n" in shown


LIBC_SIGNALS = 0b11 << 31
"""Signals 32 and 33, which the C library keeps for itself and has ignored in what it spawns."""


def test_signals_have_their_usual_meaning_for_an_agent(run: "Run", project: "Project") -> None:
    program = project.harness("signals", "grep -E 'Sig(Blk|Ign)' /proc/self/status")

    submission = run.start(project.submission(program))
    run.ended(submission)

    masks = [int(line.split()[1], 16) for line in run.log(submission).decode().splitlines()]
    assert [mask & ~LIBC_SIGNALS for mask in masks] == [0, 0]


def test_an_agent_has_no_descriptors_but_its_own_three(run: "Run", project: "Project") -> None:
    submission = run.start(project.submission(project.harness("fds", "exec ls /proc/self/fd")))
    run.ended(submission)

    # The fourth is the listing's own.
    assert run.log(submission).decode().split() == ["0", "1", "2", "3"]


def test_output_is_kept_as_it_was_written(run: "Run", project: "Project") -> None:
    submission = run.start(project.submission(project.harness("out", "printf 'a\\nb\\r\\n\\033[1mc'; echo d >&2")))
    run.ended(submission)

    assert run.log(submission) == b"a\nb\r\n\x1b[1mcd\n"


def test_output_written_just_before_the_end_is_kept(run: "Run", project: "Project") -> None:
    program = project.harness("much", "head -c 300000 /dev/zero | tr '\\0' x; printf end; kill -9 $$")
    submission = run.start(project.submission(program))
    run.ended(submission)

    assert run.log(submission) == b"x" * 300000 + b"end"


def test_a_log_is_bounded_and_keeps_the_newest(run: "Run", project: "Project", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "LOG_LIMIT", 10_000)
    program = project.harness("much", "head -c 55555 /dev/zero | tr '\\0' x; printf end")
    submission = run.start(project.submission(program))
    seen = run.ended(submission)

    log = project.directory(submission).log
    assert (seen.kind, seen.detail) == (OutcomeKind.EXITED, ())
    assert (log.stat().st_size, log.with_name("log.1").stat().st_size) == (5_558, 10_000)
    assert run.log(submission).endswith(b"xend")
    assert {each.stat().st_mode & 0o777 for each in (log, log.with_name("log.1"))} == {0o600}


@pytest.mark.parametrize(
    "body",
    [
        'printf "before %s after" "$KEY"',
        'printf "before "; printf %s "$KEY" | head -c 7; sleep 0.2; printf "%s after" "${KEY#???????}"',
    ],
    ids=["at once", "in two pieces"],
)
def test_a_secret_never_reaches_the_log(run: "Run", project: "Project", body: str) -> None:
    secret = "sk-planted-0123456789"
    program = project.harness("leaky", body)
    submission = run.start(project.submission(program, environment={"KEY": secret}, secrets=[secret]))
    run.ended(submission)

    assert run.log(submission) == b"before [redacted] after"


def test_a_secret_is_in_no_file_and_no_command_line(run: "Run", project: "Project") -> None:
    secret = "sk-planted-0123456789"
    program = project.harness("sleeper", "exec sleep 1000")
    submission = run.start(project.submission(program, environment={"KEY": secret}, secrets=[secret]))
    run.running(submission)

    files = [each for each in project.root.rglob("*") if each.is_file()]
    assert not [each for each in files if secret.encode() in each.read_bytes()]
    lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in project.started_here()]
    assert not [each for each in lines if secret.encode() in each]
    assert len(lines) >= 2


def test_records_are_for_their_owner_alone(run: "Run", project: "Project") -> None:
    submission = run.start(project.submission(project.harness("agent", "exit 0")))
    run.ended(submission)

    directory = project.directory(submission).path
    assert directory.stat().st_mode & 0o777 == 0o700
    assert {each.name: each.stat().st_mode & 0o777 for each in directory.iterdir()} == dict.fromkeys(
        ["exit.json", "handed", "live.json", "log", "request.json"], 0o600
    )


def test_a_first_process_that_never_takes_its_handover_is_a_failed_start(
    run: "Run", project: "Project", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/etc/hostname")
    submission = project.submission(project.harness("agent", "exit 0"))

    run.executor.submit([submission])

    seen = run.ended(submission)
    assert (seen.kind, seen.started_at) == (OutcomeKind.FAILED_TO_START, None)
    assert seen.detail == (NEVER_TAKEN,)


def test_many_start_side_by_side_and_one_that_fails_stops_no_other(run: "Run", project: "Project") -> None:
    broken = project.submission(project.harness("gone", "exit 0"), session="agent-0")
    Path(broken.spec.path).unlink()
    others = [
        project.submission(project.harness(f"agent-{number}", f"exit {number}"), session=f"agent-{number}")
        for number in range(1, 10)
    ]

    answers = run.executor.submit([broken, *others])

    assert [each.process_id for each in answers] == [each.process_id for each in (broken, *others)]
    assert [run.ended(each).code for each in others] == list(range(1, 10))
    assert run.ended(broken).problem == FailureKind.CLI_MISSING


def test_what_is_not_known_is_left_out(run: "Run") -> None:
    assert run.executor.poll() == ()
    assert run.executor.poll(["never-started", "../..", ""]) == ()
    assert run.executor.cancel(["never-started"], patience=1) == ()


def test_polling_changes_nothing(run: "Run", project: "Project") -> None:
    submission = run.start(project.submission(project.harness("sleeper", "echo ready; exec sleep 1000")))
    run.wait_for_output(submission, b"ready")
    before = _snapshot(project.place.directory)

    run.executor.poll()
    run.executor.screen([submission.process_id])

    assert _snapshot(project.place.directory) == before


def test_a_look_from_inside_tells_what_can_be_run_there(executor: Executor, project: "Project") -> None:
    program = project.harness("agent", "exit 0")
    missing = str(project.root / "missing")

    seen = executor.probe(programs=[str(program), missing], cwd=str(project.root))

    assert seen.reachable, seen.problem
    assert seen.cwd_problem is None
    assert seen.programs == {str(program): None, missing: "no such file or directory"}
    assert seen.environment is not None
    assert seen.environment["HOME"] == str(project.root)


def test_an_executor_says_what_it_offers(executor: Executor) -> None:
    offer = executor.offers()

    assert Mode.HEADLESS in offer.modes
    assert offer.problem is None


def _snapshot(directory: Path) -> dict[str, tuple[int, str]]:
    return {
        str(each): (each.stat().st_mtime_ns, hashlib.sha256(each.read_bytes()).hexdigest())
        for each in sorted(directory.rglob("*"))
        if each.is_file()
    }
