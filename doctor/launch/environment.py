"""The environment that an agent gets."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from doctor.launch.secrets import resolve
from doctor.model.secret import SecretRef
from doctor.model.spec import LaunchSpec
from doctor.report.redact import SHORTEST_SECRET, secret_values

OWN_PREFIX = "DOCTOR_"
"""How the doctor's own variables begin: they steer it, and no agent."""

TERMINAL = frozenset({"TMUX", "TMUX_PANE"})
"""Variables of the terminal that the doctor runs in, which is not the agent's."""


class AgentEnvironment(NamedTuple):
    """What a process is started with."""

    values: dict[str, str]
    """All of it."""

    secrets: tuple[str, ...]
    """Values that must be hidden wherever its output is kept, the longest first."""


def agent_environment(spec: LaunchSpec, environment: Mapping[str, str]) -> AgentEnvironment:
    """The whole environment of an agent: the doctor's own without what is the doctor's alone, then the spec's.

    Args:
        spec: Its secrets are looked up now.
        environment: The doctor's own; its ``HOME`` is what ``~`` stands for.

    Raises:
        LaunchRefused: A secret cannot be had.
    """
    home = Path(environment.get("HOME") or os.path.expanduser("~"))  # noqa: PTH111 - never raises
    resolved = resolve(spec.env, environment, home=home)
    values = {**inherited(environment), **literals(spec.env), **resolved}
    hidden = {*secret_values(values), *(value.strip() for value in resolved.values())}
    shown = sorted((value for value in hidden if len(value) >= SHORTEST_SECRET), key=lambda each: (-len(each), each))
    return AgentEnvironment(values, tuple(shown))


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """What an agent gets of the doctor's own environment."""
    return {
        name: value for name, value in environment.items() if not name.startswith(OWN_PREFIX) and name not in TERMINAL
    }


def literals(env: Mapping[str, str | SecretRef]) -> dict[str, str]:
    """Those variables of a spec whose value stands in it."""
    return {name: value for name, value in env.items() if isinstance(value, str)}
