"""The straight way to the routes that take nearly every request, past what FastAPI and Starlette do for any route.

Finding a route, solving its dependencies and their layers for exceptions cost a tenth of all that a gateway does for a small
request, and these routes need none of it. FastAPI has them as well: for the document, for other methods and for /m/{model}.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from router.errors import ApiError
from router.services import Parts

Endpoint = Callable[[Request, Parts, None], Awaitable[Response]]
Refuse = Callable[[Request, Exception], Awaitable[Response]]


@dataclass(frozen=True)
class Straight:
    """`path`: as the route of FastAPI is called."""

    path: str
    endpoint: Endpoint


class StraightWay:
    """To those that are POSTed to; everything else goes on to `app`."""

    def __init__(self, app: ASGIApp, routes: tuple[Straight, ...], refuse: Refuse) -> None:
        self._app, self._routes, self._refuse = app, {one.path: one for one in routes}, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if route is None:
            return await self._app(scope, receive, send)
        scope["route"] = route
        request = Request(scope, receive, send)
        try:
            response = await route.endpoint(request, request.app.state.parts, None)
            await response(scope, receive, send)
        except ApiError as error:
            await (await self._refuse(request, error))(scope, receive, send)
