"""Asking a model server whether it is there: bounded requests, and no redirect elsewhere."""

import json
from collections.abc import Callable, Mapping
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from doctor.harness.endpoint_api import LISTS, PAGES, is_loopback, listed_models, one_token
from doctor.model.machine import Endpoint

if TYPE_CHECKING:
    from http.client import HTTPMessage, HTTPResponse
    from urllib.request import OpenerDirector, Request

REFUSED = frozenset({401, 403})
NO_LIST = frozenset({404, 405, 501})
BAD_REQUEST = 400
LATE = "did not answer in time"

STEPS = 3
"""A whole request may take as long as so many of its steps: finding the server, connecting, being answered."""

LARGEST_LIST = 4 * 1024 * 1024
"""Bytes of an answer that are looked at; the longest list of models in use is a tenth of it."""


class EndpointAnswer(NamedTuple):
    """What an endpoint said."""

    problem: str | None = None
    """What is wrong, as the rest of "the endpoint ..."; ``None`` when it answered as it should."""

    blocks: bool = True
    """Whether an agent that depends on it would fail."""

    timed_out: bool = False
    status: int | None = None
    """The HTTP status; ``None`` when there was no answer at all."""

    models: tuple[str, ...] | None = None
    """The models it lists; ``None`` when that could not be read."""


def ask_endpoint(
    endpoint: Endpoint, headers: Mapping[str, str], *, keyed: bool, timeout: float, whole: bool = False
) -> EndpointAnswer:
    """Ask an endpoint for its models.

    Args:
        endpoint: A well-formed one.
        headers: Sent as they are; they are never repeated in an answer.
        keyed: Whether a key is among them.
        timeout: Seconds for each step of the request.
        whole: Read the list, all pages of it in one; without it only the status counts.
    """
    place = LISTS[endpoint.kind] + (PAGES[endpoint.kind] if whole else "")

    def read(response: "HTTPResponse") -> EndpointAnswer:
        content = response.read(LARGEST_LIST) if whole else b""
        return EndpointAnswer(status=response.status, models=listed_models(endpoint.kind, content) if whole else None)

    answer = _asked(endpoint, place, headers, None, timeout=timeout, read=read)
    return answer if answer.status is None else _judged(answer, endpoint, keyed=keyed)


def ask_one_token(endpoint: Endpoint, headers: Mapping[str, str], *, model: str, timeout: float) -> EndpointAnswer:
    """Make a model of an endpoint say one token.

    Args:
        endpoint: A well-formed one.
        headers: Sent as they are; they are never repeated in an answer.
        model: As the endpoint spells it.
        timeout: Seconds for each step of the request.
    """
    place, body = one_token(endpoint.kind, model)

    def read(response: "HTTPResponse") -> EndpointAnswer:
        response.read(LARGEST_LIST)
        return EndpointAnswer(status=response.status)

    answer = _asked(endpoint, place, headers, body, timeout=timeout, read=read)
    if answer.status == BAD_REQUEST and "max_tokens" in body:
        # Newer models of OpenAI's take the limit by another name only.
        body = {**body, "max_completion_tokens": body["max_tokens"]}
        del body["max_tokens"]
        answer = _asked(endpoint, place, headers, body, timeout=timeout, read=read)
    return answer


def _asked(
    endpoint: Endpoint,
    place: str,
    headers: Mapping[str, str],
    body: dict[str, Any] | None,
    *,
    timeout: float,
    read: "Callable[[HTTPResponse], EndpointAnswer]",
) -> EndpointAnswer:
    """One request with its limit as a whole.

    Limits of single steps do not hold a server that sends one byte at a time, nor a name that is never found out.
    """
    from concurrent.futures import Future  # noqa: PLC0415 - only where the network may be used
    from threading import Thread  # noqa: PLC0415

    future: Future[EndpointAnswer] = Future()

    def exchange() -> None:
        try:
            future.set_result(_exchanged(endpoint, place, headers, body, timeout=timeout, read=read))
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits
            future.set_exception(error)

    # A daemon: left to end by itself, it does not keep the program from ending.
    Thread(target=exchange, daemon=True).start()
    try:
        return future.result(timeout * STEPS)
    except TimeoutError:
        return EndpointAnswer(LATE, timed_out=True)


