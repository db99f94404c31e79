"""What an executor tells the coordinator, by way of its runner's gateway."""

import http.client
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from doctor.errors import DoctorError

LIMIT = 30.0
"""Seconds that one answer may take."""

PAUSES = (0.2, 1.0, 3.0)
"""Seconds between tries while the runner does not answer, or something is wrong with the coordinator."""

PATIENCE = 600.0
"""Seconds for which a coordinator that cannot be reached is waited for: what an agent did is not lost for less."""

LONGEST_PAUSE = 5.0

UNREACHED = frozenset({502, 503, 504})
"""What a runner, or something else in between, answers in place of a coordinator."""

LONGEST_TEXT = 4 * 1024 * 1024
"""Characters of one message; more than anybody reads, and less than a gateway takes."""

_SHOWN = 300
_TROUBLE = 500


class ReportError(DoctorError):
    """The coordinator could not be told, or does not want to be."""


class Reporter:
    """One session's, for one run.

    Args:
        url: The gateway's address, as the runner handed it over.
        session_id: The coordinator's name for the session.
        current: Whether the coordinator is a current one, whose runs end with their result.
    """

    def __init__(self, url: str, session_id: str, *, current: bool) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ReportError("AGENT_ORCHESTRATOR_API_URL is not set to an http URL", remedy="start it with a runner")
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=LIMIT)
        self._base = parts.path.rstrip("/")
        self._session_id = session_id
        self._current = current
        self._bound: str | None = None

    def session(self) -> dict[str, Any]:
        """The coordinator's record of the session."""
        document = self._ask("GET", f"/sessions/{quote(self._session_id, safe='')}")
        inner = document.get("session", document)
        return inner if isinstance(inner, dict) else {}

    def bind(self, own: str, project_dir: str) -> None:
        """Say under which name the harness keeps the session; saying the same twice says it once."""
        if own != self._bound:
            self._ask("POST", "/bind", self._said(executor_session_id=own, project_dir=project_dir))
            self._bound = own

    def resumed(self) -> None:
        """Say that the session goes on; a current coordinator knows."""
        if not self._current:
            self._ask("PATCH", "/metadata", self._said(last_resumed_at=_now()))
            self._event("session_start")

    def message(self, role: str, text: str) -> None:
        """Pass on what was said."""
        self._event("message", role=role, content=[{"type": "text", "text": _cut(text)}])

    def finished(self, result: str) -> None:
        """Say that the run came to its end, and what came of it."""
        if self._current:
            self._event("result", result_text=_cut(result))
        else:
            self._event("session_stop", exit_code=0, reason="completed")

    def close(self) -> None:
        """Nothing more is said."""
        self._connection.close()

    def _event(self, kind: str, **more: Any) -> None:
        self._ask("POST", "/events", self._said(event_type=kind, timestamp=_now(), **more))

    def _said(self, **more: Any) -> dict[str, Any]:
        return {"session_id": self._session_id, **more}

    def _ask(self, method: str, path: str, document: Mapping[str, Any] | None = None) -> dict[str, Any]:
        body = None if document is None else json.dumps(document).encode()
        for pause in (*PAUSES, None):
            try:
                status, content = self._once_reached(method, path, body)
            except (OSError, http.client.HTTPException) as error:
                problem = f"{method} {path} cannot be sent: {str(error) or type(error).__name__}"
            else:
                if status < http.HTTPStatus.MULTIPLE_CHOICES:
                    return _object(content)
                problem = f"{method} {path} was answered with {status}: {content[:_SHOWN].decode('utf-8', 'replace')}"
                if status < _TROUBLE or status in UNREACHED:
                    break
            if pause is not None:
                time.sleep(pause)
        raise ReportError(problem)

    def _once_reached(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        """What is answered once the runner reaches the coordinator, or has waited for it long enough."""
        ends, pause = time.monotonic() + PATIENCE, PAUSES[0]
        while True:
            status, content = self._once(method, path, body)
            if status not in UNREACHED or time.monotonic() >= ends:
                return status, content
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _once(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            self._connection.request(method, self._base + path, body=body, headers=headers)
            response = self._connection.getresponse()
            return response.status, response.read()
        except BaseException:
            self._connection.close()
            raise


def _object(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _cut(text: str) -> str:
    text = text.encode("utf-8", "replace").decode("utf-8")  # a harness may hand over half a surrogate pair
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}\n[cut]"


def _now() -> str:
    """A coordinator keeps events in the order of these texts: each is told in full, and as long as the others."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
