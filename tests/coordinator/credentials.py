"""Who is let in."""

from starlette.datastructures import Headers, QueryParams
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.coordinator import tokens
from tests.coordinator.recorder import CONTROL

MISSING = "Missing credentials. Use 'Authorization: Bearer <token>' header or '?api_key=<token>' query parameter."
MALFORMED = "Invalid Authorization header format. Use 'Bearer <token>'"
SCHEME = "bearer"
WORDS = 2


class Credentials:
    """Lets in who brings the token, or one that is signed with the tenant's key."""

    def __init__(self, app: ASGIApp, *, token: str | None, tenant: str | None) -> None:
        self.app = app
        self.token = token
        self.tenant = tenant

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 to whoever brings nothing, 403 to whoever brings something wrong."""
        opened = self.token is None and self.tenant is None
        if scope["type"] != "http" or opened or scope["path"].startswith(CONTROL):
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(Headers(scope=scope), QueryParams(scope["query_string"]))
        await (self.app if refusal is None else refusal)(scope, receive, send)

    def _refusal(self, headers: Headers, query: QueryParams) -> JSONResponse | None:
        given = headers.get("authorization")
        words = given.split() if given else []
        if given and (len(words) != WORDS or words[0].lower() != SCHEME):
            return JSONResponse({"detail": MALFORMED}, 401)
        token = words[1] if words else query.get("api_key")
        if not token:
            return JSONResponse({"detail": MISSING}, 401)
        if self.token is not None and token == self.token:
            return None
        reason = tokens.REFUSED if self.tenant is None else tokens.problem(self.tenant, token)
        return None if reason is None else JSONResponse({"detail": reason}, 403)
