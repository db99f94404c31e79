"""The named profiles that ship with the tool."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import profiles
from doctor.config.profiles import load_named_profile
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.model.machine import NamedProfile
from doctor.model.roles import ROLE_TIERS, profile_model, role_model
from doctor.model.stage import Stage

RUNNERS = Registry(builtin_harnesses()).specs()
BEST = {"claude": "claude:opus", "codex": "codex:gpt-5.5", "wgnext": "nex:qwen3-coder-30b", "mixed": "codex:gpt-5.5"}
CHEAP = {**BEST, "claude": "claude:haiku", "codex": "codex:gpt-5.4-mini", "mixed": "claude:haiku"}


def read(name: str) -> NamedProfile:
    path = Path(f"/starters/{name}.toml")
    loaded = load_named_profile(path, runners=RUNNERS, content=profiles.starter(name))
    assert loaded.problems == ()
    assert loaded.value is not None
    return loaded.value


def leaves(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key with a value of its own, at any depth."""
    for each in value if isinstance(value, list) else ():
        yield from leaves(each)
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield from leaves(inner) if isinstance(inner, dict | list) else ((key, inner),)


@pytest.mark.parametrize("name", profiles.STARTERS)
def test_a_starter_says_in_one_line_what_it_is(name: str) -> None:
    assert read(name).description
    assert "\n" not in read(name).description


@pytest.mark.parametrize("name", profiles.STARTERS)
def test_workers_and_the_dispatcher_get_the_best_model_of_a_starter(name: str) -> None:
    profile = read(name)
    worker = profile_model(profile, Stage.EXECUTE)
    assert (worker, profile.dispatcher.model) == ((BEST[name], "agent.model"), BEST[name])


@pytest.mark.parametrize("name", profiles.STARTERS)
def test_ordinary_work_is_not_given_to_a_lesser_model_than_the_workers(name: str) -> None:
    assert read(name).tiers.standard == read(name).agent.model


@pytest.mark.parametrize("name", profiles.STARTERS)
@pytest.mark.parametrize("role", ROLE_TIERS)
def test_every_role_of_a_starter_has_a_model(name: str, role: str) -> None:
    found = role_model(read(name), role)
    cheap = role in {"evaluator", "assigner", "flip"}
    assert found is not None
    assert found[0] == (CHEAP if cheap else BEST)[name]


@pytest.mark.parametrize("name", ["claude", "codex", "wgnext"])
def test_a_starter_keeps_to_the_models_of_one_harness(name: str) -> None:
    prefix = BEST[name].partition(":")[0]
    values = [value for key, value in leaves(tomllib.loads(profiles.starter(name).decode())) if key != "description"]
    specs = [
        value for value in values if isinstance(value, str) and not value.startswith(("http", "default", "openai"))
    ]
    assert {spec.partition(":")[0] for spec in specs} == {prefix}


def test_in_the_mixed_starter_codex_executes_and_claude_evaluates() -> None:
    profile = read("mixed")
    assert profile_model(profile, Stage.EXECUTE) == ("codex:gpt-5.5", "agent.model")
    assert profile_model(profile, Stage.EVALUATE) == ("claude:haiku", "models.evaluator.model")


def test_only_the_local_starter_brings_an_endpoint_and_it_is_on_this_machine() -> None:
    urls = {name: [each.url for each in read(name).llm_endpoints.endpoints] for name in profiles.STARTERS}
    assert urls == {"claude": [], "codex": [], "wgnext": ["http://127.0.0.1:8088"], "mixed": []}
    (endpoint,) = read("wgnext").llm_endpoints.endpoints
    assert (endpoint.name, endpoint.kind, endpoint.is_default) == ("default", "openai", True)


@pytest.mark.parametrize("name", profiles.STARTERS)
def test_no_starter_refers_to_a_key(name: str) -> None:
    assert [key for key, _ in leaves(tomllib.loads(profiles.starter(name).decode())) if "key" in key] == []


def test_the_local_starter_answers_to_the_name_of_its_harness_too() -> None:
    assert profiles.starter("nex") == profiles.starter("wgnext")


@pytest.mark.parametrize("name", ["", "gemini", "../claude", "claude.toml", "skills/diary/SKILL.md", "a\0b"])
def test_what_is_no_starter_is_not_looked_for(name: str) -> None:
    assert profiles.canonical_starter(name) is None
    with pytest.raises(KeyError):
        profiles.starter(name)


def test_every_shipped_file_of_a_profile_is_offered() -> None:
    directory = Path(str(profiles.__file__)).parent
    assert {path.stem for path in directory.glob("*.toml")} == set(profiles.STARTERS)
    assert {path.name for path in (directory / "skills").iterdir()} == set(profiles.SKILLS)
