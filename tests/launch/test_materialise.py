"""Writing down what an agent is told."""

import os
import stat
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from doctor.launch.documents import read_spec
from doctor.launch.errors import LaunchRefused
from doctor.launch.materialise import materialise
from doctor.model.harness import SkillFact
from doctor.model.secret import SecretRef
from doctor.model.spec import LaunchSpec

MakeSpec = Callable[..., LaunchSpec]
MakeSkill = Callable[..., SkillFact]


@pytest.fixture
def directory(project: Path) -> Path:
    return project / ".metawsm"


def tree(directory: Path) -> dict[str, int]:
    """Every path below a directory, and its permission bits."""
    return {
        str(path.relative_to(directory)): stat.S_IMODE(path.lstat().st_mode) for path in sorted(directory.rglob("*"))
    }


def test_everything_is_written_for_nobody_else_to_read(make_spec: MakeSpec, skill: MakeSkill, directory: Path) -> None:
    spec = make_spec(base="tell\r\nit é\n", skills=[skill("a", "A\n"), skill("b c", "B\r\n")])
    path = materialise(spec, directory)
    own = f"launches/{spec.id}"

    assert path == directory / own / "spec.json"
    assert tree(directory) == {
        ".gitignore": 0o644 & ~umask(),
        "launches": 0o700,
        own: 0o700,
        f"{own}/prompt.md": 0o600,
        f"{own}/skills": 0o700,
        f"{own}/skills/a": 0o700,
        f"{own}/skills/a/SKILL.md": 0o600,
        f"{own}/skills/b c": 0o700,
        f"{own}/skills/b c/SKILL.md": 0o600,
        f"{own}/spec.json": 0o600,
    }
    assert read_spec(path) == spec
    assert Path(spec.prompt.path).read_bytes() == spec.prompt.text.encode()
    assert (path.parent / "skills/b c/SKILL.md").read_bytes() == b"B\r\n"
    assert (directory / ".gitignore").read_text() == "launches/\nprocesses/\nmetawsm.db*\nprofile-selection.json\n"


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_what_is_there_already_is_left_as_it_is(make_spec: MakeSpec, directory: Path) -> None:
    spec = make_spec()
    path = materialise(spec, directory)
    before = {each: each.stat().st_mtime_ns for each in path.parent.rglob("*")}

    assert materialise(spec, directory) == path
    assert {each: each.stat().st_mtime_ns for each in path.parent.rglob("*")} == before


def test_a_gitignore_of_one_s_own_is_kept(make_spec: MakeSpec, directory: Path) -> None:
    directory.mkdir()
    (directory / ".gitignore").write_text("mine\n")
    materialise(make_spec(), directory)

    assert (directory / ".gitignore").read_text() == "mine\n"


@pytest.mark.parametrize("name", ["spec.json", "prompt.md", "skills/a/SKILL.md"])
def test_a_file_that_was_changed_or_is_gone_is_named(
    make_spec: MakeSpec, skill: MakeSkill, directory: Path, name: str
) -> None:
    spec = make_spec(skills=[skill("a")])
    path = materialise(spec, directory).parent / name
    content = path.read_bytes()
    path.write_bytes(content + b" ")
    with pytest.raises(LaunchRefused, match=f"{name} was changed"):
        materialise(spec, directory)
    assert path.read_bytes() == content + b" "
    path.unlink()

    with pytest.raises(LaunchRefused, match=f"{name} does not exist"):
        materialise(spec, directory)


def test_a_skill_that_changed_since_leaves_nothing_behind(
    make_spec: MakeSpec, skill: MakeSkill, directory: Path
) -> None:
    spec = make_spec(skills=[skill("a")])
    skill("a", "something else\n")

    with pytest.raises(LaunchRefused, match=r"skills/a/SKILL\.md was changed after the spec was made"):
        materialise(spec, directory)

    assert list((directory / "launches").iterdir()) == []


@pytest.mark.parametrize("name", ["../../../../evil", "..", "/evil", "a/b", "", "a\0"])
def test_a_skill_s_name_leads_nowhere_else(
    make_spec: MakeSpec, skill: MakeSkill, directory: Path, tmp_path: Path, name: str
) -> None:
    spec = make_spec(skills=[skill("a")])
    hostile = replace(spec, skills=(replace(spec.skills[0], name=name),))
    before = {each for each in tmp_path.rglob("*") if directory not in each.parents}

    with pytest.raises(LaunchRefused, match="the skill name"):
        materialise(hostile, directory)

    assert {each for each in tmp_path.rglob("*") if directory not in (each, *each.parents)} == before
    assert list((directory / "launches").iterdir()) == []


