"""Files that are no journal, may not be written, or are in use: an error that says what to do, or an answer."""

import errno
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from doctor.errors import DoctorError
from doctor.journal import schema
from doctor.journal.database import read
from doctor.journal.errors import JournalError
from doctor.journal.journal import Journal
from doctor.model.event import Spawn, Verb

MakeSpawn = Callable[..., Spawn]
RunReadOnly = Callable[..., str]
RunPython = Callable[..., subprocess.CompletedProcess[str]]
Sql = Callable[..., list[tuple[Any, ...]]]

READ = """
import json, sys
from pathlib import Path
from doctor.journal.journal import Journal
print(json.dumps([row.process_id for row in Journal(Path(sys.argv[1])).processes()]))
"""

WRITE = """
import sys
from pathlib import Path
from doctor.journal.journal import Journal
from doctor.journal.errors import JournalError
from doctor.model.event import Verb
try:
    Journal(Path(sys.argv[1])).transition("p-1", Verb.PAUSE, reason="asked", at=2)
except JournalError as error:
    print(error.message)
    print(error.remedy)
"""

CRASH = """
import os, signal, sys
from pathlib import Path
from doctor.journal.journal import Journal
from doctor.model.event import Verb
journal = Journal(Path(sys.argv[1]))
journal.transition("p-1", Verb.PAUSE, reason="asked", at=2)
os._exit(0)
"""


@pytest.fixture
def recorded(database: Path, make_spawn: MakeSpawn) -> Path:
    """A journal with one process, closed."""
    with Journal(database) as journal:
        journal.spawn(make_spawn(), at=1)
    return database


def attempts(path: Path, make_spawn: MakeSpawn) -> dict[str, Callable[[], object]]:
    journal = Journal(path, patience=0.2)
    return {"read": journal.processes, "replay": journal.replay, "write": lambda: journal.spawn(make_spawn(), at=1)}


def assert_refused(path: Path, make_spawn: MakeSpawn, seen: str) -> None:
    """Reading and writing fail alike, name the file and what was seen, give a next step, and leave it as it was."""
    before = {each.name: each.read_bytes() for each in path.parent.iterdir() if each.is_file()}
    for attempt in attempts(path, make_spawn).values():
        with pytest.raises(JournalError) as error:
            attempt()
        assert error.value.message.startswith(f"the journal {path} {seen}")
        assert error.value.remedy
        assert isinstance(error.value, DoctorError)
    assert {each.name: each.read_bytes() for each in path.parent.iterdir() if each.is_file()} == before


def test_text_in_its_place_is_no_journal(database: Path, make_spawn: MakeSpawn) -> None:
    database.write_text("not a database, by any means\n" * 100, encoding="utf-8")
    assert_refused(database, make_spawn, "is no SQLite database")


def test_a_directory_in_its_place_is_no_journal(database: Path, make_spawn: MakeSpawn) -> None:
    database.mkdir()
    assert_refused(database, make_spawn, "is no regular file")


def test_another_program_s_database_is_left_alone(database: Path, make_spawn: MakeSpawn, sql: Sql) -> None:
    sql(database, "CREATE TABLE runs (run_id TEXT)")
    assert_refused(database, make_spawn, "holds the tables of another program")


def test_a_journal_of_a_newer_release_is_left_alone(recorded: Path, make_spawn: MakeSpawn, sql: Sql) -> None:
    sql(recorded, f"PRAGMA user_version = {schema.VERSION + 1}")
    seen = f"has schema version {schema.VERSION + 1}, expected at most {schema.VERSION}"
    assert_refused(recorded, make_spawn, seen)


def test_a_damaged_journal_is_told_as_such(recorded: Path, make_spawn: MakeSpawn) -> None:
    content = recorded.read_bytes()
    recorded.write_bytes(content[:200] + bytes(len(content) - 200))
    assert_refused(recorded, make_spawn, "is damaged")


def test_a_journal_that_was_cut_off_is_told_as_such(recorded: Path, make_spawn: MakeSpawn) -> None:
    recorded.write_bytes(recorded.read_bytes()[:5000])
    assert_refused(recorded, make_spawn, "is damaged")


def test_no_directory_reads_as_empty_and_is_made_when_written(tmp_path: Path, make_spawn: MakeSpawn) -> None:
    with Journal(tmp_path / "a" / "b" / "metawsm.db") as journal:
        assert journal.processes() == ()
        assert not (tmp_path / "a").exists()
        assert journal.spawn(make_spawn(), at=1)


