"""The built-in checks, one family per module; each uses only what `doctor` exports.

A family's module is a plugin like any other: its classes and its own ``doctor_register_checks``. ``uses``,
``secret_shapes`` and ``endpoint_probe`` hold what several checks share.
"""

MODULES: tuple[str, ...] = (
    "checks.policy",
    "checks.environment",
    "checks.harness",
    "checks.starts",
    "checks.agent_profiles",
    "checks.skills",
    "checks.stages",
    "checks.named_profiles",
    "checks.endpoints",
    "checks.executor_profiles",
    "checks.security",
    "checks.tickets",
    "checks.launch",
    "checks.run_state",
    "checks.lock",
)
"""The families, in the order in which their findings read best: what was read, the machine, then who uses it."""
