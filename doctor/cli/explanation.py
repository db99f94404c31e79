"""What can be said of a check without running it."""

from typing import Any

from doctor.cli.failure import RESERVED, Reserved
from doctor.diagnosis.check import Check


def explanation(check: Check) -> dict[str, Any]:
    """Everything about a check, as plain values."""
    return {
        "code": check.code,
        "family": check.family,
        "title": check.title,
        "severity": str(check.severity),
        "why": check.why,
        "fails": check.fails,
        "repairs": check.repairs,
        "reads": list(check.reads),
        "requires": list(check.requires),
        "timeout": check.timeout,
        "always": check.always,
        "plugin": check.plugin,
        "docs": f"doctor explain {check.code}",
    }


def reserved_explanations() -> dict[str, dict[str, Any]]:
    """The codes that stand for the tool itself, explained like checks."""
    return {reserved.code: _reserved(reserved) for reserved in RESERVED.values()}


def _reserved(reserved: Reserved) -> dict[str, Any]:
    return {
        "code": reserved.code,
        "family": reserved.code[:3],
        "title": reserved.title,
        "severity": "error",
        "why": "The code stands for the tool itself; it is no check and cannot be selected or ignored.",
        "fails": reserved.fails,
        "repairs": "",
        "reads": [],
        "requires": [],
        "timeout": None,
        "always": True,
        "plugin": "",
        "docs": f"doctor explain {reserved.code}",
    }
