from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from doctor.config.paths import Paths, machine_paths
from doctor.control.client import notify_all
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.runner.following import Following
from doctor.runner.talk import Talk

MODELS = {"one": "claude:opus", "two": "claude:haiku", "other": "codex:gpt-5.5"}


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A machine with three profiles, the first of them active."""
    environment = {name: str(tmp_path / name) for name in ("DOCTOR_CONFIG_DIR", "DOCTOR_STATE_DIR", "DOCTOR_CACHE_DIR")}
    found = machine_paths(environment, tmp_path)
    found.profiles_dir.mkdir(parents=True)
    for name, model in MODELS.items():
        found.profile_file(name).write_text(f'[agent]\nmodel = "{model}"\n')
    found.active_profile_file.write_text("one\n")
    return found


@pytest.fixture
def follow(paths: Paths, tmp_path: Path, talk: Talk) -> Iterator[Callable[[str | None], Following]]:
    """What follows them, for a harness: ``follow("claude_code")``."""
    made: list[Following] = []

    def start(runtime_id: str | None) -> Following:
        registry = Registry(builtin_harnesses())
        following = Following(
            paths=paths, environment={}, project=tmp_path, registry=registry, runtime_id=runtime_id, talk=talk
        )
        made.append(following)
        following.start()
        return following

    yield start
    for each in made:
        each.close()


def test_a_switch_counts_from_the_next_run_on(paths: Paths, follow: Callable[[str | None], Following]) -> None:
    following = follow("claude_code")
    assert following.model() == "opus"
    paths.active_profile_file.write_text("two\n")
    [told] = notify_all(paths, "two")
    assert (told.ok, dict(told.values), following.model()) == (True, {"model": "haiku"}, "haiku")


def test_a_model_of_another_harness_is_none(paths: Paths, follow: Callable[[str | None], Following]) -> None:
    following = follow("claude_code")
    paths.active_profile_file.write_text("other\n")
    [told] = notify_all(paths, "other")
    assert (told.ok, following.model()) == (True, None)


def test_a_profile_that_cannot_be_read_changes_nothing(paths: Paths, follow: Callable[[str | None], Following]) -> None:
    following = follow("claude_code")
    paths.active_profile_file.write_text("nowhere\n")
    [told] = notify_all(paths, "nowhere")
    assert (told.ok, following.model()) == (False, "opus")
    assert "nowhere" in (told.error or "")


def test_an_executor_of_somebody_elses_gets_no_model(follow: Callable[[str | None], Following]) -> None:
    assert follow(None).model() is None


def test_nobody_is_told_once_it_is_closed(paths: Paths, follow: Callable[[str | None], Following]) -> None:
    following = follow("claude_code")
    following.close()
    assert notify_all(paths, "two") == ()
