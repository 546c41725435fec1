"""What stands before Serve's HTTP proxy: its control headers and own routes are out of reach, stalled readers are cut, and what it
answers itself, where no gateway does, is an error of ours.

`basemodel up` puts it there with `RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH=deployments.proxy.middlewares`.
"""

from __future__ import annotations

import uuid

import anyio
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from router.errors import InternalError, NotFound, NotReady
from router.sse import STALL_SECONDS, ReaderStalled

#: Headers by which a client could steer Serve, with `-` for `_`. Without the first, Serve names each request itself.
CONTROL_HEADERS = {
    b"x-request-id",
    b"x-request-timeout-seconds",
    b"x-request-disconnect-disabled",
    b"serve-multiplexed-model-id",
    b"x-session-id",
}
OWN_ROUTES = "/-/"


def middlewares() -> list[Middleware]:
    return [Middleware(Front)]


class Front:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        if scope["path"].startswith(OWN_ROUTES):
            return await not_found()(scope, receive, send)
        await self._answer({**scope, "headers": harmless(scope["headers"])}, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve sends nothing where it loses the gateway: whoever has no answer yet gets one."""
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        await self._app(scope, receive, ours(scope, receive, bounded(noted)))
        if not started:
            await error_of(500, uuid.uuid4().hex)(scope, receive, send)


def not_found() -> JSONResponse:
    error = NotFound("There is nothing at this address; GET /openapi.json lists what there is.")
    return JSONResponse(error.body(), error.status, {"x-request-id": uuid.uuid4().hex})


def ours(scope: Scope, receive: Receive, send: Send) -> Send:
    """`send`, which puts an error of ours in the place of Serve's own, all of which are plain text."""
    instead: JSONResponse | None = None

    async def send_ours(message: Message) -> None:
        nonlocal instead
        if message["type"] == "http.response.start" and message["status"] >= 400:
            headers = Headers(raw=message["headers"])
            if headers.get("content-type", "text/plain").startswith("text/plain"):
                instead = error_of(message["status"], headers.get("x-request-id") or uuid.uuid4().hex)
        if instead is None:
            await send(message)
        elif message["type"] == "http.response.body" and not message.get("more_body"):
            await instead(scope, receive, send)

    return send_ours


def error_of(status: int, request_id: str) -> JSONResponse:
    """Serve knows of no gateway (404: of no route), or lost one before it answered."""
    error = NotReady("no gateway runs") if status in (404, 503) else InternalError()
    return JSONResponse(error.body(), error.status, {**error.headers, "x-request-id": request_id})


def harmless(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name.lower().replace(b"_", b"-") not in CONTROL_HEADERS]


def bounded(send: Send) -> Send:
    """`send`, which raises ReaderStalled when the client takes none of the bytes for STALL_SECONDS.

    It has to be here: a replica's own `send` ends in a queue of Serve's and never waits for the client.
    """

    async def send_in_time(message: Message) -> None:
        with anyio.move_on_after(STALL_SECONDS) as scope:
            await send(message)
        if scope.cancelled_caught:
            raise ReaderStalled

    return send_in_time
