"""JSON text to data. What JSON cannot say but Python's parser lets through is marked, mistakes are explained."""

import json
import re
from typing import Any, NoReturn

from doctor.config.positions import too_deep
from doctor.config.words import Unusable
from doctor.records import dataclass

DEEPEST = 64
"""Levels of nesting named in the message when a file nests too deeply to be parsed."""

LONGEST_NUMBER = 40
"""Digits; every longer whole number is far outside of what any key accepts."""

_WORD = re.compile(r"[A-Za-z_][\w-]*")
_OTHER_QUOTES = ("'", "`", "\u2018", "\u2019", "\u201c", "\u201d")
_PYTHON_WORDS = {"True": "true", "False": "false", "None": "null", "undefined": "null", "nil": "null"}


class TextError(Exception):
    """The text is no JSON or TOML.

    Args:
        offset: Where, in characters from the start.
        message: What was seen and expected.
        remedy: The next step.
    """

    def __init__(self, offset: int, message: str, remedy: str | None = None) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """Data of a text, and whether some object in it has the same key twice (the last one is kept)."""

    data: Any
    duplicates: bool = False


class _Members:
    """Makes dictionaries and remembers whether a key was lost in one of them."""

    __slots__ = ("duplicates",)

    def __init__(self) -> None:
        self.duplicates = False

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            self.duplicates = True
        return members


def parse_json(text: str) -> Parsed:
    """The data of a JSON text; numbers that are none stand in it as ``Unusable``.

    Raises:
        TextError: It is no JSON, or nests too deeply.
    """
    members = _Members()
    try:
        data = json.loads(text, object_pairs_hook=members, parse_int=_whole, parse_constant=_constant)
    except json.JSONDecodeError as error:
        _explain(text, error)
    except RecursionError as error:
        message = f"brackets are nested more than {DEEPEST} levels deep"
        raise TextError(too_deep(text, DEEPEST), message, "no key needs more than a few levels") from error
    return Parsed(data=data, duplicates=members.duplicates)


def _whole(digits: str) -> int | Unusable:
    return int(digits) if len(digits) <= LONGEST_NUMBER else Unusable(f"a number of {len(digits)} digits")


def _constant(name: str) -> Unusable:
    return Unusable(f"{name}, which JSON does not have")


def _explain(text: str, error: json.JSONDecodeError) -> NoReturn:
    offset, message, remedy = error.pos, _reason(error), None
    before = len(text[:offset].rstrip()) - 1
    rest = text[offset : offset + 40]
    word = _WORD.match(rest)
    if error.msg.startswith("Illegal trailing comma") or (rest[:1] in ("]", "}") and text[before : before + 1] == ","):
        offset = before if rest[:1] in ("]", "}") else offset
        message, remedy = "a comma before a closing bracket; JSON has no trailing commas", "remove the comma"
    elif rest.startswith(("//", "/*", "#")):
        message, remedy = "a comment; JSON has no comments", "remove it, or keep the policy as TOML, which has them"
    elif rest.startswith(("<<<<<<<", "=======", ">>>>>>>")):
        message, remedy = "a merge conflict marker", "resolve the conflict"
    elif rest.startswith(_OTHER_QUOTES):
        message, remedy = "a quotation mark other than the straight double one", 'use "straight double quotes"'
    elif word and word[0] in _PYTHON_WORDS:
        message, remedy = f"the word {word[0]}, which JSON does not have", f"write {_PYTHON_WORDS[word[0]]}"
    elif word and error.msg.startswith("Expecting property name"):
        message, remedy = f"the key {word[0]} is not quoted", f'write "{word[0]}"'
    elif rest.strip() and error.msg.startswith("Expecting ',' delimiter"):
        message, remedy = "expected a comma or a closing bracket", "add the comma that is missing before this place"
    raise TextError(offset, message, remedy) from error


def _reason(error: json.JSONDecodeError) -> str:
    at_end = not error.doc[error.pos :].strip()
    reasons = {
        "Expecting value": "the text ends where a value is expected" if at_end else "expected a value",
        "Expecting property name": "the text ends within an object" if at_end else "expected a key in double quotes",
        "Expecting ':' delimiter": "expected a colon after the key",
        "Expecting ',' delimiter": "the text ends before all brackets are closed",
        "Extra data": "more text after the end of the document",
        "Unterminated string": "a string that starts here is not closed",
        "Invalid control character": "a line break or control character within a string; write it as an escape",
        "Invalid \\": "a backslash that starts no escape; write two for one backslash",
    }
    return next((reason for start, reason in reasons.items() if error.msg.startswith(start)), error.msg)
