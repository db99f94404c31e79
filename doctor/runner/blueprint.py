"""The agent a run is for: as the coordinator resolved it, or fetched and filled in here."""

from collections.abc import Mapping
from typing import Any

from doctor.runner.answers import NOT_FOUND
from doctor.runner.auth import AuthError
from doctor.runner.client import Coordinator, quoted
from doctor.runner.dialect import Dialect, Run
from doctor.runner.leaving import Pauses

MCP_URL = "AGENT_ORCHESTRATOR_MCP_URL"
"""Variable of the runner's environment that says where the orchestrator's tools are served, if they are."""

_TRIES = 3


class NoBlueprint(Exception):  # noqa: N818 - an answer about a run
    """A run's agent cannot be had; the message says why."""


def blueprint_of(run: Run, coordinator: Coordinator, *, mcp_url: str | None) -> Mapping[str, Any] | None:
    """The blueprint that the executor gets; ``None`` for a run that names no agent, or one the coordinator passes over.

    Raises:
        NoBlueprint: There is no such agent, or it cannot be asked for.
    """
    if run.blueprint is not None:
        known = {"${runner.orchestrator_mcp_url}": mcp_url} if mcp_url else {}
        return _filled(run.blueprint, known) if known else run.blueprint
    if run.agent_name is None or run.dialect is Dialect.CURRENT:
        return None
    blueprint = _fetched(run.agent_name, coordinator)
    known = {"${AGENT_SESSION_ID}": run.session_id}
    if mcp_url:
        known[f"${{{MCP_URL}}}"] = mcp_url
    servers = blueprint.get("mcp_servers")
    if not isinstance(servers, Mapping):
        return blueprint
    return {**blueprint, "mcp_servers": {name: _server(server, known) for name, server in servers.items()}}


_OF_A_SERVER = {"http": ("url", "headers"), "stdio": ("command", "args", "env")}
"""By its type: the keys of a server in which placeholders are replaced."""


def _server(server: Any, known: Mapping[str, str]) -> Any:
    if not isinstance(server, Mapping):
        return server
    keys = _OF_A_SERVER.get(str(server.get("type")), ())
    return {key: _filled(value, known) if key in keys else value for key, value in server.items()}


def _filled(value: Any, known: Mapping[str, str]) -> Any:
    """A JSON value with the placeholders in its texts replaced."""
    match value:
        case str():
            for placeholder, text in known.items():
                value = value.replace(placeholder, text)
            return value
        case Mapping():
            return {key: _filled(each, known) for key, each in value.items()}
        case list():
            return [_filled(each, known) for each in value]
    return value


def _fetched(name: str, coordinator: Coordinator) -> Mapping[str, Any]:
    pauses, problem = Pauses(), ""
    for _ in range(_TRIES):
        try:
            answer = coordinator.ask("GET", f"/agents/{quoted(name)}")
        except (OSError, AuthError) as error:
            problem = str(error)
        else:
            if answer.status == NOT_FOUND:
                raise NoBlueprint(f"Blueprint not found: {name}")
            if answer.succeeded and answer.document:
                return answer.document
            problem = answer.in_words
            if answer.is_definite:
                break
        pauses.rest()
    raise NoBlueprint(f"the blueprint of {name} cannot be had: {problem}")
