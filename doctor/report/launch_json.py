"""The JSON documents of the commands about processes. Fields are added, never removed, within a schema version.

Each is one object: first what was asked for, then ``ok``, ``exit_code`` and ``error``, which say how it went.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from doctor.executor.base import Submitted
from doctor.exit_codes import ExitCode
from doctor.model.finding import Finding
from doctor.model.process import Outcome, ProcessView
from doctor.model.secret import SecretRef
from doctor.model.spec import SCHEMA_VERSION, LaunchSpec, SkillRef
from doctor.report.json_format import Object, answer, finding_object
from doctor.report.redact import HIDDEN, Redactor, is_secret_name, secret_values

if TYPE_CHECKING:
    from doctor.journal.projection import ProcessRow
    from doctor.journal.replay import Replay


def specs_json(
    specs: Sequence[LaunchSpec],
    findings: Sequence[Finding],
    secrets: Iterable[str],
    *,
    exit_code: ExitCode = ExitCode.OK,
    no_answer: tuple[str, str | None] | None = None,
) -> Object:
    """The document of ``doctor launch --dry-run``: what would be started, and what keeps the rest from it.

    A spec in which nothing had to be hidden can be saved as it is and started with ``doctor exec``.

    Args:
        specs: What would be started.
        findings: Of the diagnosis.
        secrets: Values that must not leave.
        exit_code: How it went.
        no_answer: What stands in the way of an answer, and the next step, where something does.
    """
    clean = redactor_of(specs, secrets)
    content = {
        "specs": [_spec(spec, clean) for spec in specs],
        "findings": [finding_object(finding, clean) for finding in findings],
    }
    return answer(content, exit_code, error=_error(no_answer, clean))


def processes_json(
    processes: Sequence[ProcessView],
    secrets: Iterable[str],
    *,
    refusals: Sequence[Submitted] | None = None,
    findings: Sequence[Finding] | None = None,
    exit_code: ExitCode = ExitCode.OK,
    no_answer: tuple[str, str | None] | None = None,
) -> Object:
    """The document of every command that shows processes.

    Args:
        processes: What to show.
        secrets: Values that must not leave.
        refusals: What was not started at all, for commands that start.
        findings: Of the diagnosis, for commands that diagnose.
        exit_code: How it went.
        no_answer: What stands in the way of an answer, and the next step, where something does.
    """
    clean = Redactor(secrets)
    content: Object = {"processes": [_process(process, clean) for process in processes]}
    if refusals is not None:
        content["refusals"] = [_refusal(refusal, clean) for refusal in refusals]
    if findings is not None:
        content["findings"] = [finding_object(finding, clean) for finding in findings]
    return answer(content, exit_code, error=_error(no_answer, clean))


def replay_json(told: "Replay", secrets: Iterable[str]) -> Object:
    """The document of ``doctor replay``: the harnesses of each stage, and every process, as the events tell them."""
    clean = Redactor(secrets)
    stages = {clean(stage): [clean.optional(runtime_id) for runtime_id in ids] for stage, ids in told.stages.items()}
    rows = [_row(row, clean) for row in told.processes]
    return answer({"stages": stages, "processes": rows, "unreadable": list(told.unreadable)})


def failed_json(
    keys: Iterable[tuple[str, type[Any]]],
    message: str,
    remedy: str | None,
    secrets: Iterable[str],
    *,
    exit_code: ExitCode,
) -> Object:
    """The document of a command that could not do its work: its own keys, empty, and why.

    Args:
        keys: The command's keys, and the type of each.
        message: What went wrong.
        remedy: The next step.
        secrets: Values that must not leave.
        exit_code: What the command ends with.
    """
    empty = {key: type_() for key, type_ in keys}
    return answer(empty, exit_code, error=_error((message, remedy), Redactor(secrets)))


def redactor_of(specs: Sequence[LaunchSpec], secrets: Iterable[str]) -> Redactor:
    """A redactor that knows the secrets, and every value that a spec gives a variable whose name is a secret's."""
    return Redactor((*secrets, *(value for spec in specs for value in secret_values(literals(spec)))))


def literals(spec: LaunchSpec) -> Mapping[str, str]:
    """The variables that a spec gives a value of its own."""
    return {name: value for name, value in spec.env.items() if isinstance(value, str)}


def _error(no_answer: tuple[str, str | None] | None, clean: Redactor) -> Object | None:
    return None if no_answer is None else {"message": clean(no_answer[0]), "remedy": clean.optional(no_answer[1])}


