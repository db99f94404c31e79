"""``doctor exec`` starts what a spec says, or says what is no longer so."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.bench import Bench


def saved_spec(bench: Bench) -> Path:
    """The spec of an agent with a skill, as a dry run printed it."""
    bench.log_in()
    bench.install("codex")
    skill = bench.metawsm / "skills" / "diary" / "SKILL.md"
    skill.parent.mkdir(parents=True)
    skill.write_text("---\nname: diary\ndescription: Keeps the diary.\n---\n\nWrite it.\n", encoding="utf-8")
    (bench.project / "work").mkdir()
    bench.policy([{"name": "bob", "runner": "codex", "skills": ["diary"], "env": {"STAND_IN": "exit=0"}}])
    [spec] = bench.ask("launch", "--dry-run", "--cwd", "work")["specs"]
    path = bench.root / "spec.json"
    path.write_text(json.dumps(spec), encoding="utf-8")
    return path


def test_a_spec_that_a_dry_run_printed_is_started(bench: Bench) -> None:
    path = saved_spec(bench)
    [process] = bench.ask("exec", str(path), "--wait")["processes"]
    assert (process["spec_id"], process["outcome"]["code"]) == (json.loads(path.read_text())["id"], 0)
    assert bench.received(process["process_id"]).cwd == str(bench.project / "work")


def test_a_second_start_of_a_spec_is_another_attempt(bench: Bench) -> None:
    path = saved_spec(bench)
    attempts = [bench.ask("exec", str(path), "--wait")["processes"][0] for _ in range(2)]
    assert [each["attempt"] for each in attempts] == [1, 2]
    assert attempts[0]["process_id"] != attempts[1]["process_id"]


def test_a_spec_that_runs_is_not_started_twice(bench: Bench) -> None:
    bench.log_in()
    bench.install("codex")
    bench.policy([{"name": "bob", "runner": "codex", "env": {"STAND_IN": "wait"}}])
    bench.ask("launch")
    again = bench.ask("launch", code=None)
    assert again["processes"] == []
    assert again["ok"] is False
    assert len(bench.ps()) == 1


def change_program(bench: Bench, spec: Path) -> None:
    bench.program("codex", "exit 0")


def change_directory(bench: Bench, spec: Path) -> None:
    (bench.project / "work").rmdir()


def change_skill(bench: Bench, spec: Path) -> None:
    (bench.metawsm / "skills" / "diary" / "SKILL.md").write_text("Changed.\n", encoding="utf-8")


def change_byte(bench: Bench, spec: Path) -> None:
    text = spec.read_text(encoding="utf-8")
    spec.write_text(text.replace("--skip-git-repo-check", "--skip-git-repo-chec2"), encoding="utf-8")


CHANGES: dict[str, tuple[Callable[[Bench, Path], None], str]] = {
    "program": (change_program, "bin/codex"),
    "directory": (change_directory, "project/work"),
    "skill": (change_skill, "diary"),
    "byte": (change_byte, "id"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_spec_of_which_something_changed_is_refused_by_its_name(bench: Bench, what: str) -> None:
    path = saved_spec(bench)
    change, named = CHANGES[what]
    change(bench, path)

    answer = bench.run("exec", str(path), "--wait")

    assert answer.returncode in {1, 2}
    assert named in answer.stderr + answer.stdout
    assert "Traceback" not in answer.stderr
    assert (bench.ps("--all"), bench.sessions()) == ([], [])


def test_everything_that_changed_is_named_at_once(bench: Bench) -> None:
    path = saved_spec(bench)
    change_program(bench, path)
    change_directory(bench, path)
    change_skill(bench, path)
    answer = bench.run("exec", str(path))
    said = answer.stderr + answer.stdout
    assert [word for word in ("bin/codex", "project/work", "diary") if word not in said] == []
