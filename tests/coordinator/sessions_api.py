"""What the children of runners call, through their runner: bind, events, metadata; and what is known of a session."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.coordinator import events
from tests.coordinator.answers import Field, Refusal, body_of
from tests.coordinator.state import State
from tests.coordinator.stopping import stop_session

BIND = {
    "executor_session_id": Field("string", required=True),
    "hostname": Field("string", required=True),
    "executor_profile": Field("string", required=True),
    "project_dir": Field("string"),
}
METADATA = {
    name: Field("string")
    for name in (
        "project_dir",
        "agent_name",
        "last_resumed_at",
        "executor_session_id",
        "executor_profile",
        "hostname",
    )
}


class SessionsApi:
    """The handlers."""

    def __init__(self, state: State) -> None:
        self.state = state

    def routes(self) -> list[Route]:
        """Paths and what answers them."""
        return [
            Route("/sessions", self.every, methods=["GET"]),
            Route("/sessions/{session_id}", self.get, methods=["GET"]),
            Route("/sessions/{session_id}/status", self.status, methods=["GET"]),
            Route("/sessions/{session_id}/result", self.result, methods=["GET"]),
            Route("/sessions/{session_id}/affinity", self.affinity, methods=["GET"]),
            Route("/sessions/{session_id}/events", self.events, methods=["GET"]),
            Route("/sessions/{session_id}/events", self.add_event, methods=["POST"]),
            Route("/sessions/{session_id}/bind", self.bind, methods=["POST"]),
            Route("/sessions/{session_id}/metadata", self.metadata, methods=["PATCH"]),
            Route("/sessions/{session_id}/stop", self.stop, methods=["POST"]),
        ]

    def _session(self, request: Request) -> Any:
        return self.state.store.session(request.path_params["session_id"])

    async def every(self, request: Request) -> Response:
        """All sessions, the newest first."""
        newest_first = sorted(self.state.store.sessions.values(), key=lambda each: each.created_at, reverse=True)
        return JSONResponse({"sessions": [each.as_json(self.state.settings.dialect) for each in newest_first]})

    async def get(self, request: Request) -> Response:
        """One session."""
        return JSONResponse({"session": self._session(request).as_json(self.state.settings.dialect)})

    async def status(self, request: Request) -> Response:
        """Its status; one that nobody knows has one as well."""
        session = self.state.store.sessions.get(request.path_params["session_id"])
        return JSONResponse({"status": "not_existent" if session is None else session.status})

    async def result(self, request: Request) -> Response:
        """What came of it."""
        session = self._session(request)
        if self.state.current and session.status not in {"finished", "idle"}:
            raise Refusal(400, "Session not finished or idle")
        if not self.state.current and session.status != "finished":
            raise Refusal(400, "Session not finished")
        result = session.result(self.state.settings.dialect)
        if result is None:
            raise Refusal(404, "No result found")
        return JSONResponse(result if self.state.current else {"result": result})

    async def affinity(self, request: Request) -> Response:
        """Where it may be resumed."""
        session = self._session(request)
        own = () if self.state.current else ("executor_session_id",)
        names = ("session_id", *own, "hostname", "project_dir", "executor_profile")
        return JSONResponse({"affinity": {name: getattr(session, name) for name in names}})

    async def bind(self, request: Request) -> Response:
        """A harness has a session of its own for it, and runs."""
        given = await body_of(request, BIND)
        session = self._session(request)
        for name in BIND:
            if given[name] is not None:
                setattr(session, name, given[name])
        session.status = "running"
        self.state.store.keep(session)
        return JSONResponse({"ok": True, "session": session.as_json(self.state.settings.dialect)})

    async def events(self, request: Request) -> Response:
        """What happened in it, from the beginning."""
        return JSONResponse({"events": events.in_order(self._session(request).events)[: events.SHOWN]})

    async def add_event(self, request: Request) -> Response:
        """Something happened in it; in the seed's dialect this is how it ends."""
        given = await body_of(request, events.shape(self.state.settings.dialect))
        session = self._session(request)
        if given["session_id"] != session.session_id:
            raise Refusal(400, "Event session_id must match URL session_id")
        if given["event_type"] == "session_stop" and not self.state.current:
            session.status = "finished"
        self.state.store.append(session, given)
        return JSONResponse({"ok": True}, status_code=201 if self.state.current else 200)

    async def metadata(self, request: Request) -> Response:
        """Something about it is otherwise."""
        given = await body_of(request, METADATA)
        session = self._session(request)
        for name in METADATA:
            if given[name] is not None:
                setattr(session, name, given[name])
        self.state.store.keep(session)
        return JSONResponse({"ok": True, "session": session.as_json(self.state.settings.dialect)})

    async def stop(self, request: Request) -> Response:
        """Have what runs for it stopped."""
        return JSONResponse(stop_session(self.state, self._session(request)))
