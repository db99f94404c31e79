"""Finding and reading executor profiles."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from doctor.config.executor_commands import Command
from doctor.config.executor_profiles import every_executor_profile, find_executor_profile, load_executor_profile
from doctor.config.executor_roots import ExecutorRoot, executor_profile_names, executor_roots, holds_profiles
from doctor.config.problems import ConfigProblem
from doctor.config.schema import schemas
from doctor.model.executor_profile import DEFAULT_EXECUTOR_PATH, ExecutorProfileFile
from doctor.model.harness import RunnerSpec

GOOD = {"type": "t", "command": "codex"}


@pytest.fixture
def roots(tmp_path: Path) -> tuple[ExecutorRoot, ...]:
    return executor_roots(project=tmp_path / "project", config_dir=tmp_path / "config", shipped=tmp_path / "shipped")


def put(path: Path, content: Any = GOOD) -> Path:
    """Write a profile: data, text or bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content if isinstance(content, str | bytes) else json.dumps(content)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def program(path: Path, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


def wrong(
    roots: tuple[ExecutorRoot, ...], runners: tuple[RunnerSpec, ...], content: Any, *, name: str = "x"
) -> list[tuple[Any, ...]]:
    """Rule, subject, line, column and message of every problem of a project's profile."""
    put(roots[0].directory / "profiles" / f"{name}.json", content)
    found = find_executor_profile(name, roots, runners=runners)
    assert found is not None
    assert (found.loaded.value is None) == bool(found.loaded.problems)
    return [
        (each.rule, each.subject, each.location.line, each.location.column, each.message)
        for each in found.loaded.problems
    ]


def executor_problems(tmp_path: Path, text: str) -> list[tuple[str, str]]:
    path = tmp_path / "coding.json"
    path.write_text(text)
    problems: tuple[ConfigProblem, ...] = load_executor_profile(path).problems
    return [(problem.rule, problem.subject) for problem in problems]


def test_an_executor_profile_keeps_its_config_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "coding.json"
    path.write_text('{"type": "t", "command": "bin/x", "config": {"a": [1, 2.5, null, {"b": true}]}}')
    assert load_executor_profile(path).value == ExecutorProfileFile(
        type="t", command="bin/x", config={"a": [1, 2.5, None, {"b": True}]}
    )


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ('["type", "command"]', [("type", "coding.json")]),
        ('{"type": "t"}', [("value", "coding.json")]),
        ('{"type": 5, "command": ""}', [("type", "type"), ("value", "command")]),
        ('{"type": "t", "command": "c", "config": null}', [("type", "config")]),
        ('{"type": "t", "command": "c", "config": {"x": NaN}}', [("value", "config.x")]),
        ('{"type": "t", "command": "c", "args": []}', [("unknown-key", "args")]),
        ("{", [("syntax", "coding.json")]),
    ],
)
def test_a_wrong_executor_profile_says_all_that_is_wrong(
    tmp_path: Path, text: str, problems: list[tuple[str, str]]
) -> None:
    assert executor_problems(tmp_path, text) == problems


def test_a_config_that_nests_without_end_is_refused_where_it_gets_too_deep(tmp_path: Path) -> None:
    text = '{"type": "t", "command": "c", "config": {"x": ' + "[" * 200 + "]" * 200 + "}}"
    ((rule, subject),) = executor_problems(tmp_path, text)
    assert rule == "value"
    assert subject.startswith("config.x[0][0]")


def test_a_missing_executor_profile_is_a_problem(tmp_path: Path) -> None:
    assert [p.rule for p in load_executor_profile(tmp_path / "none.json").problems] == ["unreadable"]


def test_what_a_profile_does_not_say_is_the_default(tmp_path: Path) -> None:
    assert load_executor_profile(put(tmp_path / "x.json")).value == ExecutorProfileFile(
        type="t", command="codex", config={}, schema="2.1", agent_type=None, lifecycle="one_shot"
    )


