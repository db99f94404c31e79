"""What other tools are set to becomes profiles of this machine: every effective value, and no secret."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doctor.config.machine import load_named_profile
from doctor.config.paths import Paths
from doctor.errors import UsageError
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.model.options import Options
from doctor.model.roles import ROLE_TIERS, role_model
from doctor.settings.effective import show
from doctor.settings.importing import ImportedProfile, Imports, import_tree

SPECS = Registry(builtin_harnesses()).specs()

ATTIC = """\
description = "GPU box in the attic"

[agent]
model = "oai-compat:mistral-small"
interval = 5

[dispatcher]
model = "nex:mistral-small"
max_agents = 3

[tiers]
fast = "haiku"
standard = "nex:mistral-small"
premium = "claude:opus"
premium_reasoning = "xhigh"

[models.evaluator]
model = "claude:haiku"
reasoning = "low"

[models.flip_inference]
model = "openrouter:deepseek/chat"

[models.verification]
tier = "premium"

[[llm_endpoints.endpoints]]
name = "attic"
provider = "oai-compat"
url = "http://attic.lan:9400/v1"
api_key_ref = "keyring:attic-gateway"
is_default = true

[tui]
theme = "dark"
"""


@pytest.fixture
def tree(options: Options) -> Path:
    path = options.home / ".wg"
    (path / "profiles").mkdir(parents=True)
    return path


def values(options: Options, name: str) -> dict[str, str]:
    return {value.key: value.value for value in show(options, name).values}


def notes(done: Imports) -> list[tuple[str, int | None]]:
    return [(note.key, note.line) for note in done.notes]


def test_every_value_of_a_profile_is_shown_again(options: Options, tree: Path) -> None:
    (tree / "profiles" / "attic.toml").write_text(ATTIC)
    import_tree(options, tree)
    assert values(options, "attic") == {
        "description": "GPU box in the attic",
        "agent.model": "nex:mistral-small",
        "dispatcher.model": "nex:mistral-small",
        "tiers.fast": "claude:haiku",
        "tiers.standard": "nex:mistral-small",
        "tiers.premium": "claude:opus",
        "models.evaluator.model": "claude:haiku",
        "models.evaluator.reasoning": "low",
        "models.flip.model": "nex:openrouter:deepseek/chat",
        "models.creator.reasoning": "xhigh",
        "models.evolver.reasoning": "xhigh",
        "endpoints.attic.url": "http://attic.lan:9400/v1",
        "endpoints.attic.kind": "openai",
        "endpoints.attic.key": "env:ATTIC_API_KEY",
        "endpoints.attic.default": "true",
    }


def test_what_has_no_meaning_here_is_named_with_its_line(options: Options, tree: Path) -> None:
    (tree / "profiles" / "attic.toml").write_text(ATTIC)
    assert notes(import_tree(options, tree)) == [
        ("agent.model", 4),
        ("agent.interval", 5),
        ("dispatcher.max_agents", 9),
        ("tiers.fast", 12),
        ("models.flip_inference.model", 22),
        ("models.verification", 24),
        ("llm_endpoints.endpoints.0.api_key_ref", 31),
        ("tui", 34),
    ]


def test_a_directory_of_profiles_is_taken_over_as_a_whole(options: Options, tree: Path, paths: Paths) -> None:
    (tree / "profiles" / "a.toml").write_text('[agent]\nmodel = "claude:opus"\n')
    (tree / "profiles" / "b.toml").write_text("[agent\n")
    (tree / "config.toml").write_text('[coordinator]\nmodel = "codex:gpt"\n')
    (tree / "active-profile").write_text("a")
    done = import_tree(options, Path("~/.wg"))
    assert [(each.name, each.path is not None) for each in done.profiles] == [("wg", True), ("a", True), ("b", False)]
    assert "b.toml:1" in (done.profiles[2].problem or "")
    assert values(options, "wg")["dispatcher.model"] == "codex:gpt"
    assert not paths.active_profile_file.exists()
    assert done.notes[-1].message.endswith("doctor profile use a")


def test_the_pointer_is_found_from_the_directory_of_profiles_too(options: Options, tree: Path) -> None:
    (tree / "profiles" / "a.toml").write_text("")
    (tree / "active-profile").write_text("a\n")
    [note] = import_tree(options, tree / "profiles").notes
    assert (note.path, note.line) == (str(tree / "active-profile"), 1)


def test_a_config_without_models_makes_no_profile(options: Options, tree: Path) -> None:
    (tree / "config.toml").write_text('[tui]\ntheme = "dark"\n')
    done = import_tree(options, tree)
    assert (done.profiles, done.ok, notes(done)) == ((), True, [("", 1)])


def test_nothing_is_overwritten(options: Options, tree: Path, paths: Paths) -> None:
    (tree / "profiles" / "a.toml").write_text('[agent]\nmodel = "claude:opus"\n')
    paths.profiles_dir.mkdir(parents=True)
    paths.profile_file("a").write_text("# mine\n")
    [done] = import_tree(options, tree).profiles
    assert (done.path, "already" in (done.problem or "")) == (None, True)
    assert paths.profile_file("a").read_text() == "# mine\n"


@pytest.mark.parametrize(
    ("key", "reference"),
    [
        ('api_key = "sk-attic-0123456789abcdef"', "env:ATTIC_API_KEY"),
        ('api_key_ref = "plain:sk-attic-0123456789abcdef"', "env:ATTIC_API_KEY"),
        ('api_key_ref = "literal:sk-attic-0123456789abcdef"', "env:ATTIC_API_KEY"),
        ('api_key_ref = "env:OTHER"', "env:OTHER"),
        ('api_key_env = "OTHER"', "env:OTHER"),
        ('api_key_env = ""', None),
        ('api_key_file = "~/attic.key"', "file:~/attic.key"),
    ],
)
def test_a_key_becomes_a_reference_and_is_never_copied(
    options: Options, tree: Path, paths: Paths, key: str, reference: str | None
) -> None:
    (tree / "profiles" / "attic.toml").write_text(
        f'[[llm_endpoints.endpoints]]\nname = "attic"\nprovider = "local"\nurl = "http://u:pw@attic/v1"\n{key}\n'
    )
    done = import_tree(options, tree)
    assert values(options, "attic").get("endpoints.attic.key") == reference
    written = paths.profile_file("attic").read_text()
    assert "0123456789abcdef" not in written + repr(done)
    assert "pw" not in written
    assert values(options, "attic")["endpoints.attic.url"] == "http://attic/v1"


def test_a_profile_without_endpoints_keeps_those_of_the_tree(options: Options, tree: Path) -> None:
    endpoint = '[[llm_endpoints.endpoints]]\nname = "{0}"\nprovider = "ollama"\n'
    (tree / "config.toml").write_text(endpoint.format("shared"))
    (tree / "profiles" / "none.toml").write_text('[agent]\nmodel = "nex:m"\n')
    (tree / "profiles" / "own.toml").write_text(endpoint.format("mine"))
    import_tree(options, tree)
    assert values(options, "none")["endpoints.shared.url"] == "http://localhost:11434/v1"
    assert [key for key in values(options, "own") if key.endswith(".url")] == ["endpoints.mine.url"]


@pytest.mark.parametrize(
    ("text", "worker"),
    [
        ('[agent]\nmodel = "claude:opus"\n[models.task_agent]\nmodel = "claude:sonnet"\n', "claude:sonnet"),
        ('[models.task_agent]\nmodel = "claude:sonnet"\n', "claude:sonnet"),
        ('[tiers]\nfast = "codex:mini"\n[models.task_agent]\ntier = "fast"\n', "codex:mini"),
        ('[agent]\nmodel = "opus"\nprovider = "anthropic"\n', "claude:opus"),
    ],
)
def test_workers_keep_their_model(options: Options, tree: Path, paths: Paths, text: str, worker: str) -> None:
    (tree / "profiles" / "a.toml").write_text(text)
    import_tree(options, tree)
    paths.active_profile_file.write_text("a\n")
    policy = options.cwd / ".metawsm" / "policy.json"
    policy.parent.mkdir()
    profile = {"name": "p", "runner": "auto", "base_prompt": "Work."}
    policy.write_text(
        json.dumps({"version": 2, "agent_profiles": [profile], "agents": [{"name": "a", "profile": "p"}]})
    )
    effective = {value.key: value.value for value in show(options).values}
    assert effective["stages.execute.model"] == worker


@pytest.mark.parametrize("model", ["", "opsu", "nosuch:model", "claude:"])
def test_a_model_that_nothing_runs_is_told_and_left_out(options: Options, tree: Path, model: str) -> None:
    (tree / "profiles" / "a.toml").write_text(f'[agent]\nmodel = "{model}"\n')
    done = import_tree(options, tree)
    assert (values(options, "a"), notes(done)) == ({}, [("agent.model", 2)])


def test_the_models_of_a_policy_are_taken_over(options: Options, tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    profiles = [
        {"name": "w", "runner": "claude", "runner_options": {"model": "opus"}},
        {"name": "e", "runner": "codex", "runner_options": {"model": "gpt"}},
    ]
    agents = [
        {"name": "a", "profile": "w"},
        {"name": "b", "profile": "e", "stage": "evaluate"},
        {"name": "c", "profile": "e"},
    ]
    path.write_text(json.dumps({"version": 2, "agent_profiles": profiles, "agents": agents}))
    done = import_tree(options, path)
    assert values(options, "old") == {"agent.model": "claude:opus", "stages.evaluate.model": "codex:gpt"}
    assert [note.message for note in done.notes] == ["another model is taken for stage execute already"]


def test_the_model_of_an_executor_profile_is_taken_over(options: Options, tmp_path: Path) -> None:
    path = tmp_path / "runner.json"
    path.write_text(json.dumps({"type": "claude-code", "command": "bin/x", "config": {"model": "opus", "depth": 2}}))
    done = import_tree(options, path)
    assert values(options, "runner") == {"agent.model": "claude:opus"}
    assert [note.key for note in done.notes] == ["config.depth"]


@pytest.mark.parametrize("text", ["[]", "{}", '{"type": "x", "command": "y"}', "{"])
def test_json_that_names_no_model_makes_no_profile(options: Options, tmp_path: Path, paths: Paths, text: str) -> None:
    path = tmp_path / "odd.json"
    path.write_text(text)
    [done] = import_tree(options, path).profiles
    assert (done.path, bool(done.problem)) == (None, True)
    assert not paths.profile_file("odd").exists()


def test_a_path_without_anything_is_refused(options: Options, tree: Path) -> None:
    for path in (tree, tree / "nowhere"):
        with pytest.raises(UsageError, match="nothing to take over"):
            import_tree(options, path)


def test_a_name_that_no_profile_can_have_is_told(options: Options, tree: Path) -> None:
    (tree / "profiles" / "..toml").write_text("")
    (tree / "profiles" / "-x.toml").write_text("")
    assert {each.path for each in import_tree(options, tree).profiles} == {None}


MODELS = st.sampled_from(["claude:opus", "codex:gpt", "nex:m", "haiku"])
TIERS = ("fast", "standard", "premium")
CHOICES = st.fixed_dictionaries({}, optional={"model": MODELS, "tier": st.sampled_from(TIERS)})
TREES = st.fixed_dictionaries(
    {},
    optional={
        "agent": st.fixed_dictionaries({"model": MODELS}),
        "tiers": st.fixed_dictionaries({}, optional=dict.fromkeys(TIERS, MODELS)),
        "models": st.fixed_dictionaries({}, optional=dict.fromkeys(("default", "evaluator", "creator"), CHOICES)),
    },
)


def of_wg(data: dict[str, Any], role: str) -> str | None:
    """What wg gives a role: its model, its tier, the role's usual tier, the default role, the worker."""
    own, tiers = data.get("models", {}).get(role, {}), data.get("tiers", {})
    default = data.get("models", {}).get("default", {}).get("model")
    tries = (
        own.get("model"),
        tiers.get(own.get("tier") or ROLE_TIERS[role]),
        default,
        data.get("agent", {}).get("model"),
    )
    found = next((each for each in tries if each), None)
    return "claude:haiku" if found == "haiku" else found


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=TREES)
def test_every_role_gets_what_wg_gives_it(options: Options, paths: Paths, tmp_path: Path, data: dict[str, Any]) -> None:
    import tomlkit

    source, target = tmp_path / "tree.toml", paths.profile_file("tree")
    source.write_text(tomlkit.dumps(data))
    target.unlink(missing_ok=True)
    done = import_tree(options, source)
    assert done.profiles == (ImportedProfile(name="tree", source=str(source), path=str(target)),)
    profile = load_named_profile(target, runners=SPECS).value
    assert profile is not None
    wanted = {role: spec for role in ROLE_TIERS if (spec := of_wg(data, role)) is not None}
    assert {role: (role_model(profile, role) or ("", ""))[0] for role in wanted} == wanted


KEYS = (
    "agent",
    "dispatcher",
    "coordinator",
    "tiers",
    "models",
    "llm_endpoints",
    "description",
    "endpoints",
    "name",
    "url",
)
MORE_KEYS = ("model", "provider", "tier", "fast", "task_agent", "default", "evaluator", "api_key_ref", "api_key_file")
ODD = st.recursive(
    st.one_of(
        st.text(max_size=8),
        st.integers(0, 9),
        st.booleans(),
        st.sampled_from(["haiku", "nex:m", "http://h", "http://[", "fast"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS + MORE_KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.dictionaries(st.sampled_from(KEYS), ODD, max_size=5))
def test_whatever_a_file_holds_it_becomes_a_valid_profile_or_a_problem(
    options: Options, paths: Paths, tmp_path: Path, data: dict[str, Any]
) -> None:
    import tomlkit

    source, target = tmp_path / "odd.toml", paths.profile_file("odd")
    source.write_text(tomlkit.dumps(data))
    target.unlink(missing_ok=True)
    [done] = import_tree(options, source).profiles
    assert target.exists() == (done.problem is None)
    assert not target.exists() or load_named_profile(target, runners=SPECS).problems == ()
