"""From an invocation to a harness's process: who is started with what, as ``doctor launch`` would start it."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from doctor.config.documents import parse_document
from doctor.config.executor_commands import config_notes
from doctor.config.issues import Issues
from doctor.config.leaves import Vocabulary
from doctor.config.machine import ActiveProfile, active_profile, load_machine
from doctor.config.paths import machine_paths
from doctor.config.problems import ConfigProblem
from doctor.config.project import find_project
from doctor.config.runners import RunnerNames
from doctor.errors import DoctorError
from doctor.executor.base import MARK
from doctor.harness.base import Harness, HarnessContext
from doctor.harness.discovery import locate_harness
from doctor.harness.registry import Registry
from doctor.launch.environment import inherited
from doctor.launch.routes import choose
from doctor.launch.secrets import resolve as resolve_secrets
from doctor.model.executor_profile import ExecutorConfig
from doctor.model.harness import CompiledArgv, HarnessFact
from doctor.model.machine import Machine, NamedProfile
from doctor.model.policy import Agent, AgentProfile, Policy, RunnerOptions
from doctor.model.spec import Delivery
from doctor.model.stage import Stage
from doctor.resolve import resolve
from doctor.runner.executors.blueprints import sentences, shape
from doctor.runner.executors.speech import Speech
from doctor.runner.harnesses import every_harness, own_harnesses
from doctor.runner.invocation import ExecutorInvocation

MODEL = "AGENT_RUNNER_MODEL"
"""Variable with the model for a profile that names none, as the harness spells it."""

DEFAULTS: Mapping[str, ExecutorConfig] = {
    "claude_code": ExecutorConfig(permission_mode="bypassPermissions", setting_sources=("user", "project", "local"))
}
"""What counts where a profile says nothing, by harness."""

NAME = "run"
PROMPT = "prompt.md"


class CannotStart(DoctorError):  # noqa: N818 - an answer about a run
    """A run cannot be started; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What is started."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    """All of it."""

    cwd: str
    stdin: bytes | None
    """``None``: nothing."""

    files: Mapping[str, str] = field(repr=False)
    """Content by name; they have to be there before it starts."""


def harness_of(
    runtime_id: str, *, directory: Path, environment: Mapping[str, str], home: Path
) -> tuple[Harness, Registry]:
    """The adapter of a harness, and all others.

    Args:
        runtime_id: Any spelling.
        directory: In the project, which may have plugins of its own.
        environment: Of this process.
        home: Home directory.

    Raises:
        CannotStart: There is no such harness.
    """
    registry = own_harnesses()
    if registry.get(runtime_id) is None:
        registry = every_harness(directory, environment, home)
    harness = registry.get(runtime_id)
    if harness is None:
        near = registry.nearest(runtime_id)
        raise CannotStart(f"no harness is called {runtime_id!r}", remedy=f"did you mean {near!r}?" if near else None)
    return harness, registry


def prepare(
    harness: Harness,
    registry: Registry,
    invocation: ExecutorInvocation,
    *,
    speech: Speech,
    own: str | None,
    cwd: str,
    environment: Mapping[str, str],
    home: Path,
    directory: Path,
    warn: Callable[[str], None],
) -> Start:
    """Everything about one start; nothing is written.

    Args:
        harness: The one that does the work.
        registry: All of them.
        invocation: What is to be done.
        speech: How the harness speaks.
        own: The harness's name for the session, where it is known or to be given.
        cwd: Absolute directory to start in.
        environment: Of this process.
        home: Home directory.
        directory: Where the files of this start will be.
        warn: Told of what is ignored or left out.

    Raises:
        DoctorError: The configuration has a mistake, the harness is not there, its endpoint's key cannot be had, or
            there is no prompt.
    """
    text = invocation.text
    if text is None or not text.strip():
        raise CannotStart("the invocation has no prompt", remedy="say what the agent is to do")
    config = _config(harness, invocation, warn)
    resumes = invocation.mode == "resume"
    shaped = shape(harness.id, invocation.agent_blueprint, lambda name: str(directory / name))
    for sentence in sentences(shaped, harness.id):
        warn(sentence)
    sources = ("--setting-sources", ",".join(config.setting_sources)) if config.setting_sources is not None else ()
    options = RunnerOptions(
        full_auto=config.full_auto,
        model=config.model or environment.get(MODEL) or None,
        permission_mode=config.permission_mode,
        extra_args=(*config.extra_args, *sources, *shaped.arguments, *speech.arguments(own, resume=resumes)),
        env=shaped.env,
        trust_workspace=config.trust_workspace,
    )
    compiled, named_env = _compiled(harness, registry, options, cwd=cwd, environment=environment, home=home)
    prompt = f"{shaped.preface}\n\n{text}" if shaped.preface else text
    route = choose(compiled, text=prompt, path=str(directory / PROMPT), interactive=False, needs_prompt=True)
    kept = {name: value for name, value in environment.items() if name == MARK}
    values = {**inherited(environment), **kept, **named_env, **compiled.env}
    by_file = route.delivery in {Delivery.FILE, Delivery.POINTER}
    return Start(
        argv=speech.ordered(route.argv, own, resume=resumes),
        env=values | resolve_secrets(compiled.secrets, environment, home=home),
        cwd=cwd,
        stdin=prompt.encode() if route.delivery is Delivery.STDIN else None,
        files=shaped.files | ({PROMPT: prompt} if by_file else {}),
    )


def _config(harness: Harness, invocation: ExecutorInvocation, warn: Callable[[str], None]) -> ExecutorConfig:
    """What the profile says, else the defaults.

    Raises:
        CannotStart: It says something that the executor does not take.
    """
    spec = harness.spec()
    issues, ignored = Issues(), Issues()
    given = dict(invocation.executor_config or {})
    read = config_notes(given, spec, Vocabulary(RunnerNames((spec,))), issues, ignored)
    place, _ = parse_document(invocation.to_json(), Path("invocation"), "json")
    if place is not None:
        for note in ignored.problems(place):
            warn(_sentence(note))
        if issues:
            raise CannotStart("; ".join(_sentence(each) for each in issues.problems(place)))
    read = read or ExecutorConfig()
    default = DEFAULTS.get(harness.id, ExecutorConfig())
    return ExecutorConfig(
        full_auto=read.full_auto,
        model=read.model,
        permission_mode=read.permission_mode or default.permission_mode,
        setting_sources=default.setting_sources if read.setting_sources is None else read.setting_sources,
        extra_args=read.extra_args,
        trust_workspace=read.trust_workspace,
    )


def _compiled(
    harness: Harness,
    registry: Registry,
    options: RunnerOptions,
    *,
    cwd: str,
    environment: Mapping[str, str],
    home: Path,
) -> tuple[CompiledArgv, Mapping[str, str]]:
    """The argv with model and endpoint of the active named profile, and that profile's variables."""
    machine, active = _settings(registry, cwd=cwd, environment=environment, home=home)
    named = active.loaded.value if active.loaded else None
    context = HarnessContext(home=home, project=Path(cwd), environment=environment)
    compiled = _resolved(
        harness, registry, options, machine=machine, profile_name=active.name, named=named, context=context
    )
    refusal = harness.root_refusal(context, compiled) if os.geteuid() == 0 else None
    if refusal is not None:
        raise CannotStart(f"{harness.id} refuses this start: {refusal}")
    return compiled, named.env if named else {}


