"""What a child may ask of its coordinator: what belongs to its own session, and what it is made of. Nothing else."""

import json
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol
from urllib.parse import unquote_to_bytes

from doctor.errors import DoctorError
from doctor.runner.answers import (
    BAD_REQUEST,
    FORBIDDEN,
    SERVER_ERROR,
    Answer,
)
from doctor.runner.client import quoted

JSON = "application/json"
NOT_IMPLEMENTED = 501
BAD_GATEWAY = 502

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""Those that are understood; most lead nowhere."""

FINAL_EVENTS = ("session_stop", "result")
"""Events that say how a session ended, in either dialect."""

_LONGEST_TYPE = 200


class Upstream(Protocol):
    """The coordinator."""

    def request(self, method: str, path: str, body: bytes | None = None, content_type: str | None = None) -> Answer:
        """Ask it something.

        Raises:
            OSError: There is no answer.
            DoctorError: There are no credentials to ask with.
        """


class Pass:
    """One child's permission to talk to its coordinator, and what it has said so far.

    Args:
        session_id: The only session it may speak of.
        token: What it shows: the first part of every path it asks for.
        url: What the child takes for its coordinator's address.
    """

    __slots__ = ("bound", "last_event_type", "results", "session_id", "token", "url")

    def __init__(self, *, session_id: str, token: str, url: str) -> None:
        self.session_id = session_id
        self.token = token
        self.url = url
        self.bound = False
        """Whether the coordinator took its binding."""

        self.last_event_type: str | None = None
        """Of the events that the coordinator took."""

        self.results = 0
        """How many of those said how the session ended."""

    def __repr__(self) -> str:
        return f"Pass(session_id={self.session_id!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request of a child, whole."""

    method: str
    target: str
    """As it stands in the request line."""

    body: bytes = b""
    content_type: str | None = None


class Refusal(Exception):  # noqa: N818 - an answer
    """A request that is answered here.

    Args:
        status: HTTP's.
        detail: Why, without anything of the request that could be a secret.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail

    @property
    def answer(self) -> Answer:
        """It, as an answer."""
        return Answer(status=self.status, content_type=JSON, body=json.dumps({"detail": self.detail}).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A path that was taken apart."""

    token: str
    written: tuple[str, ...]
    """What follows the token, as it is written."""

    query: str
    """With its question mark; empty where there is none."""

    def parts(self) -> tuple[str, ...]:
        """What follows the token, decoded: no part is empty, a direction, or holds a slash.

        Raises:
            Refusal: One is: it could mean one thing here and another thing further on.
        """
        return tuple(map(_decoded, self.written))


def target_of(text: str) -> Target:
    """Take the target of a request apart.

    Raises:
        Refusal: It is no path, of printable ASCII.
    """
    path, mark, query = text.partition("?")
    if not path.startswith("/") or not text.isascii() or not text.isprintable() or "#" in text or " " in text:
        raise Refusal(BAD_REQUEST, "expected a path that starts with a slash")
    token, *written = path[1:].split("/")
    return Target(token=token, written=tuple(written), query=mark + query)


def _decoded(part: str) -> str:
    try:
        text = unquote_to_bytes(part).decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if not text.strip(".") or not text.isprintable() or not {"/", "\\", "%", "?", "#", ";"}.isdisjoint(text):
        raise Refusal(FORBIDDEN, "no path of a runner's child looks like this")
    return text


