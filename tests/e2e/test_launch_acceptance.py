"""What launching has to show, end to end: the command, tmux and the journal are real, the agent CLIs are stand-ins."""

import os
import signal
from typing import Any

import pytest

from tests.e2e.bench import STAND_IN, Bench
from tests.fake_model.server import FakeModel
from tests.harness_recipes import write_files


def agent(name: str, does: str = "", **more: Any) -> dict[str, Any]:
    """An agent of the policy whose harness, Codex unless said otherwise, does what ``STAND_IN`` says."""
    return {"name": name, "runner": "codex", "env": {"STAND_IN": does}, **more}


def ready(bench: Bench, *agents: dict[str, Any], **more: Any) -> None:
    """A machine on which these agents can be launched."""
    bench.log_in()
    for each in agents:
        if each["runner"] != "shell":
            bench.install(each["runner"])
    bench.policy(agents, **more)


def launched(bench: Bench, *arguments: str, code: int | None = 0) -> list[dict[str, Any]]:
    """Launch, and return the processes."""
    processes: list[dict[str, Any]] = bench.ask("launch", *arguments, code=code)["processes"]
    return processes


def ended(bench: Bench, name: str) -> dict[str, Any]:
    """The process of this id, once ``doctor ps`` says that it ended."""
    bench.until(lambda: bench.ps(name, "--all")[0]["state"] != "running", f"the end of {name}")
    return bench.ps(name, "--all")[0]


# How an agent ends.


@pytest.fixture(params=["tmux", "process"])
def executor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_an_exit_code_is_reported_as_it_is(bench: Bench, executor: str) -> None:
    ready(bench, agent("bob", "exit=7"))
    [process] = launched(bench, "--wait", "--executor", executor, code=1)
    outcome = process["outcome"]
    assert (outcome["kind"], outcome["code"], outcome["signal"]) == ("exited", 7, None)
    assert (process["state"], outcome["failure"]) == ("failed", "exited(7)")


def test_a_success_is_reported_as_one(bench: Bench, executor: str) -> None:
    ready(bench, agent("bob", "exit=0"))
    [process] = launched(bench, "--wait", "--executor", executor)
    outcome = process["outcome"]
    assert (process["state"], outcome["kind"], outcome["code"]) == ("completed", "exited", 0)
    assert outcome["failure"] is None


def test_one_failure_makes_the_exit_code_of_all_1(bench: Bench) -> None:
    ready(bench, agent("ann", "exit=0"), agent("bob", "exit=3"), agent("eve", "exit=0"))
    processes = launched(bench, "--wait", code=1)
    assert {each["agent"]: each["outcome"]["code"] for each in processes} == {"ann": 0, "bob": 3, "eve": 0}


def test_a_killed_agent_is_reported_with_its_signal(bench: Bench, executor: str) -> None:
    ready(bench, agent("bob", "wait"))
    [process] = launched(bench, "--executor", executor)
    os.kill(bench.received(process["process_id"]).pid, signal.SIGKILL)
    outcome = ended(bench, process["process_id"])["outcome"]
    assert (outcome["kind"], outcome["code"], outcome["signal"]) == ("killed", None, "SIGKILL")


def test_a_killed_tmux_server_is_told_by_the_next_ps_and_the_agent_goes_on(bench: Bench) -> None:
    go = bench.root / "go"
    ready(bench, agent("bob", f"until={go} exit=5"))
    [process] = launched(bench)
    own = bench.received(process["process_id"]).pid
    server = bench.server_pid()
    os.kill(server, signal.SIGKILL)
    bench.until(lambda: server not in bench.processes(), "the end of the tmux server")

    [seen] = bench.ps()

    assert (seen["outcome"]["kind"], seen["pid"], own in bench.processes()) == ("terminal-lost", own, True)
    go.touch()
    outcome = ended(bench, process["process_id"])["outcome"]
    assert (outcome["kind"], outcome["code"]) == ("exited", 5)


def test_a_killed_supervisor_leaves_an_end_that_nobody_knows(bench: Bench, executor: str) -> None:
    ready(bench, agent("bob", "wait"))
    [process] = launched(bench, "--executor", executor)
    own = bench.received(process["process_id"]).pid
    os.kill(bench.parent(own), signal.SIGKILL)
    os.kill(own, signal.SIGKILL)
    assert ended(bench, process["process_id"])["outcome"]["kind"] == "unknown"


# Who is who.


