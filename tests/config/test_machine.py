from pathlib import Path

import pytest

from doctor.config.machine import load_executor_profile, load_machine
from doctor.config.problems import ConfigProblem
from doctor.model.harness import RunnerSpec
from doctor.model.machine import Endpoint, ExecutorProfile, HarnessSettings, Machine


def test_a_missing_file_is_the_defaults(tmp_path: Path, runners: tuple[RunnerSpec, ...]) -> None:
    loaded = load_machine(tmp_path / "machine.toml", runners=runners)
    assert loaded.value == Machine()
    assert loaded.problems == ()


def test_an_empty_file_is_the_defaults_too(tmp_path: Path, runners: tuple[RunnerSpec, ...]) -> None:
    (tmp_path / "machine.toml").write_text("\n")
    assert load_machine(tmp_path / "machine.toml", runners=runners).value == Machine()


def test_a_dangling_file_is_a_problem(tmp_path: Path, runners: tuple[RunnerSpec, ...]) -> None:
    (tmp_path / "machine.toml").symlink_to("gone")
    loaded = load_machine(tmp_path / "machine.toml", runners=runners)
    assert [problem.rule for problem in loaded.problems] == ["unreadable"]


def test_endpoints_and_harness_settings_are_read_by_canonical_id(
    tmp_path: Path, runners: tuple[RunnerSpec, ...]
) -> None:
    path = tmp_path / "machine.toml"
    path.write_text(
        """
[harness.claude]
path = "~/bin/claude"

[endpoints.box]
url = "http://box:8080/v1"
api_key_env = "BOX_KEY"
headers = { X-Team = "TEAM_NAME" }
default = true
"""
    )
    assert load_machine(path, runners=runners).value == Machine(
        harness={"claude_code": HarnessSettings(path="~/bin/claude")},
        endpoints={
            "box": Endpoint(
                url="http://box:8080/v1", api_key_env="BOX_KEY", headers={"X-Team": "TEAM_NAME"}, default=True
            )
        },
    )


@pytest.mark.parametrize(
    ("text", "rule", "subject", "line"),
    [
        ('[harness.cdex]\npath = "x"', "reference", "harness.cdex", 1),
        ('[harness.codex]\npath = "x"\n[harness.codex_cli]\npath = "y"', "duplicate-key", "harness.codex_cli", 3),
        ("[harness.codex]", "value", "harness.codex", 1),
        ("[endpoints.a]", "value", "endpoints.a", 1),
        ('[endpoints.a]\nurl = "h"', "value", "endpoints.a.url", 2),
        ('[endpoints.a]\nurl = "http://u:p@h"', "value", "endpoints.a.url", 2),
        ('[endpoints.a]\nurl = "http://h"\napi_key = "sk"', "unknown-key", "endpoints.a.api_key", 3),
        ('[endpoints.a]\nurl = "http://h"\napi_key_env = "A B"', "value", "endpoints.a.api_key_env", 3),
        (
            '[endpoints.a]\nurl = "http://h"\napi_key_env = "A"\napi_key_file = "f"',
            "value",
            "endpoints.a.api_key_file",
            4,
        ),
        ('[endpoints.a]\nurl = "http://h"\napi_key_command = "pass x"', "type", "endpoints.a.api_key_command", 3),
        ('[endpoints.a]\nurl = "http://h"\nkind = "grpc"', "value", "endpoints.a.kind", 3),
        (
            '[endpoints.a]\nurl = "http://h"\ndefault = true\n[endpoints.b]\nurl = "http://h"\ndefault = true',
            "value",
            "endpoints.b.default",
            6,
        ),
    ],
)
def test_a_broken_rule_is_one_problem_at_its_place(
    tmp_path: Path, runners: tuple[RunnerSpec, ...], text: str, rule: str, subject: str, line: int
) -> None:
    path = tmp_path / "machine.toml"
    path.write_text(text)
    loaded = load_machine(path, runners=runners)
    assert [(p.rule, p.subject, p.location.line) for p in loaded.problems] == [(rule, subject, line)]


def executor_problems(tmp_path: Path, text: str) -> list[tuple[str, str]]:
    path = tmp_path / "coding.json"
    path.write_text(text)
    problems: tuple[ConfigProblem, ...] = load_executor_profile(path).problems
    return [(problem.rule, problem.subject) for problem in problems]


def test_an_executor_profile_keeps_its_config_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "coding.json"
    path.write_text('{"type": "t", "command": "bin/x", "config": {"a": [1, 2.5, null, {"b": true}]}}')
    assert load_executor_profile(path).value == ExecutorProfile(
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


@pytest.mark.parametrize("line", ['api_key_env = "hunter2-hunter2"', 'headers = { x-team = "hunter2 hunter2" }'])
def test_a_secret_in_the_place_of_a_variable_is_not_repeated(
    line: str, tmp_path: Path, runners: tuple[RunnerSpec, ...]
) -> None:
    path = tmp_path / "machine.toml"
    path.write_text(f'[endpoints.a]\nurl = "http://h"\n{line}\n')
    [problem] = load_machine(path, runners=runners).problems
    assert problem.message.endswith("found another text")
    assert "hunter2" not in str(problem)
