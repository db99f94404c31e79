"""Asking a model server whether it is there: one request for its list of models, and no redirect elsewhere."""

from typing import IO, TYPE_CHECKING, NamedTuple

import doctor

if TYPE_CHECKING:
    from http.client import HTTPMessage
    from urllib.request import OpenerDirector

LISTS = {"openai": "/models", "anthropic": "/v1/models", "gemini": "/v1beta/models"}
"""Where each kind of endpoint lists its models, below its base URL. The request costs nothing."""

REFUSED = frozenset({401, 403})
NO_LIST = frozenset({404, 405, 501})


class Answer(NamedTuple):
    """What an endpoint said."""

    problem: str | None = None
    """What is wrong, as the rest of "the endpoint ..."; ``None`` when it answered as it should."""

    blocks: bool = True
    """Whether an agent that depends on it would fail."""

    timed_out: bool = False


def is_loopback(host: str) -> bool:
    """Whether a URL's host is this machine."""
    return host in {"localhost", "::1"} or host.startswith("127.") or host.endswith(".localhost")


def key_headers(kind: str, key: str) -> dict[str, str]:
    """The headers that carry a key to this kind of endpoint."""
    if kind == "anthropic":
        return {"x-api-key": key, "anthropic-version": "2023-06-01"}
    if kind == "gemini":
        return {"x-goog-api-key": key}
    return {"Authorization": f"Bearer {key}"}


def ask(endpoint: doctor.Endpoint, headers: dict[str, str], *, keyed: bool, timeout: float) -> Answer:
    """Ask an endpoint for its models.

    Args:
        endpoint: A well-formed one.
        headers: Sent as they are; they are never repeated in an answer.
        keyed: Whether a key is among them.
        timeout: Seconds for each step of the request.
    """
    from http.client import HTTPException  # noqa: PLC0415 - an HTTP client costs more than every other import
    from urllib.error import HTTPError, URLError  # noqa: PLC0415
    from urllib.request import Request  # noqa: PLC0415

    try:
        request = Request(endpoint.url.rstrip("/") + LISTS[endpoint.kind], headers=headers)  # noqa: S310 - END001 checks the scheme
        with _opener(endpoint.url).open(request, timeout=timeout):
            return Answer()
    except HTTPError as error:
        error.close()
        return _status(error.code, error.headers.get("Location", ""), endpoint, keyed=keyed)
    except TimeoutError:
        return Answer("did not answer in time", timed_out=True)
    except URLError as error:
        late = isinstance(error.reason, TimeoutError)
        return Answer("did not answer in time" if late else f"cannot be reached: {error.reason}", timed_out=late)
    except (HTTPException, OSError) as error:
        return Answer(f"broke off the answer: {type(error).__name__}")
    except ValueError:
        # The message of the exception would repeat the header, and with it the key.
        return Answer("cannot be asked: its URL or its key has characters that no request may have")


def _opener(url: str) -> "OpenerDirector":
    from urllib.parse import urlsplit  # noqa: PLC0415 - see ask
    from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener  # noqa: PLC0415

    class SameServer(HTTPRedirectHandler):
        """Follows a redirect only where the key is meant to go."""

        def redirect_request(  # noqa: PLR0917 - the signature is the library's
            self, req: Request, fp: IO[bytes], code: int, msg: str, headers: "HTTPMessage", newurl: str
        ) -> Request | None:
            if urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
                return None
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    proxies = ProxyHandler({}) if is_loopback(urlsplit(url).hostname or "") else ProxyHandler()
    return build_opener(SameServer, proxies)


def _status(code: int, location: str, endpoint: doctor.Endpoint, *, keyed: bool) -> Answer:
    """What an HTTP status other than success means."""
    from urllib.parse import urlsplit  # noqa: PLC0415 - see ask

    if 300 <= code < 400:  # noqa: PLR2004 - the statuses of redirects
        return Answer(f"redirects to another server, {urlsplit(location).hostname or 'nowhere'}; that is not followed")
    if code in REFUSED and keyed:
        return Answer(f"refused the key ({code})")
    if code in REFUSED:
        refers = endpoint.api_key_env or endpoint.api_key_file or endpoint.api_key_command
        return Answer() if refers else Answer(f"wants a key ({code}), and none is configured")
    if code in NO_LIST:
        return Answer(f"has no list of models at {LISTS[endpoint.kind]} ({code})", blocks=False)
    return Answer(f"answered with an error ({code})", blocks=False)
