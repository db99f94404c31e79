"""The runner: takes runs from an agent coordinator, starts them through an executor profile, and reports.

The names in ``__all__`` are imported when first used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from doctor.model.executor_profile import (
        DEFAULT_EXECUTOR_PATH,
        DEFAULT_EXECUTOR_TYPE,
        SCHEMA_VERSION,
        ExecutorProfile,
    )
    from doctor.runner.invocation import ExecutorInvocation
    from doctor.runner.profiles import list_profiles, load_profile

__all__ = [
    "DEFAULT_EXECUTOR_PATH",
    "DEFAULT_EXECUTOR_TYPE",
    "SCHEMA_VERSION",
    "ExecutorInvocation",
    "ExecutorProfile",
    "list_profiles",
    "load_profile",
]

_HOME = {
    "DEFAULT_EXECUTOR_PATH": "doctor.model.executor_profile",
    "DEFAULT_EXECUTOR_TYPE": "doctor.model.executor_profile",
    "SCHEMA_VERSION": "doctor.model.executor_profile",
    "ExecutorInvocation": "doctor.runner.invocation",
    "ExecutorProfile": "doctor.model.executor_profile",
    "list_profiles": "doctor.runner.profiles",
    "load_profile": "doctor.runner.profiles",
}


def __getattr__(name: str) -> Any:
    """Import one of the public names when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'doctor.runner' has no attribute {name!r}")
    import importlib  # noqa: PLC0415 - only needed here

    value = globals()[name] = getattr(importlib.import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    """The public names."""
    return list(__all__)
