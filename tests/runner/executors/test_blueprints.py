"""What an agent's blueprint comes to for each harness."""

import json
import tomllib
from typing import Any

import pytest

from doctor.runner.executors.blueprints import Shaped, sentences, shape

HTTP = {"type": "http", "url": "http://127.0.0.1:1/mcp", "headers": {"X-Key": "planted"}}
STDIO = {"type": "stdio", "command": "tool", "args": ["-q", 'a "b"'], "env": {"TOKEN": "planted"}}
BLUEPRINT = {"name": "writer", "system_prompt": "Be brief.", "mcp_servers": {"far": HTTP, "near": STDIO}}


def shaped(runtime_id: str, blueprint: Any = BLUEPRINT) -> Shaped:
    return shape(runtime_id, blueprint, lambda name: f"/private/{name}")


def overrides(given: Shaped) -> dict[str, Any]:
    """What the ``-c`` arguments of Codex mean."""
    assert given.arguments[::2] == ("-c",) * (len(given.arguments) // 2)
    return tomllib.loads("\n".join(given.arguments[1::2]))


@pytest.mark.parametrize("runtime_id", ["claude_code", "codex", "opencode", "nex", "hermes"])
def test_no_secret_of_a_server_is_in_an_argument(runtime_id: str) -> None:
    assert "planted" not in str(shaped(runtime_id).arguments)


@pytest.mark.parametrize("runtime_id", ["claude_code", "codex", "opencode", "nex"])
@pytest.mark.parametrize(
    "blueprint",
    [None, {}, {"name": "x"}, {"system_prompt": " ", "mcp_servers": {}}, {"system_prompt": 5, "mcp_servers": []}],
)
def test_a_blueprint_that_says_nothing_adds_nothing(runtime_id: str, blueprint: Any) -> None:
    assert shaped(runtime_id, blueprint) == Shaped()


def test_claude_code_takes_both() -> None:
    given = shaped("claude_code")
    assert given.arguments == ("--append-system-prompt", "Be brief.", "--mcp-config", "/private/mcp.json")
    assert {name: json.loads(text) for name, text in given.files.items()} == {
        "mcp.json": {"mcpServers": {"far": HTTP, "near": STDIO}}
    }
    assert (given.env, given.preface, given.left_out) == ({}, None, ())


def test_codex_takes_both_with_the_secrets_in_variables() -> None:
    given = shaped("codex")
    assert overrides(given) == {
        "developer_instructions": "Be brief.",
        "mcp_servers": {
            "far": {"url": HTTP["url"], "env_http_headers": {"X-Key": "DOCTOR_MCP_HEADER_0"}},
            "near": {"command": "tool", "args": ["-q", 'a "b"'], "env_vars": ["TOKEN"]},
        },
    }
    assert given.env == {"DOCTOR_MCP_HEADER_0": "planted", "TOKEN": "planted"}


def test_headers_of_two_servers_have_variables_of_their_own() -> None:
    other = {**HTTP, "headers": {"X-Key": "other", "X-More": "more"}}
    given = shaped("codex", {"mcp_servers": {"one": HTTP, "two": other}})
    assert sorted(given.env.values()) == ["more", "other", "planted"]


def test_codex_is_started_without_a_server_whose_name_it_cannot_write() -> None:
    given = shaped("codex", {"mcp_servers": {"a.b": HTTP, "good_1": {"command": "tool"}}})
    assert overrides(given) == {"mcp_servers": {"good_1": {"command": "tool"}}}
    assert list(sentences(given, "codex")) == [
        "codex is started without the tool server 'a.b', whose name Codex cannot write"
    ]


def test_opencode_takes_both_by_its_configuration() -> None:
    given = shaped("opencode")
    assert json.loads(given.env["OPENCODE_CONFIG_CONTENT"]) == {
        "instructions": ["/private/instructions.md"],
        "mcp": {
            "far": {"type": "remote", "url": HTTP["url"], "headers": {"X-Key": "planted"}},
            "near": {"type": "local", "command": ["tool", "-q", 'a "b"'], "environment": {"TOKEN": "planted"}},
        },
    }
    assert given.files == {"instructions.md": "Be brief."}


def test_another_harness_is_told_before_its_prompt_and_goes_without_servers() -> None:
    given = shaped("nex")
    assert (given.preface, given.arguments, given.env) == ("Be brief.", (), {})
    assert len(list(sentences(given, "nex"))) == 2


@pytest.mark.parametrize("runtime_id", ["claude_code", "codex"])
def test_what_is_too_long_for_an_argument_stands_before_the_prompt(runtime_id: str) -> None:
    text = "ü" * 40_000
    assert shaped(runtime_id, {"system_prompt": text}) == Shaped(preface=text)


@pytest.mark.parametrize("server", [{"command": 5, "args": "x", "env": []}, {"url": "u", "headers": None}, {}])
@pytest.mark.parametrize("runtime_id", ["claude_code", "codex", "opencode"])
def test_a_server_that_is_malformed_breaks_nothing(runtime_id: str, server: Any) -> None:
    assert shaped(runtime_id, {"mcp_servers": {"odd": server, "none": 5}}).left_out == ()