def _spec(spec: LaunchSpec, clean: Redactor) -> Object:
    program = spec.program
    return {
        "id": spec.id,
        "agent": clean(spec.agent),
        "stage": str(spec.stage),
        "runtime_id": clean(spec.runtime_id),
        "harness_version": clean.optional(spec.harness_version),
        "path": clean(spec.path),
        "argv": clean.argv(spec.argv),
        "env": {name: _variable(name, value, clean) for name, value in spec.env.items()},
        "cwd": clean(spec.cwd),
        "session": clean(spec.session),
        "mode": str(spec.mode),
        "prompt": {
            "sha256": spec.prompt.sha256,
            "path": clean(spec.prompt.path),
            "delivery": str(spec.prompt.delivery),
            "typed": clean.optional(spec.prompt.typed),
            "text": clean(spec.prompt.text),
        },
        "skills": [_skill(skill, clean) for skill in spec.skills],
        "policy_sha256": spec.policy_sha256,
        "named_profile": clean.optional(spec.named_profile),
        "schema_version": SCHEMA_VERSION,
        "profile": clean(spec.profile),
        "program": {
            "real_path": clean(program.real_path),
            "size": program.size,
            "mtime_ns": program.mtime_ns,
            "sha256": program.sha256,
        },
        "policy_path": clean.optional(spec.policy_path),
        "model": clean.optional(spec.model),
        "endpoint": clean.optional(spec.endpoint),
        "ticket": clean.optional(spec.ticket),
        "notes": [clean(note) for note in spec.notes],
        "grants": [clean(grant) for grant in spec.grants],
    }


def _variable(name: str, value: str | SecretRef, clean: Redactor) -> str | Object:
    if isinstance(value, str):
        return HIDDEN if value and is_secret_name(name) else clean(value)
    if value.command is not None:
        return {"secret": "command", "command": clean.argv(value.command)}
    return {"secret": clean(value.words)}


def _skill(skill: SkillRef, clean: Redactor) -> Object:
    return {
        "name": clean(skill.name),
        "path": clean(skill.path),
        "source": skill.source,
        "sha256": skill.sha256,
    }


def _process(view: ProcessView, clean: Redactor) -> Object:
    return {
        "process_id": clean(view.process_id),
        "spec_id": view.spec_id,
        "session": clean(view.session),
        "agent": clean(view.agent),
        "stage": str(view.stage),
        "runtime_id": clean(view.runtime_id),
        "pid": view.pid,
        "state": str(view.state),
        "health": str(view.health),
        "started_at": view.started_at,
        "ended_at": view.ended_at,
        "outcome": _outcome(view.outcome, clean) if view.outcome else None,
        "run_id": clean(view.run_id),
        "attempt": view.attempt,
        "executor": clean(view.executor),
        "harness_version": clean.optional(view.harness_version),
        "mode": str(view.mode),
        "cwd": clean.optional(view.cwd),
        "last_output_at": view.last_output_at,
        "last_progress_at": view.last_progress_at,
        "receipt": str(view.receipt),
        "blocked": clean.optional(view.blocked),
        "evidence": [clean(line) for line in view.evidence],
        "remedy": clean.optional(view.remedy),
        "survivors": list(view.survivors),
        "log_path": clean.optional(view.log_path),
    }


def _outcome(outcome: Outcome, clean: Redactor) -> Object:
    return {
        "kind": str(outcome.kind),
        "code": outcome.code,
        "signal": outcome.signal,
        "failure": clean.optional(outcome.failure),
        "evidence": [clean(line) for line in outcome.evidence],
        "remedy": clean.optional(outcome.remedy),
        "retry": outcome.retry,
    }


def _row(row: "ProcessRow", clean: Redactor) -> Object:
    return {
        "process_id": clean(row.process_id),
        "spec_id": clean.optional(row.spec_id),
        "session": clean.optional(row.session),
        "agent": clean.optional(row.agent),
        "stage": clean.optional(row.stage),
        "runtime_id": clean.optional(row.runtime_id),
        "state": str(row.state),
        "started_at": row.spawned_at,
        "ended_at": row.ended_at,
        "outcome": _outcome(row.outcome, clean) if row.outcome else None,
        "run_id": clean.optional(row.run_id),
        "attempt": row.attempt,
        "executor": clean.optional(row.executor),
        "harness_version": clean.optional(row.harness_version),
        "mode": clean.optional(row.mode),
        "cwd": clean.optional(row.cwd),
        "policy_sha256": clean.optional(row.policy_sha256),
        "named_profile": clean.optional(row.named_profile),
        "ticket": clean.optional(row.ticket),
        "directives": row.directive_count,
        "last_reason": clean(row.last_reason),
    }


def _refusal(refusal: Submitted, clean: Redactor) -> Object:
    return {
        "process_id": clean(refusal.process_id),
        "problem": str(refusal.problem) if refusal.problem else None,
        "detail": clean.optional(refusal.detail),
        "remedy": clean.optional(refusal.remedy),
    }
