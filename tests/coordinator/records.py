"""What a coordinator keeps: runners, runs and sessions, in the shapes that it answers with."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.coordinator.events import in_order
from tests.coordinator.settings import Dialect

ENDED = frozenset({"completed", "failed", "stopped"})


def now() -> str:
    """The time as the coordinator writes it."""
    return datetime.now(UTC).isoformat()


def new_id(prefix: str) -> str:
    """``run_`` or ``ses_`` and twelve hexadecimal digits."""
    return f"{prefix}_{secrets.token_hex(6)}"


def runner_id(dialect: Dialect, hostname: str, project_dir: str, profile: str, *, command: str) -> str:
    """The same for the same runner, always; the current dialect takes its command into account as well."""
    parts = [hostname, project_dir, profile, *([command] if dialect == "current" else [])]
    return "lnch_" + hashlib.sha256(":".join(parts).encode()).hexdigest()[:12]


@dataclass(slots=True, kw_only=True)
class Runner:
    """A registered runner."""

    runner_id: str
    registered_at: str
    last_heartbeat: str
    heard: float
    """The same on the clock that ages are measured with."""

    hostname: str
    project_dir: str
    executor_profile: str
    executor: dict[str, Any]
    tags: list[str]
    require_matching_tags: bool
    agents: list[dict[str, Any]]
    status: str = "online"

    def as_json(self, *, seconds: float) -> dict[str, Any]:
        """As in the list of runners."""
        shown = {name: getattr(self, name) for name in self.__slots__ if name not in {"heard", "agents"}}
        return {**shown, "seconds_since_heartbeat": seconds}


@dataclass(slots=True)
class Stops:
    """What a runner is to stop, and what wakes its poll."""

    pending: set[str] = field(default_factory=set)
    event: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True, kw_only=True)
class Run:
    """A run."""

    run_id: str = field(default_factory=lambda: new_id("run"))
    type: str
    session_id: str
    agent_name: str | None
    parameters: dict[str, Any]
    """The seed dialect shows ``prompt`` only."""

    project_dir: str | None = None
    parent_session_id: str | None = None
    execution_mode: str
    scope: dict[str, Any] | None = None
    resolved_agent_blueprint: dict[str, Any] | None = None
    demands: dict[str, Any] | None = None
    status: str = "pending"
    runner_id: str | None = None
    error: str | None = None
    created_at: str = field(default_factory=now)
    claimed_at: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    timeout_at: str | None = None
    expires: float | None = None
    """``timeout_at`` on the clock that ages are measured with."""

    verbatim: dict[str, Any] | None = None
    """What a poll is given instead, where a test wants a run that no coordinator should hand out."""

    stored_status: str | None = None
    """What the database says where it differs from what is answered: seen after a restart only."""

    def as_json(self, dialect: Dialect) -> dict[str, Any]:
        """As a poll answers."""
        hidden = {"expires", "verbatim", "stored_status", "parameters", "scope", "resolved_agent_blueprint"}
        shown = {name: getattr(self, name) for name in self.__slots__ if name not in hidden}
        if dialect == "seed":
            return {**shown, "prompt": self.parameters.get("prompt")}
        own = {name: getattr(self, name) for name in ("parameters", "scope", "resolved_agent_blueprint")}
        return {**shown, **own}

    def listed(self, dialect: Dialect) -> dict[str, Any]:
        """As ``GET /runs`` and ``GET /runs/{id}`` answer: only a poll tells what was filled in for its agent."""
        polled = {"scope", "resolved_agent_blueprint"}
        return {name: value for name, value in self.as_json(dialect).items() if name not in polled}


@dataclass(slots=True, kw_only=True)
class Session:
    """A session with its events."""

    session_id: str
    status: str = "pending"
    created_at: str = field(default_factory=now)
    project_dir: str | None = None
    agent_name: str | None
    parent_session_id: str | None
    execution_mode: str
    executor_session_id: str | None = None
    executor_profile: str | None = None
    hostname: str | None = None
    last_resumed_at: str | None = None
    events: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self, dialect: Dialect) -> dict[str, Any]:
        """As ``GET /sessions/{id}`` answers, below ``session``."""
        hidden = {"events", *(("execution_mode",) if dialect == "current" else ())}
        return {name: getattr(self, name) for name in self.__slots__ if name not in hidden}

    def result(self, dialect: Dialect) -> Any:
        """The last thing that the assistant said; in the current dialect what the last ``result`` event says."""
        for event in reversed(in_order(self.events)):
            if dialect == "current" and event["event_type"] == "result":
                return {name: event[name] for name in ("result_text", "result_data")}
            if dialect == "seed" and event["event_type"] == "message" and event["role"] == "assistant":
                return _text(event)
        return None


def _text(message: dict[str, Any]) -> str | None:
    """Its first part alone counts."""
    first: dict[str, Any] = next(iter(message["content"] or ()), {})
    return str(first["text"]) if "text" in first else None
