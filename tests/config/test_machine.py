from pathlib import Path

import pytest

from doctor.config.machine import load_machine
from doctor.model.harness import RunnerSpec
from doctor.model.machine import Endpoint, HarnessSettings, Machine


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


@pytest.mark.parametrize("line", ['api_key_env = "hunter2-hunter2"', 'headers = { x-team = "hunter2 hunter2" }'])
def test_a_secret_in_the_place_of_a_variable_is_not_repeated(
    line: str, tmp_path: Path, runners: tuple[RunnerSpec, ...]
) -> None:
    path = tmp_path / "machine.toml"
    path.write_text(f'[endpoints.a]\nurl = "http://h"\n{line}\n')
    [problem] = load_machine(path, runners=runners).problems
    assert problem.message.endswith("found another text")
    assert "hunter2" not in str(problem)
