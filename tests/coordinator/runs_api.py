"""What people and other programs call: create runs and agents, look at them, stop them."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.coordinator.answers import Field, Refusal, body_of
from tests.coordinator.matching import merged
from tests.coordinator.records import Run, Session, new_id, now
from tests.coordinator.state import State

TYPES = ("start_session", "resume_session")
MODES = ("sync", "async_poll", "async_callback")
COMMON = {
    "type": Field("string", required=True, choices=TYPES),
    "session_id": Field("string"),
    "agent_name": Field("string"),
    "project_dir": Field("string"),
    "parent_session_id": Field("string"),
    "execution_mode": Field("string", nullable=False, default="sync", choices=MODES),
    "additional_demands": Field("dict"),
}
SEED = {**COMMON, "prompt": Field("string", required=True)}
CURRENT = {**COMMON, "parameters": Field("dict", required=True), "scope": Field("dict")}
AGENT = {"name": Field("string", required=True), "description": Field("string", required=True)}
PLACEHOLDER = re.compile(r"\$\{(params|scope|runtime)\.(\w+)\}")


class RunsApi:
    """The handlers."""

    def __init__(self, state: State) -> None:
        self.state = state

    def routes(self) -> list[Route]:
        """Paths and what answers them."""
        return [
            Route("/health", self.health, methods=["GET"]),
            Route("/runs", self.create, methods=["POST"]),
            Route("/runs", self.every, methods=["GET"]),
            Route("/runs/{run_id}", self.get, methods=["GET"]),
            Route("/runs/{run_id}/stop", self.stop, methods=["POST"]),
            Route("/agents", self.create_agent, methods=["POST"]),
            Route("/agents/{name}", self.agent, methods=["GET"]),
        ]

    async def health(self, request: Request) -> Response:
        """It runs."""
        return JSONResponse({"status": "healthy"})

    async def create(self, request: Request) -> Response:
        """Let something be run."""
        given = await body_of(request, CURRENT if self.state.current else SEED)
        if self.state.current:
            _check_parameters(given)
        session = self._session(given)
        run = self._run(given, session)
        self.state.store.add(run)
        answer = {"run_id": run.run_id, "session_id": run.session_id, "status": run.status}
        return JSONResponse(answer, status_code=201 if self.state.current else 200)

    def _session(self, given: Mapping[str, Any]) -> Session:
        store, session_id = self.state.store, given["session_id"]
        if given["type"] == "resume_session":
            if not session_id:
                raise Refusal(400, "session_id is required for resume_session runs")
            return store.session(session_id)
        if session_id in store.sessions:
            raise Refusal(409, f"Session '{session_id}' already exists")
        session = Session(
            session_id=session_id or new_id("ses"),
            status="pending",
            created_at=now(),
            **{name: given[name] for name in ("project_dir", "agent_name", "parent_session_id", "execution_mode")},
        )
        store.sessions[session.session_id] = session
        store.keep(session)
        return session

    def _run(self, given: Mapping[str, Any], session: Session) -> Run:
        agent_name = given["agent_name"] or session.agent_name
        agent = self.state.store.agents.get(agent_name or "")
        resumed = given["type"] == "resume_session"
        bound = {"hostname": session.hostname, "executor_profile": session.executor_profile} if resumed else {}
        demands = merged(bound, (agent or {}).get("demands"), given["additional_demands"])
        if self.state.current:
            demands["executor_type"] = (agent or {}).get("type") or "autonomous"
        run = Run(
            run_id=new_id("run"),
            type=given["type"],
            session_id=session.session_id,
            agent_name=agent_name,
            parameters=given["parameters"] if self.state.current else {"prompt": given["prompt"]},
            project_dir=given["project_dir"] or (session.project_dir if resumed else None),
            parent_session_id=given["parent_session_id"],
            execution_mode=given["execution_mode"],
            scope=given.get("scope"),
            resolved_agent_blueprint=None,
            demands=demands or None,
            status="pending",
            runner_id=None,
            error=None,
            created_at=now(),
            claimed_at=None,
            started_at=None,
            completed_at=None,
            timeout_at=None,
        )
        if self.state.current and agent is not None:
            run.resolved_agent_blueprint = _resolved(agent, run)
        return run

    async def every(self, request: Request) -> Response:
        """All runs, or those of one status."""
        status = request.query_params.get("status")
        found = [run for run in self.state.store.runs.values() if status in {None, run.status}]
        return JSONResponse({"runs": [run.as_json(self.state.settings.dialect) for run in found]})

    async def get(self, request: Request) -> Response:
        """One run."""
        run = self.state.store.run(request.path_params["run_id"])
        return JSONResponse(run.as_json(self.state.settings.dialect))

    async def stop(self, request: Request) -> Response:
        """Let a run be stopped."""
        return JSONResponse(stop_run(self.state, self.state.store.run(request.path_params["run_id"])))

    async def create_agent(self, request: Request) -> Response:
        """Keep an agent."""
        given = await body_of(request, AGENT)
        if given["name"] in self.state.store.agents:
            raise Refusal(409, f"Agent already exists: {given['name']}")
        self.state.store.keep_agent(given)
        return JSONResponse(given, status_code=201)

    async def agent(self, request: Request) -> Response:
        """One agent."""
        name = request.path_params["name"]
        if name not in self.state.store.agents:
            raise Refusal(404, f"Agent not found: {name}")
        return JSONResponse(self.state.store.agents[name])


def stop_run(state: State, run: Run) -> dict[str, Any]:
    """Stop a run that waits; have one stopped that a runner has.

    Raises:
        Refusal: 400, it ended or is being stopped.
    """
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


def _check_parameters(given: Mapping[str, Any]) -> None:
    """An agent without a schema of its own takes a prompt and nothing else."""
    parameters = given["parameters"]
    errors = [f"Additional property '{name}' is not allowed" for name in parameters if name != "prompt"]
    prompt = parameters.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        errors.append("'prompt' is a required, non-empty string")
    if errors:
        detail = {"error": "parameter_validation_failed", "agent_name": given["agent_name"]}
        raise Refusal(400, {**detail, "message": "; ".join(errors), "validation_errors": errors})


def _resolved(value: Any, run: Run) -> Any:
    """A blueprint with what the coordinator knows put in; what only the runner knows stays."""
    known = {
        "params": run.parameters,
        "scope": run.scope or {},
        "runtime": {"session_id": run.session_id, "run_id": run.run_id},
    }
    if isinstance(value, dict):
        return {name: _resolved(each, run) for name, each in value.items()}
    if isinstance(value, list):
        return [_resolved(each, run) for each in value]
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda found: str(known[found[1]].get(found[2], found[0])), value)
    return value
