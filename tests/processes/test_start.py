import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from doctor.errors import DoctorError, UsageError
from doctor.exit_codes import ExitCode
from doctor.journal.journal import Journal
from doctor.launch.documents import to_document
from doctor.model.options import Options
from doctor.model.process import OutcomeKind, State
from doctor.processes.look import look
from doctor.processes.order import Order
from doctor.processes.plan import plan
from doctor.processes.start import Launched, execute, launch
from doctor.processes.stop import stop

Launch = Callable[..., Launched]
WritePolicy = Callable[..., Path]
EXECUTORS = pytest.mark.parametrize("executor", ["process", "tmux"])


@EXECUTORS
def test_the_exit_code_of_every_agent_is_told(write_policy: WritePolicy, start: Launch, executor: str) -> None:
    write_policy(fine="true", seven="exit 7")

    launched = start(executor=executor, wait=True)

    assert launched.exit_code is ExitCode.FINDINGS
    assert {each.agent: (each.state, each.outcome and each.outcome.code) for each in launched.processes} == {
        "fine": (State.COMPLETED, 0),
        "seven": (State.FAILED, 7),
    }


@EXECUTORS
def test_an_agent_that_runs_is_not_waited_for(write_policy: WritePolicy, start: Launch, executor: str) -> None:
    write_policy(a="echo up; sleep 300")

    launched = start(executor=executor)

    assert [each.state for each in launched.processes] == [State.RUNNING]
    assert launched.exit_code is ExitCode.OK


def test_one_that_fails_does_not_stop_the_others(write_policy: WritePolicy, start: Launch) -> None:
    write_policy(bad="echo it broke >&2; exit 3", good="echo up; sleep 300")

    launched = start()

    bad, good = launched.processes
    assert bad.outcome is not None
    assert (bad.outcome.failure, bad.outcome.evidence) == ("exited(3)", ("it broke",))
    assert good.state is State.RUNNING
    assert launched.exit_code is ExitCode.FINDINGS


def test_nothing_starts_where_one_was_refused(options: Options, write_policy: WritePolicy, start: Launch) -> None:
    profiles = [
        {"name": "p", "runner": "shell", "runner_options": {"command": "touch started"}},
        {"name": "q", "runner": "codex", "base_prompt": "work"},
    ]
    write_policy(
        more={"agent_profiles": profiles, "agents": [{"name": "a", "profile": "p"}, {"name": "b", "profile": "q"}]}
    )

    launched = start()

    assert launched == Launched(exit_code=ExitCode.FINDINGS)
    assert look(options, ended=True) == ()


def test_a_second_start_while_the_first_runs_is_refused(write_policy: WritePolicy, start: Launch) -> None:
    write_policy(a="echo up; sleep 300")
    start()

    again = start()

    assert again.processes == ()
    assert [bool(each.problem and each.remedy) for each in again.refusals] == [True]
    assert again.exit_code is ExitCode.FINDINGS


def test_a_start_after_the_end_is_the_next_attempt(write_policy: WritePolicy, start: Launch) -> None:
    write_policy(a="true")

    attempts = [start(wait=True).processes[0].attempt for _ in range(3)]

    assert attempts == [1, 2, 3]


def test_the_journal_tells_of_start_and_end(options: Options, write_policy: WritePolicy, start: Launch) -> None:
    write_policy(a="exit 7")
    [process] = start(wait=True).processes

    [row] = Journal(options.cwd / ".metawsm" / "metawsm.db").processes()

    assert (row.process_id, row.runtime_id, row.stage, row.state) == (
        process.process_id,
        "shell",
        "execute",
        State.FAILED,
    )
    assert row.outcome is not None
    assert (row.outcome.kind, row.outcome.code) == (OutcomeKind.EXITED, 7)


def test_the_end_is_journalled_without_anyone_looking(
    options: Options, write_policy: WritePolicy, start: Launch, eventually: Callable[[Callable[[], Any]], Any]
) -> None:
    write_policy(a="echo up; while [ ! -e go ]; do sleep 0.05; done; exit 4")
    start()
    (options.cwd / "go").touch()

    journal = Journal(options.cwd / ".metawsm" / "metawsm.db")
    [row] = eventually(lambda: [row for row in journal.processes() if row.state.is_final])

    assert row.outcome is not None
    assert row.outcome.code == 4


def test_an_unknown_executor_is_refused_with_those_there_are(write_policy: WritePolicy, start: Launch) -> None:
    write_policy(a="true")

    with pytest.raises(UsageError) as refused:
        start(executor="slurm")

    assert (refused.value.message, refused.value.remedy) == (
        "no executor is called 'slurm'",
        "executors: process, tmux",
    )


def test_an_interactive_start_needs_an_executor_with_terminals(options: Options, write_policy: WritePolicy) -> None:
    write_policy(a="true")
    order = Order(options=replace(options, interactive=True), executor="process")

    with pytest.raises(UsageError, match="runs nothing interactive"):
        launch(order, plan(order))


def test_a_spec_can_be_executed_from_its_file(options: Options, write_policy: WritePolicy, tmp_path: Path) -> None:
    write_policy(a="exit 5")
    [spec] = plan(Order(options=options)).specs
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(to_document(spec)), encoding="utf-8")

    launched = execute(path, options, executor="process", wait=True)

    assert [each.outcome and each.outcome.code for each in launched.processes] == [5]


def test_a_spec_whose_directory_is_gone_is_refused_by_name(
    options: Options, write_policy: WritePolicy, tmp_path: Path
) -> None:
    write_policy(a="true")
    there = tmp_path / "there"
    there.mkdir()
    [spec] = plan(Order(options=replace(options, agent_cwd=there))).specs
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(to_document(spec)), encoding="utf-8")
    there.rmdir()

    with pytest.raises(UsageError) as refused:
        execute(path, options)

    assert str(there) in refused.value.message
    assert refused.value.remedy == "doctor launch --agent a makes a new spec"


def test_an_agent_whose_name_has_blanks_runs_like_any_other(
    options: Options, write_policy: WritePolicy, start: Launch
) -> None:
    write_policy(**{"a b": "echo up; sleep 300"})

    [process] = start(executor="tmux").processes

    assert (process.agent, process.outcome) == ("a b", None)
    assert [each.outcome for each in look(options, names=("a b",))] == [None]


def test_an_executor_without_terminals_needs_no_tmux(
    private_bin: Path, write_policy: WritePolicy, start: Launch
) -> None:
    (private_bin / "tmux").unlink()
    write_policy(a="exit 4")

    launched = start(wait=True)

    assert [each.outcome and each.outcome.code for each in launched.processes] == [4]


def test_what_was_stopped_is_told_though_the_journal_takes_no_more(
    options: Options, write_policy: WritePolicy, start: Launch
) -> None:
    write_policy(a="echo up; sleep 300")
    start()
    for path in (options.cwd / ".metawsm").glob("metawsm.db*"):
        path.write_bytes(b"this is no database at all, but text" * 200)
    problems: list[DoctorError] = []

    [stopped] = stop(options, everything=True, patience=0.5, unrecorded=problems.append)

    assert stopped.state is State.CANCELLED
    assert ["journal" in problem.message for problem in problems] == [True]
