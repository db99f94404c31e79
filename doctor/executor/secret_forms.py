"""The ways in which programs write a value down: as it is, quoted for JSON or for an address, and in base64."""

import binascii
import json

SHORTEST_ENCODED = 6
"""Bytes. What is made of a shorter value cannot be told from ordinary text."""

_SHORTEST_LINE = 8

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_LEFT = (_UNRESERVED, _UNRESERVED | frozenset(b"/"), _UNRESERVED | frozenset(b"!'()*"))
"""What encoders leave as it is: strict ones, those that are made for paths, and browsers."""

_FOR_HTML = {ord(character): f"\\u{ord(character):04x}" for character in "<>&"}
_FOR_FORMS = (_UNRESERVED - frozenset(b"~") | frozenset(b"*"), _UNRESERVED)
_FIRST_OWN = (0, 2, 3)
"""By the bytes of a group of three that stand before a value: the first character of base64 that is the value's own."""


def forms_of(value: str) -> frozenset[bytes]:
    """Every way to write ``value`` that is looked for.

    A value of several lines counts line by line too, because terminals and programs change the ends of lines.
    """
    raw = value.encode("utf-8", "surrogateescape")
    forms = {raw, *_lines(raw)}
    if len(raw) >= SHORTEST_ENCODED:
        forms |= {*_in_json(value), *_in_address(raw), *_in_base64(raw)}
    return frozenset(filter(None, forms))


def _lines(raw: bytes) -> set[bytes]:
    lines = [line.strip() for line in raw.splitlines()]
    return {line for line in lines if len(line) >= _SHORTEST_LINE} if len(lines) > 1 else set()


def _in_json(value: str) -> set[bytes]:
    """In a string, and in one that is quoted in another, as in the records of tools."""
    once = {_string(value, ascii_only=ascii_only) for ascii_only in (True, False)}
    twice = {_string(text, ascii_only=ascii_only) for text in once for ascii_only in (True, False)}
    texts = once | twice
    texts |= {text.replace("/", "\\/") for text in once} | {text.translate(_FOR_HTML) for text in once}
    return {text.encode("utf-8", "surrogateescape") for text in texts}


def _string(text: str, *, ascii_only: bool) -> str:
    return json.dumps(text, ensure_ascii=ascii_only)[1:-1]


def _in_address(raw: bytes) -> set[bytes]:
    found: set[bytes] = set()
    if not raw.translate(None, bytes(_UNRESERVED - frozenset(b"~"))):
        return found
    for pattern in (b"%%%02X", b"%%%02x"):
        found |= {_quoted(raw, left, pattern) for left in _LEFT}
        found |= {_quoted(raw, left, pattern).replace(b"%20", b"+") for left in _FOR_FORMS}
    return found


def _quoted(raw: bytes, left: frozenset[int], pattern: bytes) -> bytes:
    table = [bytes([each]) if each in left else pattern % each for each in range(256)]
    return b"".join([table[each] for each in raw])


def _in_base64(raw: bytes) -> set[bytes]:
    """Those characters that are the same whatever stands before and behind it."""
    found = set()
    for before, first in enumerate(_FIRST_OWN):
        encoded = binascii.b2a_base64(bytes(before) + raw, newline=False)
        found.add(encoded[first : (before + len(raw)) * 8 // 6])
    return found | {each.replace(b"+", b"-").replace(b"/", b"_") for each in found}