def _exchanged(
    endpoint: Endpoint,
    place: str,
    headers: Mapping[str, str],
    body: dict[str, Any] | None,
    *,
    timeout: float,
    read: "Callable[[HTTPResponse], EndpointAnswer]",
) -> EndpointAnswer:
    """One request. What an error's body says is not repeated: it may quote the key."""
    from http.client import HTTPException  # noqa: PLC0415 - an HTTP client costs more than every other import
    from urllib.error import HTTPError, URLError  # noqa: PLC0415

    try:
        with _opener(endpoint.url).open(_request(endpoint, place, headers, body), timeout=timeout) as response:
            return read(response)
    except HTTPError as error:
        error.close()
        return _status(error.code, error.headers.get("Location", ""))
    except TimeoutError:
        return EndpointAnswer(LATE, timed_out=True)
    except URLError as error:
        late = isinstance(error.reason, TimeoutError)
        problem = LATE if late else f"cannot be reached: {error.reason}"
        return EndpointAnswer(problem, timed_out=late)
    except (HTTPException, OSError) as error:
        return EndpointAnswer(f"broke off the answer: {type(error).__name__}")
    except ValueError:
        # The message of the exception would repeat the header, and with it the key.
        return EndpointAnswer("cannot be asked: its URL or its key has characters that no request may have")


def _request(endpoint: Endpoint, place: str, headers: Mapping[str, str], body: dict[str, Any] | None) -> "Request":
    from urllib.request import Request  # noqa: PLC0415 - see _exchanged

    content = None if body is None else json.dumps(body).encode()
    given = {**headers, "Content-Type": "application/json"} if content else dict(headers)
    return Request(endpoint.url.rstrip("/") + place, data=content, headers=given)  # noqa: S310 - endpoint_url_problem checks it


def _opener(url: str) -> "OpenerDirector":
    from urllib.parse import urlsplit  # noqa: PLC0415 - see _exchanged
    from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener  # noqa: PLC0415

    class SameServer(HTTPRedirectHandler):
        """Follows a redirect only where the key is meant to go."""

        def redirect_request(  # noqa: PLR0917 - the signature is the library's
            self, req: Request, fp: IO[bytes], code: int, msg: str, headers: "HTTPMessage", newurl: str
        ) -> Request | None:
            if req.data is not None or urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
                return None
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    proxies = ProxyHandler({}) if is_loopback(urlsplit(url).hostname or "") else ProxyHandler()
    return build_opener(SameServer, proxies)


def _status(code: int, location: str) -> EndpointAnswer:
    """What an HTTP status other than success means, whoever asked."""
    from urllib.parse import urlsplit  # noqa: PLC0415 - see _exchanged

    problem = f"answered with an error ({code})"
    if 300 <= code < 400:  # noqa: PLR2004 - the statuses of redirects
        try:
            elsewhere = urlsplit(location).hostname
        except ValueError:
            elsewhere = None
        where = f"to another server, {elsewhere}" if elsewhere else "the request"
        problem = f"redirects {where}; that is not followed"
    return EndpointAnswer(problem, blocks=300 <= code < 400, status=code)  # noqa: PLR2004


def _judged(answer: EndpointAnswer, endpoint: Endpoint, *, keyed: bool) -> EndpointAnswer:
    """The answer to the question for models, with what the lack of a key or of a list means."""
    code = answer.status or 0
    if code in REFUSED and keyed:
        return answer._replace(problem=f"refused the key ({code})", blocks=True)
    if code in REFUSED:
        refers = endpoint.api_key_env or endpoint.api_key_file or endpoint.api_key_command
        problem = None if refers else f"wants a key ({code}), and none is configured"
        return answer._replace(problem=problem, blocks=True)
    if code in NO_LIST:
        return answer._replace(problem=f"has no list of models at {LISTS[endpoint.kind]} ({code})", blocks=False)
    return answer
