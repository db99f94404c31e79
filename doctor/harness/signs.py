"""Signs: what agent CLIs print when they wait for a person or fail, and what helps then.

A pattern is searched, ignoring case, in one line or in a few lines put together (a sentence wraps at the edge of a
screen), after everything that only draws is taken out: white space, because full-screen programs move the cursor
instead of writing blanks, and the lines of boxes. ``^`` is the beginning of a line, ``$`` the end of one.

What an agent merely writes about must not count, so a pattern says how the CLI itself begins such a line, and
``doctor.processes.evidence`` looks only where the CLI speaks: at the end of what a process printed that ended without
success, and, for dialogs, at the lower end of what is on the screen now.

Each pattern was taken from the real CLI (see ``tests/harness/screens``), unless a comment says from where else.
"""

from dataclasses import dataclass
from typing import Final

from doctor.model.process import FailureKind

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


AUTH_REMEDY: Final = "renew the key or login of this harness; `doctor` shows where its credentials come from"
QUOTA_REMEDY: Final = "wait until the limit is lifted, or choose another account, model or endpoint"
ENDPOINT_REMEDY: Final = "start the server or correct the endpoint's address; `doctor` checks whether it answers"
MODEL_REMEDY: Final = "choose a model that this endpoint serves"
FLAG_REMEDY: Final = "correct runner_options.extra_args; the harness's --help lists the options of this version"
SERVER_REMEDY: Final = "the model's server failed, which is usually temporary: start it again"

_ERROR = r"^(?:\W{0,3}(?:fatal)?(?:error|apierror)[:\]]+)?\W{0,3}"
"""How lines begin that tell of an error, with a mark or a word, or with neither."""

_CODED = r"^\W{0,3}(?:(?:api)?error:?|unexpectedstatus|http(?:status)?|status(?:code)?:?)[(\[]?"

COMMON: tuple[Sign, ...] = (
    Sign(
        kind=FailureKind.AUTH_EXPIRED,
        pattern=_CODED + r"40[13]\b|" + _ERROR + r"(?:incorrectapikeyprovided|invalidx?-?apikey|401unauthorized)",
        remedy=AUTH_REMEDY,
        retry=False,
    ),
    Sign(
        kind=FailureKind.NOT_LOGGED_IN,
        pattern=_ERROR + r"(?:notloggedin|pleaselogin|no(?:valid)?apikey(?:found|isset)|missingapikey)",
        remedy="log in to this harness once by hand, or set its key",
        retry=False,
    ),
    Sign(
        kind=FailureKind.QUOTA,
        pattern=_CODED
        + r"429\b|"
        + _ERROR
        + r"(?:(?:you(?:'|’)ve|youhave)(?:hit|reached|exceeded)your\w*limit|usagelimitreached|quotaexceeded"
        r"|youexceededyourcurrentquota|ratelimitexceeded|toomanyrequests|insufficient_quota)",
        remedy=QUOTA_REMEDY,
        retry=True,
    ),
    Sign(
        kind=FailureKind.ENDPOINT_UNREACHABLE,
        pattern=_ERROR
        + r"(?:connection(?:refused|error|failed|timedout)|connect?(?:econnrefused|etimedout)|fetchfailed"
        r"|getaddrinfo(?:enotfound|eai_again)|curl:\(\d+\)(?:could\s*not|failedto)|.{0,60}(?:ECONNREFUSED|ENOTFOUND))",
        remedy=ENDPOINT_REMEDY,
        retry=True,
    ),
    Sign(
        kind=FailureKind.FLAG_REJECTED,
        pattern=r"^(?:[\w./-]{1,40}:)?(?:error:)?(?:unknown|unexpected|unrecognized|unrecognised|invalid|illegal)"
        r"(?:option|argument|flag)s?:?\W?-?",
        remedy=FLAG_REMEDY,
        retry=False,
    ),
    Sign(
        kind=FailureKind.MODEL_REFUSED,
        pattern=_ERROR + r"(?:the)?(?:requested)?model\W?[\w./:@-]{1,80}\W{0,2}(?:doesnotexist|notfound|wasnotfound|isnot)",
        remedy=MODEL_REMEDY,
        retry=False,
    ),
    Sign(
        kind=FailureKind.CLI_MISSING,
        pattern=r"^(?:/\S{1,80}|\w{1,20}):(?:(?:line)?\d+:)?\S{1,200}:(?:command)?notfound$"
        r"|^(?:/\S{1,80}|\w{1,20}):(?:(?:line)?\d+:)?\S{1,200}:nosuchfileordirectory$"
        r"|^env:\W?\S{1,200}\W:nosuchfileordirectory",
        remedy="install what is missing, or correct the PATH that agents get; `doctor` shows which program is used",
        retry=False,
    ),
    Sign(
        kind=FailureKind.UNKNOWN,
        pattern=_CODED + r"5\d\d\b|" + _ERROR + r"(?:internalserver|overloaded_?)error",
        remedy=SERVER_REMEDY,
        retry=True,
    ),
)
"""What has the same shape wherever it comes from; looked at after a harness's own signs.

The status codes stand behind a word that says so at the beginning of the line. A line of prose or of code that speaks
of them begins otherwise.
"""
