"""What people and other programs call: create runs and agents, look at them, stop them."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.coordinator import agents
from tests.coordinator.answers import Field, Refusal, body_of
from tests.coordinator.matching import merged
from tests.coordinator.records import Run, Session, new_id, now
from tests.coordinator.state import State
from tests.coordinator.stopping import stop_run

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
        resumed = self._resumed(given)
        if self.state.current:
            self._check(given, resumed)
        session = resumed or self._session(given)
        run = self._run(given, session)
        self.state.store.add(run)
        answer = {"run_id": run.run_id, "session_id": run.session_id, "status": run.status}
        return JSONResponse(answer, status_code=201 if self.state.current else 200)

    def _resumed(self, given: Mapping[str, Any]) -> Session | None:
        if given["type"] != "resume_session":
            return None
        session_id, sessions = given["session_id"], self.state.store.sessions
        if not session_id:
            raise Refusal(400, "session_id is required for resume_session")
        if session_id not in sessions:
            raise Refusal(404, f"Session '{session_id}' not found")
        return sessions[session_id]

    def _check(self, given: Mapping[str, Any], resumed: Session | None) -> None:
        name = (resumed.agent_name if resumed is not None else None) or given["agent_name"]
        agent = agents.find(self.state, name)
        if resumed is not None and agent is not None and agent["type"] == "procedural":
            message = "Procedural agents are stateless and cannot be resumed"
            raise Refusal(400, {"error": "procedural_agent_no_resume", "message": message, "agent_name": name})
        told = name if agent is not None or resumed is not None else None
        agents.check_parameters(given["parameters"], told, agent, resumed=resumed is not None)

    def _session(self, given: Mapping[str, Any]) -> Session:
        store, session_id = self.state.store, given["session_id"]
        if session_id in store.sessions:
            raise Refusal(409, f"Session '{session_id}' already exists")
        session = Session(
            session_id=session_id or new_id("ses"),
            **{name: given[name] for name in ("project_dir", "agent_name", "parent_session_id", "execution_mode")},
        )
        store.add_session(session)
        return session

    def _run(self, given: Mapping[str, Any], session: Session) -> Run:
        agent_name = given["agent_name"] or session.agent_name
        resumed = given["type"] == "resume_session"
        demands = self._demands(given, session if resumed else None, agents.find(self.state, agent_name) or {})
        run = Run(
            type=given["type"],
            session_id=session.session_id,
            agent_name=agent_name,
            parameters=given["parameters"] if self.state.current else {"prompt": given["prompt"]},
            project_dir=given["project_dir"] or (session.project_dir if resumed else None),
            parent_session_id=given["parent_session_id"],
            execution_mode=given["execution_mode"],
            scope=self._scope(given),
            demands=demands or None,
        )
        agent = agents.find(self.state, session.agent_name or given["agent_name"])
        if self.state.current and agent is not None:
            run.resolved_agent_blueprint = agents.resolved(agent, run)
        return run

    def _scope(self, given: Mapping[str, Any]) -> dict[str, Any] | None:
        """A run has the scope of its parent's last run, and its own."""
        own: dict[str, Any] | None = given.get("scope")
        parents = [run for run in self.state.store.runs.values() if run.session_id == given["parent_session_id"]]
        newest = max(parents, key=lambda run: run.created_at, default=None)
        return {**newest.scope, **(own or {})} if newest is not None and newest.scope else own

    def _demands(self, given: Mapping[str, Any], resumed: Session | None, agent: Mapping[str, Any]) -> dict[str, Any]:
        dialect = self.state.settings.dialect
        where = {"hostname": resumed.hostname, "executor_profile": resumed.executor_profile} if resumed else {}
        if self.state.current:
            owner, *own = agents.demands_of(self.state, agent)
            return merged(dialect, owner, where, *own, given["additional_demands"])
        # The seed's looks for the agent that the request names, not for the session's.
        said = agent.get("demands") if given["agent_name"] else None
        return merged(dialect, where, said, given["additional_demands"])

    async def every(self, request: Request) -> Response:
        """All runs, or those of one status."""
        status = request.query_params.get("status")
        found = [run for run in self.state.store.runs.values() if status in {None, run.status}]
        return JSONResponse({"runs": [run.listed(self.state.settings.dialect) for run in found]})

    async def get(self, request: Request) -> Response:
        """One run."""
        run = self.state.store.run(request.path_params["run_id"])
        return JSONResponse(run.listed(self.state.settings.dialect))

    async def stop(self, request: Request) -> Response:
        """Let a run be stopped."""
        return JSONResponse(stop_run(self.state, self.state.store.run(request.path_params["run_id"])))

    async def create_agent(self, request: Request) -> Response:
        """Keep an agent."""
        given = await body_of(request, AGENT)
        agents.check_name(given["name"])
        if given["name"] in self.state.store.agents:
            raise Refusal(409, f"Agent already exists: {given['name']}")
        if self.state.current:
            agents.check_servers(given.get("mcp_servers") or {})
        moment = now()
        unsaid = {"tags": [], "capabilities": [], "status": "active", "created_at": moment, "modified_at": moment}
        kind = {"type": "autonomous"} if self.state.current else {}
        agent = {name: value for name, value in {**unsaid, **kind, **given}.items() if value is not None}
        self.state.store.keep_agent(agent)
        return JSONResponse(agent, status_code=201)

    async def agent(self, request: Request) -> Response:
        """One agent."""
        name = request.path_params["name"]
        agent = agents.find(self.state, name)
        if agent is None:
            raise Refusal(404, f"Agent not found: {name}")
        return JSONResponse({key: value for key, value in agent.items() if key != "runner_id"})
