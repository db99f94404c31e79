"""The endpoints of a machine: what is configured, and changing it.

Endpoints belong to ``machine.toml``. Those that a profile brings along are listed here and changed with the profile.
"""

import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from doctor.config.machine import active_profile
from doctor.config.names import name_problem
from doctor.config.words import listed, quoted
from doctor.errors import UsageError
from doctor.harness.endpoint_api import endpoint_url_problem
from doctor.model.machine import ENDPOINT_KINDS, Endpoint, Roles
from doctor.model.options import Options
from doctor.model.policy import ENV_NAME
from doctor.resolve import endpoints_of
from doctor.settings.endpoint_reading import Configured, configured, key_of, require_known
from doctor.settings.machine_text import MachineText, Table
from doctor.settings.results import Daemon, EndpointEntry, Source, Written
from doctor.settings.store import Store
from doctor.settings.surroundings import Surroundings, look_around

WRITTEN_KEYS = ("api_key", "apikey", "api-key", "key", "token", "secret", "password")
"""Keys under which people write the key itself, which no file may hold."""

KEY_SOURCES = ("api_key_env", "api_key_file", "api_key_command")


def endpoint_list(options: Options) -> tuple[EndpointEntry, ...]:
    """Every endpoint, by name; one of the machine's that the active profile hides is listed after the one in effect.

    Raises:
        UsageError: The settings cannot be read.
    """
    here = configured(options)
    brought = endpoints_of(here.machine, here.profile)
    found: list[EndpointEntry] = []
    for name in sorted(brought):
        profile_source = here.profile_source(name)
        if profile_source is not None:
            found.append(_entry(here, name, brought[name], profile_source))
        if name in here.machine.endpoints:
            hidden = (
                f"the profile {quoted(here.active.name or '')} has another of this name" if profile_source else None
            )
            found.append(_entry(here, name, here.machine.endpoints[name], here.machine_source(name), hidden=hidden))
    return tuple(found)


def _entry(
    here: Configured, name: str, endpoint: Endpoint, source: Source, *, hidden: str | None = None
) -> EndpointEntry:
    problems = [*_problems(endpoint, here.here.options)]
    reference = key_of(endpoint)
    return EndpointEntry(
        name=name,
        url=endpoint.url,
        kind=endpoint.kind,
        key=reference.words if reference else None,
        default=endpoint.default,
        source=source,
        ok=not problems,
        problem="; ".join(filter(None, [*problems, hidden])) or None,
    )


def _problems(endpoint: Endpoint, options: Options) -> Iterator[str]:
    """What would keep requests from being answered, as far as that is seen without asking."""
    from doctor.launch.secrets import problem_of  # noqa: PLC0415 - most machines have no endpoint

    wrong = endpoint_url_problem(endpoint.url, endpoint.kind)
    if wrong is not None:
        yield f"the URL {wrong[0]}"
    reference = key_of(endpoint)
    missing = problem_of(reference, options.environment, home=options.home) if reference else None
    if reference and missing:
        yield f"{reference.words}: {missing}"
    for variable in endpoint.headers.values():
        if not options.environment.get(variable, "").strip():
            yield f"env:{variable}: the variable is not set"


def endpoint_set(
    options: Options,
    name: str,
    url: str,
    *,
    kind: str | None = None,
    key_env: str | None = None,
    default: bool = False,
    reload: bool = True,
) -> Written:
    """Configure an endpoint of this machine, or change one; what is not said stays as it is.

    Args:
        options: What to look at.
        name: Of the endpoint.
        url: The base of its API.
        kind: Which API it speaks; a new one speaks OpenAI's unless told.
        key_env: Variable that holds its key, from now on instead of whatever was said of the key before; a key that
            stands in the file itself is removed from there.
        default: Use it where no endpoint is named. No other one is the default any more.
        reload: Tell running processes of this tool.

    Raises:
        UsageError: Something does not fit, or the file cannot be changed. Nothing was changed then.
    """
    _require_sound(name, url, kind, key_env)
    here = look_around(options)
    store = Store(here.paths, runners=here.runners)
    with store.locked():
        text = MachineText(here)
        known = text.endpoints.get(name)
        _require_url(url, kind or str((known or {}).get("kind", ENDPOINT_KINDS[0])))
        table = _table(known, url=url, kind=kind, key_env=key_env, default=default)
        others = {each: _no_default(other) if default else other for each, other in text.endpoints.items()}
        after = {**others, name: table}
        changes = text.put(after)
    daemons = _told(here, store) if reload else ()
    return Written(name=name, path=str(here.paths.machine_file), changes=changes, daemons=daemons)


