"""Model specs and endpoints of a wg file, as this tool writes them."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from doctor.harness.registry import Registry

_SWAPPED = frozenset({"local", "oai-compat", "oai_compat", "openai", "native"})
"""Old first words of a spec; ``nex`` took their place."""

_PREFIXED = frozenset({"openrouter", "ollama", "vllm", "llamacpp", "gemini"})
"""Providers that ``nex`` reaches; they stay as part of the model."""

_BARE = frozenset({"opus", "sonnet", "haiku", "fable"})

_URLS = {
    "anthropic": "https://api.anthropic.com",
    "gemini": "https://generativelanguage.googleapis.com/v1beta",
    "llamacpp": "http://localhost:8080/v1",
    "ollama": "http://localhost:11434/v1",
    "openai": "https://api.openai.com/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "vllm": "http://localhost:8000/v1",
}
"""Where a provider answers that an endpoint gives no URL for."""

_KEY_VARIABLES = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY", "openrouter": "OPENROUTER_API_KEY"}


class Noted(NamedTuple):
    """A value, and what is to be said about how it was read; ``None`` for nothing to say."""

    value: str | None
    note: str | None = None


def model_spec(written: Any, provider: Any, registry: Registry) -> Noted:
    """The spec of a model as wg writes it, with its provider where that stands in a key of its own."""
    if not isinstance(written, str) or not written.strip():
        return Noted(None, "no model is named")
    text = written.strip()
    if isinstance(provider, str) and provider and ":" not in text:
        text = f"{'claude' if provider == 'anthropic' else provider}:{text}"
    if text in _BARE:
        text = f"claude:{text}"
    prefix, colon, model = text.partition(":")
    if not colon or not model.strip():
        return Noted(None, f"{text!r} names no harness")
    spec = _led_by_a_harness(prefix, model)
    if registry.canonical(spec.partition(":")[0]) is None:
        return Noted(None, f"no harness is called {prefix!r}")
    return Noted(spec, None if spec == written else f"{written} is written {spec} here")


def _led_by_a_harness(prefix: str, model: str) -> str:
    if prefix == "anthropic":
        return f"claude:{model}"
    if prefix in _SWAPPED:
        return f"nex:{model}"
    return f"nex:{prefix}:{model}" if prefix in _PREFIXED else f"{prefix}:{model}"


def endpoint_table(written: Mapping[str, Any]) -> tuple[dict[str, Any] | None, list[tuple[str, str]]]:
    """The endpoint that a table of wg describes, and notes by the key they are about; ``None`` when it has no URL.

    A key that is written out is not taken over: the endpoint refers to a variable instead.
    """
    notes: list[tuple[str, str]] = []
    name, provider = written.get("name"), str(written.get("provider") or "anthropic")
    url = written.get("url") or _URLS.get(provider)
    if not isinstance(name, str) or not name.strip() or not isinstance(url, str):
        return None, [("url", f"an endpoint of {provider} needs a name and a url; it is left out")]
    bare = _without_login(url)
    if bare != url:
        notes.append(("url", "the user name and password in it were left out; refer to a key instead"))
    found: dict[str, Any] = {"name": name, "url": bare}
    found["kind"] = provider if provider in {"anthropic", "gemini"} else "openai"
    reference, said = _key_reference(written, name, provider)
    found |= reference
    notes += said
    if written.get("is_default") is True:
        found["is_default"] = True
    known = {"name", "provider", "url", "is_default", "api_key", "api_key_file", "api_key_ref", "api_key_env"}
    notes += [(key, "has no counterpart here") for key in written if key not in known]
    return found, notes


def _key_reference(
    written: Mapping[str, Any], name: str, provider: str
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The reference to an endpoint's key, in wg's own order: written out, file, reference, variable."""
    variable = _KEY_VARIABLES.get(provider, f"{_as_variable(name)}_API_KEY")
    if written.get("api_key"):
        note = f"the key was not copied; put it into the variable {variable}, and remove it from the file"
        return {"api_key_env": variable}, [("api_key", note)]
    if file := written.get("api_key_file"):
        said = [] if str(file).startswith(("/", "~")) else [("api_key_file", "is relative to where doctor starts")]
        return {"api_key_file": str(file)}, said
    scheme, _, place = str(written.get("api_key_ref") or "").partition(":")
    if scheme and scheme != "env":
        note = f"{scheme}: is not read here; put the key into the variable {variable}"
        return {"api_key_env": variable}, [("api_key_ref", note)]
    named = place or written.get("api_key_env") or _KEY_VARIABLES.get(provider)
    return ({"api_key_env": str(named)} if named else {}), []


def _as_variable(name: str) -> str:
    text = "".join(letter.upper() if letter.isascii() and letter.isalnum() else "_" for letter in name)
    return text if text[:1].isalpha() else f"ENDPOINT_{text}"


def _without_login(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:  # reading the profile says what is wrong with it
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else url
