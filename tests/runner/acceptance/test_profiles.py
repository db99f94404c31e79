"""What is wrong with a profile, or a command line, is told before anything is registered."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.coordinator.server import Coordinator
from tests.runner.acceptance.machine import Machine

SHIPPED = ("coding", "research", "supervised", "test")


def refused(machine: Machine, coordinator: Coordinator, *options: str) -> subprocess.CompletedProcess[str]:
    """A runner that does not start, and registers nothing."""
    answer = machine.run("-c", coordinator.url, *options)
    assert "Traceback" not in answer.stderr
    assert (answer.stdout, coordinator.history()) == ("", [])
    return answer


def test_the_profiles_are_listed(machine: Machine) -> None:
    answer = machine.run("--profile-list")
    names = "\n".join(f"  {name}" for name in sorted((*SHIPPED, "probe")))
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, f"Available profiles:\n{names}\n", "")


def test_the_list_wins_over_everything(machine: Machine) -> None:
    answer = machine.run("-l", "--profile", "nope", "-c", "http://127.0.0.1:9")
    assert (answer.returncode, answer.stdout.splitlines()[0]) == (0, "Available profiles:")


def test_the_doctor_has_the_same_command(machine: Machine) -> None:
    assert machine.run("runner", "-l", name="doctor").stdout == machine.run("-l").stdout


def test_a_profile_that_is_not_there(machine: Machine, seed: Coordinator) -> None:
    answer = refused(machine, seed, "--profile", "nope")
    assert answer.returncode == 1
    assert "nope" in answer.stderr
    assert [name for name in (*SHIPPED, "probe") if name not in answer.stderr] == []


@pytest.mark.parametrize("name", ["../x", "sub/inner", "/etc/passwd", "coding.json", ".", "..", "a\nb", "-x"])
def test_a_name_is_a_name(machine: Machine, seed: Coordinator, name: str) -> None:
    (machine.root / "x.json").write_text('{"type": "t", "command": "probe"}', encoding="utf-8")
    assert refused(machine, seed, f"--profile={name}").returncode in {1, 2}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "own.json:1:1"),
        ("", "own.json"),
        ("{", "own.json:1"),
        ('"type command"', "own.json:1:1"),
        ("{}", "command"),
        ('{"type": "t", "command": "probe", "config": {"a": NaN}}', "NaN"),
        ('{"type": "t", "command": "probe", "config": null}', "config"),
        ('{"type": "t", "command": "probe", "config": []}', "config"),
        ('{"type": 5, "command": "probe"}', "type"),
        ('{"type": " ", "command": "probe"}', "type"),
        ('{"type": "t", "command": 7}', "command"),
        ('{"type": "t", "command": ""}', "command"),
        ('{"type": "t", "command": "nothing"}', "nothing"),
        ('{"type": "t", "command": "."}', "command"),
        ('{"type": "t", "command": "/bin/true"}', "/bin/true"),
        ('{"type": "t", "command": "../../../escape"}', "escape"),
        ('{"type": "t", "command": "link"}', "link"),
        ('{"type": "t", "command": "plain"}', "plain"),
        ('{"type": "t", "comand": "probe"}', "comand"),
        ('{"type": "t", "type": "u", "command": "probe"}', "type"),
        ('{"type": "t", "command": "probe", "lifecycle": "persistent"}', "persistent"),
        (b"\xef\xbb\xbf" + b'{"type": "t", "command": "probe"}', "own.json"),
        (b'{"type": "\xff", "command": "probe"}', "own.json"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_one_clear_error(machine: Machine, seed: Coordinator, text: str | bytes, said: str) -> None:
    escape = machine.root / "escape"
    escape.write_text("#!/bin/sh\n", encoding="utf-8")
    escape.chmod(0o755)
    (machine.executors / "link").symlink_to(escape)
    (machine.executors / "plain").write_text("no program", encoding="utf-8")
    machine.profile_text("own", text)
    answer = refused(machine, seed, "--profile", "own")
    assert answer.returncode == 1
    assert said in answer.stderr


def test_a_directory_is_no_profile(machine: Machine, seed: Coordinator) -> None:
    (machine.executors / "profiles" / "own.json").mkdir()
    answer = refused(machine, seed, "--profile", "own")
    assert (answer.returncode, "own" in answer.stderr) == (1, True)


def test_everything_that_is_wrong_is_told_at_once(machine: Machine, seed: Coordinator) -> None:
    machine.profile_text("own", '{\n  "type": 5,\n  "command": 7,\n  "confg": {}\n}\n')
    answer = refused(machine, seed, "--profile", "own")
    assert [place for place in ("own.json:2:", "own.json:3:", "own.json:4:") if place not in answer.stderr] == []
    assert "config" in answer.stderr


def test_an_empty_name_is_no_name(machine: Machine, seed: Coordinator) -> None:
    machine.start(seed, "--profile", "", profile=None)
    [runner] = seed.until_registered()
    assert runner["executor_profile"] == "claude-code"


@pytest.mark.parametrize("flag", ["--executor", "--executor-path", "--executor-list", "--unheard-of"])
def test_flags_that_are_no_more(machine: Machine, seed: Coordinator, flag: str) -> None:
    answer = refused(machine, seed, flag, "x")
    assert (answer.returncode, flag in answer.stderr) == (2, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RUNNER_MAX_CONCURRENCY", "x"),
        ("RUNNER_MAX_CONCURRENCY", "0"),
        ("RUNNER_RUN_TIMEOUT", "-1"),
        ("POLL_TIMEOUT", "soon"),
        ("HEARTBEAT_INTERVAL", "1.5.2"),
        ("AGENT_ORCHESTRATOR_API_URL", "ftp://x"),
    ],
)
def test_a_variable_that_cannot_be_meant_is_named(machine: Machine, name: str, value: str) -> None:
    answer = machine.run("--profile", "probe", **{name: value})
    assert (answer.returncode, name in answer.stderr, "Traceback" in answer.stderr) == (2, True, False)


@pytest.mark.parametrize("option", [("--max-concurrency", "0"), ("--max-concurrency", "x"), ("--run-timeout", "nan")])
def test_a_number_that_cannot_be_meant_is_refused(machine: Machine, seed: Coordinator, option: tuple[str, str]) -> None:
    assert refused(machine, seed, "--profile", "probe", *option).returncode == 2


def test_a_profile_of_the_project_hides_a_shipped_one(machine: Machine, seed: Coordinator) -> None:
    machine.profile("coding", type="mine", command="probe")
    machine.ready(seed, profile="coding")
    assert seed.runners()[0]["executor"]["type"] == "mine"


def test_a_profile_of_the_machine_is_found(machine: Machine, seed: Coordinator) -> None:
    root = machine.config / "executors"
    (root / "profiles").mkdir(parents=True)
    program = root / "run"
    program.write_text("#!/bin/sh\nexec cat >/dev/null\n", encoding="utf-8")
    program.chmod(0o755)
    Path(root / "profiles" / "here.json").write_text('{"type": "t", "command": "run"}', encoding="utf-8")
    machine.ready(seed, profile="here")
    assert seed.until_ended(seed.create()["run_id"]) == ["completed"]


def test_any_executable_will_do(machine: Machine, seed: Coordinator) -> None:
    program = machine.executors / "script.sh"
    program.write_text('#!/bin/sh\ncat >/dev/null\necho "no" >&2\nexit 4\n', encoding="utf-8")
    program.chmod(0o755)
    machine.profile("script", type="t", command="script.sh")
    machine.ready(seed, profile="script")
    created = seed.create()
    assert seed.until_ended(created["run_id"]) == ["failed"]
    assert seed.run(created["run_id"])["error"] == "no"


def test_a_runner_follows_the_named_profile_that_is_used(machine: Machine, seed: Coordinator) -> None:
    profiles = machine.config / "profiles"
    profiles.mkdir()
    for name in ("first", "second"):
        (profiles / f"{name}.toml").write_text('[agent]\nmodel = "claude:opus"\n', encoding="utf-8")
    runner = machine.ready(seed)
    answer = machine.run("profile", "use", "second", name="doctor")
    if answer.returncode:
        pytest.fail(answer.stderr)
    machine.until(lambda: "second" in runner.said, lambda: f"it to follow; it said:\n{runner.said}")
    assert seed.until_ended(seed.create()["run_id"]) == ["completed"]
    assert runner.stop(signal.SIGTERM) == 0
