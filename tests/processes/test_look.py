import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from doctor.errors import UsageError
from doctor.model.options import Options
from doctor.model.process import Health, State
from doctor.processes.attach import attach_command
from doctor.processes.look import find, look
from doctor.processes.order import Order
from doctor.processes.plan import plan
from doctor.processes.start import Launched, launch
from doctor.processes.stop import stop

Launch = Callable[..., Launched]
WritePolicy = Callable[..., Path]
Eventually = Callable[[Callable[[], Any]], Any]


def contents(directory: Path) -> dict[str, tuple[int, int]]:
    """Every file below a directory, with its size and time of change; the journal has writers of its own."""
    return {
        str(path.relative_to(directory)): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in directory.rglob("*")
        if path.is_file() and not path.name.startswith("metawsm.db")
    }


def test_only_what_runs_is_shown_unless_more_is_asked_for(
    options: Options, write_policy: WritePolicy, start: Launch
) -> None:
    write_policy(done="true", busy="echo up; sleep 300")
    start("done", wait=True)
    start("busy")

    assert [each.agent for each in look(options)] == ["busy"]
    assert [each.agent for each in look(options, ended=True)] == ["done", "busy"]


def test_a_running_process_is_healthy(options: Options, write_policy: WritePolicy, start: Launch) -> None:
    write_policy(a="echo up; sleep 300")
    start()

    [process] = look(options)

    assert (process.state, process.health, process.outcome) == (State.RUNNING, Health.HEALTHY, None)


def test_looking_writes_nothing(options: Options, write_policy: WritePolicy, start: Launch) -> None:
    write_policy(a="echo up; sleep 300", b="true")
    start("b", wait=True)
    start("a", executor="tmux")
    before = contents(options.cwd)

    look(options, ended=True)

    assert contents(options.cwd) == before


def test_a_silent_process_is_stalled_by_the_limits_of_the_policy(
    options: Options, write_policy: WritePolicy, start: Launch
) -> None:
    write_policy(more={"health": {"idle_seconds": 300, "activity_stalled_seconds": 900}}, a="echo up; sleep 300")
    [process] = start().processes
    log = Path(process.log_path or "")
    seconds = log.stat().st_mtime

    ages = {}
    for age in (0, 300, 900):
        os.utime(log, (seconds - age, seconds - age))
        ages[age] = look(options)[0].health

    assert ages == {0: Health.HEALTHY, 300: Health.IDLE, 900: Health.STALLED}


@pytest.mark.parametrize("called", ["process_id", "agent", "session"])
def test_a_process_is_found_by_each_of_its_names(
    options: Options, write_policy: WritePolicy, start: Launch, called: str
) -> None:
    write_policy(a="echo up; sleep 300")
    [process] = start().processes

    assert find(options, getattr(process, called)).process_id == process.process_id


def test_the_newest_of_several_that_ended_is_found(options: Options, write_policy: WritePolicy, start: Launch) -> None:
    write_policy(a="true")
    start(wait=True)
    [newest] = start(wait=True).processes

    assert find(options, "a").process_id == newest.process_id


def test_part_of_a_name_is_no_name(options: Options, write_policy: WritePolicy, start: Launch) -> None:
    write_policy(**{"t-1-abc": "echo up; sleep 300"})
    start()

    with pytest.raises(UsageError) as unknown:
        find(options, "t-1")

    assert unknown.value.message == "no process is called 't-1'"


def test_a_project_without_processes_shows_none(options: Options) -> None:
    assert look(options, ended=True) == ()


def test_processes_are_seen_while_the_policy_cannot_be_read(
    options: Options, write_policy: WritePolicy, start: Launch
) -> None:
    policy = write_policy(a="echo up; sleep 300")
    start()
    policy.write_text("{", encoding="utf-8")

    assert [each.agent for each in look(options)] == ["a"]


