"""The coordinator as an application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.coordinator.answers import Refusal
from tests.coordinator.control_api import ControlApi
from tests.coordinator.credentials import Credentials
from tests.coordinator.recorder import Recorder
from tests.coordinator.runner_api import RunnerApi
from tests.coordinator.runs_api import RunsApi
from tests.coordinator.sessions_api import SessionsApi
from tests.coordinator.settings import Settings
from tests.coordinator.state import State


def build(settings: Settings, directory: Path | None = None) -> Recorder:
    """The application; with a directory, its runs and its history outlive it."""
    state = State(settings, directory / "state.jsonl" if directory is not None else None)
    control = ControlApi(state)
    apis = (RunnerApi(state), RunsApi(state), SessionsApi(state), control)
    app = Starlette(
        routes=[route for api in apis for route in api.routes()],
        exception_handlers={Refusal: _refuse, 404: _unknown, 405: _unknown},
        lifespan=_lifespan(state),
    )
    guarded = Credentials(app, token=settings.token, tenant=settings.tenant)
    kept = directory / "history.jsonl" if directory is not None else None
    control.recorder = Recorder(guarded, settings.cost, kept)
    return control.recorder


def _lifespan(state: State):  # type: ignore[no-untyped-def] # noqa: ANN202 - starlette's own type is not public
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        ageing = asyncio.create_task(_age(state))
        yield
        ageing.cancel()
        with suppress(asyncio.CancelledError):
            await ageing

    return lifespan


async def _age(state: State) -> None:
    while True:
        await asyncio.sleep(state.settings.lifecycle_interval)
        state.age()


async def _refuse(request: Request, error: Exception) -> Response:
    refusal = cast("Refusal", error)
    return JSONResponse({"detail": refusal.detail}, refusal.status)


async def _unknown(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    return JSONResponse({"detail": getattr(error, "detail", "Not Found")}, status)
