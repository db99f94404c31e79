"""What runners call: register, poll, report, heartbeat, leave."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.coordinator import hooks
from tests.coordinator.answers import Field, Refusal, body_of, flag_of, missing, query_of
from tests.coordinator.records import Run, Runner
from tests.coordinator.state import State

REGISTRATION = {
    "hostname": Field("string", required=True),
    "project_dir": Field("string", required=True),
    "executor_profile": Field("string", required=True),
    "executor": Field("dict"),
    "tags": Field("list"),
    "require_matching_tags": Field("bool", nullable=False, default=False),
}
AGENTS = {"agents": Field("list of dict")}
RUNNER = {"runner_id": Field("string", required=True)}
COMPLETED = {**RUNNER, "status": Field("string", nullable=False, default="success")}
SESSION_STATUS = {"session_status": Field("string")}
FAILED = {**RUNNER, "error": Field("string", required=True)}
STOPPED = {**RUNNER, "signal": Field("string", nullable=False, default="SIGTERM")}
SESSION_END = {**RUNNER, "status": Field("string", required=True)}


class RunnerApi:
    """The handlers."""

    def __init__(self, state: State) -> None:
        self.state = state

    def routes(self) -> list[Route]:
        """Paths and what answers them."""
        handlers: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
            ("POST", "/runner/register", self.register),
            ("GET", "/runner/runs", self.poll),
            ("POST", "/runner/runs/{run_id}/started", self.started),
            ("POST", "/runner/runs/{run_id}/completed", self.completed),
            ("POST", "/runner/runs/{run_id}/failed", self.failed),
            ("POST", "/runner/runs/{run_id}/stopped", self.stopped),
            ("POST", "/runner/heartbeat", self.heartbeat),
            ("GET", "/runners", self.runners),
            ("DELETE", "/runners/{runner_id}", self.deregister),
        ]
        if self.state.current:
            handlers.append(("POST", "/runner/sessions/{session_id}/status", self.session_ended))
        return [Route(path, handler, methods=[method]) for method, path, handler in handlers]

    async def register(self, request: Request) -> Response:
        """A runner comes."""
        given = await body_of(request, {**REGISTRATION, **(AGENTS if self.state.current else {})})
        if self.state.current:
            _check_agents(given["agents"] or [])
        runner = self.state.registry.register(given if self.state.current else {**given, "agents": None})
        settings = self.state.settings
        return JSONResponse(
            {
                "runner_id": runner.runner_id,
                "poll_endpoint": "/runner/runs",
                "poll_timeout_seconds": int(settings.poll_timeout),
                "heartbeat_interval_seconds": settings.heartbeat_interval,
            }
        )

    async def poll(self, request: Request) -> Response:
        """A runner waits. Nothing here notices that it no longer does: the wait goes on, and so does claiming."""
        runner_id = query_of(request, "runner_id")
        registry, settings = self.state.registry, self.state.settings
        if registry.told_to_go(runner_id):
            return JSONResponse({"deregistered": True})
        runner = registry.known(runner_id)
        waiting = registry.stops.get(runner_id)
        event = waiting.event if waiting is not None else asyncio.Event()
        passed = 0.0
        while passed < settings.poll_timeout and registry is self.state.registry:
            if (answer := await self._news(request, runner)) is not None:
                return answer
            with suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), settings.tick)
            passed += settings.tick  # however short the wait was
        return Response(status_code=204)

    async def _news(self, request: Request, runner: Runner) -> Response | None:
        registry = self.state.registry
        if planned := self.state.planned.get(runner.runner_id) or self.state.planned.get("*"):
            return planned.pop(0)
        if stops := registry.take_stops(runner.runner_id):
            return JSONResponse({"stop_sessions" if self.state.current else "stop_runs": stops})
        if registry.told_to_go(runner.runner_id):
            return JSONResponse({"deregistered": True})
        run = self.state.store.claim(runner)
        if run is None or not await hooks.passed(self.state, run):
            return None
        request.state.claimed = run.run_id
        shown = run.as_json(self.state.settings.dialect)
        return JSONResponse({"run": shown if run.verbatim is None else run.verbatim})

    async def _report(self, request: Request, shape: dict[str, Field]) -> tuple[Run, dict[str, Any]]:
        given = await body_of(request, shape)
        self.state.registry.known(given["runner_id"])
        return self.state.store.run(request.path_params["run_id"]), given

    async def started(self, request: Request) -> Response:
        """A run began."""
        run, _ = await self._report(request, RUNNER)
        self.state.store.move(run, "running")
        self.state.began(run)
        return JSONResponse({"ok": True})

    async def completed(self, request: Request) -> Response:
        """A run ended well. Only the current dialect's session is ended by this."""
        shape = {**COMPLETED, **(SESSION_STATUS if self.state.current else {})}
        run, given = await self._report(request, shape)
        self.state.store.move(run, "completed")
        if self.state.current:
            self.state.completed(run, given["session_status"] or "finished")
        return JSONResponse({"ok": True})

    async def failed(self, request: Request) -> Response:
        """A run ended badly."""
        run, given = await self._report(request, FAILED)
        self.state.store.move(run, "failed", given["error"])
        if self.state.current:
            self.state.store.set_session(run.session_id, "failed")
        return JSONResponse({"ok": True})

    async def stopped(self, request: Request) -> Response:
        """A run was stopped."""
        run, _ = await self._report(request, STOPPED)
        self.state.store.move(run, "stopped")
        self.state.store.set_session(run.session_id, "stopped")
        return JSONResponse({"ok": True})

    async def session_ended(self, request: Request) -> Response:
        """A process that waited between two runs of a session is gone."""
        given = await body_of(request, SESSION_END)
        self.state.registry.known(given["runner_id"])
        session = self.state.store.session(request.path_params["session_id"])
        if given["status"] not in {"finished", "failed", "stopped"}:
            raise Refusal(400, "Status must be 'finished', 'failed', or 'stopped'")
        self.state.store.set_session(session.session_id, given["status"])
        return JSONResponse({"ok": True})

    async def heartbeat(self, request: Request) -> Response:
        """A runner lives."""
        given = await body_of(request, RUNNER)
        self.state.registry.heartbeat(given["runner_id"])
        return JSONResponse({"ok": True})

    async def runners(self, request: Request) -> Response:
        """Everybody who is registered."""
        moment = time.monotonic()
        known = self.state.registry.runners.values()
        return JSONResponse({"runners": [each.as_json(seconds=moment - each.heard) for each in known]})

    async def deregister(self, request: Request) -> Response:
        """A runner goes, or is told to at its next poll."""
        runner_id, registry = request.path_params["runner_id"], self.state.registry
        by_itself = flag_of(request, "self")
        if runner_id not in registry.runners:
            raise Refusal(404, "Runner not found")
        if by_itself:
            registry.remove(runner_id)
            if self.state.current:
                self.state.left(runner_id)
            return JSONResponse({"ok": True, "message": "Runner deregistered", "initiated_by": "self"})
        registry.marked.add(runner_id)
        message = "Runner marked for deregistration"
        return JSONResponse({"ok": True, "message": message, "initiated_by": "external"})


def _check_agents(agents: list[dict[str, Any]]) -> None:
    problems = [
        missing(["body", "agents", number, name], agent)
        for number, agent in enumerate(agents)
        for name in ("name", "command")
        if name not in agent
    ]
    if problems:
        raise Refusal(422, problems)
