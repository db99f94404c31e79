"""From the text of an option to its value; a ``ValueError`` says what was expected."""

import math


def names(text: str) -> list[str]:
    """Comma separated names."""
    found = [name.strip() for name in text.split(",")]
    if not all(found):
        raise ValueError(f"expected names separated by commas, found {text!r}")
    return found


def positive_count(text: str) -> int:
    """A number of at least 1."""
    return _number(text, 1)


def _number(text: str, least: int) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > len("1000000") or int(text) < least:
        raise ValueError(f"expected a number from {least} to 9999999, found {text!r}")
    return int(text)


def finite_seconds(text: str) -> float:
    """Seconds above zero."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise ValueError(f"expected seconds above zero, found {text!r}")
    return seconds


def output_target(text: str) -> tuple[str, str]:
    """Format and file of ``FORMAT=FILE``."""
    name, equals, file = text.partition("=")
    if not (name and equals and file):
        raise ValueError(f"expected FORMAT=FILE such as json=report.json, found {text!r}")
    return name, file


def count(text: str) -> int:
    """A number, 0 included."""
    return _number(text, 0)


def patience(text: str) -> float:
    """Seconds, none at all included."""
    return 0.0 if text == "0" else finite_seconds(text)
