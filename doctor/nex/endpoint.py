"""The model server, through the official ``openai`` client, which is imported when the first request is made."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from doctor.nex.arguments import Settings
from doctor.nex.deltas import Reply, ReplyBuilder
from doctor.nex.failures import NexError, UnusableError

if TYPE_CHECKING:
    import openai

INSTALL = "pip install 'harness-doctor[nex]'"
NO_KEY = "no-key"
"""Sent to servers that want no key: the client insists on one."""

UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TOO_MANY = 401, 403, 404, 429
NAMED_MODELS = 8
LONGEST_DETAIL = 300


def find_key(settings: Settings, environment: Mapping[str, str]) -> str | None:
    """The key, or ``None`` where none is set.

    Raises:
        UnusableError: The variable was named and is not set, or what it holds cannot be sent.
    """
    if settings.key_env is None:
        return None
    key = environment.get(settings.key_env, "").strip()
    if not key and settings.key_required:
        raise UnusableError(
            f"variable {settings.key_env}, named by --key-env, is not set",
            remedy="set it to the endpoint's key, or use --no-key",
        )
    if not (key.isascii() and key.isprintable()):
        raise UnusableError(
            f"variable {settings.key_env} holds characters that no key has", remedy="set it to the endpoint's key"
        )
    return key or None


class Endpoint:
    """One model behind one URL.

    Args:
        settings: Say which.
        key: Sent as bearer token; ``None`` for a server without keys.

    Raises:
        UnusableError: The ``openai`` client is not installed.
    """

    def __init__(self, settings: Settings, key: str | None) -> None:
        self._settings = settings
        self._key = key
        self.shown_url = without_credentials(settings.base_url)
        self._client = _client(settings.base_url, key)
        self._model = settings.model
        self._answering = False

    @property
    def model(self) -> str:
        """The model; asked of the server when none was named.

        Raises:
            NexError: The server cannot be asked.
            UnusableError: It does not serve exactly one.
        """
        if self._model is None:
            with self._explained():
                served = [str(each.id) for each in self._client.models.list()]
            self._model = self._only(served)
        return self._model

    def reply(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[object], on_text: Callable[[str], None]
    ) -> Reply:
        """Ask for one reply and hand its text on as it comes.

        Raises:
            NexError: There was none, or it broke off.
        """
        builder = ReplyBuilder()
        for chunk in self._chunks(model=self.model, messages=messages, tools=tools):
            on_text(builder.feed(chunk))
        reply = builder.reply()
        self._judge(reply)
        return reply

    def _chunks(self, **request: object) -> Iterator[object]:
        create: Any = self._client.chat.completions.create
        self._answering = False
        with self._explained(), create(**request, stream=True) as stream:
            self._answering = True
            yield from map(_plain, stream)

    def _judge(self, reply: Reply) -> None:
        if reply.finish is None:
            raise NexError(
                f"the reply of {self.shown_url} broke off", remedy="see the server's own log, then try again"
            )
        if reply.finish == "length":
            raise NexError(
                f"{self.shown_url} stopped the reply at its length limit",
                remedy="raise the server's limit, or ask for less",
            )
        if reply.finish == "content_filter":
            raise NexError(
                f"{self.shown_url} withheld the rest of the reply (content_filter)", remedy="ask differently"
            )

    def _only(self, served: Sequence[str]) -> str:
        if len(served) == 1:
            return served[0]
        names = ", ".join(served[:NAMED_MODELS]) + (", ..." if len(served) > NAMED_MODELS else "")
        raise UnusableError(
            f"{self.shown_url} serves {len(served)} models" + (f": {names}" if names else ""),
            remedy="choose one with --model",
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn whatever the client raises into one line that names the URL and the next step."""
        import openai  # noqa: PLC0415 - 0.5 s, and the client was made with it

        try:
            yield
        except openai.APITimeoutError as error:
            raise NexError(f"{self.shown_url} gave no answer in time", remedy="see whether it is busy") from error
        except openai.APIStatusError as error:
            raise self._refusal(error) from error
        except openai.APIConnectionError as error:
            raise self._unreachable(error) from error
        except openai.APIError as error:
            raise NexError(
                f"{self.shown_url} broke off the reply: {_short(error.message)}", remedy="try again"
            ) from error
        except _transport_errors() as error:
            raise self._broken(str(error)) from error
        except (openai.OpenAIError, ValueError, TypeError, AttributeError) as error:
            # The client trusts what it is sent: a reply of another shape fails anywhere inside it.
            raise NexError(
                f"{self.shown_url} sent what is no chat completion",
                remedy="check --base-url: it usually ends in /v1",
            ) from error

    def _refusal(self, error: "openai.APIStatusError") -> NexError:
        status, said = error.status_code, _detail(error)
        if status in {UNAUTHORIZED, FORBIDDEN}:
            return NexError(f"{self.shown_url} refused the key ({status}): {said}", remedy=self._key_advice())
        if status == NOT_FOUND:
            model = f"model {self._model!r}" if self._model else "models"
            return NexError(
                f"{self.shown_url} does not know {model} ({status}): {said}",
                remedy="check --model, and --base-url, which usually ends in /v1",
            )
        if status == TOO_MANY:
            return NexError(
                f"{self.shown_url} takes no more requests now ({status}): {said}",
                remedy="wait, or raise the quota of this key",
            )
        return NexError(f"{self.shown_url} answered {status}: {said}", remedy="see the server's own log")

    def _key_advice(self) -> str:
        variable = self._settings.key_env
        if variable is None:
            return "name the variable that holds its key with --key-env"
        if self._key is None:
            return f"set {variable} to its key, or name another variable with --key-env"
        return f"correct the key in {variable}"

    def _broken(self, why: str) -> NexError:
        return NexError(
            f"the connection to {self.shown_url} broke during the reply ({_short(why)})",
            remedy="see the server's own log, then try again",
        )

    def _unreachable(self, error: Exception) -> NexError:
        cause = error.__cause__ or error.__context__
        if self._answering:
            return self._broken(str(cause or error))
        why = f" ({_short(str(cause))})" if cause is not None and str(cause) else ""
        return NexError(f"cannot reach {self.shown_url}{why}", remedy="start the server there, or correct --base-url")