def test_a_file_for_a_directory_is_named(tmp_path: Path, make_spawn: MakeSpawn) -> None:
    (tmp_path / "a").write_text("", encoding="utf-8")
    journal = Journal(tmp_path / "a" / "metawsm.db")
    assert journal.processes() == ()
    with pytest.raises(JournalError, match="cannot be made or looked at"):
        journal.spawn(make_spawn(), at=1)


@pytest.mark.parametrize("content", [b"", None])
def test_an_empty_database_reads_as_empty_and_becomes_a_journal(
    database: Path, make_spawn: MakeSpawn, sql: Sql, content: bytes | None
) -> None:
    if content is None:
        sql(database, "VACUUM")
    else:
        database.write_bytes(content)
    with Journal(database) as journal:
        assert (journal.processes(), journal.events()) == ((), ())
        assert [each.name for each in database.parent.iterdir()] == ["metawsm.db"]
        assert journal.spawn(make_spawn(), at=1)
        assert len(journal.events()) == 1


@pytest.mark.parametrize("name", ["a b?c#d%20.db", "ü'\";.db"])
def test_any_name_will_do(tmp_path: Path, make_spawn: MakeSpawn, name: str) -> None:
    with Journal(tmp_path / name) as journal:
        journal.spawn(make_spawn(), at=1)
        assert len(journal.processes()) == 1
    assert [each.name for each in tmp_path.iterdir()] == [name]
    assert len(journal.processes()) == 1


