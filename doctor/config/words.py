"""How values are spoken of in messages: always short, always printable."""

import json
from collections.abc import Iterable
from typing import Any, Final, Literal

Kind = Literal["json", "toml"]

LONGEST_QUOTE: Final = 60
MOST_LISTED: Final = 24
MOST_BITS: Final = 4096
"""Of a whole number that is shown; Python refuses to write out much longer ones."""


class Unusable:
    """Stands in parsed data for a JSON number that is no usable value, such as NaN or one of 5000 digits."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


def quoted(text: str) -> str:
    """``text`` in double quotes, cut when long, with everything escaped that does not print."""
    shown = text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"
    return json.dumps(shown, ensure_ascii=not shown.isprintable())


def encodable(text: str) -> str:
    """``text`` with lone surrogates written as escapes, so that it can be printed."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def listed(words: Iterable[str]) -> str:
    """The words, comma separated, in their order; a long list ends in how many more there are."""
    every = list(words)
    shown = ", ".join(encodable(word) for word in every[:MOST_LISTED])
    more = len(every) - MOST_LISTED
    return f"{shown} and {more} more" if more > 0 else shown


def an_object(kind: Kind) -> str:
    """What the file's format calls a set of keys and values."""
    return "an object" if kind == "json" else "a table"


def found(value: Any, kind: Kind) -> str:
    """What a value is, as the rest of "found ..."."""
    if isinstance(value, str):
        return f"the string {quoted(value)}"
    if isinstance(value, bool) or value is None:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, Unusable):
        return value.text
    return an_object(kind) if isinstance(value, dict) else "a date or time"


def _number(value: float) -> str:
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        return "a number of more than a thousand digits"
    text = str(value)
    return f"the number {text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + '…'}"


def path_words(parts: Iterable[str | int]) -> str:
    """A path inside a document as people write it: ``agent_profiles[0].skills[1]``."""
    words = ""
    for part in parts:
        if isinstance(part, int):
            words += f"[{part}]"
        elif part.replace("-", "_").replace("$", "_").isidentifier() and part.isprintable():
            words += f".{part}" if words else part
        else:
            words += f"[{quoted(part)}]"
    return words
