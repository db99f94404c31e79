"""Agents: what they take, where they come from, and what a run is given of them."""

import os
import re
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft7Validator

from tests.coordinator.answers import Refusal
from tests.coordinator.records import Run
from tests.coordinator.state import State

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]*")
LONGEST_NAME = 60
PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")
PROMPT_ONLY = {
    "type": "object",
    "required": ["prompt"],
    "properties": {"prompt": {"type": "string", "minLength": 1}},
    "additionalProperties": False,
}
"""What an agent without a schema of its own takes."""

Agent = Mapping[str, Any]


def find(state: State, name: str | None) -> Agent | None:
    """An agent by its name: one that was created, or one that a runner brought."""
    created = state.store.agents.get(name or "")
    if created is not None or not name:
        return created
    brought = ((runner, agent) for runner in state.registry.runners.values() for agent in runner.agents)
    for runner, agent in brought:
        if agent["name"] == name:
            given = {key: agent[key] for key in ("command", "parameters_schema") if agent.get(key) is not None}
            own = {"name": name, "description": agent.get("description") or "", "type": "procedural", **given}
            times = {"created_at": "", "modified_at": ""}
            return {**own, "runner_id": runner.runner_id, "tags": [], "capabilities": [], "status": "active", **times}
    return None


def check_name(name: str) -> None:
    """Refuse a name that is none.

    Raises:
        Refusal: 400.
    """
    if not name:
        raise Refusal(400, "Agent name is required")
    if len(name) > LONGEST_NAME:
        raise Refusal(400, f"Agent name must be {LONGEST_NAME} characters or less")
    if not NAME.match(name) or not NAME.fullmatch(name.removesuffix("\n")):
        wanted = "must start with letter/number and contain only alphanumeric characters, hyphens, and underscores"
        raise Refusal(400, f"Agent name {wanted}")


def check_servers(servers: Mapping[str, Any]) -> None:
    """Refuse tool servers that are written out: the current dialect has them in a registry of its own.

    Raises:
        Refusal: 409.
    """
    for name, server in servers.items():
        if "ref" not in server:
            raise Refusal(409, f"MCP server '{name}' must use ref format")


def check_parameters(parameters: Mapping[str, Any], name: str | None, agent: Agent | None, *, resumed: bool) -> None:
    """Refuse what the agent does not take.

    Raises:
        Refusal: 400, with every problem.
    """
    schema = None if resumed or agent is None else agent.get("parameters_schema")
    if schema is None:
        schema = {"type": "object"} if not resumed and (agent or {}).get("type") == "procedural" else PROMPT_ONLY
    errors = [
        {
            "path": "$" + (f".{'.'.join(map(str, error.absolute_path))}" if error.absolute_path else ""),
            "message": error.message,
            "schema_path": "/".join(map(str, error.schema_path)),
        }
        for error in Draft7Validator(schema).iter_errors(parameters)
    ]
    if errors:
        said = {"message": "Parameters do not match agent's parameters_schema", "agent_name": name or "(no agent)"}
        detail = {"error": "parameter_validation_failed", **said, "validation_errors": errors}
        raise Refusal(400, {**detail, "parameters_schema": schema})


def demands_of(state: State, agent: Agent) -> list[Mapping[str, Any]]:
    """What an agent demands of runners: the one that brought it, what it says itself, and its type."""
    owner = state.registry.runners.get(agent.get("runner_id") or "")
    names = ("hostname", "project_dir", "executor_profile")
    where = {name: getattr(owner, name) for name in names} if owner is not None else {}
    return [where, agent.get("demands") or {}, {"executor_type": agent.get("type") or "autonomous"}]


def resolved(agent: Agent, run: Run) -> dict[str, Any]:
    """A blueprint with what the coordinator knows put in; what only the runner knows stays."""
    known: dict[str, Mapping[str, Any]] = {
        "params": run.parameters,
        "scope": run.scope or {},
        "env": os.environ,
        "runtime": {"session_id": run.session_id, "run_id": run.run_id},
    }

    def value_of(found: re.Match[str]) -> str:
        source, _, name = found[1].partition(".")
        value = known.get(source, {}).get(name)
        return found[0] if value is None else str(value)

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: filled(each) for name, each in value.items()}
        if isinstance(value, list):
            return [filled(each) for each in value]
        return PLACEHOLDER.sub(value_of, value) if isinstance(value, str) else value

    return {name: filled(each) for name, each in agent.items() if name != "runner_id"}
