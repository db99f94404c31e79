"""The real agent CLIs, run by this tool's executors for a coordinator, against a model server on loopback."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from doctor.runner.gateway import Gateway
from tests.fake_model.server import FakeModel
from tests.harness_recipes import KEY_VARIABLE, RECIPES, Recipe, write_files
from tests.runner.executors.conftest import SESSION, Told, argv_of

pytestmark = pytest.mark.harness

LIMIT_SECONDS = 180
CONFIG: dict[str, dict[str, Any]] = {"claude_code": {"model": "fake-model"}}


@pytest.fixture(params=RECIPES)
def recipe(request: pytest.FixtureRequest) -> Recipe:
    return RECIPES[request.param]


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def gateway(told: Told) -> Any:
    made = Gateway(told, hostname="here", executor_profile="coding")
    made.start()
    yield made
    made.close()


@pytest.fixture
def execute(
    recipe: Recipe,
    gateway: Gateway,
    fake_model: FakeModel,
    harness_bin: Path,
    private_environment: dict[str, str],
    private_home: Path,
    private_project: Path,
) -> Any:
    """Run the harness's executor to its end: ``execute("start", "prompt")``."""
    write_files(private_home, recipe.provider(fake_model.url, private_project))
    environment = {
        **private_environment,
        **recipe.environment,
        **recipe.provider_environment(fake_model.url),
        "PATH": f"{private_environment['PATH']}{os.pathsep}{harness_bin}{os.pathsep}/usr/bin{os.pathsep}/bin",
        KEY_VARIABLE: "no-secret",
        "AGENT_RUNNER_DIALECT": "current",
    }

    def run(mode: str, prompt: str, **more: Any) -> subprocess.CompletedProcess[str]:
        place = {"project_dir": str(private_project)} if mode == "start" else {}
        config = {"executor_config": CONFIG.get(recipe.runtime_id, {})}
        invocation = {"schema_version": "2.1", "mode": mode, "session_id": SESSION, "prompt": prompt}
        admitted = gateway.admit(SESSION)
        try:
            return subprocess.run(
                argv_of(recipe.runtime_id),
                input=json.dumps({**invocation, **place, **config, **more}),
                env={**environment, "AGENT_ORCHESTRATOR_API_URL": admitted.url},
                cwd=private_project,
                capture_output=True,
                text=True,
                check=False,
                timeout=LIMIT_SECONDS,
            )
        finally:
            gateway.revoke(admitted)

    return run


def test_a_session_is_started_and_goes_on(execute: Any, told: Told, fake_model: FakeModel) -> None:
    first = execute("start", "Please answer. {{join: RE PLY 1}}")
    assert (first.returncode, told.spoken[-1]) == (0, ("assistant", "REPLY1")), first.stderr
    name = told.names[-1]
    second = execute("resume", "And now? {{join: RE PLY 2}}")
    assert (second.returncode, told.spoken[-1]) == (0, ("assistant", "REPLY2")), second.stderr
    assert told.names[-1] == name
    assert told.events[-1] == {"event_type": "result", "result_text": "REPLY2"}
    asked = [request.conversation for request in fake_model.requests if request.conversation]
    last = [[turn.text for turn in each.turns] for each in asked if any("And now?" in turn.text for turn in each.turns)]
    assert any(any("Please answer." in text for text in texts) for texts in last)


def test_a_prompt_that_is_no_argument_arrives_whole(execute: Any, told: Told, fake_model: FakeModel) -> None:
    prompt = f"{'word ' * 40_000}{{{{join: RE PLY}}}}"
    done = execute("start", prompt)
    assert (done.returncode, told.spoken[-1]) == (0, ("assistant", "REPLY")), done.stderr
    assert any(prompt in text for text in fake_model.prompts)


def test_a_server_that_refuses_is_a_failure_with_its_reason(execute: Any, told: Told) -> None:
    done = execute("start", "Please answer. {{fail: 401}}")
    assert done.returncode == 1
    assert "Incorrect API key provided" in done.stderr
    assert [each for each in told.events if each["event_type"] == "result"] == []


def test_a_tool_server_of_the_blueprint_is_started_with_its_secret(
    execute: Any, recipe: Recipe, private_project: Path
) -> None:
    """It ends at once: that it was started at all is what is looked for."""
    script = private_project / "server"
    script.write_text(f'#!/bin/sh\necho "$TOKEN $*" >> {private_project / "started"}\nexit 1\n')
    script.chmod(0o755)
    server = {"type": "stdio", "command": str(script), "args": ["--quiet"], "env": {"TOKEN": "planted"}}
    execute("start", "Please answer.", agent_blueprint={"system_prompt": "Be brief.", "mcp_servers": {"own": server}})
    assert (private_project / "started").read_text().splitlines()[0] == "planted --quiet"
