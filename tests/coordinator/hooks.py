"""An agent's ``on_run_start`` hook: another agent that looks at a claimed run before it is handed out."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from tests.coordinator import agents
from tests.coordinator.records import ENDED, Run, Session, new_id, now
from tests.coordinator.state import State

LIMIT = 300
"""Seconds that a hook may take where its agent does not say."""


async def passed(state: State, run: Run) -> bool:
    """Have a claimed run looked at; the poll that claimed it waits. The hook may change it, or fail it."""
    hook = ((agents.find(state, run.agent_name) or {}).get("hooks") or {}).get("on_run_start")
    if not state.current or not hook:
        return True
    session = state.store.sessions[run.session_id]
    looks = _begin(state, run, hook)
    tool = f"hook:on_run_start:{hook['agent_name']}"
    state.happened(session, "hook_start", tool_name=tool, tool_input={"hook_session_id": looks.session_id})
    limit, passed = hook.get("timeout_seconds", LIMIT), 0.0
    while looks.status not in ENDED and passed < limit:
        await asyncio.sleep(state.settings.tick)
        passed += state.settings.tick
    reason = _reason(state, run, looks, hook, limit)
    kind = "hook_blocked" if reason is not None else "hook_complete"
    kind = kind if looks.status == "completed" else "hook_failed" if looks.status == "failed" else "hook_timeout"
    state.happened(session, kind, tool_name=tool)
    if reason is None:
        return True
    state.store.move(run, "failed", f"Blocked by on_run_start hook: {reason}")
    state.store.set_session(run.session_id, "failed")
    return False


def _begin(state: State, run: Run, hook: Mapping[str, Any]) -> Run:
    """The hook's own run, which demands nothing of the runner that carries it out."""
    session = Session(
        session_id=new_id("hook"),
        status="pending",
        created_at=now(),
        project_dir=None,
        agent_name=hook["agent_name"],
        parent_session_id=run.session_id,
        execution_mode="sync",
    )
    state.store.sessions[session.session_id] = session
    state.store.keep(session)
    looks = Run(
        run_id=new_id("run"),
        type="start_session",
        session_id=session.session_id,
        agent_name=hook["agent_name"],
        parameters=run.parameters,
        project_dir=None,
        parent_session_id=run.session_id,
        execution_mode="sync",
        scope=None,
        resolved_agent_blueprint=None,
        demands=None,
        status="pending",
        runner_id=None,
        error=None,
        created_at=now(),
        claimed_at=None,
        started_at=None,
        completed_at=None,
        timeout_at=None,
    )
    state.store.add(looks)
    return looks


def _reason(state: State, run: Run, looks: Run, hook: Mapping[str, Any], limit: float) -> str | None:
    """Why the run is not handed out; what the hook makes of its parameters is put into it."""
    if looks.status != "completed":
        why = f"Hook failed: {looks.error}" if looks.status == "failed" else f"Hook timed out after {limit}s"
        return why if hook.get("on_error", "continue") == "block" else None
    result = state.store.sessions[looks.session_id].result("current") or {}
    said = result.get("result_data") or _parsed(result.get("result_text"))
    if said.get("action") == "block":
        return str(said.get("block_reason") or "No reason provided")
    run.parameters = said.get("parameters") or run.parameters
    state.store.keep(run)
    return None


def _parsed(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
