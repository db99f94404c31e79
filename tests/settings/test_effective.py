"""What is in effect, with the file and line of every value and what it hides."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doctor.config.machine import ActiveProfile
from doctor.config.paths import Paths, machine_paths
from doctor.config.problems import Loaded
from doctor.config.project import Project
from doctor.errors import UsageError
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.model.harness import AUTO
from doctor.model.machine import Machine, ModelChoice, NamedProfile, RoleChoice, Roles, Tiers
from doctor.model.options import Options
from doctor.model.policy import Agent, AgentProfile, Orchestrator, Policy, RunnerOptions, RuntimeProfile
from doctor.model.stage import Stage
from doctor.settings.effective import effective_values, hidden, show, values_of
from doctor.settings.layers import Layers
from doctor.settings.results import Shadow, Source, Value
from doctor.settings.surroundings import Surroundings

REGISTRY = Registry(builtin_harnesses())

WORK = """\
description = "By day"

[agent]
model = "claude:opus"

[tiers]
fast = "claude:haiku"

[models.evaluator]
tier = "fast"

[[llm_endpoints.endpoints]]
name = "box"
url = "http://127.0.0.1:9/v1"
api_key_env = "BOX_KEY"

[env]
REGION = "north"
"""

MACHINE = """\
[endpoints.box]
url = "http://127.0.0.1:8088/v1"

