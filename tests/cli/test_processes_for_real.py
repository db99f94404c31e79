"""The commands about processes, one after the other on a real process, as programs use them."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from doctor.config.launch_schemas import launch_schemas

Run = Callable[..., subprocess.CompletedProcess[str]]

POLICY = {
    "version": 2,
    "agent_profiles": [
        {"name": "good", "runner": "shell", "runner_options": {"command": "echo hello; exit 0"}},
        {"name": "bad", "runner": "shell", "runner_options": {"command": "echo no >&2; exit 7"}},
        {"name": "slow", "runner": "shell", "runner_options": {"command": "exec sleep 600"}},
    ],
    "agents": [
        {"name": "good", "profile": "good"},
        {"name": "bad", "profile": "bad", "stage": "reflect"},
        {"name": "slow", "profile": "slow"},
    ],
}


@pytest.fixture
def shop(private_project: Path, private_bin: Path, private_environment: dict[str, str]) -> Iterator[Path]:
    """A project with three agents, and a place for tmux whose path is short enough for a socket."""
    (private_project / ".metawsm").mkdir()
    (private_project / ".metawsm" / "policy.json").write_text(json.dumps(POLICY))
    for name in ("sleep", "sh"):
        if not (private_bin / name).exists():
            (private_bin / name).symlink_to(str(shutil.which(name)))
    sockets = tempfile.mkdtemp(dir="/tmp")
    private_environment |= {"TMUX_TMPDIR": sockets, "SHELL": "/bin/sh"}
    yield private_project
    shutil.rmtree(sockets)


@pytest.fixture
def ask(run_doctor: Run, shop: Path) -> Iterator[Callable[..., tuple[int, dict[str, Any]]]]:
    """Run a command for JSON: its exit code, and its document once that met the schema."""
    dialect = "https://json-schema.org/draft/2020-12/schema"
    validators = {
        name: jsonschema.Draft202012Validator(schema)
        for name, schema in launch_schemas(schema_id="urn:x:", dialect=dialect).items()
    }

    def run(*arguments: str, schema: str = "processes") -> tuple[int, dict[str, Any]]:
        done = run_doctor(*arguments, "--format", "json")
        document: dict[str, Any] = json.loads(done.stdout)
        validators[schema].validate(document)
        assert (done.returncode, done.returncode == 0) == (document["exit_code"], document["ok"]), done.stderr
        return done.returncode, document

    yield run
    run_doctor("stop", "--all", "--patience", "0")


Ask = Callable[..., tuple[int, dict[str, Any]]]
BY_ITSELF = ("--executor", "process", "--wait")


def ends(document: dict[str, Any]) -> dict[str, Any]:
    """The outcome of each agent's process."""
    return {each["agent"]: each["outcome"] and each["outcome"]["code"] for each in document["processes"]}


def test_a_dry_run_makes_specs_and_leaves_no_trace(ask: Ask, shop: Path) -> None:
    code, document = ask("launch", "--dry-run", schema="launch-specs")
    assert (code, [spec["agent"] for spec in document["specs"]]) == (0, ["good", "bad", "slow"])
    assert [path.name for path in (shop / ".metawsm").iterdir()] == ["policy.json"]


def test_waiting_is_exit_0_only_if_all_exited_0(ask: Ask) -> None:
    code, document = ask("launch", "--agent", "good", *BY_ITSELF)
    assert (code, ends(document)) == (0, {"good": 0})
    code, document = ask("launch", "--agent", "good", "--agent", "bad", *BY_ITSELF)
    assert (code, ends(document)) == (1, {"good": 0, "bad": 7})


def test_what_was_launched_can_be_looked_at_read_and_replayed(ask: Ask, run_doctor: Run) -> None:
    ask("launch", "--stage", "reflect", *BY_ITSELF)
    assert ask("ps")[1]["processes"] == []
    assert ends(ask("ps", "--all")[1]) == {"bad": 7}
    assert run_doctor("logs", "bad").stdout == "no\n"
    _, told = ask("replay", schema="replay")
    assert told["stages"] == {"reflect": ["shell"]}
    assert [(row["agent"], row["state"]) for row in told["processes"]] == [("bad", "failed")]


def test_a_spec_that_was_kept_is_started_again(ask: Ask, shop: Path) -> None:
    _, document = ask("launch", "--agent", "good", *BY_ITSELF)
    spec = shop / ".metawsm" / "launches" / document["processes"][0]["spec_id"] / "spec.json"
    code, again = ask("exec", str(spec), *BY_ITSELF)
    assert (code, [each["attempt"] for each in again["processes"]]) == (0, [2])


def test_what_runs_is_seen_and_ended(ask: Ask) -> None:
    code, document = ask("launch", "--agent", "slow", "--executor", "process")
    assert (code, [each["state"] for each in document["processes"]]) == (0, ["running"])
    assert [each["agent"] for each in ask("ps")[1]["processes"]] == ["slow"]
    code, document = ask("stop", "slow", "--patience", "2")
    assert (code, [each["state"] for each in document["processes"]]) == (0, ["cancelled"])
    assert ask("ps")[1]["processes"] == []


@pytest.mark.parametrize("command", ["ps", "stop", "logs", "attach"])
def test_an_unknown_name_is_exit_2_with_the_nearest(ask: Ask, run_doctor: Run, command: str) -> None:
    ask("launch", "--agent", "good", *BY_ITSELF)
    done = run_doctor(command, "goood")
    assert (done.returncode, done.stderr) == (2, "doctor: no process is called 'goood'\ndid you mean 'good'?\n")


def test_nobody_attaches_to_what_has_no_terminal(ask: Ask, run_doctor: Run) -> None:
    ask("launch", "--agent", "slow", "--executor", "process")
    done = run_doctor("attach", "slow")
    assert (done.returncode, "has no terminal" in done.stderr) == (2, True)