def test_agents_whose_names_start_alike_are_never_confused(bench: Bench) -> None:
    ready(bench, agent("agent-t-1", "wait"), agent("agent-t-1-abc", "wait"), tmux={"session_pattern": "{agent}"})
    processes = launched(bench)
    assert bench.sessions() == ["agent-t-1", "agent-t-1-abc"]
    assert [each["agent"] for each in bench.ps("agent-t-1")] == ["agent-t-1"]

    [stopped] = bench.ask("stop", "agent-t-1")["processes"]

    assert (stopped["agent"], stopped["state"]) == ("agent-t-1", "cancelled")
    assert bench.sessions() == ["agent-t-1-abc"]
    assert [each["process_id"] for each in bench.ps()] == [
        each["process_id"] for each in processes if each["agent"] == "agent-t-1-abc"
    ]


def test_a_name_that_is_only_the_beginning_of_another_is_no_process(bench: Bench) -> None:
    ready(bench, agent("agent-t-1-abc", "wait"), tmux={"session_pattern": "{agent}"})
    launched(bench)
    assert bench.run("stop", "agent-t-1").returncode == 2
    assert bench.sessions() == ["agent-t-1-abc"]


def test_without_stages_argv_is_the_unstaged_one(bench: Bench) -> None:
    ready(bench, agent("bob", extra_args=["--model", "m"]))
    [plain] = bench.ask("launch", "--dry-run")["specs"]
    for orchestrator in ({}, {"runtime_profile": None}, {"runtime_profile": {"stages": {"reflect": "codex"}}}):
        ready(bench, agent("bob", extra_args=["--model", "m"]), orchestrator=orchestrator)
        [spec] = bench.ask("launch", "--dry-run")["specs"]
        assert spec["argv"] == plain["argv"]
    launched(bench, "--wait")
    received = bench.received(bench.ps("--all")[0]["process_id"])
    assert [os.fsdecode(each) for each in received.argv] == plain["argv"][1:]


# Stopping.


def test_stop_ends_what_an_agent_left_in_a_session_of_its_own(bench: Bench, executor: str) -> None:
    ready(bench, agent("bob", "child wait"))
    launched(bench, "--executor", executor)
    bench.until(lambda: len(bench.agents()) >= 2, "the agent and its child")
    bench.ask("stop", "--all")
    assert (bench.agents(), bench.sessions()) == ({}, [])


def test_stop_ends_an_agent_that_does_not_want_to_go(bench: Bench, executor: str) -> None:
    ready(bench, agent("bob", "forever"))
    [process] = launched(bench, "--executor", executor)
    bench.until(lambda: "at work" in bench.run("logs", "bob").stdout, "the agent to be at work")
    [stopped] = bench.ask("stop", "bob", "--patience", "0.2")["processes"]
    assert (stopped["process_id"], stopped["state"]) == (process["process_id"], "cancelled")
    assert (bench.agents(), bench.sessions()) == ({}, [])


def test_a_stopped_agent_is_told_from_one_that_failed(bench: Bench) -> None:
    ready(bench, agent("ann", "exit=1"), agent("bob", "wait"))
    launched(bench, code=None)
    bench.until(lambda: [each["agent"] for each in bench.ps()] == ["bob"], "the end of ann")
    bench.ask("stop", "bob")
    assert {each["agent"]: each["state"] for each in bench.ps("--all")} == {"ann": "failed", "bob": "cancelled"}


def test_stop_ends_what_outlived_an_agent_that_has_ended(bench: Bench, executor: str) -> None:
    ready(bench, agent("bob", "child exit=0"))
    [process] = launched(bench, "--wait", "--executor", executor)
    left = set(bench.agents())
    assert set(process["survivors"]) == left
    assert len(left) == 1
    bench.ask("stop", "--all")
    assert bench.agents() == {}


def test_a_session_that_was_killed_by_hand_ends_its_agent(bench: Bench) -> None:
    ready(bench, agent("ann", "wait"), agent("bob", "wait"))
    ann, bob = launched(bench)
    bench.received(bob["process_id"])
    bench.tmux("kill-session", "-t", f"={bob['session']}")
    assert ended(bench, bob["process_id"])["state"] in {"failed", "cancelled"}
    bench.until(lambda: set(bench.agents().values()) == {ann["process_id"]}, "the end of the agent")


def test_a_policy_that_broke_hides_nothing_that_runs(bench: Bench) -> None:
    ready(bench, agent("bob", "wait"), tmux={"socket": "elsewhere"})
    [process] = launched(bench)
    bench.received(process["process_id"])
    (bench.metawsm / "policy.json").write_text("{", encoding="utf-8")

    assert [each["process_id"] for each in bench.ps()] == [process["process_id"]]
    [stopped] = bench.ask("stop", "--all")["processes"]

    assert (stopped["state"], bench.agents()) == ("cancelled", {})
    assert bench.tmux("-L", "elsewhere", "list-sessions") == ""