def _table(known: Table | None, *, url: str, kind: str | None, key_env: str | None, default: bool) -> Table:
    """An endpoint as it is to be written: what is known of it, and what was said now."""
    table: dict[str, Any] = {**(known or {}), "url": url}
    if kind is not None or known is None:
        table["kind"] = kind or ENDPOINT_KINDS[0]
    if key_env is not None:
        table = {key: value for key, value in table.items() if key.lower() not in {*WRITTEN_KEYS, *KEY_SOURCES}}
        table["api_key_env"] = key_env
    return {**table, "default": True} if default else table


def _no_default(table: Table) -> Table:
    return {key: value for key, value in table.items() if key != "default"} if table.get("default") else table


def endpoint_unset(options: Options, name: str, *, reload: bool = True) -> Written:
    """Remove an endpoint of this machine.

    Args:
        options: What to look at.
        name: Of the endpoint.
        reload: Tell running processes of this tool.

    Raises:
        UsageError: There is none of that name in ``machine.toml``, the active profile needs it, or the file cannot be
            changed. Nothing was changed then.
    """
    here = look_around(options)
    store = Store(here.paths, runners=here.runners)
    with store.locked():
        text = MachineText(here)
        require_known(name, text.endpoints)
        _require_unused(name, here)
        changes = text.put({each: table for each, table in text.endpoints.items() if each != name})
    daemons = _told(here, store) if reload else ()
    return Written(name=name, path=str(here.paths.machine_file), changes=changes, daemons=daemons)


def _told(here: Surroundings, store: Store) -> tuple[Daemon, ...]:
    from doctor.control.client import notify_all  # noqa: PLC0415 - only a change is told

    return notify_all(here.paths, store.pointer())


def _require_sound(name: str, url: str, kind: str | None, key_env: str | None) -> None:
    """Refuse what could not be written; a value that may be a secret is not repeated."""
    reason = name_problem(name)
    if reason is not None:
        raise UsageError(f"the endpoint name {quoted(name)} {reason}", remedy="give a plain name, such as local")
    if kind is not None and kind not in ENDPOINT_KINDS:
        raise UsageError(f"no kind of endpoint is called {quoted(kind)}", remedy=f"kinds: {listed(ENDPOINT_KINDS)}")
    if key_env is not None and not re.fullmatch(ENV_NAME, key_env):
        raise UsageError(
            "--key-env wants the name of a variable, found another text",
            remedy="export the key under a name, such as MODEL_API_KEY, and give that name",
        )
    _require_url(url, kind or "")


def _require_url(url: str, kind: str) -> None:
    problem = endpoint_url_problem(url, kind)
    if problem is not None:
        raise UsageError(f"the URL {problem[0]}", remedy=problem[1])


def _require_unused(name: str, here: Surroundings) -> None:
    """Refuse to take away what the active profile names: it could not be used any more."""
    options = here.options
    active = active_profile(
        flag=options.profile,
        environment=options.environment,
        paths=here.paths,
        runners=here.runners,
        project=here.project.root,
    )
    profile = active.loaded.value if active.loaded else None
    if profile is None or any(each.name == name for each in profile.llm_endpoints.endpoints):
        return
    roles = [(each.name, getattr(profile.models, each.name)) for each in fields(Roles)]
    users = [f"models.{role}.endpoint" for role, choice in roles if choice is not None and choice.endpoint == name]
    if users:
        raise UsageError(
            f"the profile {quoted(active.name or '')}, which is active, needs the endpoint {quoted(name)}: "
            f"{listed(users)}",
            remedy=f"change it first: doctor profile edit {active.name}",
        )