class Routes:
    """Answers the requests of children.

    Args:
        upstream: The coordinator.
        hostname: Of this machine, for bindings.
        executor_profile: The runner's, for bindings.
    """

    def __init__(self, upstream: Upstream, *, hostname: str, executor_profile: str) -> None:
        self._upstream = upstream
        self._hostname = hostname
        self._executor_profile = executor_profile

    def answer(self, request: Request, target: Target, who: Pass) -> Answer:
        """Answer a request of a child that showed its token; never raises for what a child or a coordinator does."""
        try:
            return self._routed(request, target, who)
        except Refusal as refusal:
            return refusal.answer
        except DoctorError:
            return Refusal(BAD_GATEWAY, "Failed to connect to Agent Coordinator: no valid credentials").answer
        except OSError as error:
            return Refusal(BAD_GATEWAY, f"Failed to connect to Agent Coordinator: {_why(error)}").answer

    def _routed(self, request: Request, target: Target, who: Pass) -> Answer:
        parts = target.parts()
        match request.method, parts, target.query:
            case "POST", ("bind",), "":
                return self._bind(_own(request, who), who)
            case "POST", ("events",), "":
                return self._event(_own(request, who), who)
            case "PATCH", ("metadata",), "":
                document = _own(request, who)
                document.pop("session_id")
                return self._ask("PATCH", _session(who, "metadata"), document)
            case "POST", ("sessions", who.session_id, "bind"), "":
                return self._bind(_document(request), who)
            case "POST", ("sessions", who.session_id, "events"), "":
                return self._event(_document(request), who)
            case _:
                return self._forward(request, parts, target.query, who)

    def _bind(self, document: dict[str, Any], who: Pass) -> Answer:
        own = document.get("executor_session_id")
        if not own:
            raise Refusal(BAD_REQUEST, "executor_session_id required")
        binding = {
            "executor_session_id": own,
            "hostname": self._hostname,
            "executor_profile": self._executor_profile,
        }
        if document.get("project_dir"):
            binding["project_dir"] = document["project_dir"]
        answer = self._ask("POST", _session(who, "bind"), binding)
        who.bound = who.bound or answer.succeeded
        return answer

    def _event(self, document: dict[str, Any], who: Pass) -> Answer:
        answer = self._ask("POST", _session(who, "events"), document)
        kind = document.get("event_type")
        if answer.succeeded and isinstance(kind, str):
            who.last_event_type = kind
            who.results += kind in FINAL_EVENTS
        return answer

    def _forward(self, request: Request, parts: tuple[str, ...], query: str, who: Pass) -> Answer:
        match request.method, parts:
            case (("GET" | "POST" | "PATCH"), ("sessions", who.session_id, *_)):
                pass
            case "GET", ("agents", *_):
                pass
            case _:
                raise Refusal(FORBIDDEN, "a runner's child may ask for what belongs to its own session only")
        path = "/" + "/".join(quoted(part) for part in parts) + query
        kind = request.content_type
        if kind is None or not kind.isascii() or not kind.isprintable() or len(kind) > _LONGEST_TYPE:
            kind = None
        return self._upstream.request(request.method, path, request.body or None, kind)

    def _ask(self, method: str, path: str, document: dict[str, Any]) -> Answer:
        try:
            body = json.dumps(document, allow_nan=False, separators=(",", ":")).encode()
        except (ValueError, RecursionError):
            raise Refusal(BAD_REQUEST, "Invalid JSON: a number is too large") from None
        return self._upstream.request(method, path, body, JSON)


def internal_error() -> Answer:
    """The answer where this program has a defect; it tells nothing."""
    return Refusal(SERVER_ERROR, "Internal error of the runner's gateway").answer


def _session(who: Pass, what: str) -> str:
    return f"/sessions/{quoted(who.session_id)}/{what}"


def _own(request: Request, who: Pass) -> dict[str, Any]:
    """The document of a request that says itself which session it is about."""
    document = _document(request)
    named = document.get("session_id")
    if not named:
        raise Refusal(BAD_REQUEST, "session_id required")
    if named != who.session_id:
        raise Refusal(FORBIDDEN, "session_id is that of another session")
    return document


def _document(request: Request) -> dict[str, Any]:
    if not request.body:
        raise Refusal(BAD_REQUEST, "Request body required")
    try:
        document = json.loads(request.body.decode("utf-8"), parse_constant=_constant)
    except UnicodeDecodeError:
        raise Refusal(BAD_REQUEST, "Invalid JSON: it is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise Refusal(BAD_REQUEST, f"Invalid JSON: {error}") from None
    if not isinstance(document, dict):
        raise Refusal(BAD_REQUEST, "Request body must be a JSON object")
    return document


def _constant(word: str) -> NoReturn:
    raise ValueError(f"JSON does not have {word}")


def _why(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
