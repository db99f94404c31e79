"""Fields of configuration types: the one place where a key's rule and its documentation are written.

The reader in ``doctor.config`` enforces them and the JSON Schemas are generated from them.
"""

from collections.abc import Callable
from dataclasses import MISSING, field
from typing import Any


def key(
    doc: str,
    *,
    default: Any = MISSING,
    factory: Callable[[], Any] | Any = MISSING,
    name: str | None = None,
    minimum: int | None = None,
    choices: tuple[str, ...] | None = None,
    fold_case: bool = False,
    nonblank: bool = False,
    pattern: str | None = None,
) -> Any:
    """Declare one configuration key as a dataclass field.

    Args:
        doc: One sentence for the reference and the JSON Schema.
        default: Value when the key is absent. Without ``default`` and ``factory`` the key is required.
        factory: Makes the default when it is not a constant.
        name: The key as spelt in the file, when it is no Python identifier.
        minimum: Smallest integer accepted.
        choices: The closed set of strings accepted (for a list: of its items).
        fold_case: Accept ``choices`` in any case; the value read is the canonical spelling.
        nonblank: Refuse strings that are empty or only white space (for a list: its items).
        pattern: Regular expression that the whole string must match.
    """
    rules = {
        "doc": doc,
        "name": name,
        "minimum": minimum,
        "choices": choices,
        "fold_case": fold_case,
        "nonblank": nonblank,
        "pattern": pattern,
    }
    metadata = {rule: value for rule, value in rules.items() if value}
    if default is not MISSING:
        return field(default=default, metadata=metadata)
    if factory is not MISSING:
        return field(default_factory=factory, metadata=metadata)
    return field(metadata=metadata)
