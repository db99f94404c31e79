"""The real agent CLIs, launched by the real command, against a model server on loopback."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.bench import Bench
from tests.fake_model.server import FakeModel
from tests.harness_recipes import KEY_VARIABLE, RECIPES, Recipe, write_files

pytestmark = pytest.mark.harness

KEY = "planted-key-of-the-fake-model"
PARTS, REPLY = "REPLY 4711 SEEN", "REPLY4711SEEN"
"""What the prompt asks for, and the answer, which stands nowhere in the prompt."""

UNATTENDED: dict[str, dict[str, Any]] = {
    "codex": {"extra_args": ["--dangerously-bypass-approvals-and-sandbox"]},
    "claude_code": {"permission_mode": "bypassPermissions"},
    "opencode": {"extra_args": ["--auto"]},
}
"""Options with which a harness runs a command without asking."""


@pytest.fixture
def model() -> Iterator[FakeModel]:
    """A model server that answers only to the key."""
    with FakeModel(require_key=KEY) as running:
        yield running
    assert running.failures == ()


@pytest.fixture(params=RECIPES)
def recipe(request: pytest.FixtureRequest) -> Recipe:
    return RECIPES[request.param]


@pytest.fixture
def installed(bench: Bench, harness_bin: Path, recipe: Recipe) -> Bench:
    """The machine with the harness on PATH, which no first start will stop."""
    bench.environment["PATH"] += f"{os.pathsep}{harness_bin}{os.pathsep}/usr/bin{os.pathsep}/bin"
    bench.environment.update(recipe.environment)
    bench.environment[KEY_VARIABLE] = KEY
    return bench


@pytest.fixture
def real(installed: Bench, model: FakeModel, recipe: Recipe) -> Bench:
    """The same with the model server as an endpoint of the doctor's."""
    bench = installed
    settings = ".config/harness-doctor"
    url = json.dumps(f"{model.url}{recipe.suffix}")
    write_files(bench.home, recipe.quiet(bench.project))
    write_files(
        bench.home,
        {
            f"{settings}/machine.toml": f"[endpoints.offline]\nurl = {url}\nkind = {json.dumps(recipe.kind)}\n"
            f"api_key_env = {json.dumps(KEY_VARIABLE)}\n",
            f"{settings}/profiles/offline.toml": '[models.default]\nendpoint = "offline"\n'
            f"model = {json.dumps(f'{recipe.runtime_id}:{recipe.model}')}\n",
            f"{settings}/active-profile": "offline\n",
        },
    )
    return bench


def policy(bench: Bench, recipe: Recipe, prompt: str, **options: Any) -> None:
    bench.policy([{"name": "bob", "runner": recipe.runtime_id, "prompt": prompt, **options}])


def row(bench: Bench) -> dict[str, Any]:
    """The only process in the journal."""
    [found] = bench.ask("replay")["processes"]
    return dict(found)


def screen(bench: Bench, process: dict[str, Any]) -> str:
    return bench.tmux("capture-pane", "-p", "-t", f"={process['session']}:")


def test_a_headless_start_answers_and_is_recorded(real: Bench, model: FakeModel, recipe: Recipe) -> None:
    policy(real, recipe, f"Please answer. {{{{join: {PARTS}}}}}")

    [process] = real.ask("launch", "--wait")["processes"]

    outcome = process["outcome"]
    assert (process["state"], outcome["kind"], outcome["code"]) == ("completed", "exited", 0)
    assert REPLY in real.run("logs", "bob").stdout
    assert [request.path for request in model.requests if not request.authorized and request.method == "POST"] == []
    assert [each["health"] for each in real.ps("--all")] == ["dead"]
    told = row(real)
    assert (told["state"], told["runtime_id"], told["stage"]) == ("completed", recipe.runtime_id, "execute")
    assert told["spec_id"] == process["spec_id"]
    assert real.ask("replay")["stages"] == {"execute": [recipe.runtime_id]}
    real.ask("stop", "--all")
    assert (real.agents(), real.sessions()) == ({}, [])


