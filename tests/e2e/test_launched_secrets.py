"""A secret that an agent needs is in its environment and nowhere else."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from doctor.os_processes import mark_of
from tests.e2e.bench import Bench
from tests.harness_recipes import write_files

SECRET = "sk-planted-5f1d0c7b9a3e4d2f8b6c"

SOURCES = {
    "variable": 'api_key_env = "PLANTED_KEY"',
    "file": 'api_key_file = "~/planted.key"',
    "command": 'api_key_command = ["cat", "{home}/planted.key"]',
}

MACHINE = """[endpoints.local]
url = "http://127.0.0.1:9/v1"
{source}
"""

PROFILE = """[models.default]
endpoint = "local"
model = "codex:planted-model"
"""


def plant(bench: Bench, source: str) -> None:
    """A machine with an agent whose endpoint has a key, which the agent prints."""
    bench.log_in()
    bench.install("codex")
    settings = ".config/harness-doctor"
    write_files(
        bench.home,
        {
            f"{settings}/machine.toml": MACHINE.format(source=SOURCES[source].format(home=bench.home)),
            f"{settings}/profiles/planted.toml": PROFILE,
            f"{settings}/active-profile": "planted\n",
        },
    )
    if source == "variable":
        bench.environment["PLANTED_KEY"] = SECRET
    else:
        write_files(bench.home, {"planted.key": f"{SECRET}\n"})
        (bench.home / "planted.key").chmod(0o600)


def shown(bench: Bench) -> dict[str, str]:
    """Everything that the doctor prints about what it launched."""
    commands: tuple[tuple[str, ...], ...] = (
        ("check", "--format", "json"),
        ("check", "--verbose", "--format", "plain"),
        ("launch", "--dry-run"),
        ("launch", "--dry-run", "--format", "json"),
        ("ps", "--all"),
        ("ps", "--all", "--format", "json"),
        ("logs", "bob"),
        ("replay", "--format", "json"),
    )
    answers = {" ".join(command): bench.run(*command) for command in commands}
    return {name: answer.stdout + answer.stderr for name, answer in answers.items()}


def command_lines() -> str:
    """The argv of every process of this computer."""
    listed = subprocess.run(["ps", "-ww", "-eo", "args="], capture_output=True, text=True, check=True)
    return listed.stdout


@pytest.mark.parametrize("source", SOURCES)
def test_an_endpoints_key_reaches_the_agent_and_nothing_else(bench: Bench, source: str) -> None:
    plant(bench, source)
    [variable] = [name for name, value in key_of(bench).items() if isinstance(value, dict)]
    bench.policy([{"name": "bob", "runner": "codex", "env": {"STAND_IN": f"show={variable} wait"}}])

    started = bench.run("launch", "--format", "json")

    assert started.returncode == 0, started.stdout + started.stderr
    [process] = bench.ps()
    received = bench.received(process["process_id"])
    bench.until(lambda: "at work" in bench.run("logs", "bob").stdout, "the agent to be at work")
    assert received.environment[variable] == SECRET
    places = {
        "argv": command_lines(),
        "tmux": bench.tmux("show-environment", "-g") + bench.tmux("show-environment", "-t", f"={process['session']}"),
        "launch": started.stdout + started.stderr,
        **shown(bench),
    }
    assert [name for name, text in places.items() if SECRET in text] == []
    assert [name for name, content in bench.files().items() if SECRET.encode() in content] == []
    assert f"{variable} is [" in bench.run("logs", "bob").stdout


def test_a_secret_of_the_doctors_own_environment_is_not_shown_in_tmux(bench: Bench) -> None:
    plant(bench, "variable")
    bench.policy([{"name": "bob", "runner": "codex", "env": {"STAND_IN": "wait"}}])
    [process] = bench.ask("launch")["processes"]
    shown_there = bench.tmux("show-environment", "-g"), bench.tmux("show-environment", "-t", f"={process['session']}")
    assert [text for text in shown_there if SECRET in text] == []
    assert mark_of(bench.server_pid(), "PLANTED_KEY") is None


def test_a_key_that_an_agent_inherits_is_hidden_where_its_output_is_kept(bench: Bench) -> None:
    plant(bench, "file")
    bench.environment["GH_TOKEN"] = SECRET
    bench.policy([{"name": "bob", "runner": "codex", "env": {"STAND_IN": "show=GH_TOKEN exit=3"}}])
    answer = bench.run("launch", "--wait", "--format", "json")
    assert answer.returncode == 1
    assert SECRET not in "".join((answer.stdout, answer.stderr, *shown(bench).values()))
    assert [name for name, content in bench.files().items() if SECRET.encode() in content] == []
    assert "GH_TOKEN is [" in bench.run("logs", "bob").stdout


def key_of(bench: Bench) -> dict[str, Any]:
    """The variables of the spec; a secret is told by its reference."""
    bench.policy([{"name": "bob", "runner": "codex"}])
    [spec] = bench.ask("launch", "--dry-run")["specs"]
    variables: dict[str, Any] = spec["env"]
    return variables


def test_a_planted_file_is_only_where_it_was_planted(bench: Bench) -> None:
    plant(bench, "file")
    bench.policy([{"name": "bob", "runner": "codex", "env": {"STAND_IN": "exit=0"}}])
    bench.ask("launch", "--wait")
    skipped = {Path("home/planted.key")}
    records = bench.records
    found = [
        path.relative_to(bench.root)
        for path in bench.root.rglob("*")
        if path.is_file() and records not in path.parents and SECRET.encode() in path.read_bytes()
    ]
    assert set(found) == skipped
