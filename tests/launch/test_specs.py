"""From a binding to a spec."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from doctor.harness.base import LaunchRequest
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.launch.documents import from_document, to_document
from doctor.launch.errors import LaunchRefused
from doctor.launch.specs import compile_spec
from doctor.model.canonical import content_id
from doctor.model.harness import PROMPT, HarnessFact, ProgramFact, SkillFact, SkillProblem
from doctor.model.machine import Endpoint, Machine, NamedProfile, RoleChoice, Roles
from doctor.model.policy import Agent, AgentProfile, Orchestrator, Policy, RunnerOptions, RuntimeProfile
from doctor.model.secret import SecretRef
from doctor.model.spec import LaunchSpec, Mode, SkillRef
from doctor.model.stage import Stage
from doctor.resolve import resolve

MakeSpec = Callable[..., LaunchSpec]
MakeSkill = Callable[..., SkillFact]
REGISTRY = Registry(builtin_harnesses())


def test_a_spec_says_everything_about_one_start(
    make_spec: MakeSpec, skill: MakeSkill, project: Path, echo: Path
) -> None:
    fact = skill("docs")
    spec = make_spec(
        "claude_code",
        base="Be brief.",
        task="Fix it.",
        ticket="T-1",
        skills=[fact, fact],
        named_profile="box",
        policy_path="/p/policy.json",
        policy_sha256="a" * 64,
    )
    status = echo.stat()

    assert (spec.agent, spec.profile, spec.stage, spec.runtime_id) == ("worker", "basic", Stage.EXECUTE, "claude_code")
    assert (spec.path, spec.argv[0], spec.harness_version) == (str(echo), str(echo), "1.2.3")
    assert (spec.program.real_path, spec.program.size) == (str(echo.resolve()), status.st_size)
    assert spec.program.mtime_ns == status.st_mtime_ns
    assert (spec.cwd, spec.session, spec.mode) == (str(project), "worker-project", Mode.HEADLESS)
    assert (spec.named_profile, spec.policy_path, spec.policy_sha256, spec.ticket) == (
        "box",
        "/p/policy.json",
        "a" * 64,
        "T-1",
    )
    assert spec.prompt.path == f"{project}/.metawsm/launches/{spec.id}/prompt.md"
    assert spec.prompt.text.startswith("Be brief.\n\nFix it.\n\nThis work belongs to ticket T-1.\n\nRead each")
    assert spec.skills == (SkillRef(name="docs", path=fact.path or "", source="home", sha256=fact.sha256 or ""),)
    assert not (project / ".metawsm").exists()


def test_the_same_start_gives_the_same_spec(make_spec: MakeSpec) -> None:
    given: dict[str, Any] = {"task": "x" * 100_000, "request": {"options": {"env": {"B": "1", "A": "2"}}}}

    assert make_spec(**given) == make_spec(**given)


@pytest.mark.parametrize("runtime_id", REGISTRY.ids)
@pytest.mark.parametrize("task", ["do it", "x" * 100_000])
def test_the_id_is_that_of_the_content(make_spec: MakeSpec, runtime_id: str, task: str) -> None:
    spec = make_spec(runtime_id, task=task)

    assert content_id(to_document(spec)) == spec.id


DIFFERENT: list[dict[str, Any]] = [
    {"base": "do it all."},
    {"task": "more"},
    {"ticket": "T-2"},
    {"runtime_id": "omx"},
    {"cwd": "/"},
    {"named_profile": "box"},
    {"named_env": {"A": "1"}},
    {"policy_path": "/p"},
    {"policy_sha256": "b" * 64},
    {"interactive": True},
    {"request": {"model": "gpt-5"}},
    {"request": {"options": {"extra_args": ("-x",)}}},
    {"request": {"options": {"env": {"A": "2"}}}},
    {"binding": {"session": "other"}},
    {"binding": {"agent": "other"}},
]


def test_any_difference_makes_another_id(make_spec: MakeSpec, skill: MakeSkill) -> None:
    specs = [make_spec(), *(make_spec(**given) for given in DIFFERENT), make_spec(skills=[skill("a")])]
    specs.append(make_spec(skills=[skill("a", "changed\n")]))

    assert len({spec.id for spec in specs}) == len(DIFFERENT) + 3


def test_a_changed_program_makes_another_id(make_spec: MakeSpec, echo: Path) -> None:
    before = make_spec()
    os.utime(echo, ns=(0, 1_000_000_000))

    assert make_spec().id != before.id


def test_the_project_s_place_makes_no_other_id(make_spec: MakeSpec, tmp_path: Path) -> None:
    assert make_spec("hermes", base="word", directory=tmp_path / "a").id == make_spec("hermes", base="word").id


def test_the_adapter_s_variables_win_over_the_named_profile_s_and_secrets_over_both(make_spec: MakeSpec) -> None:
    spec = make_spec(
        "aider",
        named_env={"A": "named", "B": "named", "OPENAI_API_KEY": "named"},
        request={
            "endpoint_url": "http://h/v1",
            "endpoint_key": SecretRef(file="~/key"),
            "options": {"env": {"B": "policy", "OPENAI_API_KEY": "policy"}},
        },
    )

    assert spec.env == {
        "A": "named",
        "B": "policy",
        "OPENAI_API_BASE": "http://h/v1",
        "OPENAI_API_KEY": SecretRef(file="~/key"),
    }


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"binding": {"launch": None}}, "no harness that could be started"),
        ({"base": " \n"}, "has nothing to do"),
        ({"task": "a\0b"}, "agent 'worker': the prompt has a NUL character"),
        ({"request": {"options": {"extra_args": ("a\0",)}}}, "argument 2 has a NUL character"),
        ({"request": {"options": {"env": {"A": "b\0"}}}}, "the variable 'A' has a NUL character"),
        ({"named_env": {"A=B": "c"}}, "the variable 'A=B' contains ="),
        ({"binding": {"session": "a:b"}}, "session name 'a:b' does not consist of"),
        ({"binding": {"session": "=a"}}, "session name '=a' does not consist of"),
        ({"binding": {"session": "a" * 201}}, "is longer than 200 characters"),
    ],
)
def test_what_cannot_be_started_is_refused(make_spec: MakeSpec, given: dict[str, Any], problem: str) -> None:
    with pytest.raises(LaunchRefused, match=problem):
        make_spec(**given)


def test_a_program_that_is_gone_is_refused(make_spec: MakeSpec, echo: Path) -> None:
    echo.unlink()

    with pytest.raises(LaunchRefused, match="cannot be looked at: No such file"):
        make_spec()


def test_a_skill_with_a_problem_is_refused(make_spec: MakeSpec, skill: MakeSkill) -> None:
    broken = skill("a", problem=SkillProblem.ESCAPES, problem_detail="it leads out")

    with pytest.raises(LaunchRefused, match="the skill 'a' cannot be used: it leads out"):
        make_spec(skills=[broken])


@pytest.mark.parametrize(
    "given", [{"api_key_env": "BOX_KEY"}, {"api_key_file": "~/key"}, {"api_key_command": ("pass", "box")}]
)
def test_where_an_endpoint_s_key_is_reaches_the_spec(given: dict[str, Any], echo: Path, project: Path) -> None:
    profile = AgentProfile(name="p", runner="codex", base_prompt="do it all")
    fact = HarnessFact(runtime_id="codex", title="T", program=ProgramFact(path=str(echo)))
    resolution = resolve(
        policy=Policy(agent_profiles=(profile,), agents=(Agent(name="a", profile="p"),)),
        registry=REGISTRY,
        harnesses={"codex": fact},
        machine=Machine(endpoints={"box": Endpoint(url="http://h/v1", **given)}),
        profile_name="n",
        profile=NamedProfile(models=Roles(default=RoleChoice(endpoint="box"))),
        environment={},
        workspace="w",
        cwd=str(project),
    )
    variable = given.get("api_key_env", "DOCTOR_ENDPOINT_KEY")

    launch = resolution.bindings[0].launch
    assert launch is not None
    assert launch.secrets == {
        variable: SecretRef(
            env=given.get("api_key_env"), file=given.get("api_key_file"), command=given.get("api_key_command")
        )
    }
    assert f'model_providers.doctor.env_key="{variable}"' in launch.argv


@pytest.mark.parametrize("routes", [None, RuntimeProfile(), RuntimeProfile(backend_profile="fast")])
@pytest.mark.parametrize("runtime_id", [each for each in REGISTRY.ids if each != "litellm"])
def test_without_stages_argv_is_what_the_agent_profile_alone_gives(
    runtime_id: str, routes: RuntimeProfile | None, echo: Path, project: Path
) -> None:
    harness = REGISTRY.get(runtime_id)
    assert harness is not None
    options = RunnerOptions(command="true") if runtime_id == "shell" else RunnerOptions(extra_args=("-x",))
    profile = AgentProfile(name="p", runner=runtime_id, base_prompt="do it all", runner_options=options)
    fact = HarnessFact(runtime_id=runtime_id, title="T", program=ProgramFact(path=str(echo)))
    resolution = resolve(
        policy=Policy(
            agent_profiles=(profile,),
            agents=(Agent(name="a", profile="p"),),
            orchestrator=Orchestrator(runtime_profile=routes),
        ),
        registry=REGISTRY,
        harnesses={runtime_id: fact},
        machine=Machine(),
        profile_name=None,
        profile=None,
        environment={},
        workspace="w",
        cwd=str(project),
    )
    spec = compile_spec(
        binding=resolution.bindings[0],
        profile=profile,
        harness=harness,
        fact=fact,
        skills=(),
        cwd=str(project),
        directory=project / ".metawsm",
    )

    alone = harness.compile(LaunchRequest(path=str(echo), options=options, cwd=str(project)))
    inline = tuple("do it all" if each == PROMPT else each for each in alone.argv)
    assert spec.argv == (alone.stdin_argv if alone.stdin_first else inline)
    assert from_document(to_document(spec)) == spec
