"""What the server remembers and is told: its settings, and what came in."""

import threading
from dataclasses import dataclass, field

from tests.fake_model.conversation import Conversation
from tests.fake_model.directives import DEFAULT_REPLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it is remembered: without any credential."""

    method: str
    path: str
    """Without its query, which may hold a key."""

    headers: dict[str, str]
    """Names in lower case; the value of one that carries a credential is ``<hidden>``."""

    authorized: bool
    """Whether the key that the server requires, if any, came with it."""

    conversation: Conversation | None = None
    """What was asked; ``None`` for a request of another kind."""


@dataclass(slots=True, kw_only=True)
class Session:
    """One run of the server."""

    reply: str = DEFAULT_REPLY
    require_key: str | None = field(default=None, repr=False)
    closing: threading.Event = field(default_factory=threading.Event)
    requests: list[Request] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    """What went wrong in the server itself."""

    lock: threading.Lock = field(default_factory=threading.Lock)

    def remember(self, request: Request) -> int:
        """Keep a request, and return its number."""
        with self.lock:
            self.requests.append(request)
            return len(self.requests)
