"""An agent's ``on_run_start`` hook: another agent that looks at a claimed run before it is handed out."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from tests.coordinator import agents
from tests.coordinator.records import ENDED, Run, Session, new_id
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
    limit, waited = hook.get("timeout_seconds", LIMIT), 0.0
    while looks.status not in ENDED and waited < limit:
        await asyncio.sleep(state.settings.tick)
        waited += state.settings.tick
    reason = _reason(state, run, looks, hook, limit)
    kinds = {"completed": "hook_complete" if reason is None else "hook_blocked", "failed": "hook_failed"}
    state.happened(session, kinds.get(looks.status, "hook_timeout"), tool_name=tool)
    if reason is None:
        return True
    state.store.move(run, "failed", f"Blocked by on_run_start hook: {reason}")
    state.store.set_session(run.session_id, "failed")
    return False


def _begin(state: State, run: Run, hook: Mapping[str, Any]) -> Run:
    """The hook's own run, which demands nothing of the runner that carries it out."""
    given = {"agent_name": hook["agent_name"], "parent_session_id": run.session_id, "execution_mode": "sync"}
    session = Session(session_id=new_id("hook"), **given)
    state.store.add_session(session)
    looks = Run(type="start_session", session_id=session.session_id, parameters=run.parameters, **given)
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
