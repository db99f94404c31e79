"""TOML text to data, with mistakes explained."""

import re
import tomllib
from typing import NoReturn

from doctor.config.json_text import DEEPEST, LONGEST_NUMBER, Parsed, TextError
from doctor.config.toml_positions import MOST_KEY_PARTS, long_key

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_TWICE = (
    "Cannot overwrite a value",
    "Cannot declare",
    "Cannot mutate",
    "Cannot redefine",
    "Duplicate inline table key",
)
_LONG_NUMBER = re.compile(rf"(?<![\w.+-])[+-]?[0-9_]{{{LONGEST_NUMBER},}}+")


class TwiceError(TextError):
    """A key or table is defined twice."""


def parse_toml(text: str) -> Parsed:
    """The data of a TOML text.

    Raises:
        TwiceError: A key or table is defined twice.
        TextError: It is no TOML for another reason, or nests too deeply.
    """
    too_long = long_key(text)
    if too_long is not None:
        raise TextError(too_long, f"a dotted key of more than {MOST_KEY_PARTS} parts", "no key needs that many")
    try:
        return Parsed(data=tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        _explain(text, error)
    except RecursionError as error:
        message = f"arrays or inline tables are nested more than {DEEPEST} levels deep"
        raise TextError(_deep_place(text), message, "no key needs more than a few levels") from error
    except ValueError as error:
        number = _LONG_NUMBER.search(text)
        message = f"a number that cannot be read: {str(error).split(';')[0]}"
        raise TextError(number.start() if number else 0, message, "write a smaller number") from error


def _explain(text: str, error: tomllib.TOMLDecodeError) -> NoReturn:
    message = str(error)
    place = _PLACE.search(message)
    offset = _offset(text, place[1], place[2]) if place and place[1] else len(text)
    reason = _PLACE.sub("", message)
    if reason.startswith(_TWICE):
        raise TwiceError(offset, "this key or table is defined twice", "remove one of the two") from error
    at_end = " at the end of the text" if place and not place[1] else ""
    raise TextError(offset, f"{reason[0].lower()}{reason[1:]}{at_end}", _hint(text, offset)) from error


def _offset(text: str, line: str, column: str) -> int:
    start = 0
    for _ in range(int(line) - 1):
        start = text.find("\n", start) + 1
    return start + int(column) - 1


def _hint(text: str, offset: int) -> str | None:
    rest = text[offset : offset + 40].lstrip()
    before = text[:offset].rstrip()
    if text.lstrip().startswith("{"):
        return "this looks like JSON; name the file policy.json"
    if rest.startswith(("<<<<<<<", "=======", ">>>>>>>")):
        return "resolve the merge conflict"
    if before.endswith("=") and rest.startswith(("True", "False")):
        return "booleans are written in small letters"
    if before.endswith("=") and rest[:1].isalpha():
        return 'put text in "double quotes"'
    return None


def _deep_place(text: str) -> int:
    """The most deeply nested run of brackets is where the parser gave up; its line is what a reader needs."""
    deepest = max(re.finditer(r"(?:[\[{][ \t\n]*+)++", text), key=lambda run: len(run[0]), default=None)
    return deepest.start() if deepest else 0
