"""Keeping secrets out of whatever leaves: known values, and text that has the shape of a token.

Names of variables stay, so that a reader knows what to look at; values go. A figure or word too many that is hidden
costs a second look, one too few costs a key.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from doctor.model.harness import PROMPT

if TYPE_CHECKING:
    from doctor.model.report import Report

HIDDEN = "[redacted]"

SHORTEST_SECRET = 6
"""Characters. A shorter value cannot be told from ordinary text and protects nothing."""

_SECRET_WORD = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL)S?$")
_SECRET_END = re.compile(r"(?:PASS|PASSWD|AUTH|_PAT|CREDENTIALS)$", re.IGNORECASE)
"""How names of variables end that hold a secret without a word that says so."""

_REFERENCE_WORDS = frozenset({"ENV", "FILE", "PATH", "DIR", "NAME", "COMMAND", "HELPER"})
_WORDS = re.compile(r"[A-Za-z0-9]+")

_TOKENS = {
    r"[A-Za-z0-9_-]{12,}": ("sk-", "sk_", "rk-", "rk_", "pk-", "pk_"),
    r"[A-Za-z0-9]{12,}": ("ghp_", "gho_", "ghs_", "ghu_", "ghr_", "hf_", "gsk_", "xai-"),
    r"[A-Z0-9]{12,}": ("AKIA", "ASIA"),
    r"[\w-]{12,}": ("github_pat_", "glpat-", "ya29.", "AIza", "pypi-"),
    r"[\w-]{8,}": ("xoxa-", "xoxb-", "xoxe-", "xoxp-", "xoxr-", "xoxs-", "xapp-"),
    r"[A-Za-z0-9]{20,}": ("npm_", "r8_", "pplx-"),
    r"[\w-]{16,}": ("tvly-", "lin_api_", "dop_v1_", "doo_v1_", "figd_", "hvs.", "ntn_", "sntrys_", "NRAK-"),
    r"[A-Fa-f0-9]{32}": ("shpat_", "shpss_", "shpca_", "dapi", "key-"),
    r"[\w-]{16,}\.[\w-]{16,}": ("SG.",),
    r"[\w-]{8,}(?:\.[\w-]*){0,4}": ("eyJ",),
}
"""How tokens of model vendors, code hosts and clouds go on, and begin; the shape alone tells them."""

_HEADS = tuple(head for heads in _TOKENS.values() for head in heads)
_ANY_TOKEN = "|".join(f"(?:{'|'.join(map(re.escape, heads))}){tail}" for tail, heads in _TOKENS.items())

_SHAPES = (
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)",
    rf"(?<![A-Za-z0-9])(?:{_ANY_TOKEN})",
    r"(?<![A-Za-z0-9])\d{8,10}:AA[\w-]{30,}",
)
"""The whole match is a secret."""

_NAMES = ("key", "token", "secret", "password", "passwd", "passphrase")
_NO_PLACEHOLDER = r"(?![<$\[{…]|\.\.\.)"
_QUOTE = r"(?:\\*[\"'])"
"""Also one that is escaped, in a string or in a string of a string."""

_OPTION_NAME = rf"(?<![\w-])--?[\w-]*(?i:{'|'.join((*_NAMES, 'pass'))})"
_OPTION = rf"{_OPTION_NAME}(?:[ \t]+|=)"
_NEXT_ITEM = rf"{_QUOTE},\s*(?:[-+]\s+)?{_QUOTE}"
"""What stands between two items of a list of strings, on one line or in a difference of lines."""

_SLASH = r"(?:/|~1)"
"""Also as JSON pointers have it."""

_BEHIND_SCHEME = r"(?:(?<=://)|(?<=:~1~1))"
_NO_OPTION = r"(?![\"']?(?:[<$\[{…-]|\.\.\.))"
_NAMED = rf"\b(?!env_key\b)\w*(?i:{'|'.join(_NAMES)})"
_SHELL_WORD = r"(?:'[^']*'|\"[^\"]*\"|\S+)"

_LABELLED = (
    rf"(?P<login>(?<![\w-])(?:-u|--user)(?:[ \t]+|=)[\"']?[\w.@+-]+:){_NO_PLACEHOLDER}(?!\d+(?:\s|\Z))[^\s\"']+",
    rf"(?P<option>{_OPTION}){_NO_OPTION}(?=\S*\d){_SHELL_WORD}",
    rf"(?P<item>{_OPTION_NAME}{_NEXT_ITEM}){_NO_OPTION}[^\"'\\]+",
    rf"(?P<hook>(?:hooks\.slack\.com{_SLASH}[a-z]+|discord(?:app)?\.com{_SLASH}api{_SLASH}webhooks){_SLASH})[\w/~-]{{12,}}",
    rf"{_BEHIND_SCHEME}(?P<user>[^\s/:@~]*:)[^\s/]+(?=@)",
    rf"{_BEHIND_SCHEME}(?P<slashed>[^\s/:@~]*:)(?!\d{{1,5}}/)[^\s\"'<>]{{1,200}}(?=@)",
    rf"{_BEHIND_SCHEME}[^\s/:@]{{20,}}(?=@)",
    r"(?P<query>[?&#][^=&?#\s]*(?i:key|token|secret|password|passwd|signature|sig)=)[^&\s#'\"]+",
    rf"(?P<cookie>\b(?i:(?:set-)?cookie){_QUOTE}?\s*[:=]\s*{_QUOTE}?)(?=[^\s=;]+=)[^\s\"',;]+(?:;\s*[\w-]+=[^\s\"',;]*)*",
    r"(?P<header>(?i:authorization)[\"']?\s*[:=]\s*[\"']?(?:(?i:bearer|basic|token)\s+)?)[^\s\"',]+",
    r"(?P<bearer>\b(?i:bearer)\s+)(?=\S*\d)[\w.~+/=-]{8,}",
    rf"(?P<pair>{_NAMED}(?:{_QUOTE}?[ \t]*=[ \t]*(?!=)|{_QUOTE}\s*:\s*){_QUOTE}?){_NO_PLACEHOLDER}[^\s\"'\\,;]{{6,}}",
    rf"(?P<line>{_NAMED}:[ \t]+{_QUOTE}?){_NO_PLACEHOLDER}(?=\S*\d)[\w+/=~!@%^&*-]{{8,}}(?=[\s\"'`),;\\]|\Z)",
)
"""The named group says what the secret is and stays; the rest of the match is the secret."""


@cache
def _option_in_command() -> re.Pattern[str]:
    return re.compile(rf"(?P<option>{_OPTION}){_NO_OPTION}{_SHELL_WORD}")


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile("|".join((*_LABELLED, *_SHAPES)), re.DOTALL)


def _may_hold_a_secret(text: str) -> bool:
    """Whether the pattern is worth trying: false only where it cannot match. Most runs never need to compile it."""
    lower = text.lower()
    return (
        "://" in text
        or ":~1~1" in text
        or "slack.com" in text
        or "discord" in text
        or any(head in text for head in _HEADS)
        or any(word in lower for word in ("private key", "bearer", "authorization", "cookie"))
        or ":AA" in text
        or (("-u" in text or "?" in text or "&" in text or "#" in text) and any(sign in text for sign in ":="))
        or (any(sign in text for sign in "=:-") and any(word in lower for word in (*_NAMES, "pass", "signature")))
    )


def is_secret_name(name: str) -> bool:
    """Whether a variable or option of this name holds a secret.

    One that says where a secret is, such as ``api_key_env``, Codex's ``env_key`` or ``TOKEN_FILE``, does not, nor does
    ``max_tokens``.
    """
    words = [word.upper() for word in _WORDS.findall(name)]
    if not words or words[-1] in _REFERENCE_WORDS or words[:1] == ["MAX"] or name.endswith("env_key"):
        return False
    return any(_SECRET_WORD.search(word) for word in words)


def secret_values(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The values of an environment's variables whose names say that they are secret, long enough to be hidden."""
    named = (value.strip() for name, value in environment.items() if is_secret_name(name) or _SECRET_END.search(name))
    return tuple(value for value in named if len(value) >= SHORTEST_SECRET)


