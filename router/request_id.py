"""The outermost layer: every response carries our own `x-request-id`, and no failure escapes without its shape."""

from __future__ import annotations

import logging
import uuid

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from router.errors import InternalError

#: Where a server that has already named the request puts the name into the ASGI scope.
GIVEN_ID = "basemodel.request_id"

log = logging.getLogger(__name__)


class RequestId:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        response = IdentifiedResponse(send, scope.get(GIVEN_ID) or uuid.uuid4().hex)
        try:
            await self._app(scope, receive, response.send)
        except ClientDisconnect:
            log.info("request %s: the client left", response.request_id)
        except Exception:
            log.exception("request %s failed", response.request_id)
            if not response.started:
                error = InternalError()
                await JSONResponse(error.body(), error.status)(scope, receive, response.send)


class IdentifiedResponse:
    """`send`, with the id among the headers. Raises ClientDisconnect once the connection is gone."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send, self.request_id, self.started = send, request_id, False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            MutableHeaders(scope=message)["x-request-id"] = self.request_id
        try:
            await self._send(message)
        except OSError as error:
            raise ClientDisconnect from error
