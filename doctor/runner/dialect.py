"""What a coordinator says to a poll, in either of the two dialects that coordinators speak, as values.

``seed``: a run has a ``prompt``, its blueprint is to be fetched, and stops name runs. ``current``: a run has
``parameters`` and its blueprint resolved, and stops name sessions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from doctor.runner.answers import NO_CONTENT, Answer


class Dialect(StrEnum):
    """How a coordinator speaks of a run."""

    SEED = "seed"
    CURRENT = "current"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run that was claimed."""

    run_id: str
    session_id: str
    mode: str
    """``start`` or ``resume``."""

    dialect: Dialect
    prompt: str | None
    parameters: Mapping[str, Any]
    """All of them, the prompt included."""

    agent_name: str | None = None
    project_dir: str | None = None
    blueprint: Mapping[str, Any] | None = None
    """As the coordinator resolved it; ``None`` where it did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """A run that was claimed and cannot be carried out."""

    run_id: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a poll brought; nothing of it where there was nothing."""

    run: Run | Malformed | None = None
    stop_runs: tuple[str, ...] = ()
    stop_sessions: tuple[str, ...] = ()
    deregistered: bool = False
    problem: str | None = None
    """What about the answer cannot be understood."""


_LONGEST = 256
"""Characters of a session's name."""

_MODES = {"start_session": "start", "resume_session": "resume"}


def read_poll(answer: Answer) -> Said:
    """What a successful answer to a poll says. What is not known in it is passed over."""
    if answer.status == NO_CONTENT:
        return Said()
    said = answer.document
    if not said:
        return Said(problem=f"the answer to a poll is no JSON object: {answer.in_words}")
    given = said.get("run")
    run = read_run(given) if given is not None else None
    return Said(
        run=run,
        stop_runs=_texts(said.get("stop_runs")),
        stop_sessions=_texts(said.get("stop_sessions")),
        deregistered=said.get("deregistered") is True,
        problem="a run without a run_id was claimed" if given is not None and run is None else None,
    )


def read_run(given: Any) -> Run | Malformed | None:
    """A run; ``None`` for one that has no id, so that nobody can be told about it."""
    run_id = given.get("run_id") if isinstance(given, Mapping) else None
    if not isinstance(run_id, str) or not run_id:
        return None
    problem = _problem(given)
    if problem is not None:
        return Malformed(run_id=run_id, problem=problem)
    parameters = given.get("parameters")
    seed = not isinstance(parameters, Mapping)
    if not isinstance(parameters, Mapping):
        parameters = {"prompt": given["prompt"]}
    prompt = parameters.get("prompt")
    return Run(
        run_id=run_id,
        session_id=given["session_id"],
        mode=_MODES[given["type"]],
        dialect=Dialect.SEED if seed else Dialect.CURRENT,
        prompt=prompt if isinstance(prompt, str) else None,
        parameters=parameters,
        agent_name=given.get("agent_name") or None,
        project_dir=given.get("project_dir") or None,
        blueprint=given.get("resolved_agent_blueprint"),
    )


def _problem(given: Mapping[str, Any]) -> str | None:
    """Why a run cannot be carried out as it stands."""
    kind, session_id = given.get("type"), given.get("session_id")
    if not isinstance(kind, str) or kind not in _MODES:
        return f"Unknown agent run type: {kind!r:.80}"
    if not isinstance(session_id, str) or not _is_session(session_id):
        return f"the run's session_id is {session_id!r:.80}, expected a name of up to {_LONGEST} characters"
    if not isinstance(given.get("parameters"), Mapping) and not isinstance(given.get("prompt"), str):
        return "the run has neither a prompt nor parameters"
    wrong = [name for name in ("agent_name", "project_dir") if not isinstance(given.get(name), str | None)]
    if not isinstance(given.get("resolved_agent_blueprint"), Mapping | None):
        wrong.append("resolved_agent_blueprint")
    return f"the run has a value of the wrong type: {', '.join(wrong)}" if wrong else None


def _is_session(name: str) -> bool:
    """Whether a session's name can stand in a path and a variable without meaning anything else there."""
    return 0 < len(name) <= _LONGEST and name.isprintable() and not {"/", "\\"} & set(name) and bool(name.strip(". "))


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