class Redactor:
    """Hides secrets in one report's texts; each different text is looked through once.

    Args:
        secrets: Values known to be secret, wherever they stand. Those shorter than ``SHORTEST_SECRET`` are left.
    """

    __slots__ = ("_done", "_known")

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: dict[str, list[str]] = {}
        for secret in sorted({each for each in secrets if len(each) >= SHORTEST_SECRET}, key=len, reverse=True):
            self._known.setdefault(secret[:SHORTEST_SECRET], []).append(secret)
        self._done: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """``text`` without its secrets."""
        if len(text) < SHORTEST_SECRET:
            return text
        clean = self._done.get(text)
        if clean is None:
            clean = self._without_known(text)
            if _may_hold_a_secret(clean):
                clean = _pattern().sub(_without_value, clean)
            self._done[text] = clean
        return clean

    def optional(self, text: str | None) -> str | None:
        """Like a call; ``None`` stays."""
        return None if text is None else self(text)

    def argv(self, argv: Sequence[str]) -> list[str]:
        """An argv without secrets: also the value after an option or assignment whose name is a secret's."""
        clean: list[str] = []
        hide_next = False
        for argument in argv:
            name, equals, value = argument.partition("=")
            if hide_next and argument != PROMPT:
                clean.append(HIDDEN)
            elif equals and value and is_secret_name(name) and not _is_prose(name):
                clean.append(f"{name}={HIDDEN}")
            else:
                clean.append(self._command(argument))
            hide_next = not hide_next and not equals and name.startswith("-") and is_secret_name(name)
        return clean

    def _command(self, argument: str) -> str:
        """An argument without secrets, also those after the options of a command for a shell."""
        clean = self(argument)
        return _option_in_command().sub(_without_value, clean) if _is_prose(clean) and "-" in clean else clean

    def _without_known(self, text: str) -> str:
        """``text`` without known values: the time it takes does not depend on how many there are."""
        if not self._known:
            return text
        heads = {text[start : start + SHORTEST_SECRET] for start in range(len(text) - SHORTEST_SECRET + 1)}
        for secret in (secret for head in heads & self._known.keys() for secret in self._known[head]):
            text = text.replace(secret, HIDDEN)
        return text


def _without_value(match: re.Match[str]) -> str:
    return f"{match.group(match.lastgroup) if match.lastgroup else ''}{HIDDEN}"


def _is_prose(name: str) -> bool:
    """Whether what stands before a ``=`` is text of several words rather than a name."""
    return any(character.isspace() for character in name)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """``text`` without the ``secrets`` and without anything that has the shape of a token."""
    return Redactor(secrets)(text)


def redactor_for(report: "Report") -> Redactor:
    """A redactor that knows the report's secrets and those of every environment that it would start a process with."""
    environments = (binding.launch.env for binding in report.agents if binding.launch is not None)
    return Redactor((*report.secrets, *(value for each in environments for value in secret_values(each))))