def test_a_harness_that_is_set_up_for_another_server_by_hand_answers(
    installed: Bench, fake_model: FakeModel, recipe: Recipe
) -> None:
    write_files(installed.home, recipe.provider(fake_model.url, installed.project))
    installed.environment.update(recipe.provider_environment(fake_model.url))
    policy(installed, recipe, f"Please answer. {{{{join: {PARTS}}}}}", **recipe.options)
    [process] = installed.ask("launch", "--wait")["processes"]
    assert process["outcome"]["code"] == 0
    assert REPLY in installed.run("logs", "bob").stdout


def test_an_interactive_start_answers_on_its_screen_and_is_left(real: Bench, recipe: Recipe) -> None:
    policy(real, recipe, f"Please answer. {{{{join: {PARTS}}}}}")

    [process] = real.ask("launch", "--interactive")["processes"]

    real.until(lambda: REPLY in screen(real, process), "the reply on the screen")
    [seen] = real.ps()
    assert (seen["state"], seen["health"], seen["blocked"]) == ("running", "healthy", None)
    leave(real, recipe, process)
    [last] = real.ps(process["process_id"], "--all")
    assert (last["state"], last["outcome"]["kind"], last["outcome"]["code"]) == ("completed", "exited", 0)
    assert row(real)["spec_id"] == process["spec_id"]
    real.ask("stop", "--all")
    assert (real.agents(), real.sessions()) == ({}, [])


def leave(bench: Bench, recipe: Recipe, process: dict[str, Any]) -> None:
    """Type what ends the harness, and see it end; once more where it was too busy to hear it."""
    for _ in range(3):
        for keys in recipe.leave:
            bench.tmux("send-keys", "-t", f"={process['session']}:", keys)
            bench.settled(lambda: screen(bench, process))
        if bench.comes_to(lambda: bench.ps(process["process_id"], "--all")[0]["state"] != "running", seconds=8):
            return
    pytest.fail(f"it does not leave:\n{screen(bench, process)}")


def test_stopping_an_interactive_start_leaves_nothing(real: Bench, recipe: Recipe) -> None:
    policy(real, recipe, f"Please answer. {{{{join: {PARTS}}}}}")
    [process] = real.ask("launch", "--interactive")["processes"]
    real.until(lambda: REPLY in screen(real, process), "the reply on the screen")

    [stopped] = real.ask("stop", "bob")["processes"]

    assert (stopped["state"], stopped["survivors"]) == ("cancelled", [])
    assert (real.agents(), real.sessions(), real.ps()) == ({}, [], [])
    assert row(real)["state"] == "cancelled"


def test_a_command_that_the_model_asks_for_is_run_in_the_project(real: Bench, recipe: Recipe) -> None:
    policy(real, recipe, "Run it. {{run: echo from the model > made.txt}}", **UNATTENDED[recipe.runtime_id])
    [process] = real.ask("launch", "--wait")["processes"]
    assert process["outcome"]["code"] == 0
    assert (real.project / "made.txt").read_text(encoding="utf-8") == "from the model\n"


@pytest.mark.parametrize(("status", "failures"), [(401, {"not-logged-in", "auth-expired"}), (429, {"quota"})])
def test_a_refusal_of_the_model_server_is_told_with_its_proof(
    real: Bench, recipe: Recipe, status: int, failures: set[str]
) -> None:
    if (recipe.runtime_id, status) == ("opencode", 429):
        pytest.skip("opencode tries again and again, and does not end")
    policy(real, recipe, f"Fail. {{{{fail: {status}}}}}")
    [process] = real.ask("launch", "--wait", code=1)["processes"]
    outcome = process["outcome"]
    assert outcome["failure"] in failures, real.run("logs", "bob").stdout
    assert outcome["evidence"]
    assert outcome["remedy"]
