"""What an agent's blueprint comes to for a harness: arguments, variables, files, and words before the prompt.

Servers may have secrets in their headers and variables. They travel in a private file, or in the environment, and
never in an argument.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

LONGEST_ARGUMENT = 65_536
"""Bytes of a system prompt that goes into an argument; a longer one is put before the prompt."""

_HEADER = "DOCTOR_MCP_HEADER_"
"""Variables in which Codex gets the values of headers."""


@dataclass(slots=True, kw_only=True)
class Shaped:
    """What a blueprint adds to a start."""

    arguments: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    """Content by name, where arguments or variables hold the path as ``path_of(name)``."""

    preface: str | None = None
    """What stands before the prompt."""

    left_out: tuple[str, ...] = ()
    """What the harness has no place for, one sentence each."""


PathOf = Callable[[str], str]


def shape(runtime_id: str, blueprint: Mapping[str, Any] | None, path_of: PathOf) -> Shaped:
    """What a blueprint adds to the start of one harness.

    Args:
        runtime_id: The harness.
        blueprint: As it came with the run; what is in it may be of any type.
        path_of: Where a file of this name will be.
    """
    if not blueprint:
        return Shaped()
    system = blueprint.get("system_prompt")
    system = system if isinstance(system, str) and system.strip() else None
    given = blueprint.get("mcp_servers")
    servers = {name: each for name, each in given.items() if isinstance(each, dict)} if isinstance(given, dict) else {}
    return _SHAPES.get(runtime_id, _other)(system, servers, path_of)


def _claude_code(system: str | None, servers: Mapping[str, Any], path_of: PathOf) -> Shaped:
    shaped = _appended(system, lambda text: ("--append-system-prompt", text))
    if servers:
        shaped.files["mcp.json"] = json.dumps({"mcpServers": servers})
        shaped.arguments += ("--mcp-config", path_of("mcp.json"))
    return shaped


def _codex(system: str | None, servers: Mapping[str, Any], _path_of: PathOf) -> Shaped:
    shaped = _appended(system, lambda text: ("-c", f"developer_instructions={_toml(text)}"))
    for name, server in servers.items():
        if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
            shaped.left_out += (f"the tool server {name!r}, whose name Codex cannot write",)
        else:
            _codex_server(name, server, shaped)
    return shaped


def _codex_server(name: str, server: Mapping[str, Any], shaped: Shaped) -> None:
    if isinstance(server.get("url"), str):
        pairs = [f"url={_toml(server['url'])}"]
        headers = _texts(server.get("headers"))
        variables = {header: f"{_HEADER}{len(shaped.env) + index}" for index, header in enumerate(headers)}
        shaped.env |= {variables[header]: value for header, value in headers.items()}
        if variables:
            pairs.append(f"env_http_headers={{{_table(variables)}}}")
    else:
        pairs = [f"command={_toml(str(server.get('command', '')))}"]
        arguments = server.get("args")
        if isinstance(arguments, list):
            pairs.append(f"args=[{', '.join(_toml(str(each)) for each in arguments)}]")
        variables = _texts(server.get("env"))
        shaped.env |= variables
        if variables:
            pairs.append(f"env_vars=[{', '.join(map(_toml, variables))}]")
    shaped.arguments += ("-c", f"mcp_servers.{name}={{{', '.join(pairs)}}}")


def _opencode(system: str | None, servers: Mapping[str, Any], path_of: PathOf) -> Shaped:
    config: dict[str, Any] = {}
    shaped = Shaped()
    if system is not None:
        shaped.files["instructions.md"] = system
        config["instructions"] = [path_of("instructions.md")]
    if servers:
        config["mcp"] = {name: _opencode_server(server) for name, server in servers.items()}
    if config:
        shaped.env["OPENCODE_CONFIG_CONTENT"] = json.dumps(config)
    return shaped


def _opencode_server(server: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(server.get("url"), str):
        return {"type": "remote", "url": server["url"], "headers": _texts(server.get("headers"))}
    arguments = server.get("args")
    command = [str(server.get("command", "")), *(map(str, arguments) if isinstance(arguments, list) else ())]
    return {"type": "local", "command": command, "environment": _texts(server.get("env"))}


def _other(system: str | None, servers: Mapping[str, Any], _path_of: PathOf) -> Shaped:
    left_out = tuple(f"the tool server {name!r}, for which this harness has no place" for name in servers)
    return Shaped(preface=system, left_out=left_out)


def _appended(system: str | None, arguments: Callable[[str], tuple[str, ...]]) -> Shaped:
    if system is None or len(system.encode("utf-8", "replace")) > LONGEST_ARGUMENT:
        return Shaped(preface=system)
    return Shaped(arguments=arguments(system))


def _texts(given: Any) -> dict[str, str]:
    return {name: str(value) for name, value in given.items()} if isinstance(given, dict) else {}


def _table(values: Mapping[str, str]) -> str:
    return ", ".join(f"{_toml(name)}={_toml(value)}" for name, value in values.items())


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


_SHAPES: Mapping[str, Callable[[str | None, Mapping[str, Any], PathOf], Shaped]] = {
    "claude_code": _claude_code,
    "codex": _codex,
    "opencode": _opencode,
}


def sentences(shaped: Shaped, runtime_id: str) -> Iterator[str]:
    """What is left out of a blueprint, to be told."""
    for each in shaped.left_out:
        yield f"{runtime_id} is started without {each}"
