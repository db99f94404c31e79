"""The JSON Schema (draft-07, as the protocol publishes its own) of what executors read."""

from typing import Any

from doctor.runner.invocation import MODES

DIALECT = "http://json-schema.org/draft-07/schema#"

_ANY_OBJECT = {"type": "object"}


def invocation_schema() -> dict[str, Any]:
    """The schema of both versions."""
    text = {"type": "string"}
    asked = {"2.1": ("prompt", text), "2.2": ("parameters", _ANY_OBJECT)}
    return {
        "$schema": DIALECT,
        "$id": "urn:harness-doctor:schema:executor-invocation",
        "title": "Executor invocation",
        "description": "One run, as an executor is told it on standard input.",
        "oneOf": [_version(version, name, schema) for version, (name, schema) in asked.items()],
    }


def _version(version: str, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    named = {"agent_name": {"type": "string", "description": "The agent that the run names."}}
    return {
        "type": "object",
        "required": ["schema_version", "mode", "session_id", name],
        "properties": {
            "schema_version": {"const": version},
            "mode": {"enum": list(MODES), "description": "Whether the session is a new one."},
            "session_id": {"type": "string", "minLength": 1, "description": "The coordinator's name for the session."},
            name: {**schema, "description": "What the agent is asked."},
            **(named if name == "parameters" else {}),
            "project_dir": {"type": "string", "description": "Where to work; of use when a session starts."},
            "executor_config": {**_ANY_OBJECT, "description": "`config` of the executor profile."},
            "agent_blueprint": {**_ANY_OBJECT, "description": "The agent that the run names, placeholders replaced."},
            "metadata": {**_ANY_OBJECT, "description": "Whatever else came with the run."},
        },
    }