def test_stopping_ends_one_and_leaves_the_other(options: Options, write_policy: WritePolicy, start: Launch) -> None:
    write_policy(a="echo up; sleep 300", b="echo up; sleep 300")
    start()

    [stopped] = stop(options, names=("a",), patience=0.5)

    assert (stopped.agent, stopped.state) == ("a", State.CANCELLED)
    assert [each.agent for each in look(options)] == ["b"]


def test_stopping_nothing_in_particular_is_refused(options: Options) -> None:
    with pytest.raises(UsageError, match="nothing was named to stop"):
        stop(options)


def test_everything_can_be_stopped_where_nothing_runs(options: Options) -> None:
    assert stop(options, everything=True) == ()


def test_stopping_removes_what_a_killed_launcher_left_half_made(options: Options) -> None:
    litter = options.cwd / ".metawsm" / "processes" / ".new-0123"
    litter.mkdir(parents=True)
    (litter / "request.json").write_text("{", encoding="utf-8")
    assert stop(options, everything=True) == ()
    assert list(litter.parent.iterdir()) == []


def test_the_terminal_of_a_process_can_be_shown(options: Options, write_policy: WritePolicy, start: Launch) -> None:
    write_policy(more={"tmux": {"socket": "of-a-test"}}, a="echo up; sleep 300")
    start(executor="tmux")

    command = attach_command(options, "a")

    assert command[-2:] == ("-t", "=a-project")
    assert "of-a-test" in command


def test_what_has_no_terminal_cannot_be_shown(options: Options, write_policy: WritePolicy, start: Launch) -> None:
    write_policy(a="echo up; sleep 300")
    start()

    with pytest.raises(UsageError, match="it runs without one"):
        attach_command(options, "a")


def test_what_has_ended_cannot_be_shown(options: Options, write_policy: WritePolicy, start: Launch) -> None:
    write_policy(a="true")
    start(wait=True)

    with pytest.raises(UsageError, match="has ended"):
        attach_command(options, "a")


@pytest.mark.parametrize("spoil", ["processes", ""])
def test_what_cannot_be_looked_at_is_said_and_not_taken_for_gone(
    options: Options, write_policy: WritePolicy, spoil: str
) -> None:
    metawsm = write_policy(a="true").parent
    if spoil:
        (metawsm / spoil).write_text("in the way", encoding="utf-8")
    else:
        (metawsm / "policy.json").unlink()
        metawsm.rmdir()
        metawsm.write_text("in the way", encoding="utf-8")

    with pytest.raises(UsageError, match="cannot be looked at"):
        look(options)


def test_a_process_stays_where_it_was_started_when_the_policy_names_another_socket(
    options: Options, write_policy: WritePolicy, start: Launch
) -> None:
    write_policy(more={"tmux": {"socket": "before"}}, a="echo up; sleep 300")
    start(executor="tmux")
    write_policy(more={"tmux": {"socket": "after"}}, a="echo up; sleep 300")

    [process] = look(options)

    assert process.outcome is None
    assert "before" in attach_command(options, "a")
    assert [each.state for each in stop(options, names=("a",), patience=0.5)] == [State.CANCELLED]


def test_a_session_of_another_project_is_told_as_one(
    options: Options, write_policy: WritePolicy, start: Launch, tmp_path: Path
) -> None:
    policy = {"tmux": {"socket": "shared", "session_pattern": "{agent}"}}
    write_policy(more=policy, a="echo up; sleep 300")
    start(executor="tmux")
    other = tmp_path / "other"
    (other / ".metawsm").mkdir(parents=True)
    (other / ".metawsm" / "policy.json").write_bytes((options.cwd / ".metawsm" / "policy.json").read_bytes())
    order = Order(options=replace(options, cwd=other))

    [refused] = launch(order, plan(order)).refusals

    assert (refused.detail or "").endswith("of another project")
    assert "tmux.session_pattern" in (refused.remedy or "")