def test_a_journal_behind_a_link_is_read_and_written(recorded: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(recorded)
    with Journal(link) as journal:
        assert journal.transition("p-1", Verb.PAUSE, reason="asked", at=2)
        assert [row.state for row in journal.processes()] == ["paused"]
        assert len(Journal(recorded).events()) == 2


def test_reading_makes_and_changes_no_file(recorded: Path) -> None:
    before = {each.name: (each.stat().st_mtime_ns, each.read_bytes()) for each in recorded.parent.iterdir()}
    journal = Journal(recorded)
    assert (len(journal.events()), len(journal.processes()), len(journal.replay().processes)) == (1, 1, 1)
    after = {each.name: (each.stat().st_mtime_ns, each.read_bytes()) for each in recorded.parent.iterdir()}
    assert after == before


def test_a_read_only_place_can_be_read(recorded: Path, run_read_only: RunReadOnly) -> None:
    assert json.loads(run_read_only(recorded.parent, READ, recorded)) == ["p-1"]


def test_a_read_only_place_that_a_crash_left_behind_tells_everything_that_was_committed(
    recorded: Path, run_python: RunPython, run_read_only: RunReadOnly
) -> None:
    run_python(CRASH, recorded)
    assert recorded.with_name("metawsm.db-wal").stat().st_size > 0
    code = READ.replace("row.process_id", "row.state")
    assert json.loads(run_read_only(recorded.parent, code, recorded)) == ["paused"]


def test_a_log_that_cannot_be_read_is_an_error_and_not_an_older_answer(
    recorded: Path, run_python: RunPython, run_read_only: RunReadOnly
) -> None:
    run_python(CRASH, recorded)
    recorded.with_name("metawsm.db-shm").unlink()
    code = READ.replace("import json", "from doctor.journal.errors import JournalError\nimport json").replace(
        "print(", "try: print("
    )
    told = run_read_only(recorded.parent, code + "except JournalError as error: print(error.message)", recorded)
    assert told == f"the journal {recorded} cannot be opened\n"


def test_a_read_only_place_is_not_written(recorded: Path, run_read_only: RunReadOnly) -> None:
    message, remedy = run_read_only(recorded.parent, WRITE, recorded).splitlines()
    assert message in {f"the journal {recorded} may not be written", f"the journal {recorded} cannot be opened"}
    assert "permission" in remedy


def test_a_locked_journal_is_waited_for_and_then_told(recorded: Path, make_spawn: MakeSpawn) -> None:
    with closing(sqlite3.connect(recorded, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with Journal(recorded, patience=0.1) as journal:
            with pytest.raises(JournalError) as error:
                journal.transition("p-1", Verb.PAUSE, reason="asked", at=2)
            assert (
                error.value.message == f"the journal {recorded} has been locked by another process for more than 0.1 s"
            )
            assert [row.state for row in journal.processes()] == ["running"]
            other.execute("COMMIT")
            assert journal.transition("p-1", Verb.PAUSE, reason="asked", at=2)


def test_reading_does_not_drop_the_lock_that_this_process_holds(recorded: Path, run_python: RunPython) -> None:
    with closing(sqlite3.connect(recorded, isolation_level=None)) as mine:
        mine.execute("PRAGMA locking_mode = NORMAL")
        mine.execute("BEGIN IMMEDIATE")
        assert len(Journal(recorded).processes()) == 1
        code = WRITE.replace("Path(sys.argv[1])", "Path(sys.argv[1]), patience=0.1")
        assert "has been locked by another process" in run_python(code, recorded).stdout
        mine.execute("COMMIT")


def test_a_step_of_the_tables_that_fails_is_undone(
    recorded: Path, monkeypatch: pytest.MonkeyPatch, sql: Sql, make_spawn: MakeSpawn
) -> None:
    broken = ("CREATE TABLE notes (text TEXT)", "CREATE TABLE events (again TEXT)")
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
        patch.setattr(schema, "VERSION", schema.VERSION + 1)
        with pytest.raises(JournalError, match="table events already exists"):
            Journal(recorded).spawn(make_spawn("p-2"), at=2)
    assert sql(recorded, "SELECT name FROM sqlite_master WHERE name = 'notes'") == []
    assert sql(recorded, "PRAGMA user_version") == [(schema.VERSION,)]


def test_a_new_step_reaches_a_journal_of_before_with_the_next_write(
    recorded: Path, monkeypatch: pytest.MonkeyPatch, sql: Sql, make_spawn: MakeSpawn
) -> None:
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, ("CREATE TABLE notes (text TEXT)",)))
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    with Journal(recorded) as journal:
        assert len(journal.events()) == 1
        assert sql(recorded, "PRAGMA user_version") == [(schema.VERSION - 1,)]
        assert journal.spawn(make_spawn("p-2"), at=2)
        assert [event.sequence for event in journal.events()] == [1, 2]
    assert sql(recorded, "PRAGMA user_version") == [(schema.VERSION,)]


def test_a_journal_that_was_copied_is_one(recorded: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    shutil.copy2(recorded, copy)
    assert Journal(copy).events() == Journal(recorded).events()


def test_a_state_that_changed_while_it_was_read_is_read_again(recorded: Path, make_spawn: MakeSpawn) -> None:
    def query(connection: sqlite3.Connection) -> int:
        found = len(connection.execute("SELECT 1 FROM processes").fetchall())
        with Journal(recorded) as other:
            other.spawn(make_spawn("p-2"), at=2)
        return found

    assert read(recorded, query, empty=0, patience=1) == 2


def test_a_file_from_the_future_can_be_read(recorded: Path) -> None:
    os.utime(recorded, (4e9, 4e9))
    assert len(Journal(recorded).processes()) == 1


def test_preparing_tells_beforehand_that_a_place_is_not_written(recorded: Path, run_read_only: RunReadOnly) -> None:
    code = WRITE.replace('.transition("p-1", Verb.PAUSE, reason="asked", at=2)', ".prepare()")
    assert "permission" in run_read_only(recorded.parent, code, recorded)


def test_a_path_too_long_for_sqlite_is_named_as_the_reason(tmp_path: Path, make_spawn: MakeSpawn) -> None:
    directory = tmp_path.joinpath(*["d" * 100] * 5)
    directory.mkdir(parents=True)
    path = directory / "metawsm.db"

    with pytest.raises(JournalError) as error:
        Journal(path).spawn(make_spawn(), at=1)

    assert error.value.message == (
        f"the journal {path} cannot be opened: its path has {len(str(path))} bytes, and SQLite takes 480 at most"
    )
    assert error.value.remedy == "move the project to a place with a shorter path"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_system_that_has_no_room_for_the_file_says_that_the_disk_is_full(
    database: Path, make_spawn: MakeSpawn, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("doctor.journal.database.os.open", full)

    with pytest.raises(JournalError) as error:
        Journal(database).spawn(make_spawn(), at=1)

    assert error.value.message == f"the journal {database} cannot be written: the disk is full"