@pytest.mark.parametrize(
    ("content", "rule", "subject", "words"),
    [
        ({**GOOD, "schema": "2.0"}, "value", "schema", "expected one of 2.1, 2.2"),
        ({**GOOD, "schema": 2.1}, "type", "schema", "expected a string"),
        ({**GOOD, "agent_type": "clever"}, "value", "agent_type", "expected one of autonomous, procedural"),
        ({**GOOD, "lifecycle": "persistent"}, "value", "lifecycle", "an executor does one run and ends"),
        ({**GOOD, "agents_dir": "x"}, "unknown-key", "agents_dir", "unknown key"),
        ({**GOOD, "confg": {}}, "unknown-key", "confg", "unknown key"),
    ],
)
def test_every_other_key_has_its_rule(
    tmp_path: Path, content: dict[str, Any], rule: str, subject: str, words: str
) -> None:
    [problem] = load_executor_profile(put(tmp_path / "x.json", content)).problems
    assert (problem.rule, problem.subject) == (rule, subject)
    assert words in problem.message


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"config": {"any": [1, None]}},
        {"schema": "2.2"},
        {"schema": "2.0"},
        {"agent_type": None},
        {"agent_type": "procedural"},
        {"agent_type": "clever"},
        {"lifecycle": "one_shot"},
        {"lifecycle": "persistent"},
        {"type": " "},
        {"command": 5},
        {"config": None},
        {"agents_dir": "x"},
    ],
)
def test_the_published_schema_says_what_the_reader_says(
    tmp_path: Path, runners: tuple[RunnerSpec, ...], change: dict[str, Any]
) -> None:
    schema = Draft202012Validator(schemas(runners)["executor-profile.schema.json"])
    content = GOOD | change
    assert schema.is_valid(content) == (load_executor_profile(put(tmp_path / "x.json", content)).problems == ())


def test_an_unknown_key_is_told_with_the_nearest_known_one(tmp_path: Path) -> None:
    [problem] = load_executor_profile(put(tmp_path / "x.json", {**GOOD, "comand": "x"})).problems
    assert problem.remedy is not None
    assert problem.remedy.startswith('did you mean "command"?')


@pytest.mark.parametrize(
    ("content", "rule", "words"),
    [
        (b"\xef\xbb\xbf{}", "unreadable", "UTF-8 with a byte order mark"),
        (b"\xff\xfe{}", "unreadable", "UTF-16"),
        (b'{"type": "\xff"}', "unreadable", "not UTF-8"),
        (b"", "syntax", "the file is empty"),
        (b"[]", "type", "expected an object, found an empty list"),
        (b"null", "type", "expected an object, found null"),
        (b'"type command"', "type", "expected an object, found the string"),
        (b'{"type": "t", "command": "codex", "config": NaN}', "type", "expected an object of values, found NaN"),
        (b'{"type": "t", "type": "u", "command": "codex"}', "duplicate-key", "this key is there already"),
    ],
)
def test_what_is_no_profile_at_all_is_one_clear_problem(
    roots: tuple[ExecutorRoot, ...], runners: tuple[RunnerSpec, ...], content: bytes, rule: str, words: str
) -> None:
    [problem] = wrong(roots, runners, content)
    assert problem[0] == rule
    assert words in problem[4]


def test_a_directory_in_the_place_of_a_profile_is_one_clear_problem(
    roots: tuple[ExecutorRoot, ...], runners: tuple[RunnerSpec, ...]
) -> None:
    (roots[0].directory / "profiles" / "x.json").mkdir(parents=True)
    found = find_executor_profile("x", roots, runners=runners)
    assert found is not None
    [problem] = found.loaded.problems
    assert problem.message == "the file is a directory, expected a regular file"


def test_everything_that_is_wrong_is_told_at_once_with_its_place(
    roots: tuple[ExecutorRoot, ...], runners: tuple[RunnerSpec, ...]
) -> None:
    text = """{
  "type": " ",
  "comand": "x",
  "config": {"model": "opus", "permission_mode": "yolo"},
  "command": "claude"
}"""
    assert [each[:4] for each in wrong(roots, runners, text)] == [
        ("value", "type", 2, 11),
        ("unknown-key", "comand", 3, 3),
        ("value", "config.permission_mode", 4, 50),
    ]


def test_names_are_those_of_files_that_end_in_json(roots: tuple[ExecutorRoot, ...]) -> None:
    put(roots[0].directory / "profiles" / "b.json")
    put(roots[0].directory / "a.json", "nothing good")
    put(roots[1].directory / "profiles" / "with space.json")
    put(roots[2].directory / "profiles" / "c.json")
    put(roots[2].directory / "profiles" / "named.toml")
    put(roots[2].directory / "machine.json")
    put(roots[3].directory / "shipped.json")
    put(roots[3].directory / "b.json")
    for none in ("profiles/.hidden.json", "profiles/C.JSON", "profiles/a..b.json", "profiles/below/d.json"):
        put(roots[0].directory / none)
    (roots[0].directory / "profiles" / "directory.json").mkdir()
    assert executor_profile_names(roots) == ("a", "b", "c", "shipped", "with space")


