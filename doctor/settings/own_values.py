"""What one file says, a named profile or the machine settings, each leaf with its place."""

from collections.abc import Iterator, Mapping
from dataclasses import fields

from doctor.config.documents import Document
from doctor.model.location import pointer
from doctor.model.machine import Endpoint, NamedProfile, ProfileEndpoint, RoleChoice, Roles, Tiers
from doctor.model.secret import SecretRef
from doctor.report.redact import HIDDEN, Redactor, is_secret_name
from doctor.settings.layers import at
from doctor.settings.results import Source, SourceKind, Value

_redact = Redactor()


def shown_variable(name: str, value: str) -> str:
    """A variable's value, hidden where its name or its shape says that it is a secret."""
    return HIDDEN if is_secret_name(name) else _redact(value)


def key_words(endpoint: Endpoint | ProfileEndpoint) -> str | None:
    """Where an endpoint's key comes from, such as ``env:OPENAI_API_KEY``; ``None`` when it wants none."""
    command = endpoint.api_key_command if isinstance(endpoint, Endpoint) else None
    if not (endpoint.api_key_env or endpoint.api_key_file or command):
        return None
    return SecretRef(env=endpoint.api_key_env, file=endpoint.api_key_file, command=command).words


def endpoint_leaves(endpoint: Endpoint | ProfileEndpoint) -> Iterator[tuple[str, str, str]]:
    """Name, value and key in the file of everything an endpoint says."""
    yield "url", _redact(endpoint.url), "url"
    yield "kind", endpoint.kind, "kind"
    words = key_words(endpoint)
    if words is not None:
        yield "key", words, f"api_key_{words.partition(':')[0]}"
    if isinstance(endpoint, Endpoint):
        for header, variable in endpoint.headers.items():
            yield f"headers.{header}", f"env:{variable}", "headers"
        if endpoint.default:
            yield "default", "true", "default"
    elif endpoint.is_default:
        yield "default", "true", "is_default"


def profile_values(profile: NamedProfile, document: Document | None, kind: SourceKind) -> tuple[Value, ...]:
    """Every leaf that a named profile has, in the schema's order; an endpoint's by its name."""

    def source(*parts: str | int) -> Source:
        return at(kind, document.at(pointer(*parts)) if document else None)

    def leaf(value: str, *parts: str) -> Value:
        return Value(key=".".join(parts), value=value, source=source(*parts))

    found = [leaf(profile.description, "description")] if profile.description else []
    found += [
        leaf(each.model, name, "model")
        for name, each in (("agent", profile.agent), ("dispatcher", profile.dispatcher))
        if each.model
    ]
    found += [leaf(spec, "tiers", tier) for tier, spec in _set(profile.tiers)]
    for role in fields(Roles):
        choice = getattr(profile.models, role.name)
        found += [leaf(value, "models", role.name, name) for name, value in _set(choice)]
    found += [leaf(each.model, "stages", stage, "model") for stage, each in profile.stages.items() if each.model]
    for index, endpoint in enumerate(profile.llm_endpoints.endpoints):
        found += [
            Value(
                key=f"endpoints.{endpoint.name}.{name}",
                value=value,
                source=source("llm_endpoints", "endpoints", index, place),
            )
            for name, value, place in endpoint_leaves(endpoint)
        ]
    found += [leaf(shown_variable(name, value), "env", name) for name, value in profile.env.items()]
    return tuple(found)


def machine_values(endpoints: Mapping[str, Endpoint], document: Document | None) -> tuple[Value, ...]:
    """Every leaf of the machine's endpoints."""
    return tuple(
        Value(
            key=f"endpoints.{name}.{leaf}",
            value=value,
            source=at("machine", document.at(pointer("endpoints", name, place)) if document else None),
        )
        for name, endpoint in endpoints.items()
        for leaf, value, place in endpoint_leaves(endpoint)
    )


def _set(choice: RoleChoice | Tiers | None) -> Iterator[tuple[str, str]]:
    for each in fields(choice) if choice is not None else ():
        value = getattr(choice, each.name)
        if value:
            yield each.name, value