def _settings(
    registry: Registry, *, cwd: str, environment: Mapping[str, str], home: Path
) -> tuple[Machine, ActiveProfile]:
    paths = machine_paths(environment, home)
    machine = load_machine(paths.machine_file, runners=registry.specs())
    project = find_project(cwd=Path(cwd), home=home, policy=None).root
    active = active_profile(flag=None, environment=environment, paths=paths, runners=registry.specs(), project=project)
    problems = (*machine.problems, *active.problems)
    if problems or machine.value is None:
        raise CannotStart("; ".join(map(_sentence, problems)))
    return machine.value, active


def _resolved(
    harness: Harness,
    registry: Registry,
    options: RunnerOptions,
    *,
    machine: Machine,
    profile_name: str | None,
    named: NamedProfile | None,
    context: HarnessContext,
) -> CompiledArgv:
    """What the resolved table says about the only agent there is."""
    runs = registry.get(harness.carrier) if harness.carrier else harness
    runs = runs or harness
    settings = machine.harness.get(runs.id)
    program = locate_harness(runs, context, settings.path if settings else None)
    if program.path is None:
        looked = "; ".join(f"{each.path} {each.problem}" for each in program.candidates if each.problem)
        raise CannotStart(f"{runs.id} is not installed ({looked})", remedy=runs.install or None)
    profile = AgentProfile(name=NAME, runner=harness.id, base_prompt=NAME, runner_options=options)
    [binding] = resolve(
        policy=Policy(agent_profiles=(profile,), agents=(Agent(name=NAME, profile=NAME),)),
        registry=registry,
        harnesses={runs.id: HarnessFact(runtime_id=runs.id, title=runs.title, program=program)},
        machine=machine,
        profile_name=profile_name,
        profile=named,
        environment={name: value for name, value in context.environment.items() if name == "DOCTOR_MODEL"},
        workspace=NAME,
        cwd=str(context.project),
        stage=Stage.EXECUTE,
    ).bindings
    if binding.launch is None:
        raise CannotStart(f"{harness.id} cannot be started", remedy="`doctor` says why")
    if runs.needs_endpoint and binding.endpoint.value is None and "--base-url" not in binding.launch.argv:
        raise CannotStart(
            f"{harness.id} needs an endpoint, and none is configured", remedy="run: doctor endpoint set NAME URL"
        )
    return binding.launch


def _sentence(problem: ConfigProblem) -> str:
    remedy = f" ({problem.remedy})" if problem.remedy else ""
    return f"{problem.subject}: {problem.message}{remedy}"
