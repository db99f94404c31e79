"""Whether everything is still as it was."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from doctor.launch import verify
from doctor.launch.materialise import materialise
from doctor.model.harness import SkillFact
from doctor.model.secret import SecretRef
from doctor.model.spec import LaunchSpec

MakeSpec = Callable[..., LaunchSpec]


@pytest.fixture
def spec(make_spec: MakeSpec, skill: Callable[..., SkillFact], project: Path) -> LaunchSpec:
    """A spec that was written, started from and left alone."""
    references = {"endpoint_url": "http://h/v1", "endpoint_key": SecretRef(env="BOX_KEY")}
    made = make_spec("codex", skills=[skill("docs")], request=references)
    materialise(made, project / ".metawsm")
    return made


@pytest.fixture
def changes(tmp_path: Path) -> Callable[[LaunchSpec], tuple[str, ...]]:
    environment = {"PATH": os.environ["PATH"], "BOX_KEY": "box-secret"}
    return lambda spec: verify.changes(spec, environment=environment, home=tmp_path)


Changes = Callable[[LaunchSpec], tuple[str, ...]]


def test_where_nothing_changed_nothing_is_said(spec: LaunchSpec, changes: Changes) -> None:
    assert changes(spec) == ()


def test_a_spec_that_was_never_written_can_be_started(spec: LaunchSpec, changes: Changes, project: Path) -> None:
    shutil.rmtree(project / ".metawsm")

    assert changes(spec) == ()


def test_a_changed_document_no_longer_fits_its_id(spec: LaunchSpec, changes: Changes) -> None:
    shutil.rmtree(Path(spec.prompt.path).parent)

    assert changes(replace(spec, notes=("more",))) == (
        f"the spec's content was changed: it is no longer what its id {spec.id} names",
    )
    assert changes(replace(spec, id="a" * 64)) == (
        f"the prompt's file {spec.prompt.path} is not in a directory named by the spec's id",
        f"the spec's content was changed: it is no longer what its id {'a' * 64} names",
    )


def test_a_changed_program_is_named(spec: LaunchSpec, changes: Changes, echo: Path) -> None:
    content = echo.read_text()
    echo.write_text(f"{content}#")
    size = len(content)
    assert changes(spec) == (f"the program {echo} was changed: {size} bytes then, {size + 1} now",)

    echo.write_text(content.replace("import json", "import ssl "))
    assert changes(spec) == (f"the program {echo} was changed: its content",)

    echo.write_text(content)
    os.utime(echo, ns=(0, 1))
    assert changes(spec) == (f"the program {echo} was changed: it was written again",)

    echo.chmod(0o600)
    assert changes(spec) == (f"the program {echo} may not be executed",)

    echo.unlink()
    assert changes(spec) == (f"the program {echo} is gone",)


def test_a_program_that_leads_elsewhere_is_named(
    make_spec: MakeSpec, changes: Changes, echo: Path, tmp_path: Path
) -> None:
    spec = make_spec("aider")
    other = tmp_path / "bin" / "other"
    echo.rename(other)
    echo.symlink_to(other)

    assert changes(spec) == (
        f"the program {echo} is now {other.resolve()}, and was {echo.resolve().parent / echo.name}",
    )


def test_everything_else_that_changed_is_named_at_once(
    spec: LaunchSpec, changes: Changes, project: Path, tmp_path: Path
) -> None:
    [skill] = spec.skills
    Path(skill.path).write_text("other\n")
    Path(spec.prompt.path).write_text("other\n")
    elsewhere = replace(spec, cwd=str(project / "gone"))

    found = changes(elsewhere)

    own = Path(spec.prompt.path).parent
    assert found == (
        f"the spec's content was changed: it is no longer what its id {spec.id} names",
        f"the directory {project}/gone is gone",
        f"{own}/spec.json was changed",
        f"{own}/prompt.md was changed",
        f"the skill {skill.path} was changed",
    )


def test_a_skill_that_is_gone_is_named(spec: LaunchSpec, changes: Changes) -> None:
    [skill] = spec.skills
    Path(skill.path).unlink()

    assert changes(spec) == (f"the skill {skill.path} does not exist",)


def test_a_directory_that_became_a_file_is_named(make_spec: MakeSpec, changes: Changes, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.write_text("")

    assert changes(make_spec("aider", cwd=str(place))) == (f"the directory {place} is no directory",)


def test_a_secret_that_is_not_there_is_named(spec: LaunchSpec, tmp_path: Path) -> None:
    assert verify.changes(spec, environment={"PATH": ""}, home=tmp_path) == (
        "the secret for DOCTOR_ENDPOINT_KEY (env:BOX_KEY): the variable is not set",
    )
