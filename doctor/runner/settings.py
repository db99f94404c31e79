"""What a runner was asked for: its command line over its environment over the defaults."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from doctor.errors import UsageError

DEFAULT_URL = "http://localhost:8765"
DEFAULT_CONCURRENCY = 10
DEFAULT_POLL_TIMEOUT = 30
DEFAULT_HEARTBEAT = 60

COORDINATOR_URL = "AGENT_ORCHESTRATOR_API_URL"
TOKEN_FILE = "AGENT_ORCHESTRATOR_API_TOKEN_FILE"  # noqa: S105 - the name of a variable
AUTH0 = ("AUTH0_DOMAIN", "AUTH0_RUNNER_CLIENT_ID", "AUTH0_RUNNER_CLIENT_SECRET", "AUTH0_AUDIENCE")

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials:
    """How a token is had from an Auth0 tenant, machine to machine."""

    domain: str
    client_id: str
    client_secret: str = field(repr=False)
    audience: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerSettings:
    """One runner's settings, checked. Which profile there is and what it says is not looked at here."""

    coordinator_url: str
    """Without a slash at its end."""

    project_dir: str
    """As it is registered: verbatim."""

    profile: str | None = None
    tags: tuple[str, ...] = ()
    require_matching_tags: bool = False
    max_concurrency: int = DEFAULT_CONCURRENCY
    run_timeout: float | None = None
    """Seconds that a run may take; ``None``: any number."""

    executor_type_override: str | None = None
    """Registered in place of the profile's type; executors are started all the same."""

    once: bool = False
    verbose: bool = False
    poll_timeout: int = DEFAULT_POLL_TIMEOUT
    """The least number of seconds that an answer to a poll is waited for, whatever the coordinator announces."""

    heartbeat_interval: int | None = None
    """Seconds, where they are fewer than the coordinator asks for."""

    token_env: str | None = None
    token_file: str | None = None
    client_credentials: ClientCredentials | None = None


def settings_of(given: Mapping[str, Any], environment: Mapping[str, str]) -> RunnerSettings:
    """The settings of a runner.

    Args:
        given: The command line's values by the names of ``RunnerSettings``; ``None`` where nothing was given.
        environment: The runner's environment.

    Raises:
        UsageError: A value is none that can be meant; the message names the option or variable.
    """
    token_file = given.get("token_file") or environment.get(TOKEN_FILE) or None
    token_env = given.get("token_env")
    if token_env is not None and not _VARIABLE.fullmatch(token_env):
        raise UsageError(
            f"--token-env {token_env!r} is no name of a variable", remedy="name the variable, not its value"
        )
    if token_env is not None and not environment.get(token_env, "").strip():
        raise UsageError(f"--token-env names {token_env}, which is not set", remedy=f"export {token_env} before")
    tags = given.get("tags")
    return RunnerSettings(
        coordinator_url=_url(given.get("coordinator_url") or environment.get(COORDINATOR_URL) or DEFAULT_URL),
        project_dir=given.get("project_dir") or environment.get("PROJECT_DIR") or working_directory(),
        profile=given.get("profile") or None,
        tags=split_tags(tags if tags is not None else environment.get("RUNNER_TAGS", "")),
        require_matching_tags=bool(given.get("require_matching_tags")),
        max_concurrency=given.get("max_concurrency")
        or _whole(environment, "RUNNER_MAX_CONCURRENCY")
        or DEFAULT_CONCURRENCY,
        run_timeout=given.get("run_timeout") or _seconds(environment, "RUNNER_RUN_TIMEOUT"),
        executor_type_override=given.get("executor_type_override") or None,
        once=bool(given.get("once")),
        verbose=bool(given.get("verbose")),
        poll_timeout=_whole(environment, "POLL_TIMEOUT") or DEFAULT_POLL_TIMEOUT,
        heartbeat_interval=_whole(environment, "HEARTBEAT_INTERVAL"),
        token_env=token_env,
        token_file=token_file,
        client_credentials=None if token_env or token_file else _client_credentials(environment),
    )


def split_tags(text: str) -> tuple[str, ...]:
    """Tags separated by commas; blank ones are dropped."""
    return tuple(tag for part in text.split(",") if (tag := part.strip()))


def working_directory() -> str:
    """Where this process is.

    Raises:
        UsageError: Nowhere.
    """
    try:
        return str(Path.cwd())
    except OSError as error:
        raise UsageError("the current directory no longer exists", remedy="give --project-dir") from error


def _url(text: str) -> str:
    url = text.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known or not url.isascii() or any(each.isspace() for each in url):
        raise UsageError(
            f"the coordinator's URL is {text!r}, expected one like {DEFAULT_URL}",
            remedy=f"give --coordinator-url, or set {COORDINATOR_URL}",
        )
    if parts.query or parts.fragment or parts.username is not None:
        raise UsageError(
            "the coordinator's URL has a login, a query or a fragment, expected none",
            remedy="give a token with --token-env or --token-file",
        )
    return url


def _whole(environment: Mapping[str, str], name: str) -> int | None:
    text = environment.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or not 0 < int(text[:9]) <= _LARGEST:
        raise UsageError(
            f"{name} is {text!r}, expected a number from 1 to {_LARGEST}", remedy=f"correct or unset {name}"
        )
    return int(text)


def _seconds(environment: Mapping[str, str], name: str) -> float | None:
    text = environment.get(name, "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LARGEST * 1000:
        raise UsageError(f"{name} is {text!r}, expected seconds above zero", remedy=f"correct or unset {name}")
    return seconds


def _client_credentials(environment: Mapping[str, str]) -> ClientCredentials | None:
    domain, client_id, secret, audience = (environment.get(name, "").strip() for name in AUTH0)
    if not (domain and client_id and secret and audience):
        return None
    return ClientCredentials(domain=domain, client_id=client_id, client_secret=secret, audience=audience)


def of_the_runner(name: str, settings: RunnerSettings) -> bool:
    """Whether a variable of the environment is the runner's own, and no executor's to see."""
    own = {TOKEN_FILE, COORDINATOR_URL, *filter(None, (settings.token_env,))}
    return name in own or name.startswith(("AUTH0_", "DOCTOR_"))
