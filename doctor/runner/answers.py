"""What a coordinator answered."""

import json
from dataclasses import dataclass
from typing import Any

OK = 200
NO_CONTENT = 204
MULTIPLE_CHOICES = 300
BAD_REQUEST = 400
UNAUTHORIZED = 401
FORBIDDEN = 403
NOT_FOUND = 404
REQUEST_TIMEOUT = 408
CONFLICT = 409
TOO_MANY_REQUESTS = 429
SERVER_ERROR = 500

_SHOWN = 300
"""Characters of an answer that are worth telling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer, whole."""

    status: int
    content_type: str | None
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The JSON object in it; an empty one where it holds none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def detail(self) -> Any:
        """What a coordinator says is wrong: a text, an object or a list; the body's beginning where it does not say."""
        return self.document.get("detail") or self.body[:_SHOWN].decode("utf-8", "replace").strip()

    @property
    def in_words(self) -> str:
        """Status and detail, for a message."""
        detail = self.detail
        said = detail if isinstance(detail, str) else json.dumps(detail)
        return f"{self.status} {said[:_SHOWN]}".strip()

    @property
    def succeeded(self) -> bool:
        """Whether it did what was asked."""
        return OK <= self.status < MULTIPLE_CHOICES

    @property
    def is_definite(self) -> bool:
        """Whether asking again cannot change it: neither trouble of the server, nor of something between."""
        if self.succeeded:
            return True
        return BAD_REQUEST <= self.status < SERVER_ERROR and self.status not in {REQUEST_TIMEOUT, TOO_MANY_REQUESTS}

    @property
    def not_registered(self) -> bool:
        """Whether the coordinator does not know the runner, as after its restart.

        The same status stands for missing credentials: only the detail tells them apart.
        """
        detail = self.detail
        return self.status == UNAUTHORIZED and isinstance(detail, str) and "runner" in detail.lower()

    @property
    def about_credentials(self) -> bool:
        """Whether the token was missing, wrong or expired."""
        return self.status in {UNAUTHORIZED, FORBIDDEN} and not self.not_registered
