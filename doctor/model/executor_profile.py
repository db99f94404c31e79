"""Executor profiles: what a coordinator's runner starts for each run, and with which configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from doctor.model.fields import key

SCHEMA_VERSION = "2.1"
"""Of the invocation that an executor reads, unless its profile asks for another."""

SCHEMA_VERSIONS = ("2.1", "2.2")
"""Every version that is spoken, the default first."""

DEFAULT_EXECUTOR_PATH = "executors/claude-code/ao-claude-code-exec"
"""What runs where no profile is named, relative to where the shipped profiles are."""

DEFAULT_EXECUTOR_TYPE = "claude-code"
"""Its type, and the name under which a runner without a profile registers."""

AGENT_TYPES = ("autonomous", "procedural")
"""Executor types by which a current coordinator sends runs to runners."""

SETTING_SOURCES = ("user", "project", "local")
"""Whose settings Claude Code reads, in its own words."""

OWN_CONFIG: Mapping[str, tuple[str, ...]] = {"claude_code": ("setting_sources",)}
"""Keys of `config` that are no `runner_options` of the harness, by its id."""

ECHO_EXECUTOR = "test"
"""The executor that answers with what it was asked, as a command."""

SHIPPED_EXECUTORS: Mapping[str, str | None] = {
    DEFAULT_EXECUTOR_PATH: "claude_code",
    "executors/test-executor/ao-test-exec": None,
}
"""Executors that are files beside the shipped profiles, and the harness that each runs."""

_ONE_SHOT = '"one_shot": an executor does one run and ends, and is not kept for another'


@dataclass(frozen=True, slots=True)
class ExecutorProfile:
    """An executor profile by its name."""

    name: str
    type: str
    """Shown by coordinators; a current one sends runs by it."""

    command: str
    """As it is written."""

    config: Mapping[str, Any] = field(default_factory=dict)
    """Handed to the executor as ``executor_config``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorProfileFile:
    """`profiles/<name>.json` of the coordinator's runner."""

    type: str = key("Executor type, such as `claude-code`.", nonblank=True)
    command: str = key("Program, relative to the profile's own root, or a harness id.", nonblank=True)
    config: Mapping[str, Any] = key("Handed to the executor as `executor_config`.", factory=dict)
    schema: str = key("Version of the invocation that the executor reads.", default="2.1", choices=SCHEMA_VERSIONS)
    agent_type: str | None = key(
        "Registered in place of `type`, for a coordinator that sends runs by it.", default=None, choices=AGENT_TYPES
    )
    lifecycle: str = key(
        "How long an executor lives: `one_shot`, for one run.",
        default="one_shot",
        pattern="one_shot",
        expected=_ONE_SHOT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorConfig:
    """`config` of an executor that comes with this tool. Which keys a harness takes is said by its adapter."""

    full_auto: bool | None = key("Work without asking, inside the harness's own sandbox.", default=None)
    model: str | None = key("Model, as the harness spells it.", default=None, nonblank=True)
    permission_mode: str | None = key("The harness's own permission mode.", default=None, nonblank=True)
    setting_sources: tuple[str, ...] | None = key(
        "Whose settings Claude Code reads.", default=None, choices=SETTING_SOURCES
    )
    extra_args: tuple[str, ...] = key("Arguments added as they are.", default=())
    trust_workspace: bool | None = key("Trust the working directory without asking.", default=None)
