"""The harnesses that a runner knows: those that come with this tool, and where another one is meant, all."""

from collections.abc import Mapping
from pathlib import Path

from doctor.harness.registry import Registry, builtin_harnesses

_UNASKED = frozenset({"DOCTOR_RUNTIME", "DOCTOR_MODEL"})
"""Variables about a choice that is not made here, so that a mistake in one does not matter."""


def own_harnesses() -> Registry:
    """Those that come with this tool."""
    return Registry(builtin_harnesses())


def every_harness(directory: Path, environment: Mapping[str, str], home: Path) -> Registry:
    """Those of installed plugins too, and of the plugins in a project that are trusted.

    Loading plugins takes longer than a runner takes to start, so this is for a name that nothing else answers to.

    Args:
        directory: In the project.
        environment: Variables.
        home: Home directory.

    Raises:
        RegistrationError: A plugin is malformed.
    """
    from doctor.diagnosis.run import prepare  # noqa: PLC0415 - see above
    from doctor.model.options import Options  # noqa: PLC0415 - as above

    variables = {name: value for name, value in environment.items() if name not in _UNASKED}
    return prepare(Options(cwd=directory, environment=variables, home=home)).registry
