"""From a binding to a launch spec: frozen, complete, and named by its content."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from doctor.harness.base import Harness
from doctor.identity import program_identity
from doctor.launch.documents import to_document
from doctor.launch.errors import LaunchRefused
from doctor.launch.names import session_problem, text_problem, variable_problem
from doctor.launch.places import prompt_file
from doctor.launch.prompt import compose
from doctor.launch.routes import choose
from doctor.model.binding import Binding
from doctor.model.canonical import content_id
from doctor.model.harness import CompiledArgv, HarnessFact, SkillFact
from doctor.model.policy import AgentProfile
from doctor.model.secret import SecretRef
from doctor.model.spec import Delivery, LaunchSpec, Mode, ProgramIdentity, PromptRef, SkillRef

_UNNAMED = "0" * 64
"""Stands for the id while it is not known; nothing that has it is ever handed out."""


def compile_spec(
    *,
    binding: Binding,
    profile: AgentProfile,
    harness: Harness,
    fact: HarnessFact,
    skills: Sequence[SkillFact],
    cwd: str,
    directory: Path,
    interactive: bool = False,
    task: str | None = None,
    ticket: str | None = None,
    named_profile: str | None = None,
    named_env: Mapping[str, str] | None = None,
    policy_path: str | None = None,
    policy_sha256: str | None = None,
) -> LaunchSpec:
    """The spec of one start. The same arguments on the same machine give the same spec, with the same id.

    Nothing is written; ``materialise`` does that.

    Args:
        binding: Who runs where with what; ``binding.launch`` was compiled for ``interactive``.
        profile: The agent's profile.
        harness: The adapter of ``binding.runtime``.
        fact: What was found of the harness that really starts.
        skills: The profile's skills, as found.
        cwd: Absolute directory to start in.
        directory: The project's ``.metawsm``, below which the prompt's file will be.
        interactive: Whether a person can talk to it.
        task: What to do this time.
        ticket: Name of the ticket.
        named_profile: Name of the active named profile.
        named_env: Its variables; those of the policy and of the adapter win.
        policy_path: The policy file, where there is one.
        policy_sha256: sha256 of its content.

    Raises:
        LaunchRefused: There is no harness to start, a skill cannot be used, or the prompt, the argv, the environment
            or the session's name is nothing that can be handed over.
    """
    who = f"agent {binding.agent!r}"
    launch = _launch(who, binding)
    if harness.needs_prompt and not any((part or "").strip() for part in (profile.base_prompt, task, ticket)):
        raise LaunchRefused(f"{who} has nothing to do", remedy="give its profile a base_prompt, or use --prompt")
    text = compose(base=profile.base_prompt, task=task, ticket=ticket, skills=skills)
    env: dict[str, str | SecretRef] = {**(named_env or {}), **launch.env, **launch.secrets}
    _require_plain(who, launch.argv, env)
    _require_session(who, binding.session)

    def prompted(identity: str) -> tuple[tuple[str, ...], PromptRef]:
        path = str(prompt_file(directory.absolute(), identity))
        try:
            route = choose(launch, text=text, path=path, interactive=interactive, needs_prompt=harness.needs_prompt)
        except LaunchRefused as refusal:
            raise LaunchRefused(f"{who}: {refusal.message}", remedy=refusal.remedy) from refusal
        return route.argv, _prompt(text, path, route.delivery, route.typed)

    argv, prompt = prompted(_UNNAMED)
    draft = LaunchSpec(
        id=_UNNAMED,
        agent=binding.agent,
        profile=binding.profile,
        stage=binding.stage,
        runtime_id=binding.runtime.value or "",
        harness_version=fact.program.version,
        path=argv[0],
        program=_identity(who, argv[0]),
        argv=argv,
        env=env,
        cwd=cwd,
        session=binding.session,
        mode=Mode.INTERACTIVE if interactive else Mode.HEADLESS,
        prompt=prompt,
        skills=tuple(_skill(who, skill) for skill in dict.fromkeys(skills)),
        policy_path=policy_path,
        policy_sha256=policy_sha256,
        named_profile=named_profile,
        model=binding.model.value,
        endpoint=binding.endpoint.value,
        ticket=ticket,
        notes=launch.notes,
        grants=launch.grants,
    )
    identity = content_id(to_document(draft))
    argv, prompt = prompted(identity)
    return replace(draft, id=identity, argv=argv, prompt=prompt)


def _launch(who: str, binding: Binding) -> CompiledArgv:
    if binding.launch is None or binding.runtime.value is None:
        raise LaunchRefused(
            f"{who} has no harness that could be started ({binding.runtime.value or 'none was chosen'})",
            remedy="`doctor` says why",
        )
    return binding.launch


def _require_plain(who: str, argv: Sequence[str], env: Mapping[str, str | SecretRef]) -> None:
    for index, argument in enumerate(argv):
        if problem := text_problem(argument):
            raise LaunchRefused(f"{who}: argument {index} {problem}", remedy="correct it in runner_options")
    for name, value in env.items():
        problem = variable_problem(name) or (text_problem(value) if isinstance(value, str) else None)
        if problem:
            raise LaunchRefused(f"{who}: the variable {name!r} {problem}", remedy="correct it in runner_options.env")


def _require_session(who: str, session: str) -> None:
    problem = session_problem(session)
    if problem:
        raise LaunchRefused(
            f"{who}: the session name {session!r} {problem}",
            remedy="use letters, digits, - and _ around {agent} and {workspace} in tmux.session_pattern",
        )


def _prompt(text: str, path: str, delivery: Delivery, typed: str | None) -> PromptRef:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return PromptRef(sha256=digest, path=path, text=text, delivery=delivery, typed=typed)


def _identity(who: str, path: str) -> ProgramIdentity:
    try:
        return ProgramIdentity(**program_identity(path))
    except OSError as error:
        raise LaunchRefused(
            f"{who}: the program {path} cannot be looked at: {error.strerror or error}", remedy="`doctor` says why"
        ) from error


def _skill(who: str, skill: SkillFact) -> SkillRef:
    if skill.problem is not None or skill.path is None or skill.source is None or skill.sha256 is None:
        raise LaunchRefused(
            f"{who}: the skill {skill.name!r} cannot be used: {skill.problem_detail or skill.problem}",
            remedy="`doctor` says why",
        )
    return SkillRef(name=skill.name, path=skill.path, source=skill.source.value, sha256=skill.sha256)
