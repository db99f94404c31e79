"""Reading machine settings."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from doctor.config.endpoints import endpoint_rules
from doctor.config.files import is_there
from doctor.config.issues import Issues
from doctor.config.leaves import Vocabulary, split_model
from doctor.config.loading import load
from doctor.config.problems import Loaded
from doctor.config.profiles import ActiveProfile, active_profile, load_named_profile, profile_names
from doctor.config.typed import BAD
from doctor.model.harness import RunnerSpec
from doctor.model.machine import Machine

__all__ = [
    "ActiveProfile",
    "active_profile",
    "load_machine",
    "load_named_profile",
    "profile_names",
    "split_model",
]


def load_machine(path: Path, *, runners: Sequence[RunnerSpec], content: bytes | None = None) -> Loaded[Machine]:
    """Read ``machine.toml``; a file that is not there gives the defaults.

    Harness settings are keyed by canonical id in the value. Paths are as written: ``~`` is not replaced.

    Args:
        path: The file.
        runners: The harnesses that may be named.
        content: What to take for the file's content instead of reading it; the file need not exist.
    """
    if content is None and not is_there(path):
        return Loaded(value=Machine())
    return load(path, "toml", Machine, runners=runners, rules=_machine_rules, content=content)


def _machine_rules(machine: Machine, _data: Any, _words: Vocabulary, issues: Issues) -> None:
    endpoints = machine.endpoints if machine.endpoints is not BAD else {}
    for name, endpoint in endpoints.items():
        if endpoint is not BAD:
            endpoint_rules(endpoint, ("endpoints", name), issues)
    defaults = [name for name, endpoint in endpoints.items() if endpoint is not BAD and endpoint.default is True]
    for name in defaults[1:]:
        message = f"the endpoint {defaults[0]} is the default already"
        issues.add("value", message, "endpoints", name, "default", remedy="keep one default")