def test_places_that_are_not_there_hold_no_profiles(
    roots: tuple[ExecutorRoot, ...], runners: tuple[RunnerSpec, ...]
) -> None:
    assert executor_profile_names(roots) == ()
    assert not holds_profiles(roots)
    assert every_executor_profile(roots, runners=runners) == ()
    assert find_executor_profile("x", roots, runners=runners) is None


def test_the_first_root_that_has_a_name_counts_although_its_profile_is_broken(
    roots: tuple[ExecutorRoot, ...], runners: tuple[RunnerSpec, ...]
) -> None:
    first = put(roots[0].directory / "x.json", "{")
    later = [
        put(roots[1].directory / "x.json"),
        put(roots[2].folders[0] / "x.json"),
        put(roots[3].folders[0] / "x.json"),
    ]
    found = find_executor_profile("x", roots, runners=runners)
    assert found is not None
    assert (found.path, found.hides, found.loaded.value) == (first, tuple(later), None)


def test_two_files_of_one_name_in_one_root_are_a_problem(
    roots: tuple[ExecutorRoot, ...], runners: tuple[RunnerSpec, ...]
) -> None:
    put(roots[0].directory / "x.json")
    [problem] = wrong(roots, runners, GOOD)
    assert problem[0] == "rival"


def test_every_profile_is_found_hidden_and_misnamed_ones_included(
    roots: tuple[ExecutorRoot, ...], runners: tuple[RunnerSpec, ...]
) -> None:
    put(roots[0].directory / "profiles" / "x.json")
    put(roots[0].directory / "a..b.json")
    put(roots[1].directory / "x.json")
    found = every_executor_profile(roots, runners=runners)
    assert [(each.name, each.root.origin, bool(each.loaded.problems), len(each.hides)) for each in found] == [
        ("a..b", "project", True, 0),
        ("x", "project", False, 1),
        ("x", "machine", False, 0),
    ]


def test_a_command_is_a_file_in_the_profiles_own_root(
    roots: tuple[ExecutorRoot, ...], runners: tuple[RunnerSpec, ...]
) -> None:
    path = program(roots[0].directory / "bin" / "work")
    put(roots[0].directory / "profiles" / "x.json", {**GOOD, "command": "bin/work"})
    found = find_executor_profile("x", roots, runners=runners)
    assert found is not None
    assert (found.command, found.loaded.problems) == (Command(path=path), ())


@pytest.mark.parametrize("spelling", ["codex", "codex_cli", "Codex", "codex-cli"])
def test_a_command_may_be_a_harness_by_any_of_its_names(
    roots: tuple[ExecutorRoot, ...], runners: tuple[RunnerSpec, ...], spelling: str
) -> None:
    put(roots[0].directory / "x.json", {**GOOD, "command": spelling})
    found = find_executor_profile("x", roots, runners=runners)
    assert found is not None
    assert found.command == Command(harness="codex", shipped=True)


def test_a_file_wins_over_a_harness_of_its_name(
    roots: tuple[ExecutorRoot, ...], runners: tuple[RunnerSpec, ...]
) -> None:
    path = program(roots[0].directory / "codex")
    put(roots[0].directory / "x.json")
    found = find_executor_profile("x", roots, runners=runners)
    assert found is not None
    assert found.command == Command(path=path)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/bin/true", "is an absolute path"),
        ("~/bin/x", "starts in a home directory"),
        ("../outside", "holds `..`"),
        ("bin/../../outside", "holds `..`"),
        ("bin/absent", "command not found: bin/absent"),
        (DEFAULT_EXECUTOR_PATH, "command not found"),
        ("bin", "is a directory"),
        ("bin/plain", "is not executable"),
        ("bin/pipe", "is no regular file"),
        ("bin/dangling", "outside"),
        ("bin/broken", "a symlink to something that does not exist"),
        ("bin/outside", "outside"),
        ("link/true", "outside"),
        ("bin/work\n", "do not print"),
        (" bin/work", "white space around it"),
        ("cdx", "is neither a file in"),
        ("shell", "cannot do runs: it takes no prompt"),
    ],
)
def test_a_command_that_is_nothing_or_leads_elsewhere_is_refused(
    roots: tuple[ExecutorRoot, ...], runners: tuple[RunnerSpec, ...], tmp_path: Path, command: str, words: str
) -> None:
    root = roots[0].directory
    program(root / "bin" / "work")
    program(root / "bin" / "plain", 0o644)
    os.mkfifo(root / "bin" / "pipe")
    (root / "bin" / "dangling").symlink_to(tmp_path / "nothing")
    (root / "bin" / "broken").symlink_to("nothing")
    (root / "bin" / "outside").symlink_to("/bin/sh")
    (root / "link").symlink_to("/bin")
    [problem] = wrong(roots, runners, {**GOOD, "command": command})
    assert problem[1] == "command"
    assert words in problem[4]


