"""The innermost layer: no failure of ours escapes without its shape, and a client that left is none."""

from __future__ import annotations

import logging

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from router.errors import InternalError
from router.request_id import GIVEN_ID

log = logging.getLogger(__name__)


class Failures:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        response = Watched(send)
        try:
            await self._app(scope, receive, response.send)
        except ClientDisconnect:
            log.info("request %s: the client left", scope.get(GIVEN_ID))
        except Exception:
            log.exception("request %s failed", scope.get(GIVEN_ID))
            if not response.started:
                error = InternalError()
                await JSONResponse(error.body(), error.status)(scope, receive, response.send)


class Watched:
    """`send`, knowing whether the response has begun. Raises ClientDisconnect once the connection is gone."""

    def __init__(self, send: Send) -> None:
        self._send, self.started = send, False

    async def send(self, message: Message) -> None:
        self.started = self.started or message["type"] == "http.response.start"
        try:
            await self._send(message)
        except OSError as error:
            raise ClientDisconnect from error
