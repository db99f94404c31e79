"""What a run lacks that was claimed and never arrived: a coordinator lists runs without their agents' blueprints.

A current coordinator fills a blueprint in when the run is created, and hands it out with the poll that claims the run.
Before that poll is answered, it may have the agent's ``on_run_start`` hook look at the run, which can forbid it.
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from doctor.runner.answers import NOT_FOUND
from doctor.runner.client import Coordinator, quoted
from doctor.runner.dialect import Dialect, Malformed, Run

_SHOWN = 100
"""Events of a session that a coordinator tells, the first ones; of the others nothing is known."""

_HOOK = "hook:on_run_start:"
"""How the ``tool_name`` begins of what such a hook did."""

_HOOK_LIMIT = 300.0
"""Seconds that a hook may take where its agent does not say."""

LATE = 10.0
"""Seconds that a hook may take beyond its limit, which a coordinator counts roughly."""

_OPEN = re.compile(r"\$\{(?!runner\.)")
"""What is filled in by the coordinator, and by nobody else."""


@dataclass(slots=True)
class Hook:
    """What is known of the hook that looks at a lost run."""

    over_at: float | None = None
    """When it has to have ended, in monotonic seconds."""

    has_ended: bool = False


class Recovery:
    """Gives runs back what they lack.

    Args:
        coordinator: Whom to ask.
    """

    def __init__(self, coordinator: Coordinator) -> None:
        self._coordinator = coordinator

    def regained(self, run: Run, hook: Hook) -> Run | Malformed | None:
        """A run as a poll would have brought it.

        Args:
            run: As it is listed now.
            hook: The same one as long as the run is lost.

        Returns:
            ``Malformed`` where that cannot be had any more; ``None`` while the coordinator does not say, or may still
            bring the run, or forbid it.
        """
        if run.dialect is Dialect.SEED or run.agent_name is None or run.blueprint is not None:
            return run
        answer = self._coordinator.look(f"/agents/{quoted(run.agent_name)}")
        if answer is None or not answer.is_definite:
            return None
        if answer.status == NOT_FOUND:
            return run
        if not answer.succeeded or not answer.document:
            return _past_help(run, f"of the agent {run.agent_name!r} is said only: {answer.in_words}")
        return self._with_agent(run, answer.document, hook)

    def _with_agent(self, run: Run, agent: Mapping[str, Any], hook: Hook) -> Run | Malformed | None:
        seconds = _hook_limit(agent)
        if seconds is not None and not hook.has_ended:
            return self._at_hook(run, hook, seconds)
        if agent.get("mcp_servers") or _OPEN.search(json.dumps(agent)):
            return _past_help(run, f"with it what was filled in for the agent {run.agent_name!r}")
        return replace(run, blueprint=agent)

    def _at_hook(self, run: Run, hook: Hook, seconds: float) -> Malformed | None:
        """Leave a run to its hook; one that is claimed still when its hook is seen to have ended has passed it."""
        # This run was listed before its hook is asked about. What the hook made of it is in the next list.
        hook.has_ended = self._has_hook_ended(run)
        if hook.over_at is None:
            hook.over_at = time.monotonic() + 1.25 * seconds + LATE
        if hook.has_ended or time.monotonic() < hook.over_at:
            return None
        return _past_help(run, "what its hook said of it cannot be told")

    def _has_hook_ended(self, run: Run) -> bool:
        answer = self._coordinator.look(f"/sessions/{quoted(run.session_id)}/events")
        events = answer.document.get("events") if answer is not None and answer.succeeded else None
        if not isinstance(events, list) or len(events) >= _SHOWN:
            return False
        hooks = [each for each in events if isinstance(each, dict) and str(each.get("tool_name")).startswith(_HOOK)]
        return bool(hooks) and hooks[-1].get("event_type") != "hook_start"


def _past_help(run: Run, why: str) -> Malformed:
    return Malformed(run_id=run.run_id, problem=f"the answer to the poll that claimed it was lost, and {why}")


def _hook_limit(agent: Mapping[str, Any]) -> float | None:
    """Seconds that a hook may look at a run of this agent before the run is handed out; ``None`` without one."""
    hooks = agent.get("hooks")
    hook = hooks.get("on_run_start") if isinstance(hooks, Mapping) else None
    if not isinstance(hook, Mapping):
        return None
    seconds = hook.get("timeout_seconds")
    return float(seconds) if isinstance(seconds, int) and 0 < seconds < 86400 else _HOOK_LIMIT  # noqa: PLR2004 - a day
