"""How large a request's headers may be: what no client of ours sends is refused before anybody reads it."""

from __future__ import annotations

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from router.errors import HeadersTooLarge
from router.noted import note_of

LARGEST_HEADERS = 16 << 10
MOST_HEADERS = 128


class HeaderLimit:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and too_large(scope["headers"]):
            note_of(scope).outcome = HeadersTooLarge.code
            error = HeadersTooLarge(f"The headers must be at most {MOST_HEADERS} and {LARGEST_HEADERS} bytes together.")
            await JSONResponse(error.body(), error.status)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def too_large(headers: list[tuple[bytes, bytes]]) -> bool:
    return len(headers) > MOST_HEADERS or sum(len(name) + len(value) for name, value in headers) > LARGEST_HEADERS
