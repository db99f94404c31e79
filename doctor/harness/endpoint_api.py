"""What each kind of endpoint is asked, and how it answers: paths, headers, bodies. Nothing here uses the network."""

import json
import re
from collections.abc import Sequence
from typing import Any

CALLS = ("/chat/completions", "/completions", "/responses", "/messages", "/models", "/embeddings")
"""Ends of URLs that name one call instead of the base of all calls."""

LISTS = {"openai": "/models", "anthropic": "/v1/models", "gemini": "/v1beta/models"}
"""Where each kind lists its models, below its base URL. The request costs nothing."""

PAGES = {"openai": "", "anthropic": "?limit=1000", "gemini": "?pageSize=1000"}
"""What asks for the whole list where a kind answers with a page of it."""

PROMPT = "Hi"
"""The shortest prompt that every model takes."""

_VERSIONS = re.compile(r"-(?:\d{8}|latest)|@\d{8}|:latest")
"""What stands after the name of a model that is written without its version."""


def is_loopback(host: str) -> bool:
    """Whether a URL's host is this machine."""
    return host in {"localhost", "::1"} or host.startswith("127.") or host.endswith(".localhost")


def in_the_clear(url: str) -> bool:
    """Whether everybody on the way can read what is sent to ``url``."""
    from urllib.parse import urlsplit  # noqa: PLC0415 - most machines have no endpoint

    parts = urlsplit(url)
    return parts.scheme.lower() == "http" and not is_loopback(parts.hostname or "")


def endpoint_url_problem(url: str, kind: str) -> tuple[str, str] | None:
    """What is wrong with an endpoint's URL, as the rest of "the URL ...", and the remedy; ``None`` when it is fine."""
    from urllib.parse import urlsplit  # noqa: PLC0415 - most machines have no endpoint

    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return "cannot be parsed", "write it as https://HOST/PATH"
    path = parts.path.rstrip("/")
    problem = None
    if parts.scheme.lower() not in {"http", "https"} or not host:
        problem = "is no http or https URL with a host", "write it as https://HOST/PATH"
    elif parts.username or parts.password:
        problem = "holds a user name or a password", "refer to the key with api_key_env instead"
    elif parts.query or parts.fragment:
        problem = "has a query or a fragment, which no call keeps", "keep only scheme, host and path"
    elif call := next((each for each in CALLS if path.endswith(each)), None):
        problem = f"names one call, {call}; the base of all calls is expected", f"remove {call} from its end"
    elif kind == "anthropic" and path.endswith("/v1"):
        problem = "ends in /v1, which harnesses of kind anthropic add themselves", "remove /v1 from its end"
    return problem


def key_headers(kind: str, key: str) -> dict[str, str]:
    """The headers that carry a key to this kind of endpoint; none for an empty key."""
    if not key:
        return {}
    if kind == "anthropic":
        return {"x-api-key": key, "anthropic-version": "2023-06-01"}
    if kind == "gemini":
        return {"x-goog-api-key": key}
    return {"Authorization": f"Bearer {key}"}


def listed_models(kind: str, content: bytes) -> tuple[str, ...] | None:
    """The names in a list of models; ``None`` when it is none."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return None
    found = data.get("models" if kind == "gemini" else "data") if isinstance(data, dict) else None
    if not isinstance(found, list):
        return None
    names = [each.get("name" if kind == "gemini" else "id") for each in found if isinstance(each, dict)]
    return tuple(name.removeprefix("models/") for name in names if isinstance(name, str))


def serves(models: Sequence[str], wanted: str) -> bool:
    """Whether ``wanted`` is one of ``models``, be it without the version that a server appends to names."""
    plain = wanted.removeprefix("models/")
    return any(name == plain or (name.startswith(plain) and _VERSIONS.fullmatch(name[len(plain) :])) for name in models)


def one_token(kind: str, model: str) -> tuple[str, dict[str, Any]]:
    """The cheapest request that makes a model say something: its path below the base URL, and its body."""
    turns = [{"role": "user", "content": PROMPT}]
    if kind == "anthropic":
        return "/v1/messages", {"model": model, "max_tokens": 1, "messages": turns}
    if kind == "gemini":
        from urllib.parse import quote  # noqa: PLC0415 - see endpoint_url_problem

        place = f"/v1beta/models/{quote(model.removeprefix('models/'), safe='')}:generateContent"
        return place, {"contents": [{"parts": [{"text": PROMPT}]}], "generationConfig": {"maxOutputTokens": 1}}
    return "/chat/completions", {"model": model, "max_tokens": 1, "messages": turns}
