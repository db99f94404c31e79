"""Changing single values of a TOML text: comments, order and formatting of the rest stay."""

import copy
import tomllib
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from doctor.errors import UsageError

Keys = tuple[str, ...]


def edited(content: bytes, values: Mapping[Keys, Any], *, what: str) -> bytes:
    """``content`` with other values at some keys.

    Args:
        content: A TOML text.
        values: By key, outermost part first; ``None`` removes what is there.
        what: The file, for messages.

    Raises:
        UsageError: The text is no TOML, or what it says could not be changed in this way alone.
    """
    import tomlkit  # noqa: PLC0415 - only a command that changes a file needs it
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - as above

    try:
        wanted = tomllib.loads(content.decode("utf-8"))
        document = tomlkit.parse(content.decode("utf-8"))
        for keys, value in values.items():
            _set(document, keys, value, tomlkit.table)
            _set(wanted, keys, copy.deepcopy(value), dict)
        text = tomlkit.dumps(document)
        told = tomllib.loads(text)
    except (TOMLKitError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _by_hand(what, str(error)) from error
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise _by_hand(what, "it has an unusual form") from error
    if told != wanted:
        raise _by_hand(what, "another of its values would change too")
    return text.encode()


def _set(table: MutableMapping[str, Any], keys: Sequence[str], value: Any, make: Any) -> None:
    *above, last = keys
    for key in above:
        if key not in table:
            if value is None:
                return
            table[key] = make()
        table = table[key]
    if value is None:
        table.pop(last, None)
    else:
        table[last] = value


def _by_hand(what: str, why: str) -> UsageError:
    return UsageError(f"{what} cannot be changed by this command: {why}", remedy="change it in an editor")
