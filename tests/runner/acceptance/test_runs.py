"""What becomes of runs."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.coordinator import bare
from tests.coordinator.server import Coordinator
from tests.runner.acceptance.machine import Machine, prompt, told_once

MEBIBYTE = 1 << 20


def ended(coordinator: Coordinator, *steps: tuple[Any, ...], **more: Any) -> dict[str, Any]:
    """Create a run for the probe, and wait for its end."""
    created = coordinator.create(prompt(*steps), **more)
    coordinator.until_ended(created["run_id"])
    return coordinator.run(created["run_id"])


def test_a_run_is_started_and_completed(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator)
    run = ended(coordinator)
    assert (run["status"], run["error"]) == ("completed", None)
    assert coordinator.reports(run["run_id"]) == ["started", "completed"]
    [completed] = coordinator.history("POST", "/completed")
    assert completed["body"] == {
        "runner_id": run["runner_id"],
        "status": "success",
        **({"session_status": "finished"} if coordinator.settings.dialect == "current" else {}),
    }


def test_the_shipped_echo_echoes(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator, "--executor-type-override", "autonomous", profile="test")
    created = coordinator.create("say it")
    assert coordinator.until_ended(created["run_id"]) == ["completed"]
    session = coordinator.session(created["session_id"])
    assert (session["status"], session["executor_profile"]) == ("finished", "test")
    assert coordinator.result(created["session_id"]) == "say it"


@pytest.mark.parametrize(
    ("steps", "error"),
    [
        ([("write", 2, " why \n"), ("exit", 3)], "why"),
        ([("write", 1, "said"), ("exit", 3)], "(stdout) said"),
        ([("write", 1, "said"), ("write", 2, "why"), ("exit", 3)], "why"),
        ([("exit", 3)], "Process exited with code 3"),
    ],
)
def test_a_failure_says_why(machine: Machine, seed: Coordinator, steps: list[tuple[Any, ...]], error: str) -> None:
    machine.ready(seed)
    run = ended(seed, *steps)
    assert (run["status"], run["error"]) == ("failed", error)
    assert seed.reports(run["run_id"]) == ["started", "failed"]


def test_a_child_that_a_signal_ends_failed(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator)
    run = ended(coordinator, ("kill", 9))
    assert run["status"] == "failed"
    assert coordinator.reports(run["run_id"]) == ["started", "failed"]


def test_the_invocation_is_as_the_seed_has_it(machine: Machine, seed: Coordinator) -> None:
    machine.profile("own", type="t", command="probe", config={"model": "opus"})
    machine.ready(seed, profile="own")
    seed.create_agent("bob", mcp_servers={"a": {"type": "http", "url": "u/${AGENT_SESSION_ID}"}})
    created = seed.create("übe", agent_name="bob")
    [record] = machine.received(created["session_id"])
    blueprint = seed.request("GET", "/agents/bob").body
    assert record["stdin"][-1] == "}"
    document = json.loads(record["stdin"])
    assert list(document.items()) == [
        ("schema_version", "2.1"),
        ("mode", "start"),
        ("session_id", created["session_id"]),
        ("prompt", "übe"),
        ("project_dir", str(machine.project)),
        ("executor_config", {"model": "opus"}),
        ("agent_blueprint", {**blueprint, "mcp_servers": {"a": {"type": "http", "url": f"u/{created['session_id']}"}}}),
    ]


def test_an_invocation_without_more_is_four_fields_and_a_directory(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator)
    created = coordinator.create("do it")
    [record] = machine.received(created["session_id"])
    assert json.loads(record["stdin"]) == {
        "schema_version": "2.1",
        "mode": "start",
        "session_id": created["session_id"],
        "prompt": "do it",
        "project_dir": str(machine.project),
    }


def test_a_resumed_session_gets_no_directory(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator)
    created = coordinator.create()
    coordinator.until_ended(created["run_id"])
    resumed = coordinator.resume(created["session_id"], "go on")
    assert coordinator.until_ended(resumed["run_id"]) == ["completed"]
    _, record = machine.received(created["session_id"], count=2)
    assert json.loads(record["stdin"]) == {
        "schema_version": "2.1",
        "mode": "resume",
        "session_id": created["session_id"],
        "prompt": "go on",
    }


def test_the_echo_resumes(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator, "--executor-type-override", "autonomous", profile="test")
    created = coordinator.create("first")
    coordinator.until_ended(created["run_id"])
    resumed = coordinator.resume(created["session_id"], "second")
    assert coordinator.until_ended(resumed["run_id"]) == ["completed"]
    assert coordinator.result(created["session_id"]) == "second"


def test_a_blueprint_comes_with_the_run(machine: Machine, current: Coordinator) -> None:
    current.create_agent("bob", system_prompt="${params.prompt}")
    machine.ready(current)
    created = current.create("hi", agent_name="bob")
    [record] = machine.received(created["session_id"])
    blueprint = json.loads(record["stdin"])["agent_blueprint"]
    assert (blueprint["name"], blueprint["system_prompt"]) == ("bob", "hi")
    assert current.history("GET", "/agents/") == []


def test_an_agent_that_is_not_there_fails_the_run(machine: Machine, seed: Coordinator) -> None:
    machine.ready(seed)
    created = seed.create(agent_name="nobody")
    assert seed.until_ended(created["run_id"]) == ["failed"]
    assert seed.run(created["run_id"])["error"] == "Blueprint not found: nobody"
    assert told_once(seed, created["run_id"])


def test_in_the_current_dialect_it_does_not(machine: Machine, current: Coordinator) -> None:
    machine.ready(current)
    assert current.until_ended(current.create(agent_name="nobody")["run_id"]) == ["completed"]


def test_a_run_says_where_it_runs(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator)
    created = coordinator.create(project_dir=str(machine.home))
    [record] = machine.received(created["session_id"])
    assert record["cwd"] == str(machine.home)


def test_a_directory_that_is_not_there_fails_the_run(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator)
    created = coordinator.create(project_dir=str(machine.root / "nowhere"))
    assert coordinator.until_ended(created["run_id"]) == ["failed"]
    assert "nowhere" in coordinator.run(created["run_id"])["error"]
    assert told_once(coordinator, created["run_id"])


@pytest.mark.parametrize(
    ("changes", "remove"),
    [
        ({"type": "dance"}, ()),
        ({"type": None}, ()),
        ({"prompt": None, "parameters": None}, ()),
        ({}, ("prompt", "parameters")),
        ({"prompt": 5, "parameters": 5}, ()),
        ({"session_id": None}, ()),
        ({}, ("session_id",)),
        ({"session_id": ["x"]}, ()),
        ({"session_id": "a\u0000b"}, ()),
        ({"session_id": "x" * 5000}, ()),
        ({"project_dir": 7}, ()),
        ({"agent_name": {"a": 1}}, ()),
        ({"resolved_agent_blueprint": "text"}, ()),
    ],
    ids=str,
)
def test_a_malformed_run_fails_and_is_not_lost(
    machine: Machine, coordinator: Coordinator, changes: dict[str, Any], remove: tuple[str, ...]
) -> None:
    runner = machine.ready(coordinator)
    created = coordinator.create_verbatim(changes, remove=remove)
    coordinator.until_ended(created["run_id"])
    run = coordinator.run(created["run_id"])
    assert run["status"] == "failed"
    assert 0 < len(run["error"]) < 4096
    assert told_once(coordinator, created["run_id"])
    assert coordinator.until_ended(coordinator.create()["run_id"]) == ["completed"]
    assert "Traceback" not in runner.said


@pytest.mark.parametrize("run", [[], "run", 5, {}, {"run_id": None}, {"run_id": 5}, {"run_id": "../x"}], ids=str)
def test_a_run_without_a_name_is_told_and_the_next_one_runs(machine: Machine, seed: Coordinator, run: Any) -> None:
    runner = machine.ready(seed)
    seed.answer_poll({"run": run})
    assert seed.until_ended(seed.create()["run_id"]) == ["completed"]
    assert "Traceback" not in runner.said
    assert "[WARNING]" in runner.said or "[ERROR]" in runner.said


@pytest.mark.parametrize("mode", ["seed", "current"])
def test_both_dialects_are_understood_side_by_side(machine: Machine, seed: Coordinator, mode: str) -> None:
    said = {"prompt": "hi"} if mode == "seed" else {"parameters": {"prompt": "hi"}}
    remove = ("parameters",) if mode == "seed" else ("prompt",)
    machine.ready(seed)
    created = seed.create_verbatim(said, remove=remove)
    assert seed.until_ended(created["run_id"]) == ["completed"]
    [record] = machine.received(created["session_id"])
    assert json.loads(record["stdin"])["prompt"] == "hi"


@pytest.mark.parametrize("steps", [[("flood", 2, MEBIBYTE), ("flood", 1, MEBIBYTE)]])
@pytest.mark.parametrize("code", [0, 1])
def test_much_output_blocks_nobody(
    machine: Machine, coordinator: Coordinator, steps: list[tuple[Any, ...]], code: int
) -> None:
    machine.ready(coordinator)
    run = ended(coordinator, *steps, ("exit", code))
    assert run["status"] == ("failed" if code else "completed")
    assert len((run["error"] or "").encode()) <= 4096


def test_a_failures_text_holds_no_secret(machine: Machine, seed: Coordinator) -> None:
    secret = "sk-" + "a1B2c3D4" * 6
    machine.ready(seed, OPENAI_API_KEY=secret)
    run = ended(seed, ("write", 2, f"the key is {secret}, sorry"), ("exit", 1))
    assert secret not in run["error"]
    assert "sorry" in run["error"]
    assert secret.encode() not in b"".join(
        path.read_bytes()
        for path in (machine.project / ".metawsm").rglob("*")
        if path.is_file() and path.parent.name != "records"
    )


def test_only_so_many_run_at_once(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator, "--max-concurrency", "3")
    created = [coordinator.create(prompt(("wait", "go")))["run_id"] for _ in range(8)]
    coordinator.until(lambda: len([1 for run in coordinator.runs() if run["status"] == "running"]) == 3, "three to run")
    machine.until(lambda: len(list(machine.records.glob("*.json"))) == 3, "three children")
    statuses = [run["status"] for run in coordinator.runs()]
    assert (statuses.count("running"), statuses.count("pending")) == (3, 5)
    machine.go()
    assert coordinator.until_ended(*created) == ["completed"] * 8


def test_a_run_that_takes_too_long_fails(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator, "--run-timeout", "0.3")
    run = ended(coordinator, ("sleep", 600))
    assert run["status"] == "failed"
    assert coordinator.reports(run["run_id"]) == ["started", "failed"]
    machine.until_alone()


def stopped_signal(coordinator: Coordinator, run_id: str) -> str:
    """The signal that a stopped run was reported with."""
    [entry] = coordinator.history("POST", f"{run_id}/stopped")
    return str(entry["body"]["signal"])


def test_a_run_is_stopped(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator)
    created = coordinator.create(prompt(("sleep", 600)))
    machine.received(created["session_id"])
    coordinator.until_status(created["run_id"], "running")
    coordinator.stop(created["run_id"])
    assert coordinator.until_ended(created["run_id"]) == ["stopped"]
    assert coordinator.reports(created["run_id"]) == ["started", "stopped"]
    assert stopped_signal(coordinator, created["run_id"]) == "SIGTERM"
    assert machine.children() == []


@pytest.mark.parametrize("kind", ["same", "own"])
def test_nothing_is_left_of_a_stubborn_family(machine: Machine, coordinator: Coordinator, kind: str) -> None:
    machine.ready(coordinator)
    created = coordinator.create(prompt(("stubborn",), ("fork", kind), ("write", 1, "ready"), ("sleep", 600)))
    machine.until(lambda: any(each.get("forked") for each in machine._records(created["session_id"])), "the fork")
    other = coordinator.create()
    coordinator.stop(created["run_id"])
    assert coordinator.until_ended(other["run_id"]) == ["completed"]
    assert coordinator.until_ended(created["run_id"]) == ["stopped"]
    assert stopped_signal(coordinator, created["run_id"]) == "SIGKILL"
    assert machine.children() == []


@pytest.mark.parametrize("kind", ["same", "own"])
def test_nothing_is_left_of_a_run_that_ended_by_itself(machine: Machine, coordinator: Coordinator, kind: str) -> None:
    machine.ready(coordinator)
    run = ended(coordinator, ("fork", kind))
    assert run["status"] in {"completed", "failed"}
    machine.until_alone()


def test_a_stop_is_heard_when_nothing_more_can_be_claimed(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator, "--max-concurrency", "1")
    created = coordinator.create(prompt(("sleep", 600)))
    coordinator.until_status(created["run_id"], "running")
    coordinator.stop(created["run_id"])
    assert coordinator.until_ended(created["run_id"]) == ["stopped"]
    assert coordinator.until_ended(coordinator.create()["run_id"]) == ["completed"]


def test_a_stop_before_the_start_is_heard_when_nothing_more_can_be_claimed(
    machine: Machine, coordinator: Coordinator
) -> None:
    machine.ready(coordinator, "--max-concurrency", "1")
    coordinator.fault("slow", method="POST", path=".*/started", seconds=0.3)
    created = coordinator.create(prompt(("wait", "never")))
    coordinator.until_status(created["run_id"], "claimed")
    coordinator.stop(created["run_id"])
    assert coordinator.until_ended(created["run_id"]) == ["stopped"]
    assert coordinator.reports(created["run_id"]) == ["started", "stopped"]
    assert list(machine.records.iterdir()) == []


@pytest.mark.parametrize("stops", [["run_unknown"], [], None, [None, 5], "run", {"a": 1}], ids=str)
def test_a_stop_of_something_unknown_is_nothing(machine: Machine, seed: Coordinator, stops: Any) -> None:
    runner = machine.ready(seed)
    for key in ("stop_runs", "stop_sessions"):
        seed.answer_poll({key: stops})
    assert seed.until_ended(seed.create()["run_id"]) == ["completed"]
    assert "Traceback" not in runner.said


def test_both_ways_of_stopping_are_understood(machine: Machine, serve: Callable[..., Coordinator]) -> None:
    seed = serve(dialect="seed")
    machine.ready(seed)
    created = [seed.create(prompt(("sleep", 600))) for _ in range(2)]
    for each in created:
        seed.until_status(each["run_id"], "running")
    seed.answer_poll({"stop_sessions": [created[0]["session_id"]], "stop_runs": [created[1]["run_id"]]})
    assert seed.until_ended(*(each["run_id"] for each in created)) == ["stopped", "stopped"]


def test_its_environment_holds_no_secret_of_the_runner(machine: Machine, serve: Callable[..., Coordinator]) -> None:
    coordinator = serve(token="t0ken-of-the-runner")
    token = machine.root / "token"
    token.write_text("t0ken-of-the-runner\n", encoding="utf-8")
    token.chmod(0o600)
    secrets = {
        "AUTH0_RUNNER_CLIENT_SECRET": "s3cret",
        "AUTH0_RUNNER_CLIENT_ID": "cl1ent",
        "AUTH0_AUDIENCE": "aud1ence",
        "AGENT_ORCHESTRATOR_API_TOKEN_FILE": str(token),
    }
    machine.ready(coordinator, **secrets, OF_THE_USER="kept")
    created = coordinator.create()
    [record] = machine.received(created["session_id"])
    environment = record["environment"]
    text = str(sorted(environment.items()))
    assert [
        each for each in (*secrets, "s3cret", "cl1ent", "aud1ence", "t0ken-of-the-runner", str(token)) if each in text
    ] == []
    assert (environment["OF_THE_USER"], environment["AGENT_SESSION_ID"]) == ("kept", created["session_id"])
    assert environment["AGENT_ORCHESTRATOR_API_URL"].startswith("http://127.0.0.1:")
    assert environment["AGENT_RUNNER_DIALECT"] == "seed"
    assert environment["PATH"] == str(machine.bin)


def test_a_token_in_a_variable_is_not_passed_on(machine: Machine, serve: Callable[..., Coordinator]) -> None:
    coordinator = serve(token="t0ken-of-the-runner")
    machine.ready(coordinator, "--token-env", "MY_TOKEN", MY_TOKEN="t0ken-of-the-runner")
    created = coordinator.create()
    [record] = machine.received(created["session_id"])
    assert "t0ken-of-the-runner" not in str(record["environment"])


def test_it_is_the_leader_of_a_group_of_its_own(machine: Machine, coordinator: Coordinator) -> None:
    runner = machine.ready(coordinator)
    [record] = machine.received(coordinator.create()["session_id"])
    assert record["group"] not in {os.getpgid(runner.pid), os.getpgid(0)}


def test_an_executor_that_reads_nothing_is_no_trouble(machine: Machine, seed: Coordinator) -> None:
    machine.executor("deaf", "import sys\nsys.exit(0)\n")
    machine.profile("deaf", type="t", command="deaf")
    machine.ready(seed, profile="deaf")
    created = seed.create("x" * 300_000)
    assert seed.until_ended(created["run_id"]) == ["completed"]


def test_a_large_prompt_arrives_whole(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator)
    said = "ü" * 500_000
    [record] = machine.received(coordinator.create(said)["session_id"])
    assert json.loads(record["stdin"])["prompt"] == said


def test_the_doctor_shows_what_runs(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator)
    created = coordinator.create(prompt(("wait", "go")))
    coordinator.until_status(created["run_id"], "running")
    [record] = machine.received(created["session_id"])
    [process] = machine.doctor("ps")["processes"]
    assert (process["run_id"], process["pid"], process["executor"]) == (created["run_id"], record["pid"], "runner")
    machine.go()
    coordinator.until_ended(created["run_id"])
    assert machine.doctor("ps")["processes"] == []
    [process] = machine.doctor("ps", "--all")["processes"]
    assert (process["run_id"], process["outcome"]["code"]) == (created["run_id"], 0)


def test_the_doctor_stops_what_runs(machine: Machine, coordinator: Coordinator) -> None:
    machine.ready(coordinator)
    created = coordinator.create(prompt(("sleep", 600)))
    coordinator.until_status(created["run_id"], "running")
    machine.received(created["session_id"])
    [process] = machine.doctor("ps")["processes"]
    assert machine.run("stop", process["process_id"], name="doctor").returncode == 0
    coordinator.until_ended(created["run_id"])
    assert told_once(coordinator, created["run_id"])
    machine.until_alone()


def test_a_project_that_cannot_be_written_to_is_no_trouble(machine: Machine, seed: Coordinator) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere; run the tests as another user")
    place: Path = machine.project / ".metawsm"
    place.chmod(0o500)
    try:
        machine.ready(seed)
        created = seed.create(prompt(("exit", 0)))
        seed.until_ended(created["run_id"])
    finally:
        place.chmod(0o700)


def test_a_run_is_not_started_before_its_hook_has_let_it_pass(machine: Machine, current: Coordinator) -> None:
    created = bare.guarded(current)
    machine.start(current)
    current.until_status(created["run_id"], "claimed")
    current.until(lambda: len(current.history("GET", "/agents/bob")) > 1, "the runner to look for lost runs twice")
    assert list(machine.records.iterdir()) == []
    looks = bare.hook_run(current)["run_id"]
    bare.report(current, bare.registered(current), looks, "failed", error="it is not good")
    assert current.until_ended(created["run_id"]) == ["failed"]
    assert "it is not good" in current.run(created["run_id"])["error"]
    assert list(machine.records.iterdir()) == []
