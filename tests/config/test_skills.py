import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.config.skills import LARGEST_SKILL, find_skill
from doctor.model.harness import SkillFact, SkillProblem, SkillSource

TEXT = "---\nname: docmgr\ndescription: Manages documents.\n---\nBody\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def put(root: Path, text: str | bytes = TEXT, name: str = "docmgr") -> Path:
    path = root / name / "SKILL.md"
    path.parent.mkdir(parents=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def find(project: Path, home: Path, *roots: Path, name: str = "docmgr") -> SkillFact:
    return find_skill(name, runtime_id="codex", project=project, home=home, harness_roots=roots)


def test_a_found_skill_has_its_path_source_hash_and_description(project: Path, home: Path) -> None:
    path = put(project / ".metawsm/skills")
    assert find(project, home) == SkillFact(
        name="docmgr",
        runtime_id="codex",
        path=str(path),
        source=SkillSource.REPO,
        sha256=hashlib.sha256(TEXT.encode()).hexdigest(),
        description="Manages documents.",
        tried=(str(path),),
    )


def test_the_project_comes_before_the_home_directory_and_that_before_the_harness(project: Path, home: Path) -> None:
    own = project / ".agents/skills"
    places = [put(own), put(home / ".codex/skills"), put(project / ".metawsm/skills")]
    for path, source in zip(reversed(places), SkillSource, strict=True):
        assert (find(project, home, own).path, find(project, home, own).source) == (str(path), source)
        path.unlink()


def test_a_missing_skill_names_every_path_tried_in_order(project: Path, home: Path) -> None:
    fact = find(project, home, home / ".codex/skills", home / ".agents/skills")
    assert fact.problem is SkillProblem.MISSING
    assert fact.tried == (
        f"{project}/.metawsm/skills/docmgr/SKILL.md",
        f"{home}/.codex/skills/docmgr/SKILL.md",
        f"{home}/.agents/skills/docmgr/SKILL.md",
    )


def test_a_directory_without_the_file_is_passed_over(project: Path, home: Path) -> None:
    (project / ".metawsm/skills/docmgr").mkdir(parents=True)
    path = put(home / ".codex/skills")
    assert find(project, home).path == str(path)


@pytest.mark.parametrize("name", ["../docmgr", "a/b", "..", "", "a\0", "\ud800", ".hidden"])
def test_a_name_that_is_no_directory_name_is_never_looked_up(project: Path, home: Path, name: str) -> None:
    fact = find(project, home, name=name)
    assert (fact.problem, fact.tried) == (SkillProblem.NAME, ())
    assert str(fact.problem_detail).isprintable()


def test_a_symlink_out_of_its_root_is_refused_and_one_within_is_not(project: Path, home: Path) -> None:
    root = project / ".metawsm/skills"
    outside = put(home / "elsewhere")
    root.mkdir(parents=True)
    (root / "docmgr").symlink_to(outside.parent)
    put(root, name="real")
    (root / "inside").symlink_to(root / "real")
    assert find(project, home).problem is SkillProblem.ESCAPES
    assert find(project, home).sha256 is None
    assert find(project, home, name="inside").problem is None


def test_a_root_that_is_a_symlink_itself_is_fine(project: Path, home: Path, tmp_path: Path) -> None:
    put(tmp_path / "shared")
    (project / ".metawsm").mkdir()
    (project / ".metawsm/skills").symlink_to(tmp_path / "shared")
    assert find(project, home).problem is None


@pytest.mark.parametrize("kind", ["directory", "pipe", "dangling", "binary", "huge", "loop"])
def test_what_cannot_be_read_decides_nevertheless(project: Path, home: Path, kind: str) -> None:
    path = project / ".metawsm/skills/docmgr/SKILL.md"
    path.parent.mkdir(parents=True)
    put(home / ".codex/skills")
    make: dict[str, Callable[[], object]] = {
        "directory": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
        "dangling": lambda: path.symlink_to(path.parent / "gone"),
        "binary": lambda: path.write_bytes(b"\xff\x00"),
        "huge": lambda: path.write_bytes(b"x" * (LARGEST_SKILL + 1)),
        "loop": lambda: path.symlink_to(path),
    }
    make[kind]()
    fact = find(project, home)
    assert (fact.problem, fact.source) == (SkillProblem.UNREADABLE, SkillSource.REPO)
    assert fact.problem_detail


def test_broken_frontmatter_is_a_problem_of_a_skill_that_has_a_hash(project: Path, home: Path) -> None:
    put(project / ".metawsm/skills", "---\nname: [\n---\n")
    fact = find(project, home)
    assert fact.problem is SkillProblem.FRONTMATTER
    assert fact.sha256 is not None


def test_a_skill_without_frontmatter_is_accepted(project: Path, home: Path) -> None:
    put(project / ".metawsm/skills", "# Docmgr\n")
    assert (find(project, home).problem, find(project, home).description) == (None, None)


def test_the_harness_sees_a_skill_whose_root_is_really_one_of_its_own(
    project: Path, home: Path, tmp_path: Path
) -> None:
    put(home / ".codex/skills")
    (tmp_path / "link").symlink_to(home / ".codex")
    assert not find(project, home, home / ".agents/skills").seen_by_harness
    assert find(project, home, tmp_path / "link/skills").seen_by_harness


def test_a_name_too_long_for_a_file_is_missing(project: Path, home: Path) -> None:
    assert find(project, home, name="é" * 128).problem is SkillProblem.MISSING


def test_an_empty_skill_has_no_description(project: Path, home: Path) -> None:
    put(project / ".metawsm/skills", "")
    assert (find(project, home).problem, find(project, home).description) == (None, None)
