"""The rules of a model server that are about more than one of its keys."""

from doctor.config.issues import Issues
from doctor.config.typed import BAD
from doctor.model.machine import Endpoint, ProfileEndpoint

_KEY_SOURCES = ("api_key_env", "api_key_file", "api_key_command")


def endpoint_rules(endpoint: Endpoint | ProfileEndpoint, path: tuple[str | int, ...], issues: Issues) -> None:
    """Note what is wrong with an endpoint as a whole: two sources of its key, or a password in its URL."""
    sources = [source for source in _KEY_SOURCES if getattr(endpoint, source, None)]
    for source in sources[1:]:
        message = f"{sources[0]} says already where the key is"
        issues.add("value", message, *path, source, remedy="keep one of the two")
    if endpoint.url is not BAD and _holds_password(endpoint.url):
        remedy = "remove it, and refer to the key with api_key_env"
        issues.add("value", "the URL holds a user name or password", *path, "url", remedy=remedy)


def _holds_password(url: str) -> bool:
    from urllib.parse import urlsplit  # noqa: PLC0415 - few files have URLs

    parts = urlsplit(url)
    return parts.username is not None or parts.password is not None
