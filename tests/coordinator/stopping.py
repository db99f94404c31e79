"""Having runs and sessions stopped."""

from typing import Any

from tests.coordinator.answers import Refusal
from tests.coordinator.records import Run, Session
from tests.coordinator.state import State

STOPPABLE = frozenset({"pending", "claimed", "running"})


def stop_run(state: State, run: Run) -> dict[str, Any]:
    """Stop a run that waits; have one stopped that a runner has. The current dialect stops its session instead.

    Raises:
        Refusal: 400, it ended or is being stopped; 404, its session is gone.
    """
    return stop_session(state, state.store.session(run.session_id)) if state.current else _stop(state, run)


def stop_session(state: State, session: Session) -> dict[str, Any]:
    """Have what runs for a session stopped."""
    answer = {"ok": True, "session_id": session.session_id}
    if session.status == "stopping":
        return {**answer, "status": "stopping", "message": "Session is already being stopped"}
    if session.status in {"stopped", "finished", *(("failed",) if state.current else ())}:
        return {**answer, "status": session.status, "message": f"Session already {session.status}"}
    run = state.store.of_session(session.session_id)
    if session.status == "idle" and state.current:
        return {**answer, **_stop_idle(state, session, run)}
    if run is not None and run.status in STOPPABLE:
        return _stop(state, run)
    if session.status == "running":
        state.store.set_session(session.session_id, "stopped")
    if run is None:
        return {**answer, "status": "stopped", "message": "No active run found - session marked as stopped"}
    message = f"Run already in RunStatus.{run.status.upper()} state - session marked as stopped"
    return {**answer, "run_id": run.run_id, "status": "stopped", "message": message}


def _stop(state: State, run: Run) -> dict[str, Any]:
    answer = {"ok": True, "run_id": run.run_id, "session_id": run.session_id}
    if run.status == "pending":
        state.store.move(run, "stopped")
        state.store.set_session(run.session_id, "stopped")
        return {**answer, "status": "stopped", "message": "Run cancelled before execution"}
    if run.status not in {"claimed", "running"}:
        raise Refusal(400, f"Run cannot be stopped (status: RunStatus.{run.status.upper()})")
    if not run.runner_id:
        raise Refusal(400, "Run not claimed by any runner")
    state.registry.add_stop(run.runner_id, run.session_id if state.current else run.run_id)
    state.store.move(run, "stopping")
    state.store.set_session(run.session_id, "stopping")
    return {**answer, "status": "stopping"}


def _stop_idle(state: State, session: Session, run: Run | None) -> dict[str, Any]:
    """A session that waits for its next run, its process with it, at the runner of its first run."""
    if run is None or not run.runner_id:
        state.store.set_session(session.session_id, "stopped")
        return {"status": "stopped", "message": "Idle session marked as stopped (no runner info)"}
    state.registry.add_stop(run.runner_id, session.session_id)
    state.store.set_session(session.session_id, "stopping")
    return {"status": "stopping", "message": "Stop command queued for idle session"}
