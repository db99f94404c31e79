"""Signs: what agent CLIs print when they wait for a person or fail, and what helps then.

A pattern has to match, ignoring case, from the beginning of a line, in that line or in a few lines put together (a
sentence wraps at the edge of a screen), after everything that only draws is taken out: white space, because full-screen
programs move the cursor instead of writing blanks, and the lines of boxes. ``$`` is the end of a line.

What an agent merely writes about must not count, so a pattern says how the CLI itself begins such a line, and
``doctor.processes.evidence`` looks only where the CLI speaks: at the end of what a process printed that ended without
success, and, for dialogs, at the lower end of what is on the screen now.

Each pattern was taken from the real CLI (see ``tests/harness/screens``), unless a comment says from where else.
"""

from collections.abc import Mapping
from typing import Final

from doctor.model.failure import FailureKind
from doctor.records import dataclass

TRUST: Final = "trust"
LOGIN: Final = "login"
ONBOARDING: Final = "onboarding"
UPDATE: Final = "update"
BYPASS: Final = "bypass"
API_KEY: Final = "api-key"
APPROVAL: Final = "approval"
"""A question whether it may do one thing, in the middle of its work."""

DIALOGS: Final = (TRUST, LOGIN, ONBOARDING, UPDATE, BYPASS, API_KEY, APPROVAL)
"""Kinds of dialogs, beside which a ``Sign`` may have the value of any ``FailureKind``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One thing that a CLI says of itself."""

    kind: str
    """One of ``DIALOGS`` or the value of a ``FailureKind``.

    ``unknown`` explains a failure without naming it: the failure stays ``exited(N)``, with this remedy.
    """

    pattern: str
    """Regular expression, see the module."""

    remedy: str
    retry: bool | None = None
    """Whether starting it again, with nothing else changed, can help; ``None``: not known."""

    dialog: bool = False
    """Whether it counts while the process runs: it waits for a person, or fails over and over by itself."""

    despite_success: bool = False
    """Whether it counts for a process that ended with exit code 0 too."""


TRUST_BY_HAND: Final = (
    "trust the directory once by hand, or set runner_options.trust_workspace = true where it is offered"
)
APPROVE: Final = "answer it (`doctor attach`), or allow it in the profile's runner_options"

_NEXT: Final[Mapping[str, tuple[str, bool | None]]] = {
    FailureKind.CLI_MISSING: ("install what is missing, or correct the PATH that agents get", False),
    FailureKind.FLAG_REJECTED: ("correct runner_options.extra_args: --help lists the options of this version", False),
    FailureKind.TRUST_DIALOG: ("trust the directory once by hand, or set runner_options.trust_workspace = true", False),
    FailureKind.NOT_LOGGED_IN: ("log in once by hand, or set the key", False),
    FailureKind.AUTH_EXPIRED: ("renew the key or the login; `doctor` shows where the credentials come from", False),
    FailureKind.QUOTA: ("wait until the limit is lifted, or choose another account, model or endpoint", True),
    FailureKind.MODEL_REFUSED: ("choose a model that this endpoint serves", False),
    FailureKind.ENDPOINT_UNREACHABLE: ("start the server, or correct the endpoint's address or the network", True),
    FailureKind.UNKNOWN: ("the model's server failed, which is mostly temporary: start it again", True),
}
"""The next step, and whether starting again can help, where a sign says nothing better."""


def question(kind: str, pattern: str, remedy: str) -> Sign:
    """A dialog that waits for a person."""
    return Sign(kind=kind, pattern=pattern, remedy=remedy, retry=False, dialog=True)


def failure(
    kind: FailureKind, pattern: str, *, remedy: str | None = None, dialog: bool = False, despite_success: bool = False
) -> Sign:
    """A failure, with the next step that its kind mostly has."""
    usual, retry = _NEXT[kind]
    return Sign(
        kind=kind.value,
        pattern=pattern,
        remedy=remedy or usual,
        retry=retry,
        dialog=dialog,
        despite_success=despite_success,
    )


_ERROR = r"^\W{0,3}(?:(?:fatal|api)?error[:\]]+)?\W{0,3}"
"""How lines begin that tell of an error, with a mark or a word, or with neither."""

_CODED = r"^\W{0,3}(?:(?:fatal|api)?error:|unexpectedstatus|http(?:status)?|status(?:code)?:?)\W{0,2}"
"""How lines begin that tell of an error by the status code of an HTTP answer."""

_SHELL = r"^(?:[\w./-]{1,80}:)(?:(?:line)?\d+:)?[^\s:]{1,200}:"

COMMON: tuple[Sign, ...] = (
    failure(
        FailureKind.AUTH_EXPIRED,
        rf"{_CODED}40[13](?!\d)|{_ERROR}(?:40[13])?(?:incorrectapikeyprovided|invalid(?:x-)?apikey|unauthorized$)",
    ),
    failure(FailureKind.NOT_LOGGED_IN, _ERROR + r"(?:(?:youare)?notloggedin|no(?:valid)?apikeyfound|missingapikey)"),
    failure(
        FailureKind.QUOTA,
        rf"{_CODED}429(?!\d)|{_ERROR}(?:429)?(?:you(?:['\u2019]ve|have)(?:hit|reached|exceeded)your[\w-]*limit"
        r"|usagelimitreached|quotaexceeded|youexceededyourcurrentquota|ratelimit(?:exceeded|reached)|toomanyrequests)",
    ),
    failure(
        FailureKind.ENDPOINT_UNREACHABLE,
        _ERROR
        + r"(?:connection(?:refused|error|failed|timedout)(?:$|[.:(])|connectE[A-Z]+|fetchfailed$|getaddrinfo[A-Z_]+"
        r"|cannotconnecttoapi|unabletoconnectto)",
    ),
    failure(
        FailureKind.FLAG_REJECTED,
        r"^(?:[\w./-]{1,40}:)?(?:error:)*(?:(?:unknown|unexpected|unrecogni[sz]ed|invalid|illegal)(?:option|argument|flag)s?"
        r"(?::|--?\w|['\"`]-)|invalidvalue.{1,80}for['\"`]--)",
    ),
    failure(
        FailureKind.MODEL_REFUSED,
        _ERROR + r"(?:404)?(?:the)?(?:requested)?model[`'\"][^`'\"]{1,80}[`'\"](?:doesnotexist|(?:was)?notfound)",
    ),
    failure(FailureKind.CLI_MISSING, rf"{_SHELL}(?:command)?notfound$|{_SHELL}nosuchfileordirectory$"),
    failure(FailureKind.UNKNOWN, rf"{_CODED}5\d\d(?!\d)|{_ERROR}(?:5\d\d)?(?:internalserver|overloaded_?)error"),
)
"""What has the same shape wherever it comes from; looked at after a harness's own signs.

A status code counts behind a word that says so, at the beginning of the line. A line of prose or of code that speaks of
one begins otherwise.
"""
