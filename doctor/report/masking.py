"""A JSON or TOML text with every value hidden that stands where a secret does, line for line."""

import re
from collections.abc import Iterator
from typing import Any

from doctor.config.json_text import TextError, parse_json
from doctor.config.positions import JsonScan, Positions, tokens
from doctor.model.policy import ENV_NAME
from doctor.report.redact import HIDDEN, is_secret_name, secret_values

_COMMENTED = re.compile(
    r"(?im)^(\s*#.*?(?:key|token|secret|password|passwd|passphrase)[\w.-]*[\"']?\s*[=:]\s*[\"']?)[^\s\"'#]+"
)
_KEY_BLOCK = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
Span = tuple[int, int]


def masked(text: str, path: str) -> str:
    """``text`` without its secrets and with as many lines.

    What hides is the name of a key, or that something else than a variable stands where one is expected. Secrets that
    their shape tells are left to the redactor.

    Args:
        text: The content of a file.
        path: Of the file; its end says what it holds.
    """
    text = _KEY_BLOCK.sub(lambda match: _hidden(match[0]), text)
    if path.endswith(".json"):
        spans = _json(text)
    elif path.endswith(".toml"):
        spans = _toml(text)
        text = _COMMENTED.sub(lambda match: match[1] + "*" * (len(match[0]) - len(match[1])), text)
    else:
        return text
    for start, end in sorted(spans, reverse=True):
        text = f"{text[:start]}{_hidden(text[start:end])}{text[end:]}"
    return text


def _hidden(token: str) -> str:
    """What stands for a value, in as many lines."""
    quote = token[0] if token[:1] in ('"', "'") else ""
    return "\n".join([f"{quote}{HIDDEN}{quote}", *(HIDDEN for _ in range(token.count("\n")))])


def _json(text: str) -> list[Span]:
    try:
        data = parse_json(text).data
    except TextError:
        return []
    scan = JsonScan(text)
    return [(offset, offset + len(next(tokens(text, offset))[1])) for offset in _offsets(data, scan)]


def _toml(text: str) -> list[Span]:
    from doctor.config.toml_positions import scalar_end, scan_toml  # noqa: PLC0415 - most policies are JSON
    from doctor.config.toml_text import parse_toml  # noqa: PLC0415 - see above

    try:
        data = parse_toml(text).data
    except TextError:
        return []
    return [(offset, scalar_end(text, offset) or offset) for offset in _offsets(data, scan_toml(text))]


def _offsets(data: Any, places: JsonScan | Positions) -> Iterator[int]:
    for parts in _secret(data):
        depth, value, _ = places.find(parts)
        if depth == len(parts):
            yield value


def _secret(data: Any) -> Iterator[list[str]]:
    """Paths of the plain values that may be secrets."""
    waiting: list[tuple[list[str], Any, bool]] = [([], data, False)]
    while waiting:
        parts, value, hides = waiting.pop()
        if isinstance(value, dict):
            for key, each in value.items():
                waiting.append(([*parts, key], each, hides or _hides(parts, key, each)))
        elif isinstance(value, list):
            waiting += [([*parts, str(index)], each, hides) for index, each in enumerate(value)]
        elif hides and value not in (None, "", True, False):
            yield parts


def _hides(parts: list[str], key: str, value: Any) -> bool:
    if is_secret_name(key):
        return True
    if not isinstance(value, str):
        return False
    wants_variable = key == "api_key_env" or parts[-1:] == ["headers"]
    if wants_variable or key == "api_key_file":
        return wants_variable and re.fullmatch(ENV_NAME, value) is None
    return bool(secret_values({key: value}))
