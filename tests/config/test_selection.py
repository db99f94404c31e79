"""A project's own choice of a profile."""

import json
from pathlib import Path

import pytest

from doctor.config.paths import Paths, machine_paths
from doctor.config.profiles import ActiveProfile, active_profile
from doctor.config.selection import ProjectSelection, fingerprint, load_selection, selection_file
from doctor.model.harness import RunnerSpec

MINE = 'agent.model = "codex:gpt-5"\n'
DIGEST = fingerprint({"agent": {"model": "codex:gpt-5"}})


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = machine_paths({}, tmp_path)
    made.profiles_dir.mkdir(parents=True)
    for name in ("mine", "other"):
        made.profile_file(name).write_text(MINE)
    made.active_profile_file.write_text("other\n")
    return made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "project" / ".metawsm").mkdir(parents=True)
    return tmp_path / "project"


def choose(root: Path, **values: str) -> Path:
    path = selection_file(root)
    path.write_text(json.dumps({"profile": "mine", "sha256": DIGEST, **values}))
    return path


def active(
    paths: Paths, root: Path | None, runners: tuple[RunnerSpec, ...], flag: str | None = None, env: str = ""
) -> ActiveProfile:
    return active_profile(flag=flag, environment={"DOCTOR_PROFILE": env}, paths=paths, runners=runners, project=root)


def test_a_project_without_a_choice_uses_the_machine_s(
    paths: Paths, root: Path, runners: tuple[RunnerSpec, ...]
) -> None:
    assert load_selection(root) is None
    found = active(paths, root, runners)
    assert (found.name, found.source) == ("other", "pointer")


def test_the_project_s_choice_is_stronger_than_the_pointer_and_weaker_than_the_rest(
    paths: Paths, root: Path, runners: tuple[RunnerSpec, ...]
) -> None:
    choose(root)
    assert load_selection(root).value == ProjectSelection(profile="mine", sha256=DIGEST)  # type: ignore[union-attr]
    own = active(paths, root, runners)
    assert (own.name, own.source, own.path, own.problems, own.drift) == (
        "mine",
        "project",
        paths.profile_file("mine"),
        (),
        None,
    )
    assert active(paths, root, runners, env="other").source == "env"
    assert active(paths, root, runners, flag="other").source == "flag"
    assert active(paths, None, runners).source == "pointer"


def test_another_form_of_the_same_profile_is_no_drift(
    paths: Paths, root: Path, runners: tuple[RunnerSpec, ...]
) -> None:
    choose(root)
    paths.profile_file("mine").write_text('# mine\n[agent]\nmodel = "codex:gpt-5"\n')
    assert active(paths, root, runners).drift is None


def test_a_profile_that_says_something_else_by_now_counts_and_is_told(
    paths: Paths, root: Path, runners: tuple[RunnerSpec, ...]
) -> None:
    path = choose(root)
    paths.profile_file("mine").write_text('agent.model = "codex:gpt-6"\n')
    found = active(paths, root, runners)
    assert found.problems == ()
    assert found.loaded is not None
    assert found.loaded.value is not None
    assert found.loaded.value.agent.model == "codex:gpt-6"
    assert found.drift is not None
    assert (found.drift.location.path, found.drift.location.line) == (str(path), 1)


def test_a_choice_that_cannot_be_followed_is_a_problem_and_nothing_takes_its_place(
    paths: Paths, root: Path, runners: tuple[RunnerSpec, ...]
) -> None:
    path = choose(root, profile="gone")
    found = active(paths, root, runners)
    assert (found.name, found.source, found.loaded) == ("gone", "project", None)
    assert [(each.rule, each.location.path) for each in found.problems] == [("reference", str(path))]


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"profile": "../x", "sha256": "0"}', '{"profile": "mine", "sha256": "zz"}']
)
def test_a_malformed_choice_is_a_problem(
    paths: Paths, root: Path, runners: tuple[RunnerSpec, ...], content: str
) -> None:
    selection_file(root).write_text(content)
    found = active(paths, root, runners)
    assert (found.source, found.loaded) == ("project", None)
    assert [each.location.path for each in found.problems] == [str(selection_file(root))]
