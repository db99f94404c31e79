"""Switching while things run: watches follow, and agents that were launched do not."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.bench import Bench
from tests.e2e.named import pointed, profile, put, settings
from tests.e2e.watched import watching

FAST = '[agent]\nmodel = "codex:gpt-5.5"\n[env]\nSPEED = "fast"\n'
SLOW = '[agent]\nmodel = "codex:gpt-5.4"\n[env]\nSPEED = "slow"\n'


@pytest.fixture
def ready(bench: Bench) -> Bench:
    """A machine with Codex, agents that stay, and the profiles ``fast`` (active) and ``slow``."""
    bench.log_in()
    bench.install("codex")
    waits = {"STAND_IN": "wait"}
    bench.policy([{"name": name, "runner": "codex", "stage": "execute", "env": waits} for name in ("ann", "bob")])
    put(bench, "fast", FAST)
    put(bench, "slow", SLOW)
    bench.ask("profile", "use", "fast")
    return bench


@pytest.fixture
def second_project(ready: Bench) -> Path:
    """Another project of the same machine."""
    path = ready.root / "second"
    path.joinpath(".metawsm").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(path)], env=ready.environment, check=True)
    path.joinpath(".metawsm/policy.json").write_bytes((ready.metawsm / "policy.json").read_bytes())
    return path


def answers(document: dict[str, Any]) -> dict[int, bool]:
    """The processes that a command reached, and whether each one follows."""
    return {each["pid"]: each["ok"] for each in document["daemons"]}


def running(bench: Bench, agent: str) -> tuple[dict[str, Any], list[str], dict[str, str]]:
    """Launch an agent: its process, and argument list and environment as the system tells them of it."""
    [process] = bench.ask("launch", "--agent", agent)["processes"]
    bench.received(process["process_id"])
    return process, *seen(bench, process)


def seen(bench: Bench, process: dict[str, Any]) -> tuple[list[str], dict[str, str]]:
    """What a process has now, from the system and not from any file."""
    directory = Path(f"/proc/{bench.received(process['process_id']).pid}")
    argv = directory.joinpath("cmdline").read_text(encoding="utf-8").split("\0")[:-1]
    variables = directory.joinpath("environ").read_text(encoding="utf-8").split("\0")[:-1]
    return argv, dict(variable.split("=", 1) for variable in variables)


def test_a_worker_keeps_its_model_over_a_switch_and_the_next_one_has_the_new_one(ready: Bench) -> None:
    with watching(ready) as watched:
        ann, argv, environment = running(ready, "ann")
        assert (argv[argv.index("-m") + 1], environment["SPEED"]) == ("gpt-5.5", "fast")

        used = ready.ask("profile", "use", "slow")

        assert answers(used) == {watched.pid: True}
        report = watched.shows_model("gpt-5.4")
        assert (report["profile"]["active"], report["exit_code"]) == ("slow", 0)
        _, argv, environment = running(ready, "bob")
        assert (argv[argv.index("-m") + 1], environment["SPEED"]) == ("gpt-5.4", "slow")
        argv, environment = seen(ready, ann)
        assert (argv[argv.index("-m") + 1], environment["SPEED"]) == ("gpt-5.5", "fast")


def test_what_was_launched_is_started_again_with_what_it_was_launched_with(ready: Bench) -> None:
    ann, argv, _ = running(ready, "ann")
    ready.ask("stop", "--all")
    ready.ask("profile", "use", "slow")
    profile(ready, "fast").unlink()
    spec = ready.metawsm / "launches" / ann["spec_id"] / "spec.json"
    [again] = ready.ask("exec", str(spec))["processes"]
    assert seen(ready, again)[0] == argv
    assert seen(ready, again)[1]["SPEED"] == "fast"


def test_every_watch_of_the_machine_follows_and_each_is_confirmed(ready: Bench, second_project: Path) -> None:
    with watching(ready) as one, watching(ready, second_project) as two:
        answer = ready.run("profile", "use", "slow")
        assert answer.returncode == 0
        lines = answer.stdout.splitlines()
        assert [sum(str(each.pid) in line for line in lines) for each in (one, two)] == [1, 1]
        for each in (one, two):
            each.shows_model("gpt-5.4")
        assert answers(ready.ask("profile", "use", "mixed")) == {one.pid: True, two.pid: True}
        for each in (one, two):
            each.shows_model("gpt-5.5")


def test_using_the_active_profile_again_reads_it_again(ready: Bench) -> None:
    with watching(ready) as watched:
        watched.shows_model("gpt-5.5")
        count = len(watched.reports)
        assert answers(ready.ask("profile", "use", "fast")) == {watched.pid: True}
        ready.until(lambda: len(watched.reports) > count, "another report")
        put(ready, "fast", SLOW)
        assert answers(ready.ask("profile", "use", "fast")) == {watched.pid: True}
        watched.shows_model("gpt-5.4")


def test_a_watch_follows_every_command_that_changes_what_counts(ready: Bench) -> None:
    ready.environment["EDITOR"] = str(ready.program("editor", f'cat {ready.root}/wanted >"$1"'))
    (ready.root / "wanted").write_text(FAST.replace("gpt-5.5", "gpt-5.2"), encoding="utf-8")
    with watching(ready) as watched:
        for model, command in (
            ("gpt-5.4", ["profile", "set-model", "fast", "agent", "codex:gpt-5.4"]),
            ("gpt-5.2", ["profile", "edit", "fast"]),
            ("gpt-5.2", ["profile", "rename", "fast", "quick"]),
            ("gpt-5.2", ["endpoint", "set", "attic", "http://127.0.0.1:9/v1"]),
            (None, ["profile", "delete", "quick", "--force"]),
        ):
            assert answers(ready.ask(*command)) == {watched.pid: True}, command
            watched.shows_model(model)


def test_a_watch_follows_a_file_that_was_changed_by_hand(ready: Bench) -> None:
    with watching(ready) as watched:
        put(ready, "fast", SLOW)
        watched.shows_model("gpt-5.4")
        settings(ready).joinpath("active-profile").unlink()
        watched.shows_model(None)
        ready.policy([{"name": "ann", "runner": "codex", "stage": "execute", "model": "gpt-5.1"}])
        watched.shows_model("gpt-5.1")


def test_nobody_is_told_where_that_is_wanted(ready: Bench) -> None:
    with watching(ready):
        assert ready.ask("profile", "use", "slow", "--no-reload")["daemons"] == []
        assert pointed(ready) == "slow"


def test_a_watch_whose_project_is_broken_says_so_and_the_others_follow(ready: Bench, second_project: Path) -> None:
    with watching(ready) as one, watching(ready, second_project) as two:
        second_project.joinpath(".metawsm/policy.json").write_text("{", encoding="utf-8")
        used = ready.ask("profile", "use", "slow")
        assert answers(used) == {one.pid: True, two.pid: False}
        [refused] = [each["error"] for each in used["daemons"] if not each["ok"]]
        assert "policy.json:1" in refused
        one.shows_model("gpt-5.4")
        warned = ready.run("profile", "use", "fast")
        assert warned.returncode == 0
        assert str(two.pid) in warned.stderr


@pytest.mark.slow
def test_a_watch_that_does_not_answer_is_a_warning(ready: Bench) -> None:
    with watching(ready) as watched:
        os.kill(watched.pid, signal.SIGSTOP)
        answer = ready.run("profile", "use", "slow")
        assert (answer.returncode, pointed(ready)) == (0, "slow")
        assert str(watched.pid) in answer.stderr
        os.kill(watched.pid, signal.SIGCONT)
        watched.shows_model("gpt-5.4")


def test_what_a_killed_watch_left_behind_troubles_nobody(ready: Bench) -> None:
    state = ready.home / ".local" / "state" / "harness-doctor" / "run"
    with watching(ready) as watched:
        assert [oct(path.stat().st_mode & 0o777) for path in (state, state / f"{watched.pid}.sock")] == [
            "0o700",
            "0o600",
        ]
        watched.process.kill()
        watched.process.wait()
        answer = ready.run("profile", "use", "slow")
        assert (answer.returncode, answer.stderr) == (0, "")
        assert list(state.iterdir()) == []


def test_a_watch_that_is_interrupted_leaves_nothing_behind(ready: Bench) -> None:
    state = ready.home / ".local" / "state" / "harness-doctor" / "run"
    with watching(ready) as watched:
        watched.process.send_signal(signal.SIGINT)
        assert watched.process.wait(30) == 130
        assert list(state.iterdir()) == []
