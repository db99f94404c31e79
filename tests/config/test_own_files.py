from pathlib import Path

import pytest

from doctor.config.own_files import IGNORED, ignore_own_files


def test_git_is_told_what_belongs_to_one_machine(tmp_path: Path) -> None:
    ignore_own_files(tmp_path)
    assert (tmp_path / ".gitignore").read_text() == IGNORED
    assert "profile-selection.json" in IGNORED.splitlines()


def test_what_an_earlier_version_wrote_is_brought_up_to_date(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("launches/\nprocesses/\nmetawsm.db*\n")
    ignore_own_files(tmp_path)
    assert (tmp_path / ".gitignore").read_text() == IGNORED


@pytest.mark.parametrize("content", ["", "mine\n", "launches/\nprocesses/\nmetawsm.db*\nmine\n", "x" * 1000])
def test_what_somebody_else_wrote_stays(tmp_path: Path, content: str) -> None:
    (tmp_path / ".gitignore").write_text(content)
    ignore_own_files(tmp_path)
    assert (tmp_path / ".gitignore").read_text() == content
