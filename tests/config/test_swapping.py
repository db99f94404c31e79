"""A file is replaced only if nobody changed it meanwhile."""

import hashlib
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.config import swapping
from doctor.config.swapping import ChangedError, swap_file

OLD, NEW, THEIRS = b"old", b"new content", b"theirs"
NEEDS_LEASES = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has leases")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(OLD)
    path.chmod(0o640)
    return path


def swap(file: Path, *, mode: int | None = None) -> None:
    digest = hashlib.sha256(OLD).hexdigest()
    swap_file(file, NEW, expected=digest, mode=mode, temporary=file.with_name(".file.tmp"))


def left(file: Path) -> tuple[bytes, list[str]]:
    """What the file holds, and what is beside it."""
    return file.read_bytes(), sorted(path.name for path in file.parent.iterdir() if path != file)


def test_a_file_gets_its_new_content_and_keeps_its_mode(file: Path) -> None:
    swap(file)
    assert left(file) == (NEW, [])
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


@pytest.mark.skipif(sys.platform != "linux", reason="Python has extended attributes only on Linux")
def test_what_else_the_system_keeps_with_a_file_stays(file: Path) -> None:
    try:
        os.setxattr(file, "user.origin", b"here")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    swap(file)
    assert (os.getxattr(file, "user.origin"), left(file)) == (b"here", (NEW, []))


def test_a_mode_can_be_given(file: Path) -> None:
    swap(file, mode=0o600)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_holds_something_else_is_left(file: Path) -> None:
    file.write_bytes(THEIRS)
    with pytest.raises(ChangedError, match="changed meanwhile"):
        swap(file)
    assert left(file) == (THEIRS, [])


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), os.mkfifo])
def test_what_is_no_regular_file_is_left(file: Path, make: Callable[[Path], None]) -> None:
    file.unlink()
    make(file)
    with pytest.raises((ChangedError, OSError)):
        swap(file)


def test_a_link_in_its_place_is_not_followed(file: Path) -> None:
    file.rename(file.with_name("other"))
    file.symlink_to("other")
    with pytest.raises(OSError, match="symbolic links"):
        swap(file)
    assert file.with_name("other").read_bytes() == OLD


@NEEDS_LEASES
def test_a_file_that_another_program_has_open_for_writing_is_left(file: Path) -> None:
    with file.open("ab"), pytest.raises(ChangedError, match="open for writing"):
        swap(file)
    assert left(file) == (OLD, [])


def interfere(monkeypatch: pytest.MonkeyPatch, before: Callable[[], None]) -> None:
    """Have something happen right before the two files change places for the first time."""
    exchange = swapping._exchange
    done: list[bool] = []

    def late(one: Path, other: Path) -> bool:
        if not done:
            done.append(True)
            before()
        return exchange(one, other)

    monkeypatch.setattr(swapping, "_exchange", late)


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_file_that_is_replaced_at_the_last_moment_stays_as_it_was_replaced(
    file: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    def replaced() -> None:
        other = file.with_name("theirs")
        other.write_bytes(THEIRS)
        other.replace(file)

    if not can_exchange:
        monkeypatch.setattr(swapping, "_exchanger", lambda: None)
    interfere(monkeypatch, replaced)
    with pytest.raises(ChangedError, match="replaced meanwhile"):
        swap(file)
    assert left(file) == (THEIRS, [])


def test_a_file_that_is_removed_at_the_last_moment_stays_removed(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swapping, "_exchanger", lambda: None)
    interfere(monkeypatch, file.unlink)
    with pytest.raises(ChangedError, match="removed meanwhile"):
        swap(file)
    assert list(file.parent.iterdir()) == []


@NEEDS_LEASES
def test_what_a_program_writes_that_opened_it_at_the_last_moment_is_not_lost(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = threading.Thread(target=lambda: _append(file))

    def opened() -> None:
        writer.start()
        deadline = threading.Event()
        while not _is_blocked(writer) and not deadline.wait(0.01):
            pass

    interfere(monkeypatch, opened)
    with pytest.raises(ChangedError, match="about to write"):
        swap(file)
    writer.join()
    assert left(file) == (OLD + THEIRS, [])


def _append(file: Path) -> None:
    with file.open("ab") as stream:
        stream.write(THEIRS)


def _is_blocked(writer: threading.Thread) -> bool:
    """Whether the kernel has a thread wait for the lease."""
    status = Path(f"/proc/self/task/{writer.native_id}/status")
    try:
        return "State:\tS" in status.read_text() or "State:\tD" in status.read_text()
    except FileNotFoundError:
        return not writer.is_alive()


def test_without_a_way_to_exchange_files_it_is_replaced_all_the_same(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swapping, "_exchanger", lambda: None)
    swap(file)
    assert left(file) == (NEW, [])


def test_many_writers_lose_nothing(file: Path) -> None:
    """Each adds a line with compare and swap in a process of its own, and tries again when it was not the first."""
    code = """
import hashlib, sys
from pathlib import Path
from doctor.config.swapping import ChangedError, swap_file
path, name = Path(sys.argv[1]), sys.argv[2]
done = 0
while done < 20:
    old = path.read_bytes()
    try:
        swap_file(path, old + f"{name}{done}\\n".encode(), expected=hashlib.sha256(old).hexdigest(), mode=None,
                  temporary=path.with_name(f".{name}.tmp"))
    except ChangedError:
        continue
    done += 1
"""
    file.write_bytes(b"")
    root = str(Path(swapping.__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root}
    argv = [sys.executable, "-c", code, str(file)]
    writers = [subprocess.Popen([*argv, name], env=environment) for name in "abc"]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert sorted(file.read_text().split()) == sorted(f"{name}{number}" for name in "abc" for number in range(20))
    assert left(file)[1] == []
