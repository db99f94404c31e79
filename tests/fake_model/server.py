"""A model server for tests: loopback only, deterministic, and without any model.

It speaks OpenAI's Responses and Chat Completions, Anthropic's Messages and Gemini's generateContent, streamed and
plain. ``tests/fake_model/directives.py`` says what a prompt can ask of it.
"""

import sys
import threading
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.fake_model.directives import DEFAULT_REPLY
from tests.fake_model.handler import Handler
from tests.fake_model.session import Request, Session


class FakeModel:
    """The server, as a context manager that runs it in a thread of this process."""

    def __init__(self, *, port: int = 0, reply: str = DEFAULT_REPLY, require_key: str | None = None) -> None:
        self._session = Session(reply=reply, require_key=require_key)
        self._server = _Server(("127.0.0.1", port), Handler)
        self._server.session = self._session
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def openai_url(self) -> str:
        """The base address for OpenAI's clients."""
        return f"{self.url}/v1"

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every request so far, oldest first."""
        with self._session.lock:
            return tuple(self._session.requests)

    @property
    def prompts(self) -> tuple[str, ...]:
        """The text of every user turn of every request so far."""
        asked = [request.conversation for request in self.requests if request.conversation]
        return tuple(turn.text for each in asked for turn in each.turns if turn.role == "user")

    @property
    def failures(self) -> tuple[BaseException, ...]:
        """What went wrong in the server itself, clients that hung up left out."""
        return tuple(self._session.failures)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving; a request that waits is let go."""
        self._session.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    session: Session

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError):
            self.session.failures.append(error)
