"""The outermost layer: every response carries our own `x-request-id`."""

from __future__ import annotations

import uuid

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from router import log

#: Where a server that has already named the request puts the name into the ASGI scope.
GIVEN_ID = "basemodel.request_id"
#: Where in the scope a `send` lies that passes by the layers: they look at a response's head alone, and a stream has many bodies.
BODY_SEND = "basemodel.body_send"


class RequestId:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        scope[GIVEN_ID] = request_id = scope.get(GIVEN_ID) or uuid.uuid4().hex
        scope[BODY_SEND] = send
        log.REQUEST.set(request_id)

        async def identified(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        await self._app(scope, receive, identified)
