"""Several writers at once, writers that are killed, and a disk that is full: what was recorded stays, whole."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from doctor.journal.errors import JournalError
from doctor.journal.journal import Journal
from doctor.journal.projection import project
from doctor.model.event import Spawn, Verb

MakeSpawn = Callable[..., Spawn]
RunPython = Callable[..., subprocess.CompletedProcess[str]]

LIMIT_SECONDS = 120

WRITER = """
import sys
from itertools import count
from pathlib import Path
from doctor.journal.journal import Journal
from doctor.model.event import Spawn, Verb
from doctor.model.spec import Mode
from doctor.model.stage import Stage

path, name, most = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])

def spawn_of(process_id):
    return Spawn(
        process_id=process_id, run_id="run-1", spec_id="spec", attempt=1, agent=name, stage=Stage.EXECUTE,
        runtime_id="codex", harness_version=None, policy_sha256=None, named_profile=None, session=process_id,
        executor="process", mode=Mode.HEADLESS, cwd="/src",
    )

def say(*words):
    print(*words, flush=True)

journal = Journal(path, patience=100)
sys.stdin.readline()
"""

RACE = (
    WRITER
    + """
for number in range(most):
    own = f"{name}-{number}"
    assert journal.spawn(spawn_of(own), at=number)
    if journal.spawn(spawn_of(f"shared-{number}"), at=number):
        say("spawned", number)
    assert journal.transition(own, Verb.PAUSE, reason="asked", at=number)
    if journal.transition(f"shared-{number}", Verb.COMPLETE, reason=name, at=number):
        say("completed", number)
"""
)

ENDLESS = (
    WRITER
    + """
for number in count():
    own = f"{name}-{number}"
    journal.spawn(spawn_of(own), at=number)
    say(own, "running")
    journal.transition(own, Verb.FAIL, reason="exit 1", at=number, extra={"notes": "x" * 3000})
    say(own, "failed")
    if number % 7 == 0:
        journal.close()
"""
)

KILLED_AT_EACH_STATEMENT = (
    WRITER
    + """
import os, signal, sqlite3
from doctor.journal.projection import project

connect = sqlite3.connect

def counting(*arguments, **named):
    connection = connect(*arguments, **named)
    connection.set_trace_callback(lambda statement: next(left, None) or os.kill(os.getpid(), signal.SIGKILL))
    return connection

for statement in range(1, most):
    place = path.with_name(f"{statement}") / "metawsm.db"
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        sqlite3.connect, left = counting, iter([True] * (statement - 1))
        journal = Journal(place)
        journal.spawn(spawn_of("p-1"), at=1)
        os.write(into, b"1")
        journal.transition("p-1", Verb.FAIL, reason="exit 1", at=2)
        os.write(into, b"2")
        os._exit(0)
    os.close(into)
    _, status = os.waitpid(child, 0)
    told = len(os.read(out, 9))
    with Journal(place) as journal:
        events, rows = journal.events(), journal.processes()
        assert told <= len(events) <= 2, (statement, told, events)
        assert rows == tuple(project(events).processes.values()), (statement, rows, events)
        if events:
            assert rows[0].state == ("running", "failed")[len(events) - 1]
        assert journal.spawn(spawn_of("p-1"), at=3) is not bool(events), statement
    say(len(events), os.WIFSIGNALED(status))
    if not os.WIFSIGNALED(status):
        break
"""
)

FULL_DISK = (
    WRITER
    + """
from doctor.journal.errors import JournalError

numbers, recorded = count(), []

def fill():
    try:
        for number in numbers:
            journal.spawn(spawn_of(f"p-{number}"), at=number)
            recorded.append(f"p-{number}")
    except JournalError as error:
        return error

ballast = path.with_name("ballast")
ballast.write_bytes(bytes(100_000))
first = fill()
assert [row.process_id for row in journal.processes()] == recorded, (recorded, journal.processes())
before = len(recorded)
ballast.unlink()
second = fill()
assert len(recorded) > before
assert [event.target_id for event in journal.events()] == recorded
journal.close()
assert [row.process_id for row in Journal(path).processes()] == recorded
say(first.message)
say(second.remedy)
"""
)

BORN_ON_A_FULL_DISK = (
    WRITER
    + """
import os
from doctor.journal.errors import JournalError

size = os.statvfs(path.parent).f_bsize
for kept in range(0, most, size):
    ballast = path.with_name("ballast")
    free = os.statvfs(path.parent)
    ballast.write_bytes(bytes(free.f_bavail * size - kept))
    try:
        journal = Journal(path)
        journal.spawn(spawn_of("p-1"), at=1)
        said = "recorded"
    except JournalError as error:
        said = f"{error.message} -> {error.remedy}"
    journal.close()
    ballast.unlink()
    with Journal(path) as journal:
        found = len(journal.processes())
        journal.spawn(spawn_of("p-2"), at=2)
        assert len(journal.processes()) == found + 1, (kept, found)
    say(kept, found, said)
    left = {each.name for each in path.parent.iterdir()}
    assert left == {path.name}, (kept, left)
    path.unlink()
