import os
import socket
from pathlib import Path

import pytest

from doctor.config.files import FileProblem, is_there, read_bytes


def test_a_regular_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    assert read_bytes(tmp_path / "f", limit=3) == b"abc"


def test_a_file_over_the_limit_is_refused_with_both_sizes(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abcd")
    with pytest.raises(FileProblem, match="4 bytes large, more than the 3"):
        read_bytes(tmp_path / "f", limit=3)


def test_a_huge_sparse_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    with (tmp_path / "f").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(FileProblem, match="more than"):
        read_bytes(tmp_path / "f", limit=1000)


def test_a_named_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileProblem, match="is a named pipe"):
        read_bytes(tmp_path / "pipe", limit=10)


def test_directories_devices_and_sockets_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="is a directory"):
        read_bytes(tmp_path, limit=10)
    with pytest.raises(FileProblem, match="is a device"):
        read_bytes(Path("/dev/zero"), limit=10)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(tmp_path / "s"))
        with pytest.raises(FileProblem, match="is a socket"):
            read_bytes(tmp_path / "s", limit=10)


def test_a_missing_file_and_a_dangling_symlink_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    with pytest.raises(FileProblem, match="does not exist"):
        read_bytes(tmp_path / "gone", limit=10)
    with pytest.raises(FileProblem, match="symlink to something that does not exist"):
        read_bytes(tmp_path / "link", limit=10)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything; run the tests as another user")
def test_a_file_without_read_permission_says_so(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    (tmp_path / "f").chmod(0)
    with pytest.raises(FileProblem, match="may not be read"):
        read_bytes(tmp_path / "f", limit=10)


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "loop"])
def test_impossible_paths_are_problems_not_crashes(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(FileProblem, match="cannot be read"):
        read_bytes(tmp_path / name, limit=10)


def test_what_may_not_be_looked_at_is_there_and_never_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_text("x")
    (tmp_path / "loop").symlink_to("loop")
    assert is_there(tmp_path / "loop")
    assert is_there(tmp_path / ("x" * 300))
    assert not is_there(tmp_path / "gone")
    assert not is_there(tmp_path / "f/below")

    def refuse(*_arguments: object, **_named: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "lstat", refuse)
    assert is_there(tmp_path / "gone")


@pytest.mark.parametrize("kind", ["file", "loop", "dangling"])
def test_what_stands_where_a_directory_should_be_is_named(tmp_path: Path, kind: str) -> None:
    way = tmp_path / "way"
    if kind == "file":
        way.write_text("")
    else:
        way.symlink_to("way" if kind == "loop" else "gone")
    with pytest.raises(FileProblem, match="/way is no directory"):
        read_bytes(way / "f", limit=10)
