"""The agent a run is for, in either dialect."""

import json
from collections.abc import Mapping
from typing import Any, cast

import pytest

from doctor.runner.answers import Answer
from doctor.runner.blueprint import NoBlueprint, blueprint_of
from doctor.runner.client import Coordinator
from doctor.runner.dialect import Dialect, Run
from doctor.runner.leaving import Pauses

MCP = "http://127.0.0.1:9/mcp"
OLD = {
    "name": "writer",
    "system_prompt": "You are ${AGENT_SESSION_ID}.",
    "mcp_servers": {
        "far": {
            "type": "http",
            "url": "${AGENT_ORCHESTRATOR_MCP_URL}/x",
            "headers": {"X-Session": "s=${AGENT_SESSION_ID}"},
            "note": "${AGENT_SESSION_ID}",
        },
        "near": {
            "type": "stdio",
            "command": "/bin/${AGENT_SESSION_ID}",
            "args": ["-u", "${AGENT_ORCHESTRATOR_MCP_URL}", "${OTHER}"],
            "env": {"ID": "${AGENT_SESSION_ID}", "PORT": 5},
        },
        "odd": {"type": "sse", "url": "${AGENT_SESSION_ID}"},
        "none": None,
    },
}


class Agents:
    """A coordinator that knows some agents, and answers with trouble first."""

    def __init__(self, *trouble: Answer | OSError, **known: Mapping[str, Any]) -> None:
        self.asked: list[str] = []
        self._trouble = list(trouble)
        self._known = known

    def ask(self, method: str, path: str, document: Mapping[str, Any] | None = None) -> Answer:
        self.asked.append(f"{method} {path}")
        if self._trouble:
            found = self._trouble.pop(0)
            if isinstance(found, OSError):
                raise found
            return found
        known = self._known.get(path.removeprefix("/agents/"))
        body = json.dumps({"detail": "Agent not found"} if known is None else known).encode()
        return Answer(status=404 if known is None else 200, content_type="application/json", body=body)


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits between two tries."""
    monkeypatch.setattr(Pauses, "rest", lambda self: None)


def of(agents: Agents, *, mcp_url: str | None = MCP, dialect: Dialect = Dialect.SEED, **changes: Any) -> Any:
    """The blueprint of a run of session ``ses_1`` for the agent ``writer``."""
    values: dict[str, Any] = {"agent_name": "writer", **changes}
    run = Run(
        run_id="run_1",
        session_id="ses_1",
        mode="start",
        dialect=dialect,
        prompt="Work.",
        parameters={"prompt": "Work."},
        **values,
    )
    return blueprint_of(run, cast("Coordinator", agents), mcp_url=mcp_url)


def answer(status: int) -> Answer:
    return Answer(status=status, content_type="application/json", body=b'{"detail":"trouble"}')


def test_a_run_without_an_agent_has_no_blueprint() -> None:
    agents = Agents(writer=OLD)
    assert (of(agents, agent_name=None), agents.asked) == (None, [])


def test_placeholders_of_the_servers_are_replaced_and_no_others() -> None:
    found = of(Agents(writer=OLD))
    assert found["system_prompt"] == OLD["system_prompt"]
    assert found["mcp_servers"] == {
        "far": {
            "type": "http",
            "url": f"{MCP}/x",
            "headers": {"X-Session": "s=ses_1"},
            "note": "${AGENT_SESSION_ID}",
        },
        "near": {
            "type": "stdio",
            "command": "/bin/ses_1",
            "args": ["-u", MCP, "${OTHER}"],
            "env": {"ID": "ses_1", "PORT": 5},
        },
        "odd": {"type": "sse", "url": "${AGENT_SESSION_ID}"},
        "none": None,
    }


def test_a_place_that_is_not_known_stays_a_placeholder() -> None:
    found = of(Agents(writer=OLD), mcp_url=None)
    assert found["mcp_servers"]["far"]["url"] == "${AGENT_ORCHESTRATOR_MCP_URL}/x"
    assert found["mcp_servers"]["far"]["headers"] == {"X-Session": "s=ses_1"}


@pytest.mark.parametrize("servers", [None, [], "text", 5])
def test_servers_that_are_none_are_passed_on(servers: Any) -> None:
    assert of(Agents(writer={"name": "writer", "mcp_servers": servers})) == {"name": "writer", "mcp_servers": servers}


def test_an_agent_that_does_not_exist_is_named() -> None:
    with pytest.raises(NoBlueprint, match=r"^Blueprint not found: writer$"):
        of(Agents())


def test_an_agents_name_is_one_part_of_a_path() -> None:
    agents = Agents()
    with pytest.raises(NoBlueprint):
        of(agents, agent_name="../runners/x y")
    assert agents.asked == ["GET /agents/..%2Frunners%2Fx%20y"]


@pytest.mark.parametrize("trouble", [ConnectionRefusedError(111, "refused"), answer(503), answer(429)])
def test_passing_trouble_is_waited_out(trouble: Answer | OSError) -> None:
    assert of(Agents(trouble, trouble, writer={"name": "writer"})) == {"name": "writer"}


def test_lasting_trouble_is_told() -> None:
    with pytest.raises(NoBlueprint, match="the blueprint of writer cannot be had: 503 trouble"):
        of(Agents(*[answer(503)] * 9, writer=OLD))


def test_a_refusal_is_not_asked_again() -> None:
    agents = Agents(answer(403), writer=OLD)
    with pytest.raises(NoBlueprint, match="403 trouble"):
        of(agents)
    assert len(agents.asked) == 1


def test_what_the_coordinator_resolved_is_filled_in_everywhere() -> None:
    resolved = {
        "system_prompt": "At ${runner.orchestrator_mcp_url}, ${runner.other}, ${AGENT_SESSION_ID}",
        "mcp_servers": {"x": {"type": "sse", "deep": [{"url": "${runner.orchestrator_mcp_url}"}]}},
        "number": 5,
    }
    agents = Agents()
    assert of(agents, dialect=Dialect.CURRENT, blueprint=resolved) == {
        "system_prompt": f"At {MCP}, ${{runner.other}}, ${{AGENT_SESSION_ID}}",
        "mcp_servers": {"x": {"type": "sse", "deep": [{"url": MCP}]}},
        "number": 5,
    }
    assert agents.asked == []
    assert of(agents, dialect=Dialect.CURRENT, blueprint=resolved, mcp_url=None) == resolved


def test_a_current_coordinator_that_resolved_nothing_has_no_such_agent() -> None:
    agents = Agents(writer=OLD)
    assert (of(agents, dialect=Dialect.CURRENT), agents.asked) == (None, [])
