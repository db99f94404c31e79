import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.journal.errors import JournalError
from doctor.journal.journal import Journal
from doctor.model.options import Options
from doctor.model.process import State
from doctor.processes import settling
from doctor.processes.history import rebuild, replay
from doctor.processes.look import observe
from doctor.processes.settling import clear_ended, journal_of, settle, settle_command
from doctor.processes.start import Launched
from doctor.processes.workplace import workplace

Launch = Callable[..., Launched]
WritePolicy = Callable[..., Path]


def events(options: Options) -> list[tuple[str, str]]:
    """What the journal holds: the process and the reason of every event."""
    journal = Journal(options.cwd / ".metawsm" / "metawsm.db")
    return [(event.target_id, event.payload["reason"]) for event in journal.events()]


def test_settling_again_changes_nothing(options: Options, write_policy: WritePolicy, start: Launch) -> None:
    write_policy(a="exit 7")
    start(wait=True)
    before = events(options)
    place = workplace(options)

    settle(place, observe(place))

    assert events(options) == before


def test_a_journal_that_was_lost_is_made_again_from_the_processes(
    options: Options, write_policy: WritePolicy, start: Launch
) -> None:
    write_policy(a="exit 7")
    start(wait=True)
    before = events(options)
    for path in (options.cwd / ".metawsm").glob("metawsm.db*"):
        path.unlink()
    place = workplace(options)

    settle(place, observe(place))

    assert events(options) == before


def test_only_the_newest_ended_processes_keep_their_directories(
    options: Options, write_policy: WritePolicy, start: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_policy(a="true", b="true")
    for _ in range(3):
        start(wait=True)
    monkeypatch.setattr(settling, "KEPT", 1)
    place = workplace(options)

    clear_ended(place, observe(place))

    assert sorted((each.agent, each.attempt) for each in observe(place)) == [("a", 3), ("b", 3)]


def test_a_directory_whose_end_is_in_no_journal_is_kept(
    options: Options, write_policy: WritePolicy, start: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_policy(a="true")
    start(wait=True)
    for path in (options.cwd / ".metawsm").glob("metawsm.db*"):
        path.unlink()
    monkeypatch.setattr(settling, "KEPT", 0)
    place = workplace(options)

    clear_ended(place, observe(place))

    assert [each.agent for each in observe(place)] == ["a"]


def test_nothing_starts_where_the_journal_cannot_be_written(
    options: Options, write_policy: WritePolicy, start: Launch
) -> None:
    write_policy(a="touch started")
    (options.cwd / ".metawsm" / "metawsm.db").write_bytes(b"this is no database at all, but text" * 100)

    with pytest.raises(JournalError):
        start(wait=True)

    assert not (options.cwd / "started").exists()


def test_the_command_that_supervisors_run_takes_anything(tmp_path: Path, options: Options) -> None:
    command = settle_command(workplace(options))[:-1]

    codes = [
        subprocess.run([*command, str(directory)], capture_output=True, timeout=60, check=False).returncode
        for directory in (tmp_path, tmp_path / "nowhere", "")
    ]

    assert codes == [0, 0, 0]


def test_history_is_told_without_the_policy(options: Options, write_policy: WritePolicy, start: Launch) -> None:
    policy = write_policy(a="true")
    [process] = start(wait=True).processes
    policy.unlink()
    shutil.rmtree(options.cwd / ".metawsm" / "processes")

    told = replay(options, run_id=process.run_id)

    assert told.stages == {"execute": ("shell",)}
    assert [(each.process_id, each.state) for each in told.processes] == [(process.process_id, State.COMPLETED)]


def test_rebuilding_keeps_every_row(options: Options, write_policy: WritePolicy, start: Launch) -> None:
    write_policy(a="true", b="exit 1")
    start(wait=True)
    before = journal_of(workplace(options)).processes()

    assert rebuild(options) == 2
    assert journal_of(workplace(options)).processes() == before
