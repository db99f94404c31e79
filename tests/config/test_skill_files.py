import os
from pathlib import Path

import pytest

from doctor.config import skill_files
from doctor.config.skill_files import other_files_sha256


@pytest.fixture
def skill(tmp_path: Path) -> Path:
    """A skill of one file."""
    path = tmp_path / "diary" / "SKILL.md"
    (path.parent / "scripts").mkdir(parents=True)
    path.write_text("Write.")
    return path


def test_a_skill_of_one_file_has_no_others(skill: Path) -> None:
    assert other_files_sha256(skill) is None


def test_name_content_and_executable_bit_of_other_files_count(skill: Path) -> None:
    script = skill.parent / "scripts" / "run.sh"
    seen = set()
    script.write_text("date")
    seen.add(other_files_sha256(skill))
    script.write_text("rm x")
    seen.add(other_files_sha256(skill))
    script.chmod(0o755)
    seen.add(other_files_sha256(skill))
    script.rename(script.with_name("go.sh"))
    seen.add(other_files_sha256(skill))
    assert len(seen) == 4
    assert None not in seen


def test_what_programs_leave_behind_does_not_count(skill: Path) -> None:
    (skill.parent / "scripts" / "__pycache__").mkdir()
    (skill.parent / "scripts" / "__pycache__" / "run.pyc").write_bytes(b"x")
    (skill.parent / ".DS_Store").write_bytes(b"x")
    assert other_files_sha256(skill) is None


def test_it_is_the_same_wherever_the_skill_lies(skill: Path, tmp_path: Path) -> None:
    (skill.parent / "scripts" / "a").write_text("a")
    (skill.parent / "b").write_text("b")
    before = other_files_sha256(skill)
    skill.parent.rename(tmp_path / "journal")
    assert other_files_sha256(tmp_path / "journal" / "SKILL.md") == before


def test_links_are_never_followed_into_directories(skill: Path, tmp_path: Path) -> None:
    (skill.parent / "loop").symlink_to(".")
    first = other_files_sha256(skill)
    (skill.parent / "loop").unlink()
    (skill.parent / "loop").symlink_to("/")
    assert first != other_files_sha256(skill)


def test_what_is_no_file_or_cannot_be_read_counts_as_that(skill: Path) -> None:
    os.mkfifo(skill.parent / "pipe")
    (skill.parent / "gone").symlink_to("nowhere")
    (skill.parent / os.fsdecode(b"\xff")).write_text("x")
    assert other_files_sha256(skill) is not None


def test_a_file_that_is_too_large_to_be_read_counts_by_its_size(skill: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skill_files, "LARGEST", 3)
    (skill.parent / "large").write_text("1234")
    first = other_files_sha256(skill)
    (skill.parent / "large").write_text("12345")
    assert first != other_files_sha256(skill)
