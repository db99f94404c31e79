"""Which runner may have which run."""

from collections.abc import Mapping
from typing import Any

from tests.coordinator.records import Runner
from tests.coordinator.settings import Dialect

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


def merged(dialect: Dialect, *sources: Mapping[str, Any] | None) -> dict[str, Any]:
    """Demands of several sources: the first that names a property wins, tags are united; what is not known is dropped.

    Where anything is demanded, tags are named too.
    """
    known = (*PROPERTIES, *(("executor_type",) if dialect == "current" else ()))
    given = [source for source in sources if source]
    demands = {name: next((each[name] for each in given if each.get(name)), None) for name in known}
    found = {name: value for name, value in demands.items() if value is not None}
    tags = sorted({tag for each in given for tag in each.get("tags") or ()})
    return {**found, "tags": tags} if found or tags else {}