[endpoints.attic]
url = "https://attic.example/v1"
api_key_command = ["pass", "show", "attic"]
"""


@pytest.fixture
def work(paths: Paths) -> Path:
    """The profile ``work``, active."""
    path = paths.profile_file("work")
    path.parent.mkdir(parents=True)
    path.write_text(WORK)
    paths.active_profile_file.write_text("work\n")
    return path


def write_policy(options: Options, *profiles: dict[str, Any]) -> Path:
    path = options.cwd / ".metawsm" / "policy.json"
    path.parent.mkdir(exist_ok=True)
    document = {
        "version": 2,
        "agent_profiles": [{"base_prompt": "Work.", **profile} for profile in profiles],
        "agents": [{"name": f"{profile['name']}-agent", "profile": profile["name"]} for profile in profiles],
    }
    path.write_text(json.dumps(document, indent=1))
    return path


def by_key(values: tuple[Value, ...]) -> dict[str, Value]:
    assert len({value.key for value in values}) == len(values)
    return {value.key: value for value in values}


def with_variables(options: Options, **variables: str) -> Options:
    return replace(options, environment={**options.environment, **variables})


def test_a_model_of_the_profile_says_its_file_and_line(options: Options, work: Path) -> None:
    write_policy(options, {"name": "coder", "runner": "claude"})
    values = by_key(show(options).values)
    source = Source(kind="profile", path=str(work), line=4)
    assert values["stages.execute.model"] == Value(key="stages.execute.model", value="claude:opus", source=source)
    assert values["agent.model"] == Value(key="agent.model", value="claude:opus", source=source)


def test_a_role_says_where_its_model_really_comes_from(options: Options, work: Path) -> None:
    values = by_key(show(options).values)
    fast, agent = (Source(kind="profile", path=str(work), line=line) for line in (7, 4))
    assert values["models.evaluator.model"] == Value(key="models.evaluator.model", value="claude:haiku", source=fast)
    assert values["models.creator.model"] == Value(key="models.creator.model", value="claude:opus", source=agent)


def test_a_model_of_the_policy_hides_that_of_the_profile(options: Options, work: Path) -> None:
    policy = write_policy(options, {"name": "coder", "runner": "claude", "runner_options": {"model": "sonnet"}})
    line = policy.read_text().splitlines().index('    "model": "sonnet"') + 1
    values = show(options).values
    expected = Value(
        key="stages.execute.model",
        value="claude:sonnet",
        source=Source(kind="policy", path=str(policy), line=line),
        shadows=(Shadow(value="claude:opus", source=Source(kind="profile", path=str(work), line=4)),),
    )
    assert by_key(values)["stages.execute.model"] == expected
    assert expected in hidden(values)


def test_an_agent_profile_that_gets_something_else_has_values_of_its_own(options: Options, work: Path) -> None:
    write_policy(options, {"name": "coder", "runner": "claude"}, {"name": "critic", "runner": "codex"})
    values = by_key(show(options).values)
    assert values["agent_profiles.critic.execute.runtime"].value == "codex"
    unused = values["agent_profiles.critic.execute.model"]
    assert (unused.value, unused.source.kind) == ("", "default")
    assert unused.shadows == (Shadow(value="claude:opus", source=Source(kind="profile", path=str(work), line=4)),)
    assert not any(key.startswith("agent_profiles.coder") for key in values)


def test_a_variable_hides_the_model_of_the_profile(options: Options, work: Path) -> None:
    write_policy(options, {"name": "coder", "runner": "claude"})
    values = by_key(show(with_variables(options, DOCTOR_MODEL="claude:haiku")).values)
    assert (values["stages.execute.model"].value, values["stages.execute.model"].source) == (
        "claude:haiku",
        Source(kind="env"),
    )
    assert [each.value for each in values["stages.execute.model"].shadows] == ["claude:opus"]


def test_the_choice_of_the_profile_is_a_value_with_what_it_hides(options: Options, work: Path, paths: Paths) -> None:
    paths.profile_file("night").write_text("")
    pointer = Source(kind="pointer", path=str(paths.active_profile_file), line=1)
    assert by_key(show(options).values)["profile"] == Value(key="profile", value="work", source=pointer)
    shown = show(with_variables(options, DOCTOR_PROFILE="night"))
    assert shown.name == "night"
    expected = Value(
        key="profile", value="night", source=Source(kind="env"), shadows=(Shadow(value="work", source=pointer),)
    )
    assert shown.values[0] == expected
    assert hidden(shown.values) == (expected,)


def test_an_endpoint_of_the_profile_hides_the_machine_s_leaf_by_leaf(
    options: Options, work: Path, paths: Paths
) -> None:
    paths.machine_file.write_text(MACHINE)
    values = by_key(show(options).values)
    assert values["endpoints.box.url"] == Value(
        key="endpoints.box.url",
        value="http://127.0.0.1:9/v1",
        source=Source(kind="profile", path=str(work), line=14),
        shadows=(
            Shadow(
                value="http://127.0.0.1:8088/v1", source=Source(kind="machine", path=str(paths.machine_file), line=2)
            ),
        ),
    )
    assert values["endpoints.box.key"].value == "env:BOX_KEY"
    assert values["endpoints.attic.key"].value == "command:pass"


def test_endpoints_whose_names_begin_alike_are_each_shown_once(options: Options, paths: Paths) -> None:
    paths.config_dir.mkdir(parents=True)
    paths.machine_file.write_text(
        '[endpoints.a]\nurl = "http://127.0.0.1:1"\n[endpoints."a.b"]\nurl = "http://127.0.0.1:2"\n'
    )
    values = by_key(show(options).values)
    assert (values["endpoints.a.url"].value, values["endpoints.a.b.url"].value) == (
        "http://127.0.0.1:1",
        "http://127.0.0.1:2",
    )


def test_a_variable_that_the_policy_sets_otherwise_is_told(options: Options, work: Path) -> None:
    write_policy(options, {"name": "coder", "runner": "claude", "runner_options": {"env": {"REGION": "south"}}})
    values = by_key(show(options).values)
    assert values["env.REGION"].value == "north"
    told = values["agent_profiles.coder.env.REGION"]
    assert (told.value, told.source.kind, told.shadows[0].value) == ("south", "policy", "north")


def test_a_variable_whose_name_is_a_secret_s_keeps_its_value(options: Options, work: Path) -> None:
    work.write_text('[env]\nSOME_TOKEN = "hunter2-hunter2"\n')
    assert by_key(show(options).values)["env.SOME_TOKEN"].value == "[redacted]"
    assert by_key(show(options, "work").values)["env.SOME_TOKEN"].value == "[redacted]"


def test_one_profile_is_shown_as_it_is_written(options: Options, work: Path) -> None:
    shown = show(options, "work")
    assert shown.name == "work"
    assert [(value.key, value.value, value.source.line) for value in shown.values] == [
        ("description", "By day", 1),
        ("agent.model", "claude:opus", 4),
        ("tiers.fast", "claude:haiku", 7),
        ("models.evaluator.tier", "fast", 10),
        ("endpoints.box.url", "http://127.0.0.1:9/v1", 14),
        ("endpoints.box.kind", "openai", 12),
        ("endpoints.box.key", "env:BOX_KEY", 15),
        ("env.REGION", "north", 18),
    ]


def test_a_starter_that_nobody_used_is_shown_from_where_it_ships(options: Options) -> None:
    shown = show(options, "nex")
    assert {value.source.kind for value in shown.values} == {"starter"}
    assert {Path(value.source.path or "").name for value in shown.values} == {"wgnext.toml"}


@pytest.mark.parametrize("name", ["../x", "a/b", "nul\0", "n" * 300, "wrok"])
def test_a_profile_that_cannot_be_there_is_refused(options: Options, work: Path, name: str) -> None:
    with pytest.raises(UsageError):
        show(options, name)


def test_a_broken_policy_is_refused_unless_it_may_say_nothing(options: Options, work: Path) -> None:
    write_policy(options, {"name": "coder", "runner": "claude"}).write_text("{")
    with pytest.raises(UsageError, match=r"policy\.json:1"):
        effective_values(options)
    assert by_key(effective_values(options, strict=False))["agent.model"].value == "claude:opus"


def test_looking_writes_nothing(options: Options, work: Path, tmp_path: Path) -> None:
    write_policy(options, {"name": "coder", "runner": "claude"})
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    show(options)
    show(options, "codex")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


RUNTIMES = st.sampled_from([None, "codex", "claude_code", "nex"])
SPECS = st.sampled_from([None, "codex:gpt-a", "claude:opus-a", "nex:qwen-a", "codex:gpt-b"])
NAMES = {"codex": "codex", "claude": "claude_code", "nex": "nex"}
LAYERS = st.fixed_dictionaries(
    {
        **dict.fromkeys(("flag", "stage", "default", "env_runtime", "backend"), RUNTIMES),
        "runner": st.sampled_from(["codex", "claude_code", "nex", AUTO]),
        "policy_model": st.sampled_from([None, "gpt-p", "opus-p"]),
        **dict.fromkeys(("env_model", "own", "agent", "models_default", "standard"), SPECS),
    }
)


def reference(said: dict[str, Any]) -> tuple[str | None, str | None]:
    order = ("flag", "stage", "default", "env_runtime", "backend", "runner")
    runtime = next(said[name] for name in order if said[name])
    named = next((said[name] for name in ("own", "agent", "models_default", "standard") if said[name]), None)
    if runtime == AUTO:
        runtime = NAMES[named.partition(":")[0]] if named else None
    written = runtime == said["runner"] or said["runner"] == AUTO
    policy = f"{min(runtime, 'claude', key=len) if runtime == 'claude_code' else runtime}:{said['policy_model']}"
    policy_spec = policy if said["policy_model"] and written and runtime else None
    usable = [
        spec for spec in (said["env_model"], policy_spec, named) if spec and NAMES[spec.partition(":")[0]] == runtime
    ]
    return runtime, usable[0] if usable else None


def layers_of(said: dict[str, Any]) -> Layers:
    routes = {Stage.EXECUTE: said["stage"]} if said["stage"] else {}
    policy = Policy(
        agent_profiles=(
            AgentProfile(name="p", runner=said["runner"], runner_options=RunnerOptions(model=said["policy_model"])),
        ),
        agents=(Agent(name="a", profile="p"),),
        orchestrator=Orchestrator(
            runtime_profile=RuntimeProfile(default=said["default"], stages=routes), runtime_backend=said["backend"]
        ),
    )
    profile = NamedProfile(
        agent=ModelChoice(model=said["agent"]),
        models=Roles(default=RoleChoice(model=said["models_default"])),
        stages={Stage.EXECUTE: ModelChoice(model=said["own"])} if said["own"] else {},
        tiers=Tiers(standard=said["standard"]),
    )
    nowhere = Path("/nonexistent")
    variables = {"DOCTOR_RUNTIME": said["env_runtime"] or "", "DOCTOR_MODEL": said["env_model"] or ""}
    options = Options(cwd=nowhere, home=nowhere, environment=variables, runtime=said["flag"])
    around = Surroundings(
        options=options,
        paths=machine_paths(variables, nowhere),
        project=Project(root=nowhere, cwd=nowhere, home=nowhere),
        registry=REGISTRY,
    )
    active = ActiveProfile(name="x=y", source="pointer", loaded=Loaded(value=profile))
    return Layers(around=around, policy=Loaded(value=policy), machine=Loaded(value=Machine()), active=active)


@settings(deadline=None)
@given(LAYERS)
def test_precedence_equals_a_short_model_of_it(said: dict[str, Any]) -> None:
    values = by_key(values_of(layers_of(said)))
    runtime, model = (values.get(f"stages.execute.{leaf}") for leaf in ("runtime", "model"))
    assert (runtime.value if runtime else None, (model.value or None) if model else None) == reference(said)