# What never starts.


def test_an_agent_that_an_error_touches_never_starts(bench: Bench) -> None:
    ready(bench, agent("ann", "wait"), agent("bob", "wait", skills=["nowhere"]))
    document = bench.ask("launch", "--agent", "bob", code=1)
    assert [finding["code"] for finding in document["findings"] if finding["severity"] == "error"] == ["SKL001"]
    assert (document["processes"], bench.sessions(), bench.agents()) == ([], [], {})


def test_an_error_of_one_agent_does_not_keep_another_from_starting(bench: Bench) -> None:
    ready(bench, agent("ann", "wait"), agent("bob", "wait", skills=["nowhere"]))
    document = bench.ask("launch", code=1)
    assert [each["agent"] for each in document["processes"]] in ([], ["ann"])
    assert [each["agent"] for each in bench.ps()] == [each["agent"] for each in document["processes"]]
    assert "nowhere" in " ".join(finding["message"] for finding in document["findings"])


def test_a_dry_run_writes_nothing(bench: Bench) -> None:
    ready(bench, agent("bob", "wait"))
    before = bench.files()
    [spec] = bench.ask("launch", "--dry-run")["specs"]
    assert (bench.files(), bench.sessions(), bench.agents()) == (before, [], {})
    assert spec["agent"] == "bob"


def test_looking_writes_nothing(bench: Bench) -> None:
    ready(bench, agent("ann", "exit=1"), agent("bob", "wait"))
    launched(bench, code=None)
    bench.until(lambda: [each["agent"] for each in bench.ps()] == ["bob"], "the end of ann")
    before = bench.files()
    for command in (["ps"], ["ps", "--all"], ["logs", "bob"], ["replay"]):
        assert bench.run(*command).returncode == 0
    assert bench.files() == before


# The journal.


def test_the_journal_tells_which_harness_ran_which_stage_after_the_policy_is_gone(bench: Bench) -> None:
    agents = [agent("ann", "exit=0", stage="interview"), agent("bob", "exit=4", stage="execute")]
    stages = {"interview": "codex", "execute": "opencode"}
    ready(bench, *agents, orchestrator={"runtime_profile": {"stages": stages}})
    bench.install("opencode")
    launched(bench, "--wait", code=1)
    (bench.metawsm / "policy.json").unlink()

    document = bench.ask("replay")

    assert document["stages"] == {"interview": ["codex"], "execute": ["opencode"]}
    rows = {each["agent"]: each for each in document["processes"]}
    assert {name: (row["state"], row["runtime_id"], row["stage"]) for name, row in rows.items()} == {
        "ann": ("completed", "codex", "interview"),
        "bob": ("failed", "opencode", "execute"),
    }
    assert {name: row["harness_version"] for name, row in rows.items()} == {"ann": "0.169.0", "bob": "1.18.33"}


def test_rebuilding_the_journal_changes_nothing_that_it_tells(bench: Bench) -> None:
    ready(bench, agent("ann", "exit=0"), agent("bob", "exit=4"))
    launched(bench, "--wait", code=1)
    before = bench.ask("replay")
    assert bench.run("journal", "rebuild").returncode == 0
    assert bench.ask("replay") == before


def test_a_shell_agent_runs_the_command_of_its_policy(bench: Bench) -> None:
    ready(bench, {"name": "bob", "runner": "shell", "command": f"exec cat '{STAND_IN}'; exit 9"})
    [process] = launched(bench, "--wait")
    assert process["outcome"]["code"] == 0
    assert "Stands in for an agent CLI" in bench.run("logs", "bob").stdout


def test_the_harness_that_is_carried_along_answers_to_its_prompt(bench: Bench, fake_model: FakeModel) -> None:
    pytest.importorskip("openai", reason="nex needs the extra: pip install 'harness-doctor[nex]'")
    endpoint = f'[endpoints.local]\nurl = "{fake_model.openai_url}"\ndefault = true\n'
    write_files(bench.home, {".config/harness-doctor/machine.toml": endpoint})
    prompt = "Say 'it' with $(care). {{join: NEX WAS HERE}}"
    bench.policy([{"name": "bob", "runner": "nex", "prompt": prompt, "model": "fake-model"}])
    [process] = launched(bench, "--wait")
    assert (process["outcome"]["code"], fake_model.prompts) == (0, (prompt,))
    assert "NEXWASHERE" in bench.run("logs", "bob").stdout
