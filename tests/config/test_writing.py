"""Files are written as a whole or not at all."""

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from doctor.config.writing import create_file, replace_file


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text("old")
    replace_file(path, b"new", mode=0o600)
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("keep_mode", "expected"), [(False, 0o600), (True, 0o640)])
def test_the_mode_is_the_given_one_or_that_of_the_file_before(tmp_path: Path, keep_mode: bool, expected: int) -> None:
    path = tmp_path / "record.json"
    path.write_text("old")
    path.chmod(0o640)
    replace_file(path, b"new", mode=0o600, keep_mode=keep_mode)
    assert mode_of(path) == expected


def test_a_failed_write_leaves_what_was_there_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.mkdir()
    with pytest.raises(OSError, match=r"record\.json"):
        replace_file(path, b"new", mode=0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_may_come_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    replace_file(path, (piece for piece in (b"ne", b"", b"w")), mode=0o600)
    assert path.read_bytes() == b"new"


def test_pieces_that_fail_leave_what_was_there_and_no_litter(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"new"
        raise KeyError("x")

    path = tmp_path / "record.json"
    path.write_text("old")
    with pytest.raises(KeyError):
        replace_file(path, pieces(), mode=0o600)
    assert (path.read_text(), list(tmp_path.iterdir())) == ("old", [path])


def test_a_file_is_made_where_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    create_file(path, b"new", mode=0o600)
    assert (path.read_bytes(), mode_of(path), list(tmp_path.iterdir())) == (b"new", 0o600, [path])


@pytest.mark.parametrize("links", [True, False])
def test_what_is_there_stays_when_a_file_is_to_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", no_links)
    path, dangling = tmp_path / "record.json", tmp_path / "dangling"
    path.write_text("old")
    dangling.symlink_to("nowhere")
    for each in (path, dangling):
        with pytest.raises(FileExistsError):
            create_file(each, b"new", mode=0o600)
    assert (path.read_text(), sorted(tmp_path.iterdir())) == ("old", [dangling, path])


def test_a_file_is_made_where_there_are_no_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "hardlink_to", no_links)
    path = tmp_path / "record.json"
    create_file(path, b"new", mode=0o600)
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"new", [path])


def no_links(path: Path, target: Path) -> None:
    raise PermissionError(errno.EPERM, "no hard links here", str(target))
