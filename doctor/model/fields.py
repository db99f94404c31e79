"""Fields of configuration types: the one place where a key's rule and its documentation are written.

The reader in ``doctor.config`` enforces them and the JSON Schemas are generated from them.
"""

from collections.abc import Callable
from dataclasses import MISSING, field
from typing import Any, Literal

HarnessUse = Literal["name", "name-or-auto", "key", "model"]
"""The value is a harness name; the same or ``auto``; the key of a mapping is one; the prefix of a model spec is one."""


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
    expected: str | None = None,
    unquoted: bool = False,
    as_name: bool = False,
    url: bool = False,
    trim: bool = False,
    min_items: int | None = None,
    key_pattern: str | None = None,
    shorthand: str | None = None,
    harness: HarnessUse | None = None,
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
        pattern: Regular expression that the whole string must match (for a list or mapping: its values).
        expected: What ``pattern`` or ``key_pattern`` asks for, in words that finish "expected ...".
        unquoted: A value that is refused by ``pattern`` is not repeated; it may be a secret in the wrong place.
        as_name: Refuse strings that could not become a path, a session or a branch.
        url: Refuse strings that are no http or https URL with a host.
        trim: White space around the string does not belong to the value read.
        min_items: Fewest items of a list.
        key_pattern: Regular expression that every key of a mapping must match.
        shorthand: For an object: the key that a bare string in its place stands for.
        harness: Where the field names a harness; the value read holds the canonical id.
    """
    rules = {
        "doc": doc,
        "name": name,
        "minimum": minimum,
        "choices": choices,
        "fold_case": fold_case,
        "nonblank": nonblank,
        "pattern": pattern,
        "expected": expected,
        "unquoted": unquoted,
        "as_name": as_name,
        "url": url,
        "trim": trim,
        "min_items": min_items,
        "key_pattern": key_pattern,
        "shorthand": shorthand,
        "harness": harness,
    }
    metadata = {rule: value for rule, value in rules.items() if value is not None and value is not False}
    if default is not MISSING:
        return field(default=default, metadata=metadata)
    if factory is not MISSING:
        return field(default_factory=factory, metadata=metadata)
    return field(metadata=metadata)
