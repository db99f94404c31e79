"""What a value of a configuration means, as plain data: the same however it was written down."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from typing import Any

UNMEANT = frozenset({"schema"})
"""Fields that say nothing to this program: where an editor finds a schema."""


def meaning(value: Any) -> Any:
    """Plain JSON values for a configuration's value. What is as it would be without being written is left out."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            each.name: meaning(own)
            for each in fields(value)
            if each.name not in UNMEANT and (own := getattr(value, each.name)) != _default(each)
        }
    if isinstance(value, Mapping):
        return {str(meaning(name)): meaning(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [meaning(item) for item in value]
    return value.value if isinstance(value, Enum) else value


def canonical(value: Any) -> str:
    """The one JSON text of plain values: keys sorted, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)


def sha256_of(value: Any) -> str:
    """The sha256, in hex digits, of the canonical text of plain values."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def _default(field: Any) -> Any:
    if field.default is not MISSING:
        return field.default
    return field.default_factory() if field.default_factory is not MISSING else MISSING
