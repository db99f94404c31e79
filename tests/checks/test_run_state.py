"""RUN: what runs leave in a project."""

from pathlib import Path
from typing import Any

import pytest

import doctor
from checks import run_state as family
from doctor.testing import run_check


@pytest.fixture
def project(tmp_path: Path) -> doctor.Project:
    """A project in a repository, with run state."""
    (tmp_path / ".git" / "info").mkdir(parents=True)
    (tmp_path / ".metawsm" / "launches").mkdir(parents=True)
    (tmp_path / ".metawsm" / "metawsm.db").touch()
    return doctor.Project(root=tmp_path, cwd=tmp_path, home=tmp_path, repository=tmp_path)


def test_run_state_that_git_would_take_is_told_and_can_be_repaired(project: doctor.Project, says: Any) -> None:
    [finding] = run_check(family.RUN001, project=project).findings
    assert says(finding, "launches/, metawsm.db*", ".metawsm/.gitignore")
    assert finding.fixable


@pytest.mark.parametrize("file", [".metawsm/.gitignore", ".gitignore", ".git/info/exclude"])
def test_run_state_that_git_leaves_out_passes(project: doctor.Project, file: str) -> None:
    (project.root / file).write_text("# ours\nlaunches/\nmetawsm.db*\n")
    assert run_check(family.RUN001, project=project).status == "passed"


def test_a_line_that_takes_it_in_again_counts(project: doctor.Project) -> None:
    (project.root / ".gitignore").write_text("launches\nmetawsm.*\n")
    (project.root / ".metawsm" / ".gitignore").write_text("!launches\n")
    [finding] = run_check(family.RUN001, project=project).findings
    assert "launches/" in finding.message
    assert "metawsm.db" not in finding.message


def test_nothing_takes_in_again_what_lies_in_a_directory_that_is_left_out(project: doctor.Project) -> None:
    (project.root / ".gitignore").write_text(".metawsm/\n")
    (project.root / ".metawsm" / ".gitignore").write_text("!launches\n")
    assert run_check(family.RUN001, project=project).status == "passed"


def test_outside_of_a_repository_there_is_nothing_to_leave_out(project: doctor.Project) -> None:
    outside = doctor.Project(root=project.root, cwd=project.root, home=project.root)
    assert run_check(family.RUN001, project=outside).status == "passed"


def test_an_ignore_file_that_is_no_text_is_left_to_a_person(project: doctor.Project) -> None:
    (project.root / ".metawsm" / ".gitignore").write_bytes(b"\xff\xfe")
    [finding] = run_check(family.RUN001, project=project).findings
    assert not finding.fixable