@pytest.mark.parametrize("where", ["launches", "launches/{id}", "launches/{id}/prompt.md", "launches/{id}/skills"])
def test_no_symlink_is_followed(
    make_spec: MakeSpec, skill: MakeSkill, directory: Path, tmp_path: Path, where: str
) -> None:
    spec = make_spec(skills=[skill("a")])
    materialise(spec, directory)
    place = directory / where.format(id=spec.id)
    elsewhere = tmp_path / "elsewhere"
    place.rename(elsewhere)
    place.symlink_to(elsewhere)

    with pytest.raises(LaunchRefused, match="symlink"):
        materialise(spec, directory)


def test_a_directory_of_processes_that_is_a_symlink_is_refused(
    make_spec: MakeSpec, directory: Path, tmp_path: Path
) -> None:
    directory.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (directory / "processes").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(LaunchRefused, match=r"\.metawsm/processes is a symlink, expected a directory"):
        materialise(make_spec(), directory)
    assert list((directory / "launches").iterdir()) == []


def test_what_others_may_read_or_write_is_made_private_again(
    make_spec: MakeSpec, skill: MakeSkill, directory: Path
) -> None:
    spec = make_spec(skills=[skill("a")])
    materialise(spec, directory)
    (directory / "processes").mkdir(mode=0o700)
    before = tree(directory)
    for path in directory.rglob("*"):
        if path.name != ".gitignore":
            path.chmod(0o777 if path.is_dir() else 0o666)

    materialise(spec, directory)

    assert tree(directory) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("name", ["", "prompt.md", "skills"])
def test_what_belongs_to_another_user_is_refused(
    make_spec: MakeSpec, skill: MakeSkill, directory: Path, name: str
) -> None:
    spec = make_spec(skills=[skill("a")])
    place = materialise(spec, directory).parent / name
    os.chown(place, 12345, -1)

    with pytest.raises(LaunchRefused, match=f"{place} belongs to another user, 12345") as caught:
        materialise(spec, directory)
    assert caught.value.remedy == "find out who changed it, then remove that directory"


def test_a_dangling_symlink_in_its_place_is_refused(make_spec: MakeSpec, directory: Path, tmp_path: Path) -> None:
    spec = make_spec()
    (directory / "launches").mkdir(parents=True)
    (directory / "launches" / spec.id).symlink_to(tmp_path / "nowhere")

    with pytest.raises(LaunchRefused, match="symlink"):
        materialise(spec, directory)
    assert not (tmp_path / "nowhere").exists()


def test_a_spec_of_another_project_is_refused(make_spec: MakeSpec, tmp_path: Path) -> None:
    with pytest.raises(LaunchRefused, match=r"belongs to .*/project/\.metawsm/launches/.*, which is not below"):
        materialise(make_spec(), tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_disk_that_takes_nothing_is_named_with_the_next_step(
    make_spec: MakeSpec, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device", "/the/file")

    monkeypatch.setattr("doctor.launch.materialise.replace_file", full)

    with pytest.raises(LaunchRefused, match="/the/file cannot be written: No space left on device") as caught:
        materialise(make_spec(), directory)
    assert caught.value.remedy == f"make room, and make {directory} writable"
    assert not list(directory.rglob(".new-*"))


def test_a_file_in_the_directory_s_place_is_named(make_spec: MakeSpec, directory: Path) -> None:
    directory.write_text("")

    with pytest.raises(LaunchRefused, match=r"\.metawsm cannot be written: File exists"):
        materialise(make_spec(), directory)


def test_many_at_once_write_one_and_the_same(make_spec: MakeSpec, directory: Path) -> None:
    spec = make_spec()
    barrier, answers = threading.Barrier(8), list[object]()

    def write() -> None:
        barrier.wait()
        try:
            answers.append(materialise(spec, directory))
        except LaunchRefused as refusal:
            answers.append(refusal)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [directory / "launches" / spec.id / "spec.json"] * 8
    assert [each.name for each in (directory / "launches").iterdir()] == [spec.id]


def test_no_secret_s_value_is_written(make_spec: MakeSpec, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOX_KEY", "planted-secret-value")
    for runtime_id in ("codex", "claude_code", "opencode", "gemini", "hermes", "qwen", "copilot", "aider", "nex"):
        request = {
            "endpoint_url": "http://h/v1",
            "endpoint_key_env": "BOX_KEY",
            "endpoint_key": SecretRef(env="BOX_KEY"),
        }
        materialise(make_spec(runtime_id, request=request), directory)

    written = b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())
    assert b"planted-secret-value" not in written
    assert b"env:BOX_KEY" in written