def without_credentials(url: str) -> str:
    """``url`` without user, password, query and fragment."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _client(base_url: str, key: str | None) -> "openai.OpenAI":
    try:
        import openai  # noqa: PLC0415 - 0.5 s; a wrong command line is told before
    except ImportError as error:
        raise UnusableError(f"the openai client cannot be imported ({error})", remedy=INSTALL) from error
    _keep_off_proxies(urlsplit(base_url).hostname or "")
    return openai.OpenAI(base_url=base_url, api_key=key or NO_KEY)


def _keep_off_proxies(host: str) -> None:
    """A server on this machine is never behind a proxy, though the environment may name one for all."""
    if host in {"localhost", "::1"} or host.startswith("127."):
        shown = f"[{host}]" if ":" in host else host
        for name in ("NO_PROXY", "no_proxy"):
            os.environ[name] = ",".join(filter(None, (os.environ.get(name), host, shown)))


def _transport_errors() -> tuple[type[Exception], ...]:
    """What the client's transport raises while a reply is read: httpx for its versions 1 and 2, later httpx2."""
    loaded = (sys.modules.get(name) for name in ("httpx", "httpx2"))
    return tuple(each.TransportError for each in loaded if each is not None)


def _plain(chunk: object) -> object:
    """A chunk as mappings and sequences, whatever a server put where."""
    import openai  # noqa: PLC0415 - see above

    return chunk.to_dict(mode="json", warnings=False) if isinstance(chunk, openai.BaseModel) else chunk


def _detail(error: "openai.APIStatusError") -> str:
    match error.body:
        case {"error": {"message": str(message)}} | {"message": str(message)} | {"error": str(message)}:
            return _short(message)
        case {"detail": str(message)}:
            return _short(message)
    return _short(error.response.text) or "no reason given"


def _short(text: str) -> str:
    line = " ".join(text.split()).rstrip(".")
    return line if len(line) <= LONGEST_DETAIL else f"{line[:LONGEST_DETAIL]}..."
