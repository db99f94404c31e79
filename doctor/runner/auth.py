"""Who a runner is to its coordinator: nobody, a bearer with a token of its own, or a client of an Auth0 tenant."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from doctor.errors import DoctorError, UsageError
from doctor.runner.settings import ClientCredentials, RunnerSettings

EARLY = 60.0
"""Seconds before a token's end at which the next one is asked for."""

_DEFAULT_LIFE = 3600.0
_LONGEST_TOKEN = 64 * 1024


class AuthError(DoctorError):
    """The coordinator, or whoever gives tokens for it, does not take the credentials."""


class Auth(Protocol):
    """Where the ``Authorization`` header comes from."""

    def header(self) -> str | None:
        """The header's value, now; ``None``: there is none.

        Raises:
            AuthError: No token is to be had with these credentials.
            OSError: Whoever gives tokens cannot be asked now.
        """

    def renew(self) -> bool:
        """The coordinator refused the header; whether another one is worth a try."""

    def secrets(self) -> tuple[str, ...]:
        """Values that nobody else may see."""


class Nobody:
    """No credentials."""

    def header(self) -> str | None:
        """None."""
        return None

    def renew(self) -> bool:
        """Nothing can be renewed."""
        return False

    def secrets(self) -> tuple[str, ...]:
        """None."""
        return ()


class StaticToken:
    """A token that somebody else looks after; read again when it was refused, in case it was exchanged.

    Args:
        read: Gives it.

    Raises:
        UsageError: It cannot be read, or is none.
    """

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read
        self._token = read()

    def header(self) -> str | None:
        """As a bearer."""
        return f"Bearer {self._token}"

    def renew(self) -> bool:
        """Whether it is another one now."""
        before = self._token
        try:
            self._token = self._read()
        except UsageError:
            return False
        return self._token != before

    def secrets(self) -> tuple[str, ...]:
        """The token."""
        return (self._token,)


Post = Callable[[str, Mapping[str, str]], tuple[int, Mapping[str, Any]]]
"""Sends a JSON object to ``https://<domain>/oauth/token``: the status and the object that came back.

Raises:
    OSError: The tenant cannot be reached.
"""


class TenantToken:
    """Tokens of an Auth0 tenant, each used until ``EARLY`` seconds before its end.

    Args:
        credentials: The client's.
        post: Asks the tenant.
        clock: Monotonic seconds.
    """

    def __init__(self, credentials: ClientCredentials, post: Post, clock: Callable[[], float] = time.monotonic) -> None:
        self._credentials = credentials
        self._post = post
        self._clock = clock
        self._guard = threading.Lock()
        self._token: str | None = None
        self._good_until = 0.0

    def header(self) -> str | None:
        """The present token, or a new one."""
        with self._guard:
            if self._token is None or self._clock() >= self._good_until:
                self._fetch()
            return f"Bearer {self._token}"

    def renew(self) -> bool:
        """Forget the token."""
        with self._guard:
            self._token = None
        return True

    def secrets(self) -> tuple[str, ...]:
        """The client's secret, and the token."""
        return tuple(filter(None, (self._credentials.client_secret, self._token)))

    def _fetch(self) -> None:
        own = self._credentials
        asked = {
            "grant_type": "client_credentials",
            "client_id": own.client_id,
            "client_secret": own.client_secret,
            "audience": own.audience,
        }
        try:
            status, said = self._post(own.domain, asked)
        except OSError as error:
            # Whoever hears of it asked the coordinator something, and would take it for the coordinator's.
            raise ConnectionError(f"{own.domain} gives no token now: {error.strerror or error}") from error
        token, life = said.get("access_token"), said.get("expires_in")
        if not 200 <= status < 500 or status == 429:  # noqa: PLR2004 - HTTP's own classes
            raise ConnectionError(f"{own.domain} gives no token now: it answered {status}")
        if not isinstance(token, str) or not _is_token(token):
            raise AuthError(
                f"{own.domain} gives no token: it answered {status} {_words(said)}".rstrip(),
                remedy="look at AUTH0_RUNNER_CLIENT_ID, AUTH0_RUNNER_CLIENT_SECRET and AUTH0_AUDIENCE",
            )
        seconds = life if isinstance(life, (int, float)) and not isinstance(life, bool) else _DEFAULT_LIFE
        self._token = token
        self._good_until = self._clock() + max(seconds - EARLY, 1.0)


def auth_of(settings: RunnerSettings, environment: Mapping[str, str], post: Post) -> Auth:
    """The credentials that settings speak of.

    Raises:
        UsageError: A token cannot be read.
    """
    if settings.token_env is not None:
        name = settings.token_env
        return StaticToken(lambda: _checked(environment.get(name, ""), f"the variable {name}"))
    if settings.token_file is not None:
        path = Path(settings.token_file)
        return StaticToken(lambda: _checked(_content(path), str(path)))
    if settings.client_credentials is not None:
        return TenantToken(settings.client_credentials, post)
    return Nobody()


def _content(path: Path) -> str:
    from doctor.config.files import FileProblem, read_bytes  # noqa: PLC0415 - only where there is such a file

    try:
        return read_bytes(path, limit=_LONGEST_TOKEN).decode("ascii", "replace")
    except FileProblem as problem:
        raise UsageError(f"the token's file {path} cannot be read: {problem}") from problem


def _checked(text: str, where: str) -> str:
    token = text.strip()
    if not _is_token(token):
        raise UsageError(f"there is no token in {where}", remedy="it has to hold the token alone, on one line")
    return token


def _is_token(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def _words(said: Mapping[str, Any]) -> str:
    return str(said.get("error_description") or said.get("error") or "")[:200]
