"""How real agent CLIs reach the fake model unattended, on a machine whose home directory was empty.

Two ways: an endpoint of the doctor's (``endpoint``), or the harness's own configuration (``provider``). Either goes
with what silences the dialogs of a first start (``quiet``).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KEY_VARIABLE = "FAKE_MODEL_KEY"
MODEL = "fake-model"

Files = Mapping[str, str]
"""Paths below the home directory, with their content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What one harness needs."""

    runtime_id: str
    kind: str
    """Of its endpoint."""

    suffix: str
    """What follows the fake model's address in its endpoint."""

    model: str
    """As the harness spells it where the doctor hands the endpoint over."""

    quiet: Callable[[Path], Files]
    """Files that answer the questions of a first start in a directory."""

    provider: Callable[[str, Path], Files]
    """``quiet``, and configuration of its own for the model at an address."""

    environment: Mapping[str, str] = field(default_factory=dict)
    """What silences the rest."""

    provider_environment: Callable[[str], Mapping[str, str]] = lambda url: {}
    options: Mapping[str, Any] = field(default_factory=dict)
    """``runner_options`` for an unattended start."""

    leave: tuple[str, ...] = ()
    """Keys, as tmux names them, that end it from its prompt; text is typed."""


CODEX_QUIET = """check_for_update_on_startup = false
{provider}
[analytics]
enabled = false

[features]
unbounded_connection_retries = false

[projects.{directory}]
trust_level = "trusted"
{table}"""

CODEX_PROVIDER = """model = "fake-model"
model_provider = "offline"
"""

CODEX_TABLE = """
[model_providers.offline]
name = "offline"
base_url = "{url}/v1"
wire_api = "responses"
env_key = "FAKE_MODEL_KEY"
request_max_retries = 0
stream_max_retries = 0
"""


def _codex_quiet(directory: Path) -> Files:
    return {".codex/config.toml": CODEX_QUIET.format(directory=json.dumps(str(directory)), provider="", table="")}


def _codex_provider(url: str, directory: Path) -> Files:
    text = CODEX_QUIET.format(
        directory=json.dumps(str(directory)), provider=CODEX_PROVIDER, table=CODEX_TABLE.format(url=url)
    )
    return {".codex/config.toml": text}


def _claude_quiet(directory: Path) -> Files:
    state = {
        "hasCompletedOnboarding": True,
        "bypassPermissionsModeAccepted": True,
        "projects": {str(directory): {"hasTrustDialogAccepted": True}},
    }
    return {".claude.json": json.dumps(state)}


def _opencode_quiet(directory: Path) -> Files:
    settings = {"autoupdate": False, "share": "disabled", "small_model": f"doctor/{MODEL}"}
    return {".config/opencode/opencode.json": json.dumps(settings)}


def _opencode_provider(url: str, directory: Path) -> Files:
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": f"{url}/v1", "apiKey": f"{{env:{KEY_VARIABLE}}}"},
        "models": {MODEL: {"limit": {"context": 64000, "output": 4000}}},
    }
    settings = {
        "autoupdate": False,
        "share": "disabled",
        "model": f"offline/{MODEL}",
        "small_model": f"offline/{MODEL}",
        "provider": {"offline": provider},
    }
    return {".config/opencode/opencode.json": json.dumps(settings)}


CLAUDE_ENVIRONMENT = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "CLAUDE_CODE_MAX_RETRIES": "0",
    "IS_SANDBOX": "1",
}

RECIPES = {
    recipe.runtime_id: recipe
    for recipe in (
        Recipe(
            runtime_id="codex",
            kind="openai",
            suffix="/v1",
            model=MODEL,
            quiet=_codex_quiet,
            provider=_codex_provider,
            leave=("/quit", "Enter"),
        ),
        Recipe(
            runtime_id="claude_code",
            kind="anthropic",
            suffix="",
            model=MODEL,
            quiet=_claude_quiet,
            provider=lambda url, directory: _claude_quiet(directory),
            environment=CLAUDE_ENVIRONMENT,
            provider_environment=lambda url: {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_AUTH_TOKEN": "no-secret"},
            options={"model": MODEL},
            leave=("/exit", "Enter"),
        ),
        Recipe(
            runtime_id="opencode",
            kind="openai",
            suffix="/v1",
            model=f"doctor/{MODEL}",
            quiet=_opencode_quiet,
            provider=_opencode_provider,
            leave=("C-c",),
        ),
    )
}


def write_files(home: Path, files: Files) -> None:
    """Put them below ``home``."""
    for name, text in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
