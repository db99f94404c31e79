"""Access tokens of a tenant of the tests: short-lived and signed."""

import hashlib
import hmac
import secrets
import time

REFUSED = "Invalid or expired token"


def issue(key: str, seconds: float) -> str:
    """A token that is good for so long."""
    content = f"{time.time() + seconds:.3f}~{secrets.token_hex(4)}"
    return f"{content}~{_signature(key, content)}"


def problem(key: str, token: str) -> str | None:
    """What is wrong with a token."""
    content, _, signature = token.rpartition("~")
    if not hmac.compare_digest(signature, _signature(key, content)):
        return REFUSED
    return REFUSED if float(content.partition("~")[0]) < time.time() else None


def _signature(key: str, content: str) -> str:
    return hmac.new(key.encode(), content.encode(), hashlib.sha256).hexdigest()
