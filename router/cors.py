"""Which routes a page of any other origin may call: those that a key opens, never those of the browser session.

Starlette's own middleware does the work. A key is no credential in CORS's sense, so `*` is the origin that is allowed, for
pages without one (`null`) too.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from router.errors import MethodNotAllowed

OPEN = ("/v1", "/m", "/tokenize", "/detokenize", "/tokenizer_info")
MAX_AGE_SECONDS = 600
#: By their full names, since browsers take no `x-ratelimit-*`.
EXPOSED = (
    *("x-request-id", "retry-after", "x-queue-wait-ms"),
    *("x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
)


class Cors(CORSMiddleware):
    """`allow_headers="*"` reflects what is requested; a page from outside may reach a service in a private network."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            app,
            allow_origins=["*"],
            allow_methods=["*"],
            allow_headers=["*"],
            allow_private_network=True,
            expose_headers=EXPOSED,
            max_age=MAX_AGE_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and is_open(scope["path"]):
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def preflight_response(self, request_headers: Headers) -> Response:
        """Starlette's refusal is bare text; ours has the shape of every other."""
        response = super().preflight_response(request_headers)
        if response.status_code == 200:
            return response
        error = MethodNotAllowed(f"No address takes the method {request_headers['access-control-request-method'][:16]}.")
        return JSONResponse(error.body(), error.status, self.simple_headers)


def is_open(path: str) -> bool:
    return any(path == one or path.startswith(f"{one}/") for one in OPEN)
