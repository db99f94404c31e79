"""Which runner may have which run."""

from collections.abc import Mapping
from typing import Any

from tests.coordinator.records import Runner

PROPERTIES = ("hostname", "project_dir", "executor_profile")


def suits(runner: Runner, demands: Mapping[str, Any] | None) -> bool:
    """Whether the runner has all that is demanded, and the run a tag where the runner insists on one."""
    asked = demands or {}
    if any(asked.get(name) and asked[name] != getattr(runner, name) for name in PROPERTIES):
        return False
    if asked.get("executor_type") and asked["executor_type"] != runner.executor.get("type"):
        return False
    tags = set(asked.get("tags") or ())
    return tags <= set(runner.tags) and bool(tags or not runner.require_matching_tags)


def merged(*sources: Mapping[str, Any] | None) -> dict[str, Any]:
    """Demands of several sources: the first that names a property wins, tags are united."""
    demands: dict[str, Any] = {}
    tags: set[str] = set()
    for source in sources:
        for name, value in (source or {}).items():
            if name == "tags":
                tags |= set(value or ())
            elif value:
                demands.setdefault(name, value)
    return {**demands, **({"tags": sorted(tags)} if tags else {})}
