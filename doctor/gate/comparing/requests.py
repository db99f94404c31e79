"""Where an agent's requests go, and what its process is given."""

import re
from collections.abc import Iterator, Mapping

from doctor.gate.comparing.meaning import AgentMeaning
from doctor.gate.comparing.order import Judged, worst
from doctor.gate.comparing.pairs import Pair
from doctor.gate.comparing.values import Draft, canonical
from doctor.gate.comparing.variables import (
    ENDPOINT,
    digest,
    hosts,
    identity_of,
    judge_urls,
    judge_variables,
    shown,
)
from doctor.model.comparison import Verdict
from doctor.model.location import pointer
from doctor.model.machine import Endpoint
from doctor.model.policy import RunnerOptions
from doctor.report.redact import is_secret_name

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def endpoint_changes(pair: Pair) -> Iterator[Draft]:
    """The endpoint, and the servers that variables and arguments name."""
    was, now = pair.both(lambda agent: agent.endpoint)
    named = pair.both(lambda agent: servers(agent.options))
    parts = [judge_urls(was.url if was else None, now.url if now else None, what="the endpoint")]
    parts += [judge_urls(named[0].get(name), named[1].get(name), what=name) for name in {**named[0], **named[1]}]
    if was is not None and now is None:
        parts.append(Judged(Verdict.LOOSER, "requests go to the harness's own server instead of an endpoint"))
    if was is not None and now is not None and _credentials(was) != _credentials(now):
        parts.append(Judged(Verdict.DIFFERENT, "another key or another API"))
    words = pair.both(_words)
    if words[0] != words[1]:
        parts.append(Judged(Verdict.DIFFERENT, "another endpoint"))
    place = _place(named[1], pair.after)
    yield pair.draft("endpoint", words, worst(parts), at=place, identity=pair.both(_identity))


def servers(options: RunnerOptions) -> dict[str, str]:
    """URLs in variables that say where requests go, and in any argument, by the name of what holds it."""
    found = {
        name: value
        for name, value in options.env.items()
        if value and not is_secret_name(name) and (ENDPOINT.search(name) or _SCHEME.match(value))
    }
    for argument in options.extra_args:
        scheme = _SCHEME.search(argument)
        if scheme:
            key = argument[: scheme.start()].strip("='\" ")
            found[f"the argument {key}".strip()] = argument[scheme.start() :].strip("'\"")
    return found


def _words(agent: AgentMeaning) -> str | None:
    words = [f"{agent.binding.endpoint.value} ({agent.endpoint.url})"] if agent.endpoint else []
    words += [f"{name} ({', '.join(hosts(url)) or 'off'})" for name, url in servers(agent.options).items()]
    return "; ".join(words) or None


def _identity(agent: AgentMeaning) -> str:
    """What tells where requests go, on any machine."""
    return digest(f"{canonical(agent.endpoint)}\x1f{canonical(servers(agent.options))}")


def _credentials(endpoint: Endpoint) -> object:
    return (
        endpoint.kind,
        endpoint.api_key_env,
        endpoint.api_key_file,
        endpoint.api_key_command,
        dict(endpoint.headers),
    )


def _place(named: Mapping[str, str], agent: AgentMeaning) -> str:
    for name in named:
        known = name in agent.options.env
        return pointer("runner_options", "env", name) if known else pointer("runner_options", "extra_args")
    return "/runner"


def environment_changes(pair: Pair) -> Iterator[Draft]:
    """The variables that the policy adds to a process: their names, never their values."""
    was, now = pair.both(lambda agent: agent.options.env)
    new = [name for name in now if was.get(name) != now[name]]
    yield pair.draft(
        "environment",
        (shown(was), shown(now)),
        judge_variables(was, now),
        at=pointer("runner_options", "env", *new[:1]),
        identity=(identity_of(was), identity_of(now)),
    )