"""
)


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-Ic", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def race(database: Path, *names: str, events: int) -> list[str]:
    """Let writers begin at the same moment, and return what they said once all are done."""
    writers = [start(RACE, database, name, events) for name in names]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    said = []
    for writer in writers:
        out, problems = writer.communicate(timeout=LIMIT_SECONDS)
        assert (writer.returncode, problems) == (0, "")
        said += out.splitlines()
    return said


def assert_whole(database: Path) -> None:
    """SQLite finds nothing wrong, sequences have no gap and no double, and the tables are what the events give."""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    journal = Journal(database)
    events = journal.events()
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert journal.processes() == tuple(project(events).processes.values())


def test_two_writers_at_once_lose_nothing_and_do_nothing_twice(database: Path) -> None:
    said = race(database, "one", "two", events=60)
    assert_whole(database)
    assert sorted(said) == sorted(f"{word} {number}" for word in ("spawned", "completed") for number in range(60))
    told = Counter(row.state for row in Journal(database).processes())
    assert (told, len(Journal(database).events())) == ({"paused": 120, "completed": 60}, 360)


def test_writers_that_all_come_first_make_one_journal(database: Path) -> None:
    race(database, *"abcdef", events=1)
    assert_whole(database)
    assert len(Journal(database).events()) == 14
    assert [each.name for each in database.parent.iterdir()] == ["metawsm.db"]


def test_a_reader_sees_whole_states_while_others_write_open_and_close(database: Path) -> None:
    writer = start(ENDLESS, database, "w", 0)
    try:
        assert writer.stdin is not None
        assert writer.stdout is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
        journal, seen = Journal(database), 0
        while seen < 120:
            writer.stdout.readline()
            events = journal.events()
            assert [event.sequence for event in events] == list(range(1, len(events) + 1))
            assert len(events) >= seen
            seen = len(events)
            row = journal.processes()[-1]
            assert row.directive_count == 1 + row.state.is_final
    finally:
        writer.kill()
        writer.communicate(timeout=LIMIT_SECONDS)


def test_whatever_a_killed_writer_said_was_recorded_is_recorded(database: Path) -> None:
    chance = random.Random(20)
    expected: dict[str, str] = {}
    for attempt in range(12):
        writer = start(ENDLESS, database, f"w{attempt}", 0)
        assert writer.stdin is not None
        assert writer.stdout is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
        lines = [writer.stdout.readline() for _ in range(chance.randint(0, 25))]
        writer.send_signal(signal.SIGKILL)
        rest, problems = writer.communicate(timeout=LIMIT_SECONDS)
        assert (writer.returncode, problems) == (-signal.SIGKILL, "")
        # A line that the kill cut short says nothing.
        whole = ("".join(lines) + rest).rpartition("\n")[0].splitlines()
        expected |= dict(line.split() for line in whole)
        told = {row.process_id: str(row.state) for row in Journal(database).processes()}
        assert {name: state for name, state in expected.items() if told.get(name) not in {state, "failed"}} == {}
    assert expected
    assert_whole(database)


def test_a_writer_killed_at_each_single_statement_leaves_a_whole_journal(database: Path, run_python: RunPython) -> None:
    said = run_python(KILLED_AT_EACH_STATEMENT, database, "w", 500).stdout.split()
    found, killed = [int(each) for each in said[::2]], said[1::2]
    assert killed == ["True"] * (len(killed) - 1) + ["False"]
    assert set(found) == {0, 1, 2}
    assert found == sorted(found)


def test_a_database_that_may_not_grow_keeps_what_it_has(
    journal: Journal, database: Path, make_spawn: MakeSpawn
) -> None:
    journal.spawn(make_spawn("p-0"), at=1)
    assert journal._connection is not None
    journal._connection.execute("PRAGMA max_page_count = 1")
    recorded = ["p-0"]

    def fill() -> None:
        for number in range(1, 100):
            journal.spawn(make_spawn(f"p-{number}"), at=number)
            recorded.append(f"p-{number}")

    with pytest.raises(JournalError) as error:
        fill()
    assert error.value.message == f"the journal {database} cannot be written: the disk is full"
    assert [row.process_id for row in journal.processes()] == recorded
    assert journal.spawn(make_spawn("later"), at=200)
    journal.close()
    assert_whole(database)


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="only root can mount a small disk")
def test_a_full_disk_keeps_what_it_has_and_goes_on_once_there_is_space(database: Path, run_python: RunPython) -> None:
    if subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode:
        pytest.skip("root may not mount here")
    small = 'mount -t tmpfs -o size=400k small "$0" && exec "$@"'
    prefix = ("unshare", "-m", "sh", "-c", small, str(database.parent))
    said = run_python(FULL_DISK, database, "w", 0, prefix=prefix).stdout.splitlines()
    assert said == [
        f"the journal {database} cannot be written: the disk is full",
        "free some space on its disk, then try again",
    ]


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="only root can mount a small disk")
def test_a_journal_that_finds_no_room_to_be_made_is_made_whole_later(database: Path, run_python: RunPython) -> None:
    if subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode:
        pytest.skip("root may not mount here")
    small = 'mount -t tmpfs -o size=400k small "$0" && exec "$@"'
    prefix = ("unshare", "-m", "sh", "-c", small, str(database.parent))
    said = run_python(BORN_ON_A_FULL_DISK, database, "w", 300_000, prefix=prefix).stdout.splitlines()
    told = {line.split(maxsplit=1)[1] for line in said}
    full = f"the journal {database} cannot be written: the disk is full -> free some space on its disk, then try again"
    assert told == {"1 recorded", f"0 {full}"}


def test_an_error_in_the_middle_leaves_neither_event_nor_row(
    journal: Journal, make_spawn: MakeSpawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.spawn(make_spawn("p-1"), at=1)

    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("doctor.journal.rows.put", interrupt)
        with pytest.raises(KeyboardInterrupt):
            journal.transition("p-1", Verb.PAUSE, reason="asked", at=2)
    assert ([row.state for row in journal.processes()], len(journal.events())) == (["running"], 1)
    assert journal.transition("p-1", Verb.PAUSE, reason="asked", at=3)