def test_a_symlink_within_the_root_is_followed(
    roots: tuple[ExecutorRoot, ...], runners: tuple[RunnerSpec, ...]
) -> None:
    program(roots[0].directory / "bin" / "work")
    (roots[0].directory / "latest").symlink_to("bin/work")
    assert wrong(roots, runners, {**GOOD, "command": "latest"}) == []


def test_a_profile_of_a_project_is_no_symlink_that_leads_out_of_it(
    roots: tuple[ExecutorRoot, ...], runners: tuple[RunnerSpec, ...], tmp_path: Path
) -> None:
    elsewhere = put(tmp_path / "elsewhere.json")
    for root in roots[:2]:
        root.directory.mkdir(parents=True)
        (root.directory / "x.json").symlink_to(elsewhere)
    found = every_executor_profile(roots, runners=runners)
    assert [[each.rule for each in one.loaded.problems] for one in found] == [["unreadable"], []]


def test_the_shipped_executor_is_named_where_its_path_was_copied(
    roots: tuple[ExecutorRoot, ...], runners: tuple[RunnerSpec, ...]
) -> None:
    put(roots[0].directory / "x.json", {**GOOD, "command": DEFAULT_EXECUTOR_PATH})
    found = find_executor_profile("x", roots, runners=runners)
    assert found is not None
    assert found.loaded.problems[0].remedy == (
        'to use the executor that comes with this tool, write "command": "claude_code"'
    )


def notes(
    roots: tuple[ExecutorRoot, ...], runners: tuple[RunnerSpec, ...], command: str, config: Any
) -> tuple[list[str], tuple[ConfigProblem, ...]]:
    put(roots[0].directory / "x.json", {**GOOD, "command": command, "config": config})
    found = find_executor_profile("x", roots, runners=runners)
    assert found is not None
    return [f"{each.subject}: {each.message}" for each in found.loaded.problems], found.notes


def test_what_an_executor_of_this_tool_is_configured_with_is_known(
    roots: tuple[ExecutorRoot, ...], runners: tuple[RunnerSpec, ...]
) -> None:
    config = {"permission_mode": "plan", "setting_sources": ["project", "local"], "model": "opus", "extra_args": ["-x"]}
    assert notes(roots, runners, "claude", config) == ([], ())


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"permission_mode": "plann"}, "config.permission_mode: expected one of default, plan, bypassPermissions"),
        ({"setting_sources": ["project", "moon"]}, "config.setting_sources[1]: expected one of user, project, local"),
        ({"setting_sources": "project"}, "config.setting_sources: expected a list of strings, found the string"),
        ({"model": 5}, "config.model: expected a string, found"),
        ({"model": " "}, "config.model: expected text"),
    ],
)
def test_a_value_that_the_executor_does_not_take_is_a_problem(
    roots: tuple[ExecutorRoot, ...], runners: tuple[RunnerSpec, ...], config: Any, problem: str
) -> None:
    [seen], _ = notes(roots, runners, "claude", config)
    assert seen.startswith(problem)


def test_a_key_that_the_executor_ignores_is_only_noted(
    roots: tuple[ExecutorRoot, ...], runners: tuple[RunnerSpec, ...]
) -> None:
    problems, [note, other] = notes(roots, runners, "codex", {"modl": "x", "setting_sources": []})
    assert problems == []
    assert (note.subject, note.location.pointer) == ("config.modl", "/config/modl")
    assert note.remedy is not None
    assert note.remedy.startswith('did you mean "model"?')
    assert other.subject == "config.setting_sources"


def test_the_configuration_of_somebody_elses_executor_is_its_own_business(
    roots: tuple[ExecutorRoot, ...], runners: tuple[RunnerSpec, ...]
) -> None:
    program(roots[0].directory / "work")
    assert notes(roots, runners, "work", {"permission_mode": 5, "anything": [None]}) == ([], ())


def test_a_link_that_leads_nowhere_hides_no_name(roots: tuple[ExecutorRoot, ...]) -> None:
    folder = roots[0].folders[0]
    for name in ("a", "b", "c"):
        put(folder / f"{name}.json")
    for name in ("loop", "missing"):
        (folder / f"{name}.json").symlink_to(folder / f"{name}.json")
    assert executor_profile_names(roots) == ("a", "b", "c", "loop", "missing")
