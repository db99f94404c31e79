"""HTTP around the four APIs."""

import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from tests.fake_model import chat, gemini, messages, responses
from tests.fake_model.conversation import Answer, Conversation, Event, JsonObject
from tests.fake_model.directives import decide
from tests.fake_model.session import Request, Session

SECRET_WORDS = ("auth", "key", "token", "cookie", "secret")
HIDDEN = "<hidden>"
FAILURES = {
    401: ("authentication_error", "Incorrect API key provided."),
    404: ("not_found_error", "The model does not exist or you do not have access to it."),
    429: ("rate_limit_error", "You exceeded your current quota; rate limit reached."),
}
"""What servers say with a status: its kind and a sentence."""

OTHER_FAILURE = ("api_error", "A test asked for this failure.")
MODELS = ("fake-model", "fake-model-small")


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """How one API reads a request and writes an answer."""

    read: Callable[[JsonObject], Conversation]
    plain: Callable[[Conversation, Answer, int], JsonObject]
    events: Callable[[Conversation, Answer, int], Iterator[Event]]


OPENAI_AND_ANTHROPIC = {
    "/chat/completions": Api(read=chat.read, plain=chat.plain, events=chat.events),
    "/messages": Api(read=messages.read, plain=messages.plain, events=messages.events),
    "/responses": Api(read=responses.read, plain=responses.plain, events=responses.events),
}
COUNTS = {"/messages/count_tokens": messages.count, ":countTokens": gemini.count}


def api_of(path: str) -> Api | None:
    """The API that answers at ``path``."""
    for end, api in OPENAI_AND_ANTHROPIC.items():
        if path.endswith(end):
            return api
    place, _, method = path.rpartition(":")
    if method not in {"generateContent", "streamGenerateContent"}:
        return None
    model, stream = place.rpartition("/")[2], method == "streamGenerateContent"
    return Api(
        read=lambda body: gemini.read(body, model=model, stream=stream), plain=gemini.plain, events=gemini.events
    )


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "fake-model"
    sys_version = ""

    @property
    def _session(self) -> Session:
        session: Session = self.server.session  # type: ignore[attr-defined]
        return session

    @property
    def _path(self) -> str:
        return urlsplit(self.path).path

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's own name
        """Say nothing: what came is remembered instead."""

    def do_HEAD(self) -> None:
        """Clients ask so whether the server is there."""
        self._remember(None)
        self._send_json({})

    def do_GET(self) -> None:
        """The list of models."""
        self._remember(None)
        if not self._is_authorized():
            self._refuse()
        elif self._path.rstrip("/").endswith("/models"):
            self._send_json(_gemini_models() if self._path.startswith("/v1beta") else _models())
        else:
            self._send_json(_error("not_found", f"there is nothing at {self._path}"), status=404)

    def do_POST(self) -> None:
        """A question to the model."""
        body = self._read_body()
        api = api_of(self._path)
        conversation = api.read(body) if api else None
        number = self._remember(conversation)
        count = next((count for end, count in COUNTS.items() if self._path.endswith(end)), None)
        if not self._is_authorized():
            self._refuse()
        elif count is not None:
            self._send_json(count(body))
        elif api is None or conversation is None:
            self._send_json({})  # what clients report about themselves
        else:
            self._answer(api, conversation, number)

    def _answer(self, api: Api, conversation: Conversation, number: int) -> None:
        decision = decide(conversation, reply=self._session.reply)
        if decision.wait:
            self._session.closing.wait(decision.wait)
        if decision.status != 200:
            self._send_json(_error(*FAILURES.get(decision.status, OTHER_FAILURE)), status=decision.status)
        elif conversation.stream:
            self._send_events(api.events(conversation, decision.answer, number))
        else:
            self._send_json(api.plain(conversation, decision.answer, number))

    def _remember(self, conversation: Conversation | None) -> int:
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(
            method=self.command,
            path=self._path,
            headers={name: HIDDEN if _is_secret(name) else value for name, value in headers.items()},
            authorized=self._is_authorized(),
            conversation=conversation,
        )
        return self._session.remember(request)

    def _is_authorized(self) -> bool:
        wanted = self._session.require_key
        given = {
            self.headers.get("authorization", "").removeprefix("Bearer "),
            self.headers.get("x-api-key", ""),
            self.headers.get("x-goog-api-key", ""),
        }
        return wanted is None or wanted in given

    def _refuse(self) -> None:
        self._send_json(_error("authentication_error", "this key is not the one that is wanted"), status=401)

    def _read_body(self) -> JsonObject:
        chunked = "chunked" in self.headers.get("transfer-encoding", "").lower()
        length = int(self.headers.get("content-length") or 0)
        raw = b"".join(self._chunks()) if chunked else self.rfile.read(length)
        if self.headers.get("content-encoding", "").lower() == "gzip":
            raw = gzip.decompress(raw)
        try:
            body = json.loads(raw or b"{}")
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _send_json(self, document: JsonObject, *, status: int = 200) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _send_events(self, events: Iterable[Event]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        for name, data in events:
            head = f"event: {name}\n" if name else ""
            text = data if isinstance(data, str) else json.dumps(data)
            self.wfile.write(f"{head}data: {text}\n\n".encode())
            self.wfile.flush()


def _is_secret(header: str) -> bool:
    return any(word in header for word in SECRET_WORDS)


def _error(kind: str, message: str) -> JsonObject:
    return {"type": "error", "error": {"type": kind, "code": kind, "message": message}}


def _models() -> JsonObject:
    listed = [
        {"id": name, "object": "model", "type": "model", "display_name": name, "created": 1, "owned_by": "test"}
        for name in MODELS
    ]
    return {"object": "list", "data": listed, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]}


def _gemini_models() -> JsonObject:
    methods = ["generateContent", "streamGenerateContent", "countTokens"]
    return {"models": [{"name": f"models/{name}", "supportedGenerationMethods": methods} for name in MODELS]}
