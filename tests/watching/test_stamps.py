import os
import time
from pathlib import Path

from doctor.watching.stamps import merged, take_stamps
from doctor.watching.targets import directories

LATER = 10**10


def test_writing_replacing_and_removing_give_another_stamp(tmp_path: Path) -> None:
    path = tmp_path / "file"
    seen = [take_stamps([str(path)])]
    path.write_text("a", encoding="utf-8")
    seen.append(take_stamps([str(path)]))
    path.write_text("bc", encoding="utf-8")
    seen.append(take_stamps([str(path)]))
    (tmp_path / "other").write_text("de", encoding="utf-8")
    os.utime(tmp_path / "other", ns=(0, path.stat().st_mtime_ns))
    (tmp_path / "other").replace(path)
    seen.append(take_stamps([str(path)]))
    assert all(one != other for index, one in enumerate(seen) for other in seen[:index])
    path.unlink()
    assert take_stamps([str(path)]) == seen[0]


def test_the_file_behind_a_symlink_counts(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("v1")
    before = take_stamps([str(link)])
    (tmp_path / "v1").write_text("", encoding="utf-8")
    assert take_stamps([str(link)]) != before


def test_a_path_that_is_none_has_a_stamp(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert take_stamps([f"{tmp_path}/file/below", "a\0b"]) == {f"{tmp_path}/file/below": (), "a\0b": ()}


def test_what_was_there_before_a_look_counts_as_it_was(tmp_path: Path) -> None:
    path = str(tmp_path / "file")
    before = take_stamps([path])
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert merged(before, take_stamps([path]), begun_ns=0) == before


def test_what_a_look_found_counts_as_it_is_unless_it_is_newer_than_the_look(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    now = take_stamps([str(tmp_path / "file"), str(tmp_path / "absent")])
    assert merged({}, now, begun_ns=time.time_ns() + LATER) == now
    newer = merged({}, now, begun_ns=time.time_ns() - LATER)
    assert newer[str(tmp_path / "absent")] == now[str(tmp_path / "absent")]
    assert newer[str(tmp_path / "file")] != now[str(tmp_path / "file")]


def test_changes_show_in_the_nearest_directory_there_is_and_behind_symlinks(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "program").write_text("", encoding="utf-8")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "program").symlink_to("../real/program")
    targets = [str(tmp_path / "bin" / "program"), str(tmp_path / "absent" / "deep" / "file")]
    assert directories(targets) == {str(tmp_path / "bin"), str(tmp_path / "real"), str(tmp_path)}
