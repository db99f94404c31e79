"""What only tests call: the history, faults, a restart, runs and answers that no coordinator should hand out."""

from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.coordinator.faults import Fault
from tests.coordinator.recorder import CONTROL, Recorder
from tests.coordinator.state import State


class ControlApi:
    """The handlers."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.recorder: Recorder
        """Given once it is there: it is the application around this one."""

    def routes(self) -> list[Route]:
        """Paths and what answers them."""
        return [
            Route(f"{CONTROL}/history", self.history, methods=["GET"]),
            Route(f"{CONTROL}/faults", self.add_fault, methods=["POST"]),
            Route(f"{CONTROL}/faults", self.clear_faults, methods=["DELETE"]),
            Route(f"{CONTROL}/restart", self.restart, methods=["POST"]),
            Route(f"{CONTROL}/polls/{{runner_id}}", self.plan, methods=["POST"]),
            Route(f"{CONTROL}/runs/{{run_id}}", self.replace, methods=["PUT"]),
            Route(f"{CONTROL}/state", self.look, methods=["GET"]),
        ]

    async def history(self, request: Request) -> Response:
        """Every request of a method whose path contains something."""
        method, path = request.query_params["method"], request.query_params["path"]
        entries = [each for each in self.recorder.entries if method in {"*", each.method} and path in each.path]
        return JSONResponse([asdict(entry) for entry in entries])

    async def add_fault(self, request: Request) -> Response:
        """Let something go wrong."""
        self.recorder.faults.append(Fault.from_json(await request.json()))
        return JSONResponse({"ok": True})

    async def clear_faults(self, request: Request) -> Response:
        """Let everything go well again."""
        self.recorder.faults.clear()
        return JSONResponse({"ok": True})

    async def restart(self, request: Request) -> Response:
        """Forget every runner and cut every connection, as a process does that is started again."""
        self.state.restart()
        self.recorder.cut_all()
        return JSONResponse({"ok": True})

    async def plan(self, request: Request) -> Response:
        """The next poll of a runner, or of any (``*``), is answered so."""
        given = await request.json()
        answer = Response(given["body"] or None, given["status"], media_type=given["content_type"])
        self.state.planned.setdefault(request.path_params["runner_id"], []).append(answer)
        return JSONResponse({"ok": True})

    async def replace(self, request: Request) -> Response:
        """A poll gets ``document`` in place of the run, and whoever has ``demands`` may have it."""
        given, run = await request.json(), self.state.store.run(request.path_params["run_id"])
        run.verbatim, run.demands = given["document"], given["demands"]
        return JSONResponse({"ok": True})

    async def look(self, request: Request) -> Response:
        """Who is registered, and who is marked."""
        registry = self.state.registry
        stopping = {runner_id: sorted(stops.pending) for runner_id, stops in registry.stops.items()}
        return JSONResponse({"runners": sorted(registry.runners), "marked": sorted(registry.marked), "stops": stopping})
